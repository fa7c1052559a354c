"""Who looked: proxies, support, providers in an emergency and for a colleague (S14, role limits)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from contracts.common import Caller, Role
from contracts.identity import (
    BreakGlass,
    CoverColleague,
    EndCover,
    Exchange,
    FindPatients,
    GetAccessLog,
    GetCovers,
    GetPatientAccount,
    SignIn,
)
from contracts.labs import ChartAccessed, ChartExplained
from tests.unit.identity import steps
from tests.unit.identity.desk import OPERATOR, PASSWORD, SUPPORT, Desk
from tests.unit.identity.family import MOTHER, connected, enrolled, exchange
from tests.unit.identity.signing import staff


async def doctor(desk: Desk) -> tuple[Caller, str]:
    """A provider, and the cookie of their session."""
    await desk.ask(staff("doc@practice.example"), OPERATOR)
    session = await desk.ask(SignIn(email="doc@practice.example", password=SecretStr(PASSWORD)))
    return Caller.model_validate(session["caller"]), session["cookie"]


async def log(desk: Desk, patient: str) -> list[dict[str, Any]]:
    """What the patient reads."""
    own = Caller(subject="x", role=Role.PATIENT, patient=patient, basis="self")
    return list((await desk.ask(GetAccessLog(), own))["rows"])


@pytest.mark.rule("S14")
async def test_a_proxys_look_is_kept_once_an_hour_and_the_own_is_not(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record("MRN-M"), MOTHER)
    mother = Caller.model_validate(session["caller"])
    ada = await connected(desk, 8, mother)
    for _ in range(5):
        await exchange(desk, session["cookie"], ada)
    await exchange(desk, session["cookie"])
    assert [(row["name"], row["how"]) for row in await log(desk, ada)] == [
        ("María Garcia-López", "proxy")
    ]
    assert await log(desk, mother.patient or "") == []
    for _ in range(7):
        desk.clock.move(timedelta(minutes=9))
        await desk.ask(_active(session["cookie"], ada))
    assert len(await log(desk, ada)) == 2


@pytest.mark.rule("S14")
async def test_supports_opening_of_the_account_page_is_kept(desk: Desk) -> None:
    maria = await enrolled(desk)
    await desk.ask(GetPatientAccount(patient=maria.patient or ""), SUPPORT)
    [row] = await log(desk, maria.patient or "")
    assert (row["what"], row["how"]) == ("account", "support")


@pytest.mark.rule("S14", "S15")
async def test_the_emergency_opens_four_hours_and_the_patient_reads_the_reason(desk: Desk) -> None:
    maria = await enrolled(desk)
    chen, cookie = await doctor(desk)
    patient = maria.patient or ""
    assert (await exchange(desk, cookie)).caller.glass == ()
    await desk.ask(BreakGlass(patient=patient, reason="found unconscious"), chen)
    assert (await exchange(desk, cookie)).caller.glass == (patient,)
    [row] = await log(desk, patient)
    assert (row["how"], row["why"], row["role"]) == (
        "break-glass", "found unconscious", "provider"
    )  # fmt: skip
    for _ in range(27):
        desk.clock.move(timedelta(minutes=9))
        await desk.ask(_active(cookie))
    assert (await exchange(desk, cookie)).caller.glass == ()


@pytest.mark.rule("S14")
async def test_a_reason_is_needed_and_the_patient_must_exist(desk: Desk) -> None:
    maria = await enrolled(desk)
    chen, _ = await doctor(desk)
    with pytest.raises(ValueError, match="reason"):
        BreakGlass(patient=maria.patient or "", reason="because")
    unknown = BreakGlass(patient="nobody", reason="found unconscious")
    assert await desk.refused(unknown, chen) == "not-found"
    own = BreakGlass(patient=maria.patient or "", reason="found unconscious")
    assert await desk.refused(own, SUPPORT) == "forbidden"


@pytest.mark.rule("S4", "S14")
async def test_a_colleague_is_covered_up_to_a_day(desk: Desk) -> None:
    chen, cookie = await doctor(desk)
    cover = CoverColleague(provider="prov-2", until=date(2026, 3, 5), reason="on leave")
    await desk.ask(cover, chen)
    assert (await exchange(desk, cookie)).caller.covers == ("prov-2",)
    assert (await desk.ask(GetCovers(), chen))["covers"][0]["reason"] == "on leave"
    desk.clock.move(timedelta(days=2))
    session = await desk.ask(SignIn(email="doc@practice.example", password=SecretStr(PASSWORD)))
    assert session["caller"]["covers"] == []


@pytest.mark.rule("S4")
@pytest.mark.parametrize("until", [date(2026, 3, 3), date(2026, 4, 4)])
async def test_no_cover_for_the_past_nor_for_ever(desk: Desk, until: date) -> None:
    chen, _ = await doctor(desk)
    cover = CoverColleague(provider="prov-2", until=until, reason="on leave")
    assert await desk.refused(cover, chen) == "dates"
    assert await desk.refused(
        CoverColleague(provider="prov-1", until=date(2026, 3, 5), reason="for me"), chen
    ) == "own"  # fmt: skip


@pytest.mark.rule("S4")
async def test_the_colleague_is_back(desk: Desk) -> None:
    chen, cookie = await doctor(desk)
    cover = CoverColleague(provider="prov-2", until=date(2026, 3, 5), reason="on leave")
    await desk.ask(cover, chen)
    for _ in range(2):
        await desk.ask(EndCover(provider="prov-2"), chen)
    assert (await exchange(desk, cookie)).caller.covers == ()


@pytest.mark.rule("S14", "S15")
async def test_what_was_looked_at_elsewhere_is_heard(desk: Desk) -> None:
    maria = await enrolled(desk)
    chen, _ = await doctor(desk)
    patient = maria.patient or ""
    for how in ("care-team", "break-glass"):
        await desk.hear(
            ChartAccessed.model_validate(
                {"patient": patient, "account": chen.subject, "how": how, "at": desk.now()}
            )
        )
    [row] = await log(desk, patient)  # the emergency is told where it began, with its reason
    assert (row["how"], row["name"]) == ("care-team", "Dr Who")


@pytest.mark.rule("S12", "S14")
async def test_who_explains_what_is_shown_is_in_the_log_too(desk: Desk) -> None:
    maria = await enrolled(desk)
    chen, _ = await doctor(desk)
    patient = maria.patient or ""
    await desk.hear(ChartExplained(patient=patient, account=chen.subject, at=desk.now()))
    [row] = await log(desk, patient)
    assert (row["how"], row["what"]) == ("support", "chart")


async def test_a_provider_finds_a_patient(desk: Desk) -> None:
    maria = await enrolled(desk)
    chen, _ = await doctor(desk)
    found = await desk.ask(FindPatients(text="Garcia"), chen)
    assert [card["patient"] for card in found["patients"]] == [maria.patient]


def _active(cookie: str, patient: str | None = None) -> Exchange:
    return Exchange.model_validate({"cookie": cookie, "active": True, "patient": patient})
