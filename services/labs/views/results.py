"""What patients see: only values that are verified and released ever reach these tables (R19, R30).

The age gate stands where they are read, so the birth date and the practice's zone are here too.
Rows hold ready JSON of the contract, so that a read builds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from contracts.identity import PatientMerged, PatientRecorded
from contracts.labs import ResultAnswer, ResultRow, ResultValue
from contracts.practice import PracticeConfigured
from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, delete, upsert
from services.labs.events.report import ResultCorrecting, ResultHidden, ResultShown
from services.labs.events.seen import ResultSeen
from services.labs.shapes import ShownValue

RESULTS = View("results", version=3)
MOST_RESULTS = 1000
MOST_POINTS = 2000
PRACTICE = "practice"

result = RESULTS.table(
    "result",
    sa.Column("report", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, nullable=False),
    sa.Column("sort", sa.Integer, nullable=False),
    sa.Column("acquired", sa.Integer),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("row", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("tests", sa.Text, nullable=False),
)
sa.Index("results_v3_by_patient", result.c.patient, result.c.sort)
value = RESULTS.table(
    "value",
    sa.Column("report", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, nullable=False, index=True),
    sa.Column("test", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("acquired", sa.Integer, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
)
patient = RESULTS.table(
    "patient",
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("born", sa.Text),
)
merged = RESULTS.table(
    "merged",
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("into", sa.Text, nullable=False),
)
practice = RESULTS.table(
    "practice",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("radiology", sa.Text, nullable=False),
)

_VALUES = TypeAdapter(tuple[ResultValue, ...])
_put, _drop = upsert(result), delete(result, "report")
_put_value, _drop_values = upsert(value), delete(value, "report")
_put_patient, _put_practice, _put_merged = upsert(patient), upsert(practice), upsert(merged)
_mark_seen = Op(
    sa.update(result).where(result.c.report == sa.bindparam("which")).values(seen=sa.literal(1))
)

_who: sa.BindParameter[str] = sa.bindparam("patient", type_=sa.Text)
_born = sa.select(patient.c.born).where(patient.c.patient == _who).scalar_subquery()
_zone = sa.select(practice.c.zone).where(practice.c.id == PRACTICE).scalar_subquery()
_radiology = sa.select(practice.c.radiology).where(practice.c.id == PRACTICE).scalar_subquery()

GATE = Ask(
    sa.select(_born.label("born"), _zone.label("zone"), _radiology.label("radiology")).limit(1)
)
SURVIVOR = Ask(sa.select(merged.c.into).where(merged.c.patient == _who).limit(1))
OF_PATIENT = Ask(
    sa.select(
        result.c.row, result.c.acquired, result.c.seen, _born.label("born"), _zone.label("zone")
    )
    .where(result.c.patient == _who)
    .order_by(result.c.sort.desc())
    .limit(MOST_RESULTS)
)
ONE = Ask(
    sa.select(
        result.c.body,
        result.c.tests,
        result.c.acquired,
        result.c.seen,
        _born.label("born"),
        _zone.label("zone"),
    )
    .where(result.c.report == sa.bindparam("report"), result.c.patient == _who)
    .limit(1)
)
_mine = value.alias("mine")
EARLIER = Ask(
    sa.select(_mine.c.key, value.c.acquired, value.c.number)
    .join(
        value,
        sa.and_(
            value.c.patient == _who,
            value.c.test == _mine.c.test,
            value.c.unit == _mine.c.unit,
            value.c.acquired < _mine.c.acquired,
        ),
    )
    .select_from(_mine)
    .where(_mine.c.report == sa.bindparam("report"), _mine.c.patient == _who)
    .order_by(value.c.acquired.desc())
    .limit(MOST_POINTS)
)


@RESULTS.on(PatientRecorded)
def recorded(event: PatientRecorded, record: Record) -> Iterator[Write]:
    """The birth date, as identity knows it now (R54)."""
    born = event.born.isoformat() if event.born else None
    yield _put_patient(patient=event.patient, born=born)


@RESULTS.on(PatientMerged)
def gave_way(event: PatientMerged, record: Record) -> Iterator[Write]:
    """What still comes under the one that gave way belongs to the other."""
    yield _put_merged(patient=event.patient, into=event.into)


@RESULTS.on(PracticeConfigured)
def configured(event: PracticeConfigured, record: Record) -> Iterator[Write]:
    """The zone of birthdays, and the imaging types that are released (R31)."""
    types = json.dumps(event.profile.released_radiology)
    yield _put_practice(id=PRACTICE, zone=event.profile.zone, radiology=types)


@RESULTS.on(ResultShown)
def shown(event: ResultShown, record: Record) -> Iterator[Write]:
    """The row of the list, the page of the report, and its numbers for trends."""
    values = _numbered(event.values)
    yield _drop_values(report=event.report)
    yield _put(
        report=event.report,
        patient=event.patient,
        sort=micros(event.acquired or event.reported),
        acquired=_micros(event.acquired),
        seen=0,
        row=_row(event, abnormal=event.abnormal, being_corrected=False),
        body=_body(event, values, event.note),
        tests=json.dumps([v.key for v in values if v.number is not None]),
    )
    acquired = _micros(event.acquired)
    for shown_value in values if acquired is not None else ():
        if shown_value.number is not None and shown_value.test:
            yield _put_value(
                report=event.report,
                key=shown_value.key,
                patient=event.patient,
                test=shown_value.test,
                unit=shown_value.unit,
                acquired=acquired,
                number=repr(shown_value.number),
            )


@RESULTS.on(ResultCorrecting)
def being_corrected(event: ResultCorrecting, record: Record) -> Iterator[Write]:
    """The row stays, every value goes (decision f)."""
    yield _drop_values(report=event.report)
    yield _put(
        report=event.report,
        patient=event.patient,
        sort=micros(event.acquired or event.reported),
        acquired=_micros(event.acquired),
        seen=0,
        row=_row(event, abnormal=False, being_corrected=True),
        body=_body(event, (), ""),
        tests="[]",
    )


@RESULTS.on(ResultHidden)
def hidden(event: ResultHidden, record: Record) -> Iterator[Write]:
    """Nothing stays."""
    yield _drop_values(report=event.report)
    yield _drop(report=event.report)


@RESULTS.on(ResultSeen)
def seen(event: ResultSeen, record: Record) -> Iterator[Write]:
    """No longer new; a changed result becomes new again by being put anew."""
    yield _mark_seen(which=event.report)


def _numbered(values: tuple[ShownValue, ...]) -> tuple[ShownValue, ...]:
    """By their places among what is shown. A sender's own key (`CODE/3`, `CODE#2`) would tell that
    there are others (R30).
    """
    return tuple(replace(value, key=str(place)) for place, value in enumerate(values, 1))


def _row(event: ResultShown | ResultCorrecting, abnormal: bool, being_corrected: bool) -> str:
    """The list row as JSON, cut before its last field, which the reader adds."""
    whole = ResultRow(
        report=event.report,
        name=event.name,
        collected=event.acquired,
        reported=event.reported,
        verified=event.verified,
        abnormal=abnormal,
        being_corrected=being_corrected,
        is_new=True,
    ).model_dump_json()
    return whole.removesuffix("true}")


def _body(event: ResultShown | ResultCorrecting, values: tuple[ShownValue, ...], note: str) -> str:
    """The answer to GetResult as JSON, with trends still empty."""
    return ResultAnswer(
        report=event.report,
        name=event.name,
        collected=event.acquired,
        reported=event.reported,
        verified=event.verified,
        verified_by=event.verified_by,
        ordered_by=event.ordered_by,
        being_corrected=isinstance(event, ResultCorrecting),
        values=_VALUES.validate_python(values, from_attributes=True),
        note=note,
    ).model_dump_json()


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)
