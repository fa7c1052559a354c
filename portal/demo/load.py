"""Loads the demo: the practice, its people and their results, once, through the portal's own doors.

Everything has a fixed key and fixed bytes relative to one day, the day of the first load, which
is kept as the date on which the demo's documents took effect. So a load that was cut off is
finished by the next start, and a load that is complete is not repeated.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from contracts.common import Caller, Done, Role
from contracts.identity import (
    AcceptDocument,
    CompleteEnrolment,
    FindPatients,
    MayNotify,
    MayNotifyAnswer,
    OpenStaffAccount,
    PatientCard,
    PatientsAnswer,
    SendInvitation,
)
from contracts.labs import GetInbox, GetReport, InboxAnswer, ReportAnswer, VerifyReport
from contracts.practice import (
    Affiliation,
    ConfigurePractice,
    GetProfile,
    ListProvider,
    Profile,
    ProfileAnswer,
    Provider,
)
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from kernel.envelope import Answer, Command, Query
from portal.demo.hl7 import admission, result
from portal.demo.people import (
    ENROLLED,
    ENROLLED_PASSWORD,
    TO_REGISTER,
    Person,
    people,
    years_before,
)
from portal.demo.results import results

A = TypeVar("A", bound=Answer)
SendMllp = Callable[[bytes], Awaitable[bytes]]
Say = Callable[[str], None]
OPERATOR = Caller(subject="operator", role=Role.SERVICE)
NOTIFIER = Caller(subject="notifier", role=Role.SERVICE)
ANYONE = Caller(subject="anonymous", role=Role.ANONYMOUS)  # sent without a token
SUPPORT = Caller(subject="demo-support", role=Role.SUPPORT)
HEARING_TRIES, HEARING_PAUSE_SECONDS = 100, 0.1
REVIEWED_AFTER_DAYS = 10  # older results are reviewed for the visitor; newer ones wait


class Send(Protocol):
    """Asks a service as somebody; raises Refused, or an error when it does not answer.

    A caller of role `service` is signed with its own key, `ANYONE` not at all, and everybody else
    with identity's. Secrets in a command must go out in the clear (not as `**********`).

    `key` is the idempotency key of a command; a query has none.
    """

    async def __call__(
        self, message: Command | Query, answer: type[A], caller: Caller, key: str = ""
    ) -> A:
        """The answer."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody to sign in as, and what there is to see."""

    email: str
    password: str
    role: str
    shows: str


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo file says, on the day of the first load."""

    profile: Profile
    providers: tuple[Provider, ...]
    staff: tuple[tuple[OpenStaffAccount, str], ...]  # with what there is to see
    patients: tuple[Person, ...]
    anchor: datetime  # midnight of that day, so that nothing in the demo is in the future


def read_demo(today: date, url: str) -> Demo:
    """The demo as of `today`, a practice-local date, in a portal at `url`."""
    raw = tomllib.loads((Path(__file__).parent / "practice.toml").read_text())
    terms = [{**document, "effective": today} for document in raw["profile"]["terms"]]
    profile = Profile.model_validate({**raw["profile"], "terms": terms, "portal_url": url})
    return Demo(
        profile=profile,
        providers=tuple(_provider(entry, today) for entry in raw["providers"]),
        staff=tuple(_staff(entry) for entry in raw["staff"]),
        patients=people(today),
        anchor=datetime.combine(today, time(), ZoneInfo(profile.zone)),
    )


async def load_demo(
    send: Send, send_mllp: SendMllp, say: Say, now: datetime, url: str
) -> tuple[Who, ...]:
    """Load what is missing, and say where to go. Returns whom to sign in as; empty if not ours.

    `send_mllp` takes one HL7 message without its MLLP frame and returns the acknowledgement.
    `url` is where this portal is now: the links in its mails lead there.
    """
    found = await _profile(send)
    fresh = read_demo(now.date(), url)
    today = min(t.effective for t in found.terms) if found and found.terms else None
    if found and (found.name != fresh.profile.name or today is None):
        say(f"This portal is set up for {found.name}: the demo is not loaded.")
        return ()
    demo = read_demo(today or now.astimezone(ZoneInfo(fresh.profile.zone)).date(), url)
    if found and found.portal_url != url:
        moved = found.model_copy(update={"portal_url": url})
        await send(ConfigurePractice(profile=moved), Done, OPERATOR, f"demo-moved-{now}")
    card = await _enrolled_card(send, demo) if found else None
    if card is None or not card.enrolled:
        say(f"Loading the demo practice, {demo.profile.name} ...")
        await _load(demo, send, send_mllp, say)
    who = whom(demo)
    _introduce(demo, who, say)
    return who


def whom(demo: Demo) -> tuple[Who, ...]:
    """The accounts of the demo, the enrolled patient first."""
    patient = _person(demo, ENROLLED)
    staff = (
        Who(account.email, account.password.get_secret_value(), account.role, shows)
        for account, shows in demo.staff
    )
    return (Who(patient.email, ENROLLED_PASSWORD, "patient", "results with a trend"), *staff)


async def _load(demo: Demo, send: Send, send_mllp: SendMllp, say: Say) -> None:
    await send(ConfigurePractice(profile=demo.profile), Done, OPERATOR, "demo-profile")
    for provider in demo.providers:
        await send(ListProvider(provider=provider), Done, OPERATOR, f"demo-provider-{provider.id}")
    for account, _ in demo.staff:
        await send(account, Done, OPERATOR, f"demo-staff-{account.email}")
    messages = [admission(person, demo.anchor) for person in demo.patients]
    messages += [result(order) for order in results(demo.patients, demo.anchor)]
    for message in messages:
        if not await _taken(message, send_mllp):
            say(f"A demo message was not accepted: {_control_id(message)}")
    await _review(demo, send)
    await _enrol(demo, send)


async def _review(demo: Demo, send: Send) -> None:
    """Verify the enrolled patient's older results, each as a provider whose inbox it is in."""
    card = await _enrolled_card(send, demo)
    for account, _ in demo.staff:
        if account.provider is None or card is None:
            continue
        doctor = Caller(
            subject=f"demo-{account.provider}",
            role=Role.PROVIDER,
            provider=account.provider,
            name=account.name,
        )
        inbox = await send(GetInbox(), InboxAnswer, doctor)
        for row in inbox.reports:
            age = demo.anchor - (row.collected or demo.anchor)
            if row.patient == card.patient and age.days >= REVIEWED_AFTER_DAYS:
                report = await send(GetReport(report=row.report), ReportAnswer, doctor)
                verify = VerifyReport(report=row.report, revision=report.revision)
                await send(verify, Done, doctor, f"demo-verify-{row.report}-{report.revision}")


async def _enrol(demo: Demo, send: Send) -> None:
    """The enrolled patient: invited by support, through every step that a patient takes (R51)."""
    person, card = _person(demo, ENROLLED), await _enrolled_card(send, demo)
    if card is None:
        raise LookupError("the demo's patient is not in the index: their ADT was not taken")
    invite = SendInvitation(patient=card.patient, email=person.email)
    invited = await _once_heard(lambda: send(invite, Done, SUPPORT, "demo-invitation"))
    question = MayNotify(kind="invitation", patient=card.patient, reference=invited.id)
    leave = await send(question, MayNotifyAnswer, NOTIFIER)
    link = SecretStr(leave.link.rsplit("/", 1)[-1])  # the token alone, without a page's address
    for document in ("terms", "hipaa"):
        version = next(t.version for t in demo.profile.terms if t.document == document)
        accept = AcceptDocument.model_validate(
            {"link": link, "document": document, "version": version}
        )
        await send(accept, Answer, ANYONE, f"demo-accept-{document}")
    complete = CompleteEnrolment(
        link=link,
        code=SecretStr(leave.code),
        born=person.born,
        password=SecretStr(ENROLLED_PASSWORD),
    )
    await send(complete, Answer, ANYONE, "demo-enrol")


async def _taken(message: bytes, send_mllp: SendMllp) -> bool:
    """Send a message, again while interop has not heard the practice's profile yet: 10 s at most."""
    for _ in range(HEARING_TRIES):
        reply = await send_mllp(message)
        if b"try again" not in reply:
            break
        await asyncio.sleep(HEARING_PAUSE_SECONDS)
    return b"\rMSA|AA" in reply


async def _once_heard(ask: Callable[[], Awaitable[A]]) -> A:
    """Ask again while the service has not heard the practice's profile yet: 10 s at most."""
    for _ in range(HEARING_TRIES):
        try:
            return await ask()
        except Unavailable:  # its "not set up yet" is a 503
            await asyncio.sleep(HEARING_PAUSE_SECONDS)
    return await ask()


async def _profile(send: Send) -> Profile | None:
    try:
        return (await send(GetProfile(), ProfileAnswer, OPERATOR)).profile
    except Refused as refusal:
        if refusal.code == "not-configured":
            return None
        raise


async def _enrolled_card(send: Send, demo: Demo) -> PatientCard | None:
    question = FindPatients(text=_person(demo, ENROLLED).mrn)
    found = await send(question, PatientsAnswer, SUPPORT)
    return next((card for card in found.patients if ENROLLED in card.record_numbers), None)


def _introduce(demo: Demo, who: tuple[Who, ...], say: Say) -> None:
    say(f"{demo.profile.name}: {demo.profile.portal_url}")
    width = max(len(account.email) for account in who)
    for account in who:
        say(f"  {account.role:<9} {account.email:<{width}}  {account.password}  ({account.shows})")
    new = _person(demo, TO_REGISTER)
    say(
        f"  To register: {new.given} {new.family}, born {new.born:%B} {new.born.day}, {new.born.year},"
    )
    say(f"               ZIP {new.zip}, telephone {new.phone}, and any e-mail address you like")


def _provider(entry: dict[str, Any], today: date) -> Provider:
    stretches = (
        Affiliation(
            since=years_before(today, years["since"]),
            until=years_before(today, years["until"]) if "until" in years else None,
        )
        for years in entry["years"]
    )
    rest = {name: value for name, value in entry.items() if name != "years"}
    return Provider(**rest, affiliations=tuple(stretches))


def _staff(entry: dict[str, str]) -> tuple[OpenStaffAccount, str]:
    rest = {name: value for name, value in entry.items() if name != "shows"}
    return OpenStaffAccount.model_validate(rest), entry["shows"]


def _person(demo: Demo, mrn: str) -> Person:
    return next(person for person in demo.patients if person.mrn == mrn)


def _control_id(message: bytes) -> str:
    return message.split(b"|", 10)[9].decode()
