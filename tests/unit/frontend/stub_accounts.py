"""Canned answers about accounts: relations in every state, requests of every kind, a preview."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from contracts import identity, labs
from contracts.common import Address, Done, HumanName
from tests.unit.frontend.stub import NOW, RESULT, RESULTS, Stub, problem

CHIDI = identity.PatientCard(
    patient="p7",
    name=HumanName(family="Okafor", given="Chidi"),
    born=date(2014, 3, 24),
    sex="male",
    address=Address(line="9 Mission St", city="Oakland", state="CA", zip="94607"),
    email="",
    enrolled=False,
    record_numbers=("HV-p7",),
)


def relation(
    id: str | None, name: str, basis: Any, state: Any, **more: Any
) -> identity.RelationRow:
    """Somebody connected, with the usual rest."""
    filled: dict[str, Any] = {
        "account": None if state == "invited" else f"a-{id}",
        "email": f"{name.split()[0].lower()}@mail.example",
        "since": NOW - timedelta(days=90),
    }
    return identity.RelationRow(relation=id, name=name, basis=basis, state=state, **filled | more)


MOTHER = relation(
    "r1", "Maria Okafor", "parent", "open", evidence="birth-certificate", mail="needs-address",
    valid_from=date(2025, 12, 1), verified_by="Sam Ortega", terms="2", hipaa="2",
    second_factor=True,
)  # fmt: skip
GUARDIAN = relation(
    "r2", "Ngozi Eze", "caregiver", "unconfirmed", evidence="conservatorship",
    until=date(2027, 1, 31), verified_by="Kim Doyle", may_confirm=True,
)  # fmt: skip
FIRST_CHECK_MINE = relation("r3", "Paul Reed", "caregiver", "unconfirmed", verified_by="Sam Ortega")
ENDED = relation(
    "r4", "Obi Okafor", "parent", "ended", evidence="custody-order", ended=NOW,
    ended_why="The court gave custody to the mother", verified_by="Kim Doyle",
)  # fmt: skip
INVITED = relation("r5", "Lou Roe", "parent", "invited")
OWN = relation(None, "Rosa Alvarez", "self", "open", mail="sent", terms="2", hipaa="2")


def account(*relations: identity.RelationRow, **more: Any) -> identity.PatientAccountAnswer:
    """A patient's account page."""
    filled: dict[str, Any] = {
        "card": CHIDI,
        "phones": ("510 555 0111",),
        "age": 11,
        "deceased": False,
        "enrolled": None,
        "left": None,
    }
    return identity.PatientAccountAnswer(relations=relations, **filled | more)


ACCOUNT = account(MOTHER, GUARDIAN, FIRST_CHECK_MINE, INVITED, ENDED)


def item(id: str, kind: Any, state: Any, days: int, **more: Any) -> identity.Item:
    """Something that came so many days ago, from Maria."""
    received = NOW - timedelta(days=days)
    filled: dict[str, Any] = {
        "received": received,
        "due": received + timedelta(days=2),
        "overdue": days > 2,
        "by": "Maria Ann Okafor",
        "by_email": "maria@mail.example",
    }
    return identity.Item(item=id, kind=kind, state=state, **filled | more)


PERSON = identity.RelationPerson(
    given="Chidi", family="Okafor", born=date(2014, 3, 24), zip="94607", record_number="HV-p7"
)
RELATION = item(
    "q1", "relation", "taken", 5, basis="parent", people=(PERSON,), mine=True,
    taken_by="Sam Ortega", says="He is my son. I can bring his birth certificate.",
)  # fmt: skip
CORRECTION = item(
    "q2", "correction", "taken", 1, patient="p1", field="born", mine=True, taken_by="Sam Ortega",
    says="I was born on March 27, 1986.",
)  # fmt: skip
NOTICE = item("q3", "notice", "taken", 1, patient="p1", mine=True, says="Somebody tried the code.")
UNTAKEN = item("q4", "relation", "open", 0, basis="caregiver", people=(PERSON,))
OTHERS = item("q5", "correction", "taken", 1, patient="p1", field="name", taken_by="Kim Doyle")
WAITING = (RELATION, CORRECTION, NOTICE, OTHERS, UNTAKEN)

PREVIEW = identity.Consequences(
    age_before=11,
    age_after=12,
    hidden_from_before=date(2026, 3, 24),
    hidden_until_before=date(2032, 3, 24),
    hidden_from=date(2026, 2, 24),
    hidden_until=date(2032, 2, 24),
    connections=(
        identity.AccessChange(
            name="Maria Okafor", basis="parent", before="open", after="open",
            mail_before="sent", mail_after="needs-address",
        ),
        identity.AccessChange(
            name="Ngozi Eze", basis="caregiver", before="open", after="open",
            mail_before="sent", mail_after="sent",
        ),
    ),
)  # fmt: skip
NOT_ON_PANEL = problem(403, "break-glass", "Open the record with a reason first.")
COVERS = identity.CoversAnswer(
    covers=(identity.Cover(provider="brandt", until=date(2026, 3, 20), reason="Vacation"),),
    glass=(identity.OpenGlass(patient="p3", until=NOW + timedelta(hours=3)),),
)


def add(made: Stub, cards: tuple[identity.PatientCard, ...]) -> None:
    """What these pages ask, answered. `cards` are the patients of the other staff pages."""
    known = {card.patient: card for card in (*cards, CHIDI)}

    def candidates(fields: dict[str, Any]) -> identity.ItemAnswer | Response:
        found = [each for each in WAITING if each.item == fields["item"]]
        if not found:
            return problem(404, "not-found", "There is no such item.")
        beside = (known[found[0].patient],) if found[0].patient else (CHIDI,)
        return identity.ItemAnswer(item=found[0].model_copy(update={"candidates": beside}))

    def patient_account(fields: dict[str, Any]) -> identity.PatientAccountAnswer | Response:
        if fields["patient"] not in known:
            return problem(404, "not-found", "There is no such patient.")
        if fields["patient"] == "p7":
            return ACCOUNT
        card = known[fields["patient"]].model_copy(update={"enrolled": True})
        return account(OWN, card=card, age=40, enrolled=NOW - timedelta(days=90))

    made.answers |= {
        identity.GetPatientAccount: patient_account,
        identity.VerifyRelation: Done(id="r9"),
        identity.ConfirmRelation: Done(id="r2"),
        identity.EndRelation: Done(id="r1"),
        identity.RemoveFactors: Done(id="a7"),
        identity.GetItems: identity.ItemsAnswer(items=WAITING),
        identity.GetItem: candidates,
        identity.TakeItem: Done(id="q4"),
        identity.CloseItem: Done(id="q1"),
        identity.PreviewCorrection: PREVIEW,
        identity.CorrectPatient: Done(id="p7"),
        identity.BreakGlass: Done(id="p3"),
        identity.CoverColleague: Done(id="brandt"),
        identity.EndCover: Done(id="brandt"),
        identity.GetCovers: COVERS,
        labs.ViewResults: _results,
        labs.ViewResult: _result,
    }


def _results(fields: dict[str, Any]) -> labs.ResultsAnswer | Response:
    return NOT_ON_PANEL if fields["patient"] == "p2" else RESULTS


def _result(fields: dict[str, Any]) -> labs.ResultAnswer | Response:
    if fields["patient"] == "p2":
        return NOT_ON_PANEL
    return RESULT if fields["report"] == "r1" else problem(404, "not-found", "No such result.")
