"""May one more record hang on an account? Asked when staff verify, and again when somebody enrols."""

from __future__ import annotations

from datetime import date

from contracts.common import Basis
from kernel.turn import Turn
from services.identity.ages import adult
from services.identity.decider import account as accounts
from services.identity.decider import connection
from services.identity.decider.patient import PATIENT, Patient


async def check_link(
    turn: Turn, basis: Basis, born: date, today: date, contact: str, account: str
) -> None:
    """Refuse an address that may not be shared (R42-R44). `account` has it already, or is empty."""
    if not account:
        return
    holder: accounts.Account = await turn.load(accounts.ACCOUNT, account)
    if holder.role != "patient" or holder.closed:
        accounts.check_free(accounts.Mailbox(account))
    enrolled = False
    if holder.patient:
        own: Patient = await turn.load(PATIENT, holder.patient)
        born_self = own.demographics.born
        enrolled = own.account == account and born_self is not None and adult(born_self, today)
    connection.check_shared(basis, born, today, contact, enrolled)
