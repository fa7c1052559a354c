"""What was kept for a service to come goes to it once it is there: once, in order, resumably."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.identity import KnownPatient, RecordPatient
from contracts.interop import GetMessage, GetQuarantine, GetSummary, RetryMessage
from contracts.scheduling import PostVisit
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from services.interop import handing
from services.interop.framing import Frame
from services.interop.intake import message_id
from services.interop.later import Later
from services.interop.reply import answer
from tests.unit.interop.desk import Desk, open_desk
from tests.unit.interop.fhir_samples import ENCOUNTER, PATIENT, lines
from tests.unit.interop.samples import MSH, NOW, PID, raw

THERE = frozenset({"scheduling"})


def visit(number: int) -> bytes:
    """An admission with a visit and an allergy, of which nobody takes care yet."""
    return raw(
        MSH.replace("ORU^R01", "ADT^A04").replace("C1", f"C{number}"),
        PID.replace("77", f"{number}77"),
        f"PV1|1|O|||||||||||||||||V{number}",
        "AL1|1|DA|A1^Aspirin",
    )


async def keep(folder: Path, *sent: bytes) -> None:
    """Before the services are there."""
    async with open_desk(folder) as desk:
        for one in sent:
            assert b"MSA|AA" in await answer(desk.intake, Frame(one), NOW)


async def waiting(desk: Desk) -> dict[str, int]:
    """How many commands wait for which service."""
    rows = (await desk.ask(GetSummary()))["waiting"]
    return {row["service"]: row["count"] for row in rows}


def asked(desk: Desk, kind: type) -> list[tuple[str, Any]]:
    """What was asked of a kind, with its key."""
    return [(key, message) for key, message in desk.asked if isinstance(message, kind)]


async def test_a_service_that_is_there_gets_what_was_kept_for_it_in_order(tmp_path: Path) -> None:
    await keep(tmp_path, visit(1), visit(2))
    async with open_desk(tmp_path, also=THERE) as desk:
        assert await waiting(desk) == {"records": 2, "scheduling": 2}
        assert await Later(desk, desk.intake).hand_over() == 2
        visits = asked(desk, PostVisit)
        assert [one.patient for _, one in visits] == ["p1", "p1"]
        assert [key for key, _ in visits] == [f"{message_id(visit(n))}-1" for n in (1, 2)]
        numbers = [one.identifiers[0].value for _, one in asked(desk, KnownPatient)]
        assert numbers == ["177", "277"]
        assert await waiting(desk) == {"records": 2}
        assert await Later(desk, desk.intake).hand_over() == 0
        assert (await desk.ask(GetSummary()))["rows"][0]["outcome"] == "kept"


async def test_when_nothing_waits_any_more_the_message_is_applied(tmp_path: Path) -> None:
    await keep(tmp_path, visit(1))
    async with open_desk(tmp_path, also=frozenset({"scheduling", "records"})) as desk:
        await Later(desk, desk.intake).hand_over()
        [row] = (await desk.ask(GetSummary()))["rows"]
        assert (row["outcome"], row["count"]) == ("applied", 1)
        detail = await desk.ask(GetMessage(message=message_id(visit(1))))
        assert [step["what"] for step in detail["steps"][-2:]] == ["handed-over", "handed-over"]
        assert detail["row"]["outcome"] == "applied"


async def test_a_hand_over_that_was_cut_off_goes_on_with_the_same_keys(tmp_path: Path) -> None:
    await keep(tmp_path, visit(1), visit(2))
    async with open_desk(tmp_path, also=THERE) as desk:
        desk.failures = [None, None, None, None, None, Unavailable("scheduling")]
        with pytest.raises(Unavailable):
            await Later(desk, desk.intake).hand_over()
        assert await waiting(desk) == {"records": 2, "scheduling": 1}
        assert await Later(desk, desk.intake).hand_over() == 1
        keys = [key for key, _ in asked(desk, PostVisit)]
        assert keys[1] == keys[2]


async def test_what_the_service_refuses_waits_for_a_person_and_can_be_taken_again(
    tmp_path: Path,
) -> None:
    await keep(tmp_path, visit(1))
    async with open_desk(tmp_path, also=THERE) as desk:
        desk.failures = [None, None, Refused("unknown-visit", "no")]
        await Later(desk, desk.intake).hand_over()
        [row] = (await desk.ask(GetQuarantine()))["messages"]
        assert (row["outcome"], row["reason"]) == ("quarantined", "Refused by scheduling")
        detail = await desk.ask(GetMessage(message=row["message"]))
        assert detail["steps"][-1]["says"] == "scheduling, PostVisit: unknown-visit"
        await desk.reply(RetryMessage(message=row["message"]))
        await desk.react()
        assert await waiting(desk) == {"records": 1}
        assert (await desk.ask(GetQuarantine()))["messages"] == []


async def test_a_patient_who_is_not_known_any_more_is_named_as_the_reason(tmp_path: Path) -> None:
    await keep(tmp_path, visit(1))
    async with open_desk(tmp_path, also=THERE) as desk:
        desk.failures = [Refused("not-found", "nobody", 404)]
        await Later(desk, desk.intake).hand_over()
        assert asked(desk, PostVisit) == []
        assert len((await desk.ask(GetQuarantine()))["messages"]) == 1


async def test_a_service_that_is_there_from_the_start_is_asked_at_once(tmp_path: Path) -> None:
    async with open_desk(tmp_path, also=THERE) as desk:
        await answer(desk.intake, Frame(visit(1)), NOW)
        assert len(asked(desk, PostVisit)) == 1
        assert await waiting(desk) == {"records": 1}


async def test_whoever_was_refused_at_first_gets_nothing_of_what_is_handed_over(
    tmp_path: Path,
) -> None:
    other = PATIENT | {"id": "q", "identifier": [{"system": "urn:east", "value": "78"}]}
    theirs = ENCOUNTER | {"id": "f", "subject": {"reference": "Patient/q"}}
    file = lines(PATIENT, ENCOUNTER, other, theirs)
    contested = Refused("identity-conflict", "no")
    async with open_desk(tmp_path) as desk:
        desk.failures = [contested]
        assert (await desk.file(file))["outcome"] == "quarantined"
        assert await waiting(desk) == {"scheduling": 1}
    async with open_desk(tmp_path, also=THERE) as desk:
        desk.failures = [None, contested]
        await Later(desk, desk.intake).hand_over()
        [(_, visited)] = asked(desk, PostVisit)
        assert "Encounter/f" in visited.source
        again = [one.identifiers[0].value for _, one in asked(desk, RecordPatient)]
        assert again == ["77", "78"]


async def test_a_batch_gets_the_same_answer_before_and_after_a_hand_over(tmp_path: Path) -> None:
    frame = Frame(b"\r".join([raw(MSH, PID), visit(1), visit(2)]))
    async with open_desk(tmp_path) as desk:
        before = await answer(desk.intake, frame, NOW)
    async with open_desk(tmp_path, also=THERE) as desk:
        desk.failures = [None, None, Refused("unknown-visit", "no")]
        await Later(desk, desk.intake).hand_over()
        assert len((await desk.ask(GetQuarantine()))["messages"]) == 2
        assert await answer(desk.intake, frame, NOW + timedelta(hours=1)) == before


async def test_what_came_in_a_file_is_answered_as_it_was_settled(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.file(visit(1), "hl7v2")
        before = await answer(desk.intake, Frame(visit(1)), NOW)
        assert b"MSA|AA" in before
    async with open_desk(tmp_path, also=THERE) as desk:
        desk.failures = [None, None, Refused("unknown-visit", "no")]
        await Later(desk, desk.intake).hand_over()
        assert await answer(desk.intake, Frame(visit(1)), NOW) == before


async def test_what_is_too_large_for_the_bus_is_named_and_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(tmp_path, visit(1), visit(2))
    async with open_desk(tmp_path, also=THERE) as desk:
        monkeypatch.setattr(handing, "MOST_COMMAND", 10)
        assert await Later(desk, desk.intake).hand_over() == 2
        assert asked(desk, PostVisit) == []
        assert len((await desk.ask(GetQuarantine()))["messages"]) == 2
