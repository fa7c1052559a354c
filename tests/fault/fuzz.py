"""A mutation fuzzer before the real portal: what it is sent is spoiled, what it does must not be.

Every mutant goes over MLLP (or, FHIR, by the command line's way) into a running portal. Then: each was
answered AA, AE or AR; every part still runs; each refused or quarantined one waits in the queue; and
no result and no patient's number was put with a patient that its message does not name. The last is
judged from the bytes sent, by reading them anew in the simplest way, not by the code under test.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.interop import MessageAnswer, TakePart
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from portal.demo.start import CR, FS, VT
from portal.operator import Operator
from portal.places import LOOPBACK
from services.identity.events.patient import PatientIdentified, PatientMerged
from services.interop.events.message import MessageReceived, MessageSettled
from services.labs.events.report import ReportPosted
from tests.fault.drain import drained
from tests.fault.emails import Sink
from tests.fault.mutating import fhir_mutants, hl7_mutants
from tests.fault.running import Portal
from tests.fault.stores import Store, read_stores

SENDERS = 8
ANSWER_SECONDS = 30.0
DRAIN_SECONDS = 60.0
PART = 120_000
TOKEN = re.compile(r"\b(?:PT|FZ)\d+\b")
DELIMITERS = (re.compile(r"[|^~&\\]"), re.compile(r"[|^~&#@!*%\\]"))
"""The usual ones, and all that mutants declare."""
_ASCII = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_LATIN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
WAYS = (lambda text: text, lambda text: _ASCII.sub("", text), lambda text: _LATIN.sub("", text))
"""Whichever control characters count as nothing: each reading of a spoiled number is one."""
BEGINNING = 100
"""So much of a number is compared: very long ones are kept as their beginning and a digest."""
WATCHED = ("interop", "identity", "labs")


@dataclass(slots=True)
class Verdict:
    """What went wrong, each with an example; all counts must be 0. `answers` counts what was said."""

    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def bad(self, what: str, example: str) -> None:
        """Note one."""
        self.wrong[what] += 1
        self.examples.setdefault(what, example)


async def fuzz(seed: int, hl7: int, fhir: int, mutant: str = "") -> Verdict:
    """Send so many mutants of each kind to a portal of their own, and judge."""
    verdict = Verdict()
    frames, files = hl7_mutants(seed, hl7), fhir_mutants(seed, fhir)
    with tempfile.TemporaryDirectory(prefix="portal-fuzz-") as folder:
        sink = Sink()
        portal = Portal(Path(folder), await sink.start(), mutant)
        try:
            await portal.start()
            before = portal.pids()
            acks = await _send(portal, frames, files, verdict)
            after = portal.pids()
            for part in WATCHED:
                if before[part] != after.get(part):
                    verdict.bad("crashed", part)
            if left := await drained(portal.places, DRAIN_SECONDS):
                verdict.bad("not drained", left)
        finally:
            await portal.stop()
            sink.stop()
        copy = Path(folder) / "copy"
        copy.mkdir()
        stores = await read_stores(portal.data, copy)
    _judge_answers(acks, stores["interop"], verdict)
    _judge_people([*frames, *files], stores, verdict)
    return verdict


async def _send(
    portal: Portal, frames: Sequence[bytes], files: Sequence[bytes], verdict: Verdict
) -> list[tuple[bytes, bytes]]:
    """Everything over several connections; gives each frame with its answer."""
    acks: list[tuple[bytes, bytes]] = []
    started = time.monotonic()
    lanes = [_speak(portal, frames[lane::SENDERS], acks, verdict) for lane in range(SENDERS)]
    operator = await Operator.reach(portal.places)
    try:
        bring = [_bring(operator, files[lane::2], verdict) for lane in range(2)]
        await asyncio.gather(*lanes, *bring)
    finally:
        await operator.close()
    verdict.sent = len(frames) + len(files)
    verdict.answers["a second"] = int(verdict.sent / (time.monotonic() - started))
    return acks


async def _speak(
    portal: Portal, frames: Sequence[bytes], acks: list[tuple[bytes, bytes]], verdict: Verdict
) -> None:
    """One sender: a frame, its answer, the next."""
    reader, writer = await asyncio.open_connection(LOOPBACK, portal.places.mllp)
    for frame in frames:
        writer.write(VT + frame + FS + CR)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                ack = await reader.readuntil(FS + CR)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            verdict.bad("no answer", repr(frame[:300]))
            writer.close()
            reader, writer = await asyncio.open_connection(LOOPBACK, portal.places.mllp)
            continue
        acks.append((frame, ack.strip(VT + FS + CR)))
    writer.close()


async def _bring(operator: Operator, files: Sequence[bytes], verdict: Verdict) -> None:
    """FHIR as the command line brings it."""
    for content in files:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await _take(operator, content)
        except (TimeoutError, Unavailable, Refused) as problem:
            verdict.bad("no answer", f"{type(problem).__name__}: {content[:300]!r}")
            continue
        verdict.answers[f"FHIR {answer.outcome}"] += 1


async def _take(operator: Operator, content: bytes) -> MessageAnswer:
    digest = hashlib.sha256(content).hexdigest()
    parts = [content[at : at + PART] for at in range(0, max(1, len(content)), PART)]
    while True:
        for index, part in enumerate(parts):
            body = base64.b64encode(part).decode()
            command = TakePart(format="fhir", name="mutant", sha256=digest, index=index,
                               total=len(parts), part=body)  # fmt: skip
            answer = await operator.ask(command, MessageAnswer)
        if answer.outcome is not None:
            return answer


def _judge_answers(acks: Iterable[tuple[bytes, bytes]], interop: Store, verdict: Verdict) -> None:
    """Every answer is one, and what it said is what stands in the log and in the queue."""
    outcomes: dict[str, str] = {}
    received: set[str] = set()
    for record in interop.records:
        if isinstance(record.event, MessageReceived):
            received.add(record.event.message)
        if isinstance(record.event, MessageSettled):
            outcomes[record.event.message] = record.event.outcome
    for message in received - set(outcomes):
        verdict.bad("never settled", message)
    by_start = {message[:20]: outcome for message, outcome in outcomes.items()}
    for frame, ack in acks:
        found = re.search(rb"\rMSA\|(AA|AE|AR)\|?", ack)
        code = found[1].decode() if found else "none"
        verdict.answers[code] += 1
        own = ack.split(b"|")[9].decode("ascii", "replace") if ack.count(b"|") > 9 else ""
        if b"try again" in ack:
            verdict.answers["AE try again"] += 1
            continue
        outcome = by_start.get(own, "not kept")
        said = {"applied": "AA", "kept": "AA", "held": "AA", "quarantined": "AE", "refused": "AR"}
        several = len(re.findall(rb"MSH[^A-Za-z0-9\s]", frame)) > 1  # the gravest outcome answers
        if code != said.get(outcome) and not (several and code > said.get(outcome, "")):
            verdict.bad("answer and log differ", f"{code} {outcome}: {frame[:200]!r}")
    for name in interop.views_apart:
        verdict.bad("queue and log differ", name)


def _judge_people(sent: Sequence[bytes], stores: dict[str, Store], verdict: Verdict) -> None:
    """A number or a result stands with a patient only if one message names both.

    `PTn` tokens stand where a message says whom it is about (PID; MRG; a FHIR Patient), `FZn` in the
    names of its tests. A message that names several people, or none, joins nothing.
    """
    numbers = _numbers(stores["identity"])
    known = {value for values in numbers.values() for value in values}
    joined: dict[str, set[str]] = {}
    together: dict[str, set[str]] = {}
    for raw in sent:
        for pieces, tests in _said(raw):
            people = pieces & known
            for test in tests:
                joined.setdefault(test, set()).update(people)
            for person in people:
                together.setdefault(person, set()).update(people)
    for patient, values in numbers.items():
        ours = any(TOKEN.fullmatch(value) for value in values)  # others are the demo's
        if ours and not _linked(values, together):
            verdict.bad("two people made one", f"{patient}: {sorted(values)[:4]}")
    for record in stores["labs"].records:
        event = record.event
        if not isinstance(event, ReportPosted):
            continue
        texts = [c.text for c in event.codes] + [
            c.text for o in event.observations for c in o.codes
        ]
        own = {t for text in texts for t in TOKEN.findall(text) if t.startswith("FZ")}
        allowed = set().union(*(joined.get(test, set()) for test in own))
        if own and not (allowed & numbers.get(event.patient, set())):
            verdict.bad("wrong patient", f"{event.report} {sorted(own)} {event.patient}")


def _said(raw: bytes) -> list[tuple[set[str], set[str]]]:
    """(what may be a number of the person, tests) of each message that names exactly one person."""
    text = _decoded(raw)
    if text.lstrip()[:1] in "{[":
        found = set(TOKEN.findall(text))
        return [({t for t in found if t[0] == "P"}, {t for t in found if t[0] == "F"})]
    said = []
    for message in re.split(r"(?=MSH[^A-Za-z0-9\s])", text):
        lines = re.split(r"[\r\n]+(?=\s*[A-Z][A-Z0-9]{2}(?:[^A-Za-z0-9]|$))", message)
        pids = [line for line in lines if re.match(r"\W*PID\W", line)]
        merges = [line for line in lines if re.match(r"\W*MRG\W", line)]
        if len(pids) == 1 or merges:
            named = "|".join((*pids, *merges))
            split = (p for way in WAYS for signs in DELIMITERS for p in signs.split(way(named)))
            pieces = {" ".join(piece.split())[:BEGINNING] for piece in split}
            tests = {t for way in WAYS for t in TOKEN.findall(way(message)) if t[0] == "F"}
            said.append((pieces, tests))
    return said


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _numbers(identity: Store) -> dict[str, set[str]]:
    """Patient to their record numbers, merges followed."""
    into: dict[str, str] = {}
    numbers: dict[str, set[str]] = {}
    for record in identity.records:
        if isinstance(record.event, PatientMerged):
            into[record.event.patient] = record.event.into
        if isinstance(record.event, PatientIdentified):
            value = " ".join(record.event.value.split())[:BEGINNING]
            numbers.setdefault(record.event.patient, set()).add(value)
    for gone in into:
        last = gone
        while last in into:
            last = into[last]
        numbers.setdefault(last, set()).update(numbers.get(gone, set()))
    return numbers


def _linked(values: set[str], together: dict[str, set[str]]) -> bool:
    """Are all these numbers chained by messages that name two of them as one person?"""
    reached: set[str] = set()
    coming = {next(iter(values))}
    while coming:
        reached |= coming
        coming = {n for each in coming for n in together.get(each, ())} - reached
    return values <= reached
