"""The demo's family: a mother who sees her children's records, each on a basis of its own (R42, R54)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.common import Caller, Done, Role
from contracts.identity import AcceptAgreement, VerifyRelation
from contracts.practice import Profile
from portal.demo.asking import Send
from portal.demo.enrolling import DOCUMENTS, card_of, version_of
from portal.demo.people import CONTACTS, Person

NOT_AGREED = "HV20015"
"""The mother has not accepted the documents for this child yet: whoever tries the demo does."""


@dataclass(frozen=True, slots=True)
class Family:
    """A mother, the account that she signs in with, and her children."""

    mother: Person
    account: str
    children: Sequence[Person]


async def connect_family(
    send: Send, profile: Profile, support: Caller, family: Family, today: date
) -> None:
    """Support saw each birth certificate; the mother accepts the documents for each child."""
    caller = Caller(subject=family.account, role=Role.PATIENT)
    for child in family.children:
        card = await card_of(send, child.mrn)
        if card is None:
            raise LookupError(f"{child.mrn} is not in the index: their ADT was not taken")
        verify = VerifyRelation(
            patient=card.patient,
            email=family.mother.email,
            given=family.mother.given,
            family=family.mother.family,
            basis="parent",
            evidence="birth-certificate",
            since=today,
            contact=CONTACTS.get(child.mrn),
        )
        await send(verify, Done, support, f"demo-relation-{child.mrn}")
        for document in DOCUMENTS if child.mrn != NOT_AGREED else ():
            accept = AcceptAgreement.model_validate(
                {
                    "patient": card.patient,
                    "document": document,
                    "version": version_of(profile, document),
                }
            )
            await send(accept, Done, caller, f"demo-agree-{child.mrn}-{document}")
