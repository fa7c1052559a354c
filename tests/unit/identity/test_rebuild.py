"""Views are pure folds of the log: dropped and folded again they say the same."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from contracts.common import Caller, Role
from contracts.identity import (
    BreakGlass,
    ChangeEmail,
    CoverColleague,
    MergePatient,
    RequestCorrection,
    SignIn,
    TakeRegistration,
)
from kernel.refold import fold_again
from kernel.store.port import Ask
from services.identity.views import VIEWS
from services.identity.views.registrations import WAITING
from tests.unit.identity import steps
from tests.unit.identity.desk import PASSWORD, SUPPORT, Desk, form
from tests.unit.identity.family import child, parent
from tests.unit.identity.signing import Authenticator, add_passkey, caller_of, set_up_app


async def everything(desk: Desk) -> dict[str, list[Any]]:
    """All rows of all views."""
    return {
        table.name: sorted(
            [
                tuple(row.values())
                for row in map(dict, await desk.log.db.scan(Ask(sa.select(table))))
            ],
            key=repr,
        )
        for view in VIEWS
        for table in view.metadata.sorted_tables
    }


async def a_busy_week(desk: Desk) -> None:
    """A little of everything."""
    patient = await desk.record("MRN-1")
    into = await desk.record("MRN-2", email="old@example.com")
    await desk.ask(MergePatient(patient=patient, into=into), SUPPORT)
    await desk.ask(form(given="Nobody"))
    await desk.settle()
    [row] = await desk.fetch(WAITING)
    await desk.ask(TakeRegistration(registration=row["registration"]), SUPPORT)
    await desk.ask(form())
    await desk.settle()
    first = await steps.invite(desk, into)
    await steps.accept_both(desk, first)
    await desk.refused(steps.complete(first, code="0"))
    session = await desk.ask(steps.complete(first))
    holder = await caller_of(desk, session["cookie"])
    await set_up_app(desk, holder)
    await add_passkey(desk, holder, Authenticator())
    change = ChangeEmail(email="new@example.com", password=SecretStr(PASSWORD))
    await desk.ask(change, holder)
    await desk.ask(SignIn(email="maria@example.com", password=SecretStr("wrong")))
    await desk.ask(parent(await child(desk, 8), email="maria@example.com"), SUPPORT)
    doctor = Caller(subject="dr", role=Role.PROVIDER, provider="prov-1", name="Dr Who")
    await desk.ask(BreakGlass(patient=into, reason="found unconscious"), doctor)
    leave = CoverColleague(provider="prov-2", until=date(2026, 3, 9), reason="on leave")
    await desk.ask(leave, doctor)
    wrong = RequestCorrection(field="name", says="It is María")
    await desk.ask(wrong, Caller(subject="maria", role=Role.PATIENT, patient=into, basis="self"))


async def test_views_folded_again_say_the_same(desk: Desk) -> None:
    await a_busy_week(desk)
    before = await everything(desk)
    assert all(before.values())
    folded = await fold_again(desk.log, VIEWS)
    assert folded == desk.log.head
    assert await everything(desk) == before


async def test_reactions_run_twice_decide_once(desk: Desk) -> None:
    await a_busy_week(desk)
    await desk.settle()
    before = await desk.names()
    desk.forget_reactions()
    await desk.settle()
    assert await desk.names() == before
