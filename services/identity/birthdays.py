"""Birthdays that change who sees what: told of 30 days before and on the day (R53, R54, decision g)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from contracts.identity import Notice
from kernel.turn import Turn
from services.identity.ages import ADULT, NOTICE, TWELVE, midnight, turns
from services.identity.decider import account as accounts
from services.identity.decider.patient import PATIENT, Patient, birthdays
from services.identity.events.account import AccountNoticed
from services.identity.events.connection import BirthdayNear, TurnedEighteen, TurnedTwelve
from services.identity.practice import profile_now, today

NOTICES: Final[dict[tuple[type, int], Notice]] = {
    (BirthdayNear, TWELVE): "turns-12-soon",
    (BirthdayNear, ADULT): "turns-18-soon",
    (TurnedTwelve, TWELVE): "turned-12",
    (TurnedEighteen, ADULT): "turned-18",
}


def moments(born: date, zone: str, now: datetime) -> Iterator[datetime]:
    """When something is to be told, from now on: the midnights at the practice that begin those days."""
    for years in (TWELVE, ADULT):
        day = turns(born, years)
        for each in (midnight(day - NOTICE, zone), midnight(day, zone)):
            if each > now:
                yield each


async def tell(turn: Turn, patient: str) -> None:
    """What today's date makes of the patient's age, once, and a letter to everybody who acts for them.

    The birth date is read now: a reminder of a date that was corrected since finds nothing to tell.
    """
    state: Patient = await turn.load(PATIENT, patient)
    told = birthdays(state, today(await profile_now(turn.read), turn.now))
    turn.append(PATIENT, patient, told)
    proxies = [r.account for r in state.relations.values() if not r.ended and r.basis != "self"]
    for event in told:
        for account in filter(None, proxies):
            await _letter(turn, account, event, patient)


async def _letter(turn: Turn, account: str, event: Any, patient: str) -> None:
    years = event.age if isinstance(event, BirthdayNear) else _AGE[type(event)]
    await turn.load(accounts.ACCOUNT, account)
    noticed = AccountNoticed(account, NOTICES[type(event), years], patient)
    turn.append(accounts.ACCOUNT, account, [noticed])


_AGE: Final[dict[type, int]] = {TurnedTwelve: TWELVE, TurnedEighteen: ADULT}
