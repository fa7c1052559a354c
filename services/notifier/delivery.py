"""One e-mail on its way: asked for, written, handed over, and what became of it kept.

The same path for a letter about a patient and a letter to an account (`subjects.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.trace import SpanKind

from contracts.identity import MayNotifyAnswer
from contracts.practice import Profile
from kernel.policy import React
from kernel.projection import Record
from kernel.telemetry import span
from kernel.turn import Turn
from services.notifier.decider import EMAIL, settle
from services.notifier.events import Outcome
from services.notifier.letters import BadAddress, compose, parse, render
from services.notifier.smtp import Mailer, Rejected
from services.notifier.subjects import Subject
from services.notifier.views import PROFILE_IN_FORCE, SETTLED


@dataclass(frozen=True, slots=True)
class Deps:
    """What the reactions of notifier need from outside."""

    mailer: Mailer


class NotConfigured(Exception):
    """The practice's profile has not been heard yet: try again later."""


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
        await _settle(about, react, about.withheld("stale"))
        return
    leave = await react.request(about.question(), MayNotifyAnswer)
    if leave.address is None:
        if not keep_silence:
            await _settle(about, react, about.withheld(leave.reason or "not allowed"))
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
        return about.rejected("bad address")
    mailer = react.deps.mailer
    attributes = {"email.kind": about.kind, "server.address": mailer.server.host}
    try:
        with span("send email", SpanKind.CLIENT, attributes=attributes):
            await mailer.send(
                parse(profile.support_email).addr_spec, parse(address).addr_spec, bytes(message)
            )
    except Rejected as refusal:  # `Deferred` goes on to the kernel, which tries again later
        return about.rejected(f"SMTP {refusal.code}")
    return about.delivered(react.now)


async def _profile(react: React[Deps]) -> Profile:
    rows = await react.read(PROFILE_IN_FORCE)
    if not rows:
        raise NotConfigured("the practice's profile has not been heard yet")
    return Profile.model_validate_json(rows[0]["body"], extra="ignore")


async def _settle(about: Subject, react: React[Deps], outcome: Outcome) -> None:
    async def keep(turn: Turn) -> None:
        state = await turn.load(EMAIL, about.email)
        turn.append(EMAIL, about.email, settle(state, outcome))

    await react.execute(keep)
