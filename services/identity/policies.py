"""Reactions of identity: forms are matched after their answer went out, e-mails start clocks."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.identity import Demographics, RegistrationForm
from contracts.notifier import EmailFailed, EmailSent
from kernel import business_days
from kernel.clock import micros
from kernel.decider import Refused
from kernel.policy import Policies, React
from kernel.projection import Record
from kernel.turn import Turn
from services.identity import addresses
from services.identity.birthdays import moments, tell
from services.identity.decider import account as accounts
from services.identity.decider import invitation, item, registration, reset
from services.identity.deps import Deps
from services.identity.events.account import SessionsEnded
from services.identity.events.item import ItemOpened
from services.identity.events.links import ResetRequested
from services.identity.events.patient import DemographicsChanged, PatientRecorded
from services.identity.events.registration import (
    RegistrationRequested,
    RegistrationUnmatched,
    SupportItemOpened,
)
from services.identity.events.security import DeviceForgotten
from services.identity.inviting import invite
from services.identity.matching import Candidate, Match, NoMatch, match
from services.identity.names import family_key
from services.identity.practice import Read, profile_now, today
from services.identity.sessions import ABSOLUTE, Session
from services.identity.views.people import NAMESAKES, NUMBERS
from services.identity.views.registrations import TRIES, person_key

POLICIES: Policies[Deps] = Policies("identity")
_WINDOW = timedelta(hours=1)
_JUST_AFTER = timedelta(microseconds=1)


@POLICIES.on(RegistrationRequested, name="match-registration", max_age=None)
async def match_registration(
    event: RegistrationRequested, record: Record, react: React[Deps]
) -> None:
    """Exactly one record matches: an invitation (R48). Otherwise an item for support (R49)."""

    async def decide(turn: Turn) -> None:
        id = event.registration
        state = await turn.load(registration.REGISTRATION, id)
        if await _tries(turn.read, event) > registration.TRIES_PER_HOUR:
            turn.append(registration.REGISTRATION, id, registration.set_aside(state, id))
            return
        day = today(await profile_now(turn.read), event.at)
        found = match(event.form, await candidates(turn.read, event.form), day)
        if isinstance(found, Match):
            found = await _invited(turn, event, found)
        if isinstance(found, Match):
            decided = registration.matched(state, id, found.patient)
        else:
            decided = registration.unmatched(state, id, found.reason, found.candidates)
        turn.append(registration.REGISTRATION, id, decided)

    await react.execute(decide)


@POLICIES.on(RegistrationUnmatched, SupportItemOpened, name="watch-support-clock", max_age=None)
async def watch_support_clock(
    event: RegistrationUnmatched | SupportItemOpened, record: Record, react: React[Deps]
) -> None:
    """An item that waits longer than its business days is a breach, and on record (R57)."""
    due = business_days.due(record.at, await profile_now(react.read))
    if not react.reminded:
        react.remind(due + _JUST_AFTER)
        return

    async def decide(turn: Turn) -> None:
        state = await turn.load(registration.REGISTRATION, event.registration)
        decided = registration.overdue(state, event.registration, due)
        turn.append(registration.REGISTRATION, event.registration, decided)

    await react.execute(decide)


@POLICIES.on(EmailSent, name="start-invitation-clock", max_age=None)
async def start_invitation_clock(event: EmailSent, record: Record, react: React[Deps]) -> None:
    """The invitation's days run from the moment that the mail server took it (R56)."""
    if event.kind != "invitation":
        return

    async def decide(turn: Turn) -> None:
        days = (await profile_now(turn.read)).invitation_days
        state = await turn.load(invitation.INVITATION, event.reference)
        decided = invitation.sent(state, event.sent, days)
        turn.append(invitation.INVITATION, event.reference, decided)

    await react.execute(decide)


@POLICIES.on(EmailFailed, name="mark-invitation-failed", max_age=None)
async def mark_invitation_failed(event: EmailFailed, record: Record, react: React[Deps]) -> None:
    """Staff see that the address does not work (S2)."""
    if event.kind != "invitation":
        return

    async def decide(turn: Turn) -> None:
        state = await turn.load(invitation.INVITATION, event.reference)
        decided = invitation.failed(state, event.reason)
        turn.append(invitation.INVITATION, event.reference, decided)

    await react.execute(decide)


@POLICIES.on(PatientRecorded, DemographicsChanged, name="watch-birthdays", max_age=None)
async def watch_birthdays(
    event: PatientRecorded | DemographicsChanged, record: Record, react: React[Deps]
) -> None:
    """A birth date sets the days on which something changes; a corrected one sets them anew (R53, R54)."""
    born = event.demographics.born
    if born is None or (isinstance(event, DemographicsChanged) and "born" not in event.changed):
        return
    zone = (await profile_now(react.read)).zone
    coming = list(moments(born, zone, react.now))
    if not react.reminded:
        for moment in coming:
            react.remind(moment)
    if not coming and not react.reminded and isinstance(event, PatientRecorded):
        return  # an adult whom we first knew as one

    async def decide(turn: Turn) -> None:
        await tell(turn, event.patient)

    await react.execute(decide)


@POLICIES.on(ItemOpened, name="watch-item-clock", max_age=None)
async def watch_item_clock(event: ItemOpened, record: Record, react: React[Deps]) -> None:
    """A request that waits longer than its business days is a breach, and on record (R57)."""
    due = business_days.due(record.at, await profile_now(react.read))
    if not react.reminded:
        react.remind(due + _JUST_AFTER)
        return

    async def decide(turn: Turn) -> None:
        state = await turn.load(item.ITEM, event.item)
        turn.append(item.ITEM, event.item, item.overdue(state, event.item, due))

    await react.execute(decide)


@POLICIES.on(SessionsEnded, DeviceForgotten, name="clear-sessions", max_age=ABSOLUTE)
async def clear_sessions(
    event: SessionsEnded | DeviceForgotten, record: Record, react: React[Deps]
) -> None:
    """What the log has ended opens nothing already (`api/exchange.py`); now the bucket forgets it
    too. After the longest session there is nothing left of it.
    """
    if react.stale:
        return

    def doomed(id: str, session: Session) -> bool:
        if isinstance(event, DeviceForgotten):
            return session.device == event.device
        return session.created < event.at and id != event.kept

    await react.deps.sessions.end_those(event.account, doomed)


@POLICIES.on(ResetRequested, name="issue-reset", max_age=reset.GOOD_FOR)
async def issue_reset(event: ResetRequested, record: Record, react: React[Deps]) -> None:
    """Whoever signs in with the address gets a link; nobody waits for one that comes an hour late."""
    if react.stale:
        return

    async def decide(turn: Turn) -> None:
        mailbox: accounts.Mailbox = await turn.load(accounts.EMAIL, event.address)
        if not mailbox.account:
            return
        state: accounts.Account = await turn.load(accounts.ACCOUNT, mailbox.account)
        issued = reset.issue(state.resets, mailbox.account, turn.new_id(), turn.now)
        turn.append(accounts.ACCOUNT, mailbox.account, issued)

    await react.execute(decide)


async def candidates(read: Read, form: RegistrationForm) -> list[Candidate]:
    """The index entries of the form's birth date and family name, with their record numbers."""
    born = form.born.isoformat() if isinstance(form.born, date) else ""
    found: list[Candidate] = []
    for row in await read(NAMESAKES, born=born, family_key=family_key(form.family)):
        numbers = await read(NUMBERS, patient=row["patient"])
        found.append(
            Candidate(
                row["patient"],
                Demographics.model_validate_json(row["body"]),
                tuple(n["value"] for n in numbers),
                merged=bool(row["merged"]),
                enrolled=bool(row["account"]),
            )
        )
    return found


async def _tries(read: Read, event: RegistrationRequested) -> int:
    """How often this address, or this person, came in the hour up to this form."""
    rows = await read(
        TRIES,
        address_key=addresses.key(event.form.email),
        person_key=person_key(event.form),
        since=micros(event.at - _WINDOW),
        until=micros(event.at),
    )
    return int(rows[0]["tries"])


async def _invited(turn: Turn, event: RegistrationRequested, found: Match) -> Match | NoMatch:
    """Invite the match; where that is refused (an address in use, R44), support decides."""
    try:
        await invite(turn, found.patient, event.form.email, "registration")
    except Refused as refused:
        return NoMatch(refused.detail, (found.patient,))
    return found
