"""Two tiny services for the kernel's own tests: `ward` publishes who lies where, `kitchen` hears.

Private events are short (`Taken`); what others hear is a contract (`BedTaken`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from pydantic import BaseModel

from kernel.api import Api, Call
from kernel.bus.subscribe import Hears
from kernel.codec import Codec
from kernel.decider import Decider, Refused
from kernel.envelope import Answer, Command, PublishedEvent, Query
from kernel.phi import Phi, PhiRepr
from kernel.policy import Policies, React
from kernel.projection import Ask, Op, Record, View, Write, delete, upsert
from kernel.publishing import Publisher
from kernel.service import Service, Settings

# -- contracts ------------------------------------------------------------------------------------


class BedTaken(PublishedEvent):
    """A patient lies in a bed."""

    service: ClassVar[str] = "ward"
    topic: ClassVar[str] = "bed"
    about: ClassVar[str | None] = "patient"
    bed: str
    patient: str
    diet: Phi[str]


class BedFreed(PublishedEvent):
    """A bed is free."""

    service: ClassVar[str] = "ward"
    topic: ClassVar[str] = "bed"
    bed: str


class TakeBed(Command):
    """Put a patient in a bed."""

    service: ClassVar[str] = "ward"
    bed: str
    patient: str
    diet: Phi[str]


class GetBed(Query):
    """Who lies there?"""

    service: ClassVar[str] = "ward"
    bed: str


class Wait(Query):
    """Answered when the test opens the gate."""

    service: ClassVar[str] = "ward"


class GetMyBed(Query):
    """Where the caller's patient will lie that many nights from now."""

    service: ClassVar[str] = "ward"
    nights: int = 0


class BedAnswer(Answer):
    """A bed and its patient."""

    bed: str
    patient: str


class Caller(BaseModel):
    """A token's claims."""

    people_by: ClassVar[str] = "identity"
    subject: str
    role: str
    patient: str | None = None
    barred: str = ""


# -- ward: events and deciders --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Taken(PhiRepr):
    """A patient was put in a bed."""

    OWNER: ClassVar[str] = "patient"
    bed: str
    patient: str
    diet: Phi[str]


@dataclass(frozen=True, slots=True)
class Freed:
    """A bed was freed."""

    bed: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A bell was rung: about nobody, told to nobody."""

    bell: str
    n: int


@dataclass(frozen=True, slots=True)
class Bed:
    """Who lies there, and how often that changed."""

    patient: str | None = None
    changes: int = 0


def _bed(state: Bed, event: Any) -> Bed:
    match event:
        case Taken(patient=patient):
            return Bed(patient, state.changes + 1)
        case Freed():
            return Bed(None, state.changes + 1)
    return state


def _bell(state: int, event: Any) -> int:
    return event.n if isinstance(event, Rung) else state


BED = Decider("bed", Bed(), _bed)
BELL = Decider("bell", 0, _bell)
EVENTS: dict[str, type] = {"Taken": Taken, "Freed": Freed, "Rung": Rung}
WARD_PUBLISHER = Publisher("ward")
WARD_PUBLISHER.private(Rung)


@WARD_PUBLISHER.on(Taken)
def _taken(event: Taken) -> BedTaken:
    return BedTaken(bed=event.bed, patient=event.patient, diet=event.diet)


@WARD_PUBLISHER.on(Freed)
def _freed(event: Freed) -> BedFreed:
    return BedFreed(bed=event.bed)


def take(state: Bed, bed: str, patient: str, diet: str) -> list[Taken]:
    """Put a patient in a free bed."""
    if state.patient is not None:
        raise Refused("taken", "This bed is taken.")
    return [Taken(bed, patient, diet)]


# -- ward: views ----------------------------------------------------------------------------------


def occupied(version: int = 1) -> tuple[View, sa.Table]:
    """The view of taken beds, in any version of it."""
    view = View("occupied", version)
    table = view.table(
        "bed",
        sa.Column("bed", sa.Text, primary_key=True),
        sa.Column("patient", sa.Text, index=True),
        sa.Column("diet", sa.Text),
    )
    put, drop = upsert(table), delete(table, "bed")

    @view.on(Taken)
    def taken(event: Taken, record: Record) -> Iterator[Write]:
        yield put(bed=event.bed, patient=event.patient, diet=event.diet)

    @view.on(Freed)
    def freed(event: Freed, record: Record) -> Iterator[Write]:
        yield drop(bed=event.bed)

    return view, table


OCCUPIED, BEDS = occupied()
BY_BED = Ask(sa.select(BEDS).where(BEDS.c.bed == sa.bindparam("bed")))
ALL_BEDS = Ask(sa.select(BEDS).order_by(BEDS.c.bed).limit(100_000))

# -- ward: the service ----------------------------------------------------------------------------


@dataclass
class WardDeps:
    """What a test may hold up."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0


WARD_API: Api[WardDeps, Caller] = Api("ward")


@WARD_API.command(TakeBed, roles={"nurse", "service"})
async def _take_bed(command: TakeBed, call: Call[WardDeps, Caller]) -> BedAnswer:
    state = await call.turn.load(BED, command.bed)
    call.turn.append(BED, command.bed, take(state, command.bed, command.patient, command.diet))
    return BedAnswer(bed=command.bed, patient=command.patient)


@WARD_API.query(GetBed, roles=None)
async def _get_bed(query: GetBed, call: Call[WardDeps, Caller]) -> BedAnswer:
    rows = await call.read(BY_BED, bed=query.bed)
    if not rows:
        raise Refused("not-found", "Nobody lies there.", 404, {"bed": "This bed is free."})
    return BedAnswer(bed=rows[0]["bed"], patient=rows[0]["patient"])


@WARD_API.action(GetMyBed, roles={"visitor"}, chart=True)
async def _get_my_bed(query: GetMyBed, call: Call[WardDeps, Caller]) -> BedAnswer:
    return BedAnswer(bed=f"b{query.nights}", patient=call.caller.patient or "")


@WARD_API.query(Wait, roles=None)
async def _wait(query: Wait, call: Call[WardDeps, Caller]) -> BedAnswer:
    call.deps.waiting += 1
    await call.deps.gate.wait()
    return BedAnswer(bed="", patient="")


def ward(settings: Settings) -> Service[WardDeps]:
    """The source."""
    return Service(
        "ward",
        settings,
        Codec(EVENTS),
        WARD_PUBLISHER,
        Hears("ward"),
        (OCCUPIED,),
        Policies("ward"),
        WARD_API,
        WardDeps(),
        Caller,
    )


# -- kitchen: hears, counts, cooks ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cooked:
    """A meal was cooked for a bed, because of one event."""

    bed: str
    because: str


MEALS = View("meals", 1)
meal = MEALS.table(
    "meal",
    sa.Column("bed", sa.Text, primary_key=True),
    sa.Column("heard", sa.Integer, nullable=False),
    sa.Column("last", sa.Integer, nullable=False),
)
_first_heard = upsert(meal)
_heard_again = Op(
    sa.update(meal)
    .where(meal.c.bed == sa.bindparam("at"))
    .values(heard=meal.c.heard + 1, last=sa.bindparam("place", type_=sa.Integer))
)
ALL_MEALS = Ask(sa.select(meal).order_by(meal.c.last).limit(100_000))


@MEALS.on(BedTaken)
def _meal(event: BedTaken, record: Record) -> Iterator[Write]:
    yield _first_heard(bed=event.bed, heard=1, last=record.version)


@MEALS.on(BedFreed)
def _no_meal(event: BedFreed, record: Record) -> Iterator[Write]:
    yield _heard_again(at=event.bed, place=record.version)


@dataclass
class KitchenDeps:
    """What the reaction does about an event, decided by the test."""

    cook: Callable[[BedTaken, Record, React[KitchenDeps]], Awaitable[None]]
    cooked: list[str] = field(default_factory=list)


COOKED = Decider("cooked", 0, lambda n, event: n + isinstance(event, Cooked))
POLICIES: Policies[KitchenDeps] = Policies("kitchen")


@POLICIES.on(BedTaken, name="cook", max_age=timedelta(days=2))
async def _cook(event: BedTaken, record: Record, react: React[KitchenDeps]) -> None:
    await react.deps.cook(event, record, react)


async def cook_once(event: BedTaken, record: Record, react: React[KitchenDeps]) -> None:
    """What the kitchen does unless a test says otherwise: cooks, and says so in its log."""

    async def decide(turn: Any) -> None:
        await turn.load(COOKED, event.bed)
        turn.append(COOKED, event.bed, [Cooked(event.bed, record.id)])

    await react.execute(decide)
    react.deps.cooked.append(event.bed)


KITCHEN_PUBLISHER = Publisher("kitchen")
KITCHEN_PUBLISHER.private(Cooked)


def kitchen(settings: Settings) -> Service[KitchenDeps]:
    """The hearer."""
    return Service(
        "kitchen",
        settings,
        Codec({"Cooked": Cooked}),
        KITCHEN_PUBLISHER,
        Hears("kitchen", BedTaken, BedFreed),
        (MEALS,),
        POLICIES,
        Api("kitchen"),
        KitchenDeps(cook_once),
        Caller,
    )
