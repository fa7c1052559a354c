"""Loads the demo: the practice, its people and their results, once, through the portal's own doors.

Everything has a fixed key and fixed bytes relative to one day, the day of the first load, which
is kept as the date on which the demo's documents took effect. So a load that was cut off is
finished by the next start, and a load that is complete is not repeated.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contracts.common import Caller, Done, Role
from contracts.identity import (
    OpenStaffAccount,
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
from kernel.decider import Refused
from portal.demo.asking import (
    HEARING_PAUSE_SECONDS,
    HEARING_TRIES,
    OPERATOR,
    Send,
)
from portal.demo.desks import ask_for_missing, desk_messages, draft_change
from portal.demo.enrolling import card_of, enrol
from portal.demo.family import Family, connect_family
from portal.demo.hl7 import admission, result
from portal.demo.people import (
    CHILDREN,
    ENROLLED,
    ENROLLED_PASSWORD,
    PARENT,
    PARENT_PASSWORD,
    TO_REGISTER,
    Person,
    people,
    years_before,
)
from portal.demo.results import results

SendMllp = Callable[[bytes], Awaitable[bytes]]
Say = Callable[[str], None]
REVIEWED_AFTER_DAYS = 10  # older results are reviewed for the visitor; newer ones wait


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
    card = await card_of(send, ENROLLED) if found else None
    if card is None or not card.enrolled:
        say(f"Loading the demo practice, {demo.profile.name} ...")
        await _load(demo, send, send_mllp, say)
    who = whom(demo)
    _introduce(demo, who, say)
    return who


def whom(demo: Demo) -> tuple[Who, ...]:
    """The accounts of the demo, the enrolled patients first."""
    patient, parent = _person(demo, ENROLLED), _person(demo, PARENT)
    staff = (
        Who(account.email, account.password.get_secret_value(), account.role, shows)
        for account, shows in demo.staff
    )
    return (
        Who(patient.email, ENROLLED_PASSWORD, "patient", "results with a trend"),
        Who(parent.email, PARENT_PASSWORD, "patient", "a mother and her three children"),
        *staff,
    )


async def _load(demo: Demo, send: Send, send_mllp: SendMllp, say: Say) -> None:
    await send(ConfigurePractice(profile=demo.profile), Done, OPERATOR, "demo-profile")
    for provider in demo.providers:
        await send(ListProvider(provider=provider), Done, OPERATOR, f"demo-provider-{provider.id}")
    staff = [await _open(send, account) for account, _ in demo.staff]
    messages = [admission(person, demo.anchor) for person in demo.patients]
    messages += [result(order) for order in results(demo.patients, demo.anchor)]
    for message in messages:
        if not await _taken(message, send_mllp):
            say(f"A demo message was not accepted: {_control_id(message)}")
    await _review(demo, send, [one for one in staff if one.provider])
    parent = _person(demo, PARENT)
    mother = await enrol(send, demo.profile, parent, PARENT_PASSWORD)
    await _fill_desks(demo, send, send_mllp, staff, mother)
    children = [_person(demo, mrn) for mrn in CHILDREN]
    support = next(one for one in staff if one.role is Role.SUPPORT)
    family = Family(parent, mother, children)
    await connect_family(send, demo.profile, support, family, demo.anchor.date())
    # Last: who is enrolled says that the demo is loaded.
    await enrol(send, demo.profile, _person(demo, ENROLLED), ENROLLED_PASSWORD)


async def _fill_desks(
    demo: Demo, send: Send, send_mllp: SendMllp, staff: list[Caller], mother: str
) -> None:
    """So that no queue of the staff is empty."""
    today, parent = demo.anchor.date(), _person(demo, PARENT)
    others = (_person(demo, TO_REGISTER), _person(demo, ENROLLED))
    for message in desk_messages(parent, others, demo.anchor):
        await send_mllp(message)  # most of them are meant to be refused
    await ask_for_missing(send, mother, today)
    author = next(one for one in staff if one.role is Role.POLICY)
    await draft_change(send, author, today)


async def _open(send: Send, staff: OpenStaffAccount) -> Caller:
    """Open one staff account; gives the caller that it is."""
    opened = await send(staff, Done, OPERATOR, f"demo-staff-{staff.email}")
    return Caller(
        subject=opened.id, role=Role(staff.role), provider=staff.provider, name=staff.name
    )


async def _review(demo: Demo, send: Send, doctors: Iterable[Caller]) -> None:
    """Verify the older results of whose records can be seen, each as the provider who ordered it."""
    cards = [await card_of(send, mrn) for mrn in (ENROLLED, PARENT, *CHILDREN)]
    seen = {card.patient for card in cards if card is not None}
    for doctor in doctors:
        inbox = await send(GetInbox(), InboxAnswer, doctor)
        for row in inbox.reports:
            age = demo.anchor - (row.collected or demo.anchor)
            if row.patient in seen and age.days >= REVIEWED_AFTER_DAYS:
                report = await send(GetReport(report=row.report), ReportAnswer, doctor)
                verify = VerifyReport(report=row.report, revision=report.revision)
                await send(verify, Done, doctor, f"demo-verify-{row.report}-{report.revision}")


async def _taken(message: bytes, send_mllp: SendMllp) -> bool:
    """Send a message, again while interop has not heard the practice's profile yet: 10 s at most."""
    for _ in range(HEARING_TRIES):
        reply = await send_mllp(message)
        if b"try again" not in reply:
            break
        await asyncio.sleep(HEARING_PAUSE_SECONDS)
    return b"\rMSA|AA" in reply


async def _profile(send: Send) -> Profile | None:
    try:
        return (await send(GetProfile(), ProfileAnswer, OPERATOR)).profile
    except Refused as refusal:
        if refusal.code == "not-configured":
            return None
        raise


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
