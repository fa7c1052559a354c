"""A family at the practice: an enrolled mother, her children, and what staff do for them."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.common import Caller, HumanName, Role
from contracts.identity import (
    AcceptAgreement,
    ConnectionsAnswer,
    Exchange,
    ExchangeAnswer,
    GetConnections,
    VerifyRelation,
)
from tests.unit.identity import steps
from tests.unit.identity.desk import SUPPORT, Desk

TODAY = date(2026, 3, 4)
MOTHER = "maria@example.com"


def born(age: int, month: int = 1, day: int = 15) -> date:
    """The birth date of somebody of that age on 4 March 2026 whose birthday has been this year."""
    return date(TODAY.year - age, month, day)


def parent(patient: str, email: str = MOTHER, **changes: Any) -> VerifyRelation:
    """Support saw a birth certificate."""
    values: dict[str, Any] = {
        "patient": patient,
        "email": email,
        "given": "María",
        "family": "Garcia-López",
        "basis": "parent",
        "evidence": "birth-certificate",
        "since": TODAY,
    }
    return VerifyRelation(**(values | changes))


def caregiver(patient: str, email: str = MOTHER, **changes: Any) -> VerifyRelation:
    """Support saw letters of guardianship."""
    return parent(patient, email, **({"basis": "caregiver", "evidence": "guardianship"} | changes))


async def enrolled(desk: Desk, number: str = "MRN-M", email: str = MOTHER) -> Caller:
    """An adult with an account and a chart of her own."""
    patient = await desk.record(number)
    session = await steps.enrol(desk, patient, email)
    return Caller.model_validate(session["caller"])


async def child(desk: Desk, age: int, number: str = "", **changes: Any) -> str:
    """A child in the index."""
    name = HumanName(family="Garcia-López", given=f"Ada{age}")
    values: dict[str, Any] = {"name": name, "born": born(age), "phones": ()} | changes
    return await desk.record(number or f"MRN-C{age}", **values)


async def connected(desk: Desk, age: int, holder: Caller, **changes: Any) -> str:
    """A child whose record the holder of this account may see, documents accepted."""
    patient = await child(desk, age)
    command = parent(patient) if not changes else parent(patient, **changes)
    done = await desk.reply(command, SUPPORT)
    assert done.status == 201, done.body
    await agree(desk, holder, patient)
    return patient


async def agree(
    desk: Desk, holder: Caller, patient: str, terms: str = "t1", hipaa: str = "h1"
) -> None:
    """The documents of today, for one person's record."""
    for document, version in (("terms", terms), ("hipaa", hipaa)):
        accept = AcceptAgreement.model_validate(
            {"patient": patient, "document": document, "version": version}
        )
        done = await desk.reply(accept, holder)
        assert done.status == 201, done.body


async def connections(desk: Desk, holder: Caller) -> dict[str, Any]:
    """The holder's connections by patient."""
    answer = ConnectionsAnswer.model_validate(await desk.ask(GetConnections(), holder))
    return {c.patient: c for c in answer.connections}


async def state_of(desk: Desk, holder: Caller, patient: str) -> str:
    """What the connection is good for; `none` where there is none."""
    found = (await connections(desk, holder)).get(patient)
    return found.state if found else "none"


async def exchange(desk: Desk, cookie: str, patient: str | None = None) -> ExchangeAnswer:
    """What the gateway gets for this session and this record."""
    question = Exchange.model_validate({"cookie": cookie, "active": False, "patient": patient})
    return ExchangeAnswer.model_validate(await desk.ask(question))


def nobody_in_particular() -> Caller:
    """A signed-in patient who is connected to nothing here."""
    return Caller(subject="somebody-else", role=Role.PATIENT)
