"""Heard event -> e-mail. At least once each, under one Message-ID (decision n), never old news."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from contracts.identity import AccountNotice, InvitationIssued, MayNotify, MayNotifyAnswer
from contracts.labs import LabReleased, LabVerified, MissingAnswered
from contracts.notifier import Kind
from kernel.policy import Policies, React
from kernel.projection import Record
from kernel.turn import Turn
from services.notifier.decider import EMAIL, due, email_id
from services.notifier.delivery import Deps, deliver
from services.notifier.events import EmailDue
from services.notifier.subjects import AboutAccount, AboutPatient

POLICIES: Policies[Deps] = Policies("notifier")
_NEWS: Final = timedelta(days=2)
_RESETS: Final = ("password-reset",)
_ADDRESSES: Final = ("address-old", "address-new", "patient-address")


@POLICIES.on(LabVerified, LabReleased, name="email-new-result", max_age=_NEWS)
async def email_new_result(
    event: LabVerified | LabReleased, record: Record, react: React[Deps]
) -> None:
    """There is a new result: the mail says that, and nothing about the result."""
    kind: Kind = "new-result"
    about = AboutPatient(email_id(kind, record.id), kind, event.patient, record.id)
    await deliver(about, record, react)


@POLICIES.on(MissingAnswered, name="email-question-answered", max_age=_NEWS)
async def email_question_answered(
    event: MissingAnswered, record: Record, react: React[Deps]
) -> None:
    """A question has its answer (R21): the mail says that, and neither question nor answer."""
    kind: Kind = "question-answered"
    about = AboutPatient(email_id(kind, record.id), kind, event.patient, record.id)
    await deliver(about, record, react)


@POLICIES.on(
    LabVerified, LabReleased, MissingAnswered, name="find-others-to-email", max_age=_NEWS
)  # fmt: skip
async def find_others(
    event: LabVerified | LabReleased | MissingAnswered, record: Record, react: React[Deps]
) -> None:
    """Everybody else who gets mail about this patient (R3, R42): each letter is an event of its own,
    so that one mailbox that does not work holds up nobody else's.
    """
    if react.stale:
        return
    kind: Kind = "question-answered" if isinstance(event, MissingAnswered) else "new-result"
    question = MayNotify(kind=kind, patient=event.patient, reference=record.id)
    others = (await react.request(question, MayNotifyAnswer)).others

    async def keep(turn: Turn) -> None:
        for account in others:
            email = email_id(kind, record.id, account)
            found = EmailDue(kind, event.patient, record.id, account)
            turn.append(EMAIL, email, due(await turn.load(EMAIL, email), found))

    if others:
        await react.execute(keep)


@POLICIES.on(EmailDue, name="email-others", max_age=_NEWS)
async def email_others(event: EmailDue, record: Record, react: React[Deps]) -> None:
    """The same news to one account more."""
    email = email_id(event.kind, event.reference, event.account)
    about = AboutPatient(email, event.kind, event.patient, event.reference, event.account)
    await deliver(about, record, react)


@POLICIES.on(InvitationIssued, name="email-invitation", max_age=timedelta(days=10))
async def email_invitation(event: InvitationIssued, record: Record, react: React[Deps]) -> None:
    """The link, the code and the steps (R51)."""
    kind: Kind = "invitation"
    about = AboutPatient(email_id(kind, record.id), kind, event.patient, event.invitation)
    await deliver(about, record, react)


@POLICIES.on(InvitationIssued, name="email-address-notice", max_age=timedelta(days=10))
async def email_address_notice(event: InvitationIssued, record: Record, react: React[Deps]) -> None:
    """A notice to the address on record, if it is another one (decision o)."""
    kind: Kind = "address-notice"
    about = AboutPatient(email_id(kind, record.id), kind, event.patient, event.invitation)
    await deliver(about, record, react, keep_silence=True)


@POLICIES.on(AccountNotice, name="email-reset", max_age=timedelta(hours=1))
async def email_reset(event: AccountNotice, record: Record, react: React[Deps]) -> None:
    """A link that is good for an hour."""
    if event.notice in _RESETS:
        await deliver(_to_account(event, record), record, react)


@POLICIES.on(AccountNotice, name="email-address-change", max_age=timedelta(days=1))
async def email_address_change(event: AccountNotice, record: Record, react: React[Deps]) -> None:
    """A link that is good for a day."""
    if event.notice in _ADDRESSES:
        await deliver(_to_account(event, record), record, react)


@POLICIES.on(AccountNotice, name="email-account", max_age=timedelta(days=10))
async def email_account(event: AccountNotice, record: Record, react: React[Deps]) -> None:
    """What changed about an account or its connections, or soon will (R53, R54)."""
    if event.notice not in _RESETS + _ADDRESSES:
        await deliver(_to_account(event, record), record, react)


def _to_account(event: AccountNotice, record: Record) -> AboutAccount:
    email = email_id(event.notice, record.id)
    return AboutAccount(email, event.notice, event.account, event.reference)
