"""From rows to grants: what an account may see now, and the claims that say so.

Both the gateway's exchange and every list of connections go through here, and the rules themselves
are in `access.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from contracts.common import Caller, HumanName, Role
from contracts.identity import ConnectionState, RecordChoice
from kernel.clock import from_micros, micros
from kernel.decider import Refused
from kernel.projection import Row
from services.identity import access
from services.identity.decider import invitation
from services.identity.practice import Read, profile_now, today
from services.identity.views.access import COVERS_OF, GLASS_OF
from services.identity.views.connections import OF_ACCOUNT


@dataclass(frozen=True, slots=True)
class Day:
    """The day at the practice, and the documents in effect on it."""

    today: date
    documents: access.Documents


@dataclass(frozen=True, slots=True)
class Connected:
    """One connection of an account: its row, and what it is good for now."""

    row: Row
    relation: access.Relation
    person: access.Person
    state: ConnectionState

    @property
    def patient(self) -> str:
        """Whose record it is."""
        return str(self.row["patient"])

    @property
    def name(self) -> HumanName:
        """The patient's name."""
        return HumanName(
            family=self.row["family"], given=self.row["given"], suffix=self.row["suffix"]
        )


async def the_day(read: Read, now: datetime) -> Day:
    """Today at the practice. Refuses (503) until the practice has been heard."""
    profile = await profile_now(read)
    day = today(profile, now)
    return Day(day, invitation.current(profile.terms, day))


async def connections_of(read: Read, account: str, day: Day) -> list[Connected]:
    """The account's connections that have not ended, the own record first, then the oldest."""
    found = [_connected(row, day) for row in await read(OF_ACCOUNT, account=account)]
    return sorted(found, key=lambda each: each.relation.basis != "self")


def relation_of(row: Row) -> access.Relation:
    """A row of the view as the rules know it."""
    return access.Relation(
        relation=row["relation"],
        account=row["account"] or "",
        basis=row["basis"],
        terms=row["terms"],
        hipaa=row["hipaa"],
        valid_from=_day(row["valid_from"]),
        until=_day(row["until"]),
        verified_on=_day(row["verified"]),
        confirmed=bool(row["confirmed_by"]),
        contact=row["contact"],
        ended=row["ended"] is not None,
    )


def person_of(row: Row) -> access.Person:
    """The patient of a row as the rules know them."""
    return access.Person(_day(row["born"]), bool(row["gone"]))


def holder_of(account: Row, connections: int) -> access.Holder:
    """An account as far as its mail goes; `connections` is how many it has."""
    return access.Holder(account["email"], shared=connections > 1, left=bool(account["left"]))


def choices(connections: Iterable[Connected]) -> tuple[RecordChoice, ...]:
    """The person switcher."""
    return tuple(
        RecordChoice(patient=c.patient, given=c.name.given, basis=c.relation.basis, state=c.state)
        for c in connections
    )


def seen_by(base: Caller, connections: Sequence[Connected], asked: str | None) -> Caller:
    """The caller with the record that they asked for, or else the own, or the first that is open.

    One that they may not see now is `not-found`; one whose documents are due is named nowhere.
    """
    if asked is not None:
        chosen = next((c for c in connections if c.patient == asked), None)
        if chosen is None or chosen.state not in access.SEEN:
            raise Refused("not-found", "There is no such record here.", 404)
    else:
        chosen = next((c for c in connections if c.state in access.SEEN), None)
    if chosen is None:
        return base.model_copy(update={"barred": "no-record"})
    if chosen.state == "agreement-due":
        return base.model_copy(update={"barred": "agreement-due"})
    return base.model_copy(update={"patient": chosen.patient, "basis": chosen.relation.basis})


async def provider_claims(read: Read, base: Caller, now: datetime) -> Caller:
    """A provider with the colleagues they cover, and the records opened in an emergency."""
    day = (await the_day(read, now)).today.isoformat()
    covers = await read(COVERS_OF, account=base.subject, today=day)
    glass = await read(GLASS_OF, account=base.subject, now=micros(now))
    claims = {
        "covers": tuple(row["provider"] for row in covers),
        "glass": tuple(row["patient"] for row in glass),
    }
    return base.model_copy(update=claims)


def base_of(row: Mapping[str, object], session: str) -> Caller:
    """The claims of an account before any grant."""
    return Caller.model_validate(
        {
            "subject": row["account"],
            "role": Role(str(row["role"])),
            "provider": row["provider"],
            "session": session,
            "name": row["name"],
        }
    )


def moment(value: int | None) -> datetime | None:
    """A stored moment, or none."""
    return None if value is None else from_micros(value)


def _connected(row: Row, day: Day) -> Connected:
    relation, person = relation_of(row), person_of(row)
    state = access.state_of(relation, person, day.today, day.documents)
    return Connected(row, relation, person, state)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
