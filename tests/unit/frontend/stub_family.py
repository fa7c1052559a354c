"""Canned answers about families: a parent of three, a record of every state, requests and looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from contracts import identity
from contracts.common import Address, Caller, Done, HumanName, Nothing, Role
from contracts.identity import Connection, MyRequest, PatientCard, RecordChoice

if TYPE_CHECKING:
    from tests.unit.frontend.stub import Stub

NOW = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
TODAY = date(2026, 3, 4)
PARENT = Caller(subject="a9", role=Role.PATIENT, patient="m1", basis="self", name="Maria Okafor")
ONLY_PARENT = Caller(subject="a8", role=Role.PATIENT, patient="ada", basis="parent", name="Kim Roe")
NOBODY = Caller(subject="a7", role=Role.PATIENT, barred="no-record", name="Lou Roe")


def choice(patient: str, given: str, basis: Any, state: Any = "open") -> RecordChoice:
    """A line of the switcher."""
    return RecordChoice(patient=patient, given=given, basis=basis, state=state)


def connection(patient: str, given: str, basis: Any = "parent", **more: Any) -> Connection:
    """An open connection with the usual rest."""
    filled: dict[str, Any] = {"state": "open", "mail": "sent", "mail_to": "maria@mail.example"}
    return Connection(
        patient=patient,
        name=HumanName(family="Okafor", given=given),
        basis=basis,
        since=NOW - timedelta(days=300),
        **filled | more,
    )


FAMILY = (
    choice("m1", "Maria", "self"),
    choice("ada", "Ada", "parent"),
    choice("chidi", "Chidi", "parent"),
    choice("grandpa", "Emeka", "caregiver", "agreement-due"),
    choice("old", "Obi", "parent", "grown-up"),
)
GIVEN = {each.patient: each.given for each in FAMILY}
CONNECTIONS = (
    connection("m1", "Maria", "self"),
    connection("ada", "Ada", turns_12=date(2030, 5, 1), turns_18=date(2036, 5, 1)),
    connection("chidi", "Chidi", turns_12=TODAY + timedelta(days=20), turns_18=date(2032, 3, 24)),
    connection("zora", "Zora", mail="needs-address", mail_to="", turns_18=date(2030, 1, 2)),
    connection("grandpa", "Emeka", "caregiver", state="agreement-due", until=date(2027, 1, 31)),
    connection("old", "Obi", state="grown-up", mail="off", mail_to=""),
)


def answer(*connections: Connection) -> identity.ConnectionsAnswer:
    """The connections with the documents in effect."""
    return identity.ConnectionsAnswer(connections=connections, terms="2", hipaa="2")


REQUESTS = tuple(
    MyRequest(
        item=f"i{number}",
        kind=kind,
        state=state,
        received=NOW - timedelta(days=number + 1),
        due=NOW + timedelta(days=1),
        settled=NOW if state in ("done", "rejected") else None,
        about=about,
        patient="chidi" if kind == "correction" else None,
        answer=said,
    )
    for number, (kind, state, about, said) in enumerate(
        (
            ("relation", "open", "Chidi Okafor, as a parent", ""),
            ("correction", "taken", "address", ""),
            ("relation", "done", "Ada Okafor, as a parent", ""),
            ("correction", "rejected", "born", "The certificate says the other day."),
        )
    )
)
LOOKS = tuple(
    identity.AccessRow(
        at=NOW - timedelta(hours=number), name=name, role=role, what=what, how=how, why=why
    )
    for number, (name, role, what, how, why) in enumerate(
        (
            ("Alice Chen, MD", "provider", "chart", "care-team", ""),
            ("Ben Park, MD", "provider", "chart", "cover", ""),
            ("Dr. Night", "provider", "chart", "break-glass", "Unconscious in the emergency room"),
            ("Maria Okafor", "patient", "chart", "proxy", ""),
            ("Sam Ortega", "support", "account", "support", ""),
        )
    )
)


def in_view(caller: Caller, records: Sequence[RecordChoice], patient: str) -> Caller | None:
    """The caller as identity would answer for this record; None for one that is none of theirs."""
    if not patient:
        return caller
    found = next((each for each in records if each.patient == patient), None)
    if found and found.state == "agreement-due":
        return caller.model_copy(update={"patient": None, "barred": "agreement-due"})
    if found is None or found.state != "open":
        return None
    return caller.model_copy(update={"patient": patient, "basis": found.basis})


def _card(patient: str) -> identity.PatientsAnswer:
    card = PatientCard(
        patient=patient,
        name=HumanName(family="Okafor", given=GIVEN[patient]),
        born=date(2018, 5, 1),
        sex="female",
        address=Address(line="12 Harbor Way", city="Oakland", state="CA", zip="94607"),
        email="maria@mail.example",
        enrolled=True,
        record_numbers=("HV-1001",),
    )
    return identity.PatientsAnswer(patients=(card,))


def add(made: Stub) -> None:
    """The family, and what its pages ask."""
    made.callers |= {"parent": PARENT, "kim": ONLY_PARENT, "lou": NOBODY}
    made.records = {
        "patient": (choice("p1", "Rosa", "self"),),
        "parent": FAMILY,
        "kim": FAMILY[1:2],
    }
    others: Any = made.answers[identity.GetPatient]
    made.answers |= {
        identity.GetConnections: answer(*CONNECTIONS),
        identity.Disenrol: Done(id="ada"),
        identity.AcceptAgreement: Done(id="grandpa"),
        identity.RequestRelation: Nothing(),
        identity.SetMailAddress: Nothing(),
        identity.RequestCorrection: Done(id="i9"),
        identity.GetMyRequests: identity.MyRequestsAnswer(requests=REQUESTS),
        identity.GetAccessLog: identity.AccessLogAnswer(rows=LOOKS),
        identity.GetPatient: lambda fields: (
            _card(fields["patient"]) if fields["patient"] in GIVEN else others(fields)
        ),
    }
