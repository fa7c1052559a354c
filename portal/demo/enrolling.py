"""Enrols the demo's patients with accounts: through every step that a patient takes (R51)."""

from __future__ import annotations

from pydantic import SecretStr

from contracts.common import Done
from contracts.identity import (
    AcceptDocument,
    CompleteEnrolment,
    FindPatients,
    MayNotify,
    MayNotifyAnswer,
    PatientCard,
    PatientsAnswer,
    SendInvitation,
    SessionAnswer,
    SignIn,
)
from contracts.practice import Profile
from kernel.envelope import Answer
from portal.demo.asking import ANYONE, NOTIFIER, SUPPORT, Send, once_heard
from portal.demo.people import Person

DOCUMENTS = ("terms", "hipaa")


async def card_of(send: Send, mrn: str) -> PatientCard | None:
    """The index entry of one of the demo's people; None while it is not there."""
    found = await send(FindPatients(text=mrn), PatientsAnswer, SUPPORT)
    return next((card for card in found.patients if mrn in card.record_numbers), None)


async def enrol(send: Send, profile: Profile, person: Person, password: str) -> str:
    """Invite somebody and take their steps; gives the account. One who is enrolled signs in."""
    card = await card_of(send, person.mrn)
    if card is None:
        raise LookupError(f"{person.mrn} is not in the index: their ADT was not taken")
    if card.enrolled:
        known = SignIn(email=person.email, password=SecretStr(password))
        return (await send(known, SessionAnswer, ANYONE)).caller.subject
    link, code = await _invited(send, card.patient, person)
    for document in DOCUMENTS:
        accept = AcceptDocument.model_validate(
            {"link": link, "document": document, "version": version_of(profile, document)}
        )
        await send(accept, Answer, ANYONE, f"demo-accept-{person.mrn}-{document}")
    complete = CompleteEnrolment(
        link=SecretStr(link), code=SecretStr(code), born=person.born, password=SecretStr(password)
    )
    answer = await send(complete, SessionAnswer, ANYONE, f"demo-enrol-{person.mrn}")
    return answer.caller.subject


def version_of(profile: Profile, document: str) -> str:
    """The version of a document that the demo's practice has."""
    return next(t.version for t in profile.terms if t.document == document)


async def _invited(send: Send, patient: str, person: Person) -> tuple[str, str]:
    """The link's token and the code of the e-mail that support sent."""
    invite = SendInvitation(patient=patient, email=person.email)
    invited = await once_heard(lambda: send(invite, Done, SUPPORT, f"demo-invitation-{person.mrn}"))
    question = MayNotify(kind="invitation", patient=patient, reference=invited.id)
    leave = await send(question, MayNotifyAnswer, NOTIFIER)
    return leave.link.rsplit("/", 1)[-1], leave.code
