"""Questions about results that do not come: the patient's own (R21), and the desk's queue (S12)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.identity import PatientMerged
from contracts.practice import PracticeConfigured
from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, patch, upsert
from services.labs.events.missing import MissingReplied, MissingReported, MissingTaken

MISSINGS = View("missing", version=1)
MOST_OWN = 50
MOST_WAITING = 200
PRACTICE = "practice"

ticket = MISSINGS.table(
    "ticket",
    sa.Column("ticket", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, nullable=False, index=True),
    sa.Column("test", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("collected", sa.Text, nullable=False),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("taken_by", sa.Text, nullable=False),
    sa.Column("taken_name", sa.Text, nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("answered", sa.Integer),
)
profile = MISSINGS.table(
    "profile",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)
_put_ticket, _put_profile = upsert(ticket), upsert(profile)
_take = patch(ticket, "state", "taken_by", "taken_name")
_answer = patch(ticket, "state", "reply", "answered")
_move = Op(
    sa.update(ticket)
    .where(ticket.c.patient == sa.bindparam("gone"))
    .values(patient=sa.bindparam("stays"))
)

_patient: sa.BindParameter[str] = sa.bindparam("patient", type_=sa.Text)
_waits = sa.or_(ticket.c.state == "open", ticket.c.state == "taken")
PROFILE = Ask(sa.select(profile.c.body).limit(1))
OWN_TICKETS = Ask(
    sa.select(ticket)
    .where(ticket.c.patient == _patient)
    .order_by(ticket.c.asked.desc(), ticket.c.ticket.desc())
    .limit(MOST_OWN)
)
WAITING_OF = Ask(
    sa.select(sa.func.count().label("waiting"))
    .select_from(ticket)
    .where(ticket.c.patient == _patient, _waits)
)
WAITING = Ask(
    sa.select(ticket).where(_waits).order_by(ticket.c.asked, ticket.c.ticket).limit(MOST_WAITING)
)


@MISSINGS.on(PracticeConfigured)
def configured(event: PracticeConfigured, record: Record) -> Iterator[Write]:
    """Zone, hours, days off and phones of the practice."""
    yield _put_profile(id=PRACTICE, body=event.profile.model_dump_json())


@MISSINGS.on(MissingReported)
def reported(event: MissingReported, record: Record) -> Iterator[Write]:
    """It waits for staff."""
    yield _put_ticket(
        ticket=event.ticket,
        patient=event.patient,
        test=event.test,
        provider=event.provider,
        collected=event.collected.isoformat(),
        asked=micros(event.at),
        state="open",
        taken_by="",
        taken_name="",
        reply="",
        answered=None,
    )


@MISSINGS.on(MissingTaken)
def taken(event: MissingTaken, record: Record) -> Iterator[Write]:
    """Somebody works on it."""
    name = event.name or event.by
    yield _take(ticket=event.ticket, state="taken", taken_by=event.by, taken_name=name)


@MISSINGS.on(MissingReplied)
def replied(event: MissingReplied, record: Record) -> Iterator[Write]:
    """It waits no more."""
    yield _answer(
        ticket=event.ticket, state="answered", reply=event.reply, answered=micros(event.at)
    )


@MISSINGS.on(PatientMerged)
def merged(event: PatientMerged, record: Record) -> Iterator[Write]:
    """Two index entries were one person (ADT A40): the questions are the other's."""
    yield _move(gone=event.patient, stays=event.into)
