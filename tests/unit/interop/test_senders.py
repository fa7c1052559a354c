"""What is different about a sender: said by staff, and used by the next message and by retries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.common import Caller, Role
from contracts.identity import PatientAnswer, RecordPatient
from contracts.interop import (
    GetMessage,
    GetQuarantine,
    GetSenders,
    GetSummary,
    MapSender,
    OpenMessage,
    RetryMessages,
    SenderProfile,
)
from contracts.labs import PostReport
from kernel.decider import Refused
from kernel.refold import fold_again
from services.interop.framing import Frame
from services.interop.reply import answer
from services.interop.views import VIEWS
from tests.unit.interop.desk import SRE, Desk, open_desk
from tests.unit.interop.samples import MSH, OBR, OBX, PID, raw

SUPPORT = Caller(subject="sue", role=Role.SUPPORT, name="Sue Poole")
POLICY = Caller(subject="pia", role=Role.POLICY, name="Pia Lund")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A fresh interop."""
    async with open_desk(tmp_path) as opened:
        yield opened


async def send(desk: Desk, *segments: str) -> str:
    """The acknowledgement code of one message over MLLP."""
    said = await answer(desk.intake, Frame(raw(*segments)), desk.now())
    return said.decode().split("\r")[1].split("|")[1]


async def mapped(desk: Desk, **said: Any) -> None:
    """Staff say what is different about LAB."""
    profile = SenderProfile(**{"sender": "LAB", **said})
    assert (await desk.reply(MapSender(profile=profile), POLICY)).status == 201


def asked(desk: Desk, kind: type) -> list[Any]:
    """What was asked of a neighbour, in order."""
    return [message for _, message in desk.asked if isinstance(message, kind)]


async def retried(desk: Desk) -> int:
    """Take again all that waits from LAB; how many still wait."""
    await desk.reply(RetryMessages(sender="LAB"), SUPPORT)
    await desk.react()
    waiting: int = (await desk.ask(GetQuarantine()))["waiting"]
    return waiting


async def test_a_number_that_conflicts_is_applied_once_it_is_known_who_gave_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`77` of nobody in particular is somebody else's `77`; the clinic's own is Ada's."""
    through = desk.request

    async def identity(message: Any, kind: Any, key: str = "") -> Any:
        if isinstance(message, RecordPatient) and message.identifiers[0].authority != "CLINIC":
            desk.asked.append((key, message))
            raise Refused("identity-conflict", "two patients")
        return await through(message, kind, key)

    monkeypatch.setattr(desk, "request", identity)
    bare = PID.replace("77^^^NORTH^MR", "77^^^MRN^MR")
    assert await send(desk, MSH, bare, OBR, OBX) == "AE"
    assert await retried(desk) == 1
    assert asked(desk, RecordPatient)[-1].identifiers[0].authority == "LAB:MRN"
    await mapped(desk, authorities={"MRN": "CLINIC"})
    assert await retried(desk) == 0
    assert asked(desk, RecordPatient)[-1].identifiers[0].authority == "CLINIC"
    [report] = asked(desk, PostReport)
    assert report.patient == PatientAnswer(patient="p1").patient


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("77", "LAB"),
        ("77^^^MRN", "LAB:MRN"),
        ("77^^^MRN", "MRN"),
        ("77^^^NORTH^MR", "NORTH"),
        ("77^^^NORTH&1.2.3&ISO^MR", "1.2.3"),
        ("77^^^&1.2.3&ISO^MR", "1.2.3"),
    ],
)
async def test_every_name_under_which_a_number_is_known_can_be_mapped(
    desk: Desk, number: str, name: str
) -> None:
    await mapped(desk, authorities={name: "CLINIC"})
    assert await send(desk, MSH, PID.replace("77^^^NORTH^MR", number), OBR, OBX) == "AA"
    [one] = asked(desk, RecordPatient)[0].identifiers
    assert (one.authority, one.value) == ("CLINIC", "77")


async def test_numbers_that_name_nobody_are_no_record_numbers(desk: Desk) -> None:
    await mapped(desk, authorities={"BILLING": ""})
    two = PID.replace("77^^^NORTH^MR", "5^^^BILLING~77^^^NORTH^MR")
    assert await send(desk, MSH, two, OBR, OBX) == "AA"
    assert [one.value for one in asked(desk, RecordPatient)[0].identifiers] == ["77"]
    only = PID.replace("77^^^NORTH^MR", "5^^^BILLING")
    assert await send(desk, MSH.replace("C1", "C2"), only, OBR, OBX) == "AE"
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["reason"] == "No usable patient identifier"


@pytest.mark.parametrize(
    ("sent", "listed"), [("ORU^R03", "ORU^R03"), ("XYZ^Z01", "XYZ^Z01"), ("Results", "unknown")]
)
async def test_a_kind_of_its_own_is_read_as_one_that_is_taken(
    desk: Desk, sent: str, listed: str
) -> None:
    odd = MSH.replace("ORU^R01", sent)
    assert await send(desk, odd, PID, OBR, OBX) == "AR"
    assert (await desk.ask(GetQuarantine()))["messages"][0]["kind"] == listed
    await mapped(desk, kinds={listed: "ORU^R01"})
    assert await retried(desk) == 0
    assert len(asked(desk, PostReport)) == 1
    summary = await desk.ask(GetSummary())
    assert summary["rows"] == [{"kind": listed, "outcome": "applied", "count": 1}]
    other = odd.replace("|LAB|", "|CLINIC|")
    assert await send(desk, other, PID, OBR, OBX) == "AR"


async def test_times_without_offset_are_read_where_the_sender_is(desk: Desk) -> None:
    await send(desk, MSH, PID, OBR, OBX)
    await mapped(desk, zone="America/New_York")
    await send(desk, MSH.replace("C1", "C2"), PID, OBR, OBX)
    offset = MSH.replace("C1", "C3").replace("20260102030405", "20260102030405+0000")
    await send(desk, offset, PID, OBR, OBX)
    day = OBR.replace("20260101080000", "20260101")
    await send(desk, MSH.replace("C1", "C4"), PID, day, OBX)
    assert [report.acquired for report in asked(desk, PostReport)] == [
        datetime(2026, 1, 1, 16, tzinfo=UTC),  # the practice's: Los Angeles
        datetime(2026, 1, 1, 13, tzinfo=UTC),
        datetime(2026, 1, 1, 8, tzinfo=UTC),
        datetime(2026, 1, 1, 8, tzinfo=UTC),  # a mere day is the practice's, whoever sends (R54)
    ]


@pytest.mark.parametrize(("declared", "read"), [("", "Łukasz"), ("|8859/1", "£ukasz")])
async def test_a_character_set_counts_where_the_message_names_none(
    desk: Desk, declared: str, read: str
) -> None:
    await mapped(desk, charset="8859/2")
    pid = PID.replace("Roe^Ada^M", "Łukasz^Ada").encode("iso8859-2")
    header = f"{MSH}{'||||||' if declared else ''}{declared}".replace("|||||||8859", "||||||8859")
    sent = b"\r".join([header.encode(), pid, OBR.encode(), OBX.encode()])
    await answer(desk.intake, Frame(sent), desk.now())
    assert asked(desk, RecordPatient)[0].demographics.name.family == read


async def test_support_reads_a_name_in_the_senders_character_set(desk: Desk) -> None:
    await mapped(desk, charset="8859/2", authorities={"NORTH": ""})
    pid = PID.replace("Roe^Ada^M", "Łukasz^Ada").encode("iso8859-2")
    await answer(desk.intake, Frame(b"\r".join([MSH.encode(), pid])), desk.now())
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    opened = OpenMessage(message=row["message"], reason="Who is it?")
    assert (await desk.ask(opened, SUPPORT))["people"][0]["name"]["family"] == "Łukasz"


async def test_a_fhir_sender_is_who_keeps_the_chart(desk: Desk) -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"family": "Roe", "given": ["Ada"]}],
        "identifier": [
            {"type": {"coding": [{"code": "MR"}]}, "system": "urn:north", "value": "77"}
        ],
    }
    sent = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}
    profile = SenderProfile(sender="urn:north", authorities={"urn:north": "NORTH"})
    await desk.reply(MapSender(profile=profile), SUPPORT)
    await desk.file(json.dumps(sent).encode())
    assert asked(desk, RecordPatient)[0].identifiers[0].authority == "NORTH"


async def test_a_fhir_file_that_only_names_its_patient_is_its_numbers_givers(desk: Desk) -> None:
    subject = {"identifier": {"system": "urn:north", "value": "77"}}
    sent = {"resourceType": "Observation", "status": "Roe", "subject": subject}
    await desk.file(json.dumps(sent).encode())
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["sender"] == "urn:north"


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"zone": "America"}, "zone", "zone"),
        ({"zone": "../etc/passwd"}, "zone", "zone"),
        ({"zone": "Mars/Base"}, "zone", "zone"),
        ({"charset": "KLINGON"}, "charset", "charset"),
        ({"kinds": {"ORU^R03": "ORU^Z99"}}, "kind", "kinds"),
        ({"kinds": {"Roe, Ada": "ORU^R01"}}, "kind", "kinds"),
        ({"authorities": {" ": "NORTH"}}, "authority", "authorities"),
    ],
)
async def test_what_is_not_known_is_refused_beside_its_field(
    desk: Desk, said: dict[str, Any], code: str, field: str
) -> None:
    profile = SenderProfile(**{"sender": "LAB", **said})
    reply = await desk.reply(MapSender(profile=profile), POLICY)
    body = json.loads(reply.body)
    assert (reply.status, body["code"], list(body["errors"])) == (422, code, [field])
    assert await desk.names() == []


async def test_the_same_profile_again_changes_nothing(desk: Desk) -> None:
    await mapped(desk, zone="UTC")
    await mapped(desk, zone="UTC")
    assert await desk.names() == ["SenderMapped"]
    await mapped(desk)
    assert await desk.names() == ["SenderMapped", "SenderMapped"]


async def test_staff_see_every_sender_with_what_came_and_what_waits(desk: Desk) -> None:
    await mapped(desk, zone="UTC")
    await send(desk, MSH.replace("|LAB|", "|CLINIC|"), PID, OBR, OBX)
    desk.failures = [Refused("identity-conflict", "two patients")]
    await send(desk, MSH, PID, OBR, OBX)
    await desk.reply(MapSender(profile=SenderProfile(sender="NEW")), SUPPORT)
    rows = (await desk.ask(GetSenders(), SRE))["senders"]
    assert [(r["profile"]["sender"], r["messages"], r["waiting"]) for r in rows] == [
        ("CLINIC", 1, 0), ("LAB", 1, 1), ("NEW", 0, 0),
    ]  # fmt: skip
    assert rows[1]["profile"]["zone"] == "UTC"
    assert (rows[0]["last"] is None, rows[2]["last"]) == (False, None)


async def test_a_message_taken_again_came_once_also_when_the_view_is_made_anew(desk: Desk) -> None:
    desk.failures = [Refused("identity-conflict", "two patients")]
    await send(desk, MSH, PID, OBR, OBX)
    assert await retried(desk) == 0
    before = await desk.ask(GetSenders())
    assert before["senders"][0]["messages"] == 1
    await fold_again(desk.log, VIEWS)
    assert await desk.ask(GetSenders()) == before


async def test_only_support_and_policy_say_how_a_sender_is_read(desk: Desk) -> None:
    said = MapSender(profile=SenderProfile(sender="LAB"))
    assert (await desk.reply(said, SRE)).status == 403


async def test_the_queue_shows_the_kind_as_sent_when_it_is_read_as_another(desk: Desk) -> None:
    await mapped(desk, kinds={"ORU^R03": "ORU^R01"})
    await send(desk, MSH.replace("ORU^R01", "ORU^R03"), OBR, OBX)
    [row] = (await desk.ask(GetQuarantine()))["messages"]
    assert row["kind"] == "ORU^R03"
    detail = await desk.ask(GetMessage(message=row["message"]))
    assert detail["row"]["reason"] == "No PID segment"
