"""Heard event -> e-mail. At least once each, under one Message-ID (decision n), never old news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from opentelemetry.trace import SpanKind

from contracts.identity import InvitationIssued, MayNotify, MayNotifyAnswer
from contracts.labs import LabReleased, LabVerified
from contracts.notifier import Kind
from contracts.practice import Profile
from kernel.policy import Policies, React
from kernel.projection import Record
from kernel.telemetry import span
from kernel.turn import Turn
from services.notifier.decider import EMAIL, email_id, settle
from services.notifier.events import EmailDelivered, EmailRejected, EmailWithheld, Outcome
from services.notifier.letters import BadAddress, compose, parse, render
from services.notifier.smtp import Mailer, Rejected
from services.notifier.views import PROFILE_IN_FORCE, SETTLED


@dataclass(frozen=True, slots=True)
class Deps:
    """What the reactions of notifier need from outside."""

    mailer: Mailer


@dataclass(frozen=True, slots=True)
class Subject:
    """What one e-mail is about. `reference` is what identity is asked about (`MayNotify`)."""

    email: str
    kind: Kind
    patient: str
    reference: str


class NotConfigured(Exception):
    """The practice's profile has not been heard yet: try again later."""


POLICIES: Policies[Deps] = Policies("notifier")


@POLICIES.on(LabVerified, LabReleased, name="email-new-result", max_age=timedelta(days=2))
async def email_new_result(
    event: LabVerified | LabReleased, record: Record, react: React[Deps]
) -> None:
    """There is a new result: the mail says that, and nothing about the result."""
    about = Subject(email_id("new-result", record.id), "new-result", event.patient, record.id)
    await deliver(about, record, react)


@POLICIES.on(InvitationIssued, name="email-invitation", max_age=timedelta(days=10))
async def email_invitation(event: InvitationIssued, record: Record, react: React[Deps]) -> None:
    """The link, the code and the steps (R51)."""
    kind: Kind = "invitation"
    about = Subject(email_id(kind, record.id), kind, event.patient, event.invitation)
    await deliver(about, record, react)


@POLICIES.on(InvitationIssued, name="email-address-notice", max_age=timedelta(days=10))
async def email_address_notice(event: InvitationIssued, record: Record, react: React[Deps]) -> None:
    """A notice to the address on record, if it is another one (decision o)."""
    kind: Kind = "address-notice"
    about = Subject(email_id(kind, record.id), kind, event.patient, event.invitation)
    await deliver(about, record, react, keep_silence=True)


async def deliver(
    about: Subject, record: Record, react: React[Deps], keep_silence: bool = False
) -> None:
    """Send one e-mail unless it is settled, old or not allowed, and keep what became of it.

    `keep_silence` records nothing when identity names no address: there was nothing to send.
    Raises `Deferred` (and whatever a failed request raises) to be tried again later.
    """
    if await react.read(SETTLED, stream=EMAIL.stream(about.email)):
        return
    if react.stale:
        await _settle(about, react, _withheld(about, "stale"))
        return
    question = MayNotify(kind=about.kind, patient=about.patient, reference=about.reference)
    leave = await react.request(question, MayNotifyAnswer)
    if leave.address is None:
        if not keep_silence:
            await _settle(about, react, _withheld(about, leave.reason or "not allowed"))
        return
    profile = await _profile(react)
    await _settle(about, react, await _send(about, profile, leave, leave.address, record, react))


async def _send(
    about: Subject,
    profile: Profile,
    leave: MayNotifyAnswer,
    address: str,
    record: Record,
    react: React[Deps],
) -> Outcome:
    letter = render(about.kind, profile, leave)
    try:
        message = compose(letter, profile, address, about.email, react.now, record.trace)
    except BadAddress:
        return EmailRejected(about.kind, about.patient, about.reference, "bad address")
    mailer = react.deps.mailer
    attributes = {"email.kind": about.kind, "server.address": mailer.server.host}
    try:
        with span("send email", SpanKind.CLIENT, attributes=attributes):
            await mailer.send(
                parse(profile.support_email).addr_spec, parse(address).addr_spec, bytes(message)
            )
    except Rejected as refusal:  # `Deferred` goes on to the kernel, which tries again later
        reason = f"SMTP {refusal.code}"
        return EmailRejected(about.kind, about.patient, about.reference, reason)
    return EmailDelivered(about.kind, about.patient, about.reference, react.now)


async def _profile(react: React[Deps]) -> Profile:
    rows = await react.read(PROFILE_IN_FORCE)
    if not rows:
        raise NotConfigured("the practice's profile has not been heard yet")
    return Profile.model_validate_json(rows[0]["body"], extra="ignore")


def _withheld(about: Subject, reason: str) -> EmailWithheld:
    return EmailWithheld(about.kind, about.patient, about.reference, reason)


async def _settle(about: Subject, react: React[Deps], outcome: Outcome) -> None:
    async def keep(turn: Turn) -> None:
        state = await turn.load(EMAIL, about.email)
        turn.append(EMAIL, about.email, settle(state, outcome))

    await react.execute(keep)
