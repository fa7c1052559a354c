"""What comes into people's mailboxes: the letters to accounts, as the notifier would send them."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.identity import MayNotifyAccount, MayNotifyAnswer
from services.identity.events.account import AccountNoticed
from tests.unit.identity.desk import NOTIFIER, Desk


@dataclass(frozen=True)
class Letter:
    """A letter that may go out now, or why it may not."""

    notice: str
    to: str | None
    link: str
    given: str
    reason: str


async def may_notify(desk: Desk, notice: str, account: str, reference: str) -> MayNotifyAnswer:
    """What the notifier is told."""
    query = MayNotifyAccount.model_validate(
        {"notice": notice, "account": account, "reference": reference}
    )
    return MayNotifyAnswer.model_validate(await desk.ask(query, NOTIFIER))


async def letters(desk: Desk, *notices: str) -> list[Letter]:
    """The letters of these kinds that were ever due, oldest first."""
    found = []
    for event in await desk.events():
        if isinstance(event, AccountNoticed) and event.notice in notices:
            said = await may_notify(desk, event.notice, event.account, event.reference)
            found.append(Letter(event.notice, said.address, said.link, said.given, said.reason))
    return found


async def letter(desk: Desk, notice: str) -> Letter:
    """The newest letter of a kind."""
    return (await letters(desk, notice))[-1]
