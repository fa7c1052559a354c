"""May one more record hang on an account, or its mail go to an address (R42-R44)? Asked when staff
verify, and again when somebody enrols or confirms.
"""

from __future__ import annotations

from datetime import date

from contracts.common import Basis
from kernel.decider import Refused
from kernel.turn import Turn
from services.identity import addresses
from services.identity.ages import adult
from services.identity.decider import account as accounts
from services.identity.decider import connection
from services.identity.decider.patient import PATIENT, Patient
from services.identity.views.connections import CONTACT_OF_OTHERS


async def check_contact(turn: Turn, patient: str, email: str) -> None:
    """Mail about a patient goes to nobody's account, and to no address of another patient (R44)."""
    mailbox: accounts.Mailbox = await turn.load(accounts.EMAIL, addresses.key(email))
    if mailbox.account or await _another_patients(turn, patient, email):
        raise address_taken()


def address_taken() -> Refused:
    """The refusal of another address for mail; it never says whose that is."""
    said = "Use another address: this one is somebody's already."
    return Refused("address-in-use", said, 409, {"contact": said, "email": said})


async def check_new_address(turn: Turn, patient: str, email: str) -> None:
    """Nobody begins to sign in with an address to which mail about another patient goes (R44)."""
    if await _another_patients(turn, patient, email):
        raise accounts.in_use()


async def check_link(
    turn: Turn, basis: Basis, born: date, today: date, contact: str, account: str
) -> None:
    """Refuse an address that may not be shared (R42-R44). `account` has it already, or is empty."""
    if not account:
        return
    holder: accounts.Account = await turn.load(accounts.ACCOUNT, account)
    if holder.role != "patient" or holder.closed:
        raise accounts.in_use()
    enrolled = False
    if holder.patient:
        own: Patient = await turn.load(PATIENT, holder.patient)
        born_self = own.demographics.born
        enrolled = born_self is not None and adult(born_self, today)
    connection.check_shared(basis, born, today, contact, enrolled)


async def _another_patients(turn: Turn, patient: str, email: str) -> bool:
    key = addresses.key(email)
    return bool(await turn.read(CONTACT_OF_OTHERS, contact_key=key, patient=patient))
