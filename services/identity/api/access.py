"""Who looked at a record (the patient reads it), and how a provider may look beyond the own panel."""

from __future__ import annotations

from datetime import datetime

from contracts.common import Caller, Done, Role
from contracts.identity import (
    AccessLogAnswer,
    AccessRow,
    BreakGlass,
    Cover,
    CoverColleague,
    CoversAnswer,
    EndCover,
    GetAccessLog,
    GetCovers,
    OpenGlass,
)
from kernel.api import Call
from kernel.clock import from_micros, micros
from kernel.projection import Row
from services.identity.ages import hidden_days, local_day
from services.identity.api.base import API
from services.identity.api.grants import person_of, the_day
from services.identity.decider import access as decider
from services.identity.decider.patient import PATIENT, check_exists
from services.identity.deps import Deps
from services.identity.practice import profile_now
from services.identity.views.access import COVERS_OF, GLASS_OF, LOOKS_AT
from services.identity.views.accounts import ACCOUNT_BY_ID
from services.identity.views.connections import PERSON


@API.query(GetAccessLog, roles={Role.PATIENT}, chart=True)
async def get_access_log(query: GetAccessLog, call: Call[Deps, Caller]) -> AccessLogAnswer:
    """For the record in view. A proxy reads nothing of the hidden years: it would tell of them (R54)."""
    patient = call.caller.patient or ""
    rows = list(await call.read(LOOKS_AT, patient=patient))
    if call.caller.basis != "self":
        zone = (await profile_now(call.read)).zone
        born = person_of((await call.read(PERSON, patient=patient))[0]).born
        start, end = hidden_days(born) if born else (None, None)
        rows = [
            row
            for row in rows
            if start and end and not start <= local_day(from_micros(row["at"]), zone) < end
        ]
    return AccessLogAnswer(rows=tuple([await _row(call, row) for row in rows]))


@API.command(BreakGlass, roles={Role.PROVIDER})
async def break_glass(command: BreakGlass, call: Call[Deps, Caller]) -> Done:
    """The record opens for four hours; the reason is kept and shown to the patient."""
    check_exists(await call.turn.load(PATIENT, command.patient))
    await call.turn.load(decider.LOOKS, command.patient)
    events = decider.break_glass(command.patient, call.caller.subject, command.reason, call.now)
    call.turn.append(decider.LOOKS, command.patient, events)
    return Done(id=command.patient)


@API.command(CoverColleague, roles={Role.PROVIDER})
async def cover_colleague(command: CoverColleague, call: Call[Deps, Caller]) -> Done:
    """Their panel and inbox are this provider's too, up to that day."""
    day = await the_day(call.turn.read, call.now)
    account, own = call.caller.subject, call.caller.provider or ""
    state = await call.turn.load(decider.COVERS, account)
    events = decider.cover(
        state, account, own, command.provider, command.until, command.reason, call.now, day.today
    )
    call.turn.append(decider.COVERS, account, events)
    return Done(id=command.provider)


@API.command(EndCover, roles={Role.PROVIDER})
async def end_cover(command: EndCover, call: Call[Deps, Caller]) -> Done:
    """The colleague is back."""
    account = call.caller.subject
    state = await call.turn.load(decider.COVERS, account)
    events = decider.end_cover(state, account, command.provider, call.now)
    call.turn.append(decider.COVERS, account, events)
    return Done(id=command.provider)


@API.query(GetCovers, roles={Role.PROVIDER})
async def get_covers(query: GetCovers, call: Call[Deps, Caller]) -> CoversAnswer:
    """What the caller may see today beyond the own panel."""
    account, day = call.caller.subject, await the_day(call.read, call.now)
    covers = await call.read(COVERS_OF, account=account, today=day.today.isoformat())
    glass = await call.read(GLASS_OF, account=account, now=micros(call.now))
    return CoversAnswer(
        covers=tuple(
            Cover(provider=row["provider"], until=row["until"], reason=row["reason"])
            for row in covers
        ),
        glass=tuple(
            OpenGlass(patient=row["patient"], until=from_micros(row["until"])) for row in glass
        ),
    )


async def _row(call: Call[Deps, Caller], row: Row) -> AccessRow:
    found = await call.read(ACCOUNT_BY_ID, account=row["account"])
    at: datetime = from_micros(row["at"])
    return AccessRow(
        at=at,
        name=found[0]["name"] if found else "",
        role=found[0]["role"] if found else "",
        what=row["what"],
        how=row["how"],
        why=row["why"],
    )
