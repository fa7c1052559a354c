"""Leaving the portal, for one record or for good (R33-R35, decision i): one unit, all or nothing."""

from __future__ import annotations

from kernel.turn import Turn
from services.identity import addresses
from services.identity.asking import Asked
from services.identity.decider import account as accounts
from services.identity.decider import connection, item
from services.identity.decider.patient import PATIENT, Patient
from services.identity.events.account import (
    AccountClosed,
    EmailReleased,
    OwnRecordLeft,
    SessionsEnded,
)
from services.identity.views.connections import OF_ACCOUNT

STAYS = "left the portal; the people they act for stay connected to their account"


async def leave(turn: Turn, account: str, patient: str) -> None:
    """Remove an account's connection to a record. Sessions end when it was the own one or the last;
    with the last the account closes, and its address is free.
    """
    state: Patient = await turn.load(PATIENT, patient)
    own = state.account == account
    turn.append(PATIENT, patient, connection.disenrol(state.relations, patient, account, turn.now))
    others = [r for r in await turn.read(OF_ACCOUNT, account=account) if r["patient"] != patient]
    holder: accounts.Account = await turn.load(accounts.ACCOUNT, account)
    if not others:
        await _close(turn, holder)
    elif own:
        ended = SessionsEnded(account, turn.now, "left")
        turn.append(accounts.ACCOUNT, account, [OwnRecordLeft(account), ended])
        await _tell_staff(turn, account, patient)


async def _close(turn: Turn, holder: accounts.Account) -> None:
    mailbox = addresses.key(holder.email)
    closed = AccountClosed(holder.account, turn.now)
    ended = SessionsEnded(holder.account, turn.now, "left")
    turn.append(accounts.ACCOUNT, holder.account, [ended, closed])
    held: accounts.Mailbox = await turn.load(accounts.EMAIL, mailbox)
    if held.account == holder.account:
        turn.append(accounts.EMAIL, mailbox, [EmailReleased(holder.account)])


async def _tell_staff(turn: Turn, account: str, patient: str) -> None:
    """An adult with linked people has left: their connections stay, and staff know (decision i)."""
    new = turn.new_id()
    await turn.load(item.ITEM, new)
    asked = Asked(says=STAYS)
    turn.append(item.ITEM, new, item.open_(new, "notice", account, patient, asked, turn.now))
