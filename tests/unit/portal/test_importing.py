"""Files into interop: split as they are read, in batches, in order, with a report at the end."""

from __future__ import annotations

import asyncio
import base64
import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from contracts.interop import MessageAnswer, TakenAnswer, TakenMessage, TakePart
from kernel.bus.requests import Unavailable
from portal import feeding
from portal.feeding import AT_ONCE, BATCH, BATCH_BYTES, MOST_NOTES, Feeder, Report
from portal.importing import take_file
from services.interop.fhir.json import MOST_BYTES

HEADER = b"MSH|^~\\&|APP|LAB|PORTAL|CLINIC|20260102030405||ORU^R01|C%d|P|2.5.1\r"


def message(number: int, size: int = 500) -> bytes:
    """A message of about this size."""
    return HEADER % number + b"PID|1||%d\rNTE|1||" % number + b"x" * size + b"\r"


class Interop:
    """Remembers what it is asked; `silent` messages have no outcome at the first asking."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.parts: list[TakePart] = []
        self.silent: set[bytes] = set()
        self.failures: list[Exception] = []
        self.lost = False
        self.on_the_way = 0
        self.most_on_the_way = 0

    async def __call__(self, command: Any, answer: Any) -> Any:
        self.on_the_way += 1
        self.most_on_the_way = max(self.most_on_the_way, self.on_the_way)
        await asyncio.sleep(0)
        self.on_the_way -= 1
        if self.failures:
            raise self.failures.pop()
        if isinstance(command, TakePart):
            self.parts.append(command)
            if self.lost:
                return MessageAnswer(message="m", kind="parts", outcome=None)
            done = command.index + 1 == command.total
            return MessageAnswer(message="m", kind="Bundle", outcome="applied" if done else None)
        raws = [base64.b64decode(each) for each in command.messages]
        self.batches.append(raws)
        return TakenAnswer(messages=tuple(map(self._taken, raws)))

    def _taken(self, raw: bytes) -> TakenMessage:
        outcome: Any = "refused" if b"|bad" in raw else "applied"
        if raw in self.silent:
            self.silent.discard(raw)
            outcome = None
        return TakenMessage(message="m", kind="ORU^R01", outcome=outcome, counts={"report": 1})


@pytest.fixture
def interop(monkeypatch: pytest.MonkeyPatch) -> Interop:
    """A stub that answers at once."""
    monkeypatch.setattr(feeding, "PAUSE_SECONDS", 0.0)
    return Interop()


async def fed(interop: Interop, path: Path) -> Report:
    """What is said of one file."""
    report = Report()
    async for _ in take_file(Feeder(interop, report, path.name), path):
        pass
    return report


@pytest.mark.parametrize("packed", [False, True])
async def test_a_file_is_split_and_sent_in_bounded_batches_in_its_order(
    interop: Interop, tmp_path: Path, packed: bool
) -> None:
    sent = [message(n, size) for n, size in enumerate([500] * 120 + [40_000] * 9)]
    path = tmp_path / ("feed.hl7.gz" if packed else "feed.hl7")
    content = b"".join(sent)
    path.write_bytes(gzip.compress(content) if packed else content)
    report = await fed(interop, path)
    assert [one for batch in interop.batches for one in batch] == sent
    assert max(map(len, interop.batches)) <= BATCH
    assert max(sum(map(len, batch)) for batch in interop.batches) <= BATCH_BYTES
    assert 1 < interop.most_on_the_way <= AT_ONCE
    assert report.outcomes == {"ORU^R01 applied": 129}


async def test_a_large_message_goes_in_parts_after_what_came_before_it(
    interop: Interop, tmp_path: Path
) -> None:
    path = tmp_path / "feed.hl7"
    path.write_bytes(message(1) + message(2, 300_000) + message(3))
    await fed(interop, path)
    assert len(interop.batches) == 2
    assert [part.index for part in interop.parts] == [0, 1, 2]
    assert b"".join(base64.b64decode(p.part) for p in interop.parts) == message(2, 300_000)


@pytest.mark.parametrize("name", ["bundle.json", "bundle.hl7"])
async def test_fhir_is_known_by_its_name_or_its_beginning(
    interop: Interop, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b' {"resourceType": "Bundle"}')
    await fed(interop, path)
    assert [part.format for part in interop.parts] == ["fhir"]


async def test_what_is_not_settled_at_once_is_asked_for_again(
    interop: Interop, tmp_path: Path
) -> None:
    path = tmp_path / "feed.hl7"
    path.write_bytes(message(1) + message(2))
    interop.silent = {message(2)}
    interop.failures = [Unavailable("interop")]
    report = await fed(interop, path)
    assert len(interop.batches) == 2
    assert report.outcomes == {"ORU^R01 applied": 2}


async def test_who_does_not_answer_at_all_ends_the_file(interop: Interop, tmp_path: Path) -> None:
    path = tmp_path / "feed.hl7"
    path.write_bytes(message(1))
    interop.failures = [Unavailable("interop")] * 100
    with pytest.raises(Unavailable):
        await fed(interop, path)


async def test_the_report_counts_everything_and_names_only_the_first_problems(
    interop: Interop, tmp_path: Path
) -> None:
    path = tmp_path / "feed.hl7"
    bad = [message(n).replace(b"NTE|1||", b"NTE|1||bad") for n in range(MOST_NOTES + 10)]
    path.write_bytes(b"FHS|^~\\&\r" + b"".join([*bad, message(99)]) + b"BTS|7\r")
    report = await fed(interop, path)
    said = report.summary(1)
    assert "60  ORU^R01 refused" in said
    assert "61  report" in said
    assert "batches say another number than came" in said
    assert "... and 11 more" in said
    assert said.count("feed.hl7, message") == MOST_NOTES


async def test_memory_does_not_grow_with_the_file(interop: Interop, tmp_path: Path) -> None:
    path = tmp_path / "feed.hl7"
    path.write_bytes(b"".join(message(number, 5_000) for number in range(6_000)))

    async def forgetful(command: Any, answer: Any) -> Any:
        said = await interop(command, answer)
        interop.batches.clear()
        return said

    tracemalloc.start()
    try:
        async for _ in take_file(Feeder(forgetful, Report(), path.name), path):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


async def test_a_file_that_unpacks_beyond_all_reason_is_not_read_whole(
    interop: Interop, tmp_path: Path
) -> None:
    (path := tmp_path / "bomb.json.gz").write_bytes(gzip.compress(b" " * (MOST_BYTES + 1)))
    with pytest.raises(OSError, match="larger than 64 MB"):
        await fed(interop, path)
    assert interop.parts == []


async def test_parts_are_sent_again_while_nobody_answers_and_given_up_when_they_are_gone(
    interop: Interop, tmp_path: Path
) -> None:
    (path := tmp_path / "one.json").write_bytes(b'{"resourceType": "Patient"}')
    interop.failures = [Unavailable("restarting"), Unavailable("restarting")]
    assert (await fed(interop, path)).outcomes == {"Bundle applied": 1}
    interop.lost = True
    with pytest.raises(Unavailable, match="not all of its parts"):
        await fed(interop, path)
