"""What staff see: every report, the inbox of each provider (S4), and the holding queue (S5)."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from pydantic import TypeAdapter

from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, patch, upsert
from services.labs.decider.shown import report_name
from services.labs.events.report import (
    LateVersionKept,
    OrdererResolved,
    ReportJudged,
    ReportMoved,
    ReportPosted,
    ReportVerified,
)
from services.labs.release.judge import code_key
from services.labs.release.orderer import order_keys
from services.labs.shapes import Judgement

REPORTS = View("reports", version=2)
POSTED = TypeAdapter(ReportPosted)
JUDGEMENT = TypeAdapter(Judgement)
MOST_ROWS = 200
MOST_TRAIL = 500
PAGE = 50

report = REPORTS.table(
    "report",
    sa.Column("report", sa.Text, primary_key=True),
    sa.Column("patient", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("orderer", sa.Text, nullable=False),
    sa.Column("collected", sa.Integer),
    sa.Column("reported", sa.Integer, nullable=False),
    sa.Column("abnormal", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("judgement", sa.Text),
    sa.Column("verified", sa.Text),
    sa.Column("waiting", sa.Integer),
    sa.Column("corrected", sa.Integer),
    sa.Column("held", sa.Integer),
    sa.Column("provider", sa.Text),
    sa.Column("policy", sa.Text),
    sa.Column("radiology", sa.Integer),
)
sa.Index("reports_v2_inbox", report.c.waiting, report.c.provider, report.c.reported)
sa.Index("reports_v2_held", report.c.held, report.c.reported)
sa.Index("reports_v2_provider", report.c.provider)
sa.Index("reports_v2_panels", report.c.patient, report.c.provider)
version = REPORTS.table(
    "version",
    sa.Column("report", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("late", sa.Integer, nullable=False),
    sa.Column("received", sa.Integer, nullable=False),
    sa.Column("verified", sa.Integer),
    sa.Column("verified_by", sa.Text),
    sa.Column("body", sa.Text, nullable=False),
)
found_by = REPORTS.table(
    "found_by",
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("report", sa.Text, primary_key=True),
)

_put_report, _put_version, _put_found = upsert(report), upsert(version), upsert(found_by)
_judged = patch(
    report,
    "judgement",
    "verified",
    "waiting",
    "corrected",
    "held",
    "provider",
    "policy",
    "radiology",
)
_verified = patch(report, "verified", "waiting")
_moved = patch(report, "patient")
_signed = Op(
    sa.update(version)
    .where(
        version.c.report == sa.bindparam("which"),
        version.c.revision == sa.bindparam("seen"),
        version.c.late == 0,
    )
    .values(verified=sa.bindparam("at"), verified_by=sa.bindparam("by"))
)

_row = (
    report.c.report,
    report.c.patient,
    report.c.name,
    report.c.sender,
    report.c.orderer,
    report.c.collected,
    report.c.reported,
    report.c.abnormal,
    report.c.corrected,
    report.c.judgement,
)
_waits = report.c.waiting == 1
INBOX = Ask(
    sa.select(*_row)
    .where(_waits, report.c.provider == sa.bindparam("provider"))
    .order_by(report.c.reported, report.c.report)
    .limit(MOST_ROWS)
)
HELD = Ask(
    sa.select(*_row, report.c.body)
    .where(report.c.held == 1)
    .order_by(report.c.reported, report.c.report)
    .limit(MOST_ROWS)
)
REPORT_BY_ID = Ask(sa.select(report).where(report.c.report == sa.bindparam("report")).limit(1))
PANELS_OF = Ask(
    sa.select(report.c.provider)
    .where(report.c.patient == sa.bindparam("patient"), report.c.provider > "")
    .distinct()
    .limit(MOST_ROWS)
)
VERSIONS = Ask(
    sa.select(version)
    .where(version.c.report == sa.bindparam("report"))
    .order_by(version.c.position.desc())
    .limit(MOST_ROWS)
)
TRAIL = Ask(
    sa.select(*_row, report.c.body, report.c.waiting, version.c.received)
    .join(
        version,
        sa.and_(
            version.c.report == report.c.report,
            version.c.revision == report.c.revision,
            version.c.late == 0,
        ),
    )
    .where(report.c.patient == sa.bindparam("patient"))
    .order_by(version.c.received.desc(), report.c.report)
    .limit(MOST_TRAIL)
)
FOUND_BY = Ask(
    sa.select(found_by.c.report)
    .where(found_by.c.key == sa.bindparam("key"), found_by.c.report > sa.bindparam("after"))
    .order_by(found_by.c.report)
    .limit(PAGE)
)


def _page(condition: sa.ColumnElement[bool]) -> Ask:
    """The next reports of which this is true, in the order of their ids."""
    start = sa.select(report.c.report).where(condition, report.c.report > sa.bindparam("after"))
    return Ask(start.order_by(report.c.report).limit(PAGE))


OF_PROVIDER = _page(report.c.provider == sa.bindparam("key"))
OF_CHART = _page(report.c.patient == sa.bindparam("key"))
# What is held may wait for its type to be released.
IMAGING = _page(sa.or_(report.c.radiology == 1, report.c.held == 1))
EVERY = Ask(
    sa.select(report.c.report, report.c.policy)
    .where(report.c.report > sa.bindparam("after"))
    .order_by(report.c.report)
    .limit(PAGE)
)
HOW_MANY = Ask(sa.select(sa.func.count().label("reports")).select_from(report))


@REPORTS.on(ReportPosted)
def posted(event: ReportPosted, record: Record) -> Iterator[Write]:
    """The version in full; the ruling on it comes with the next event of the same unit."""
    body = POSTED.dump_json(event).decode()
    yield _put_report(
        report=event.report,
        patient=event.patient,
        name=report_name(event),
        sender=event.sender,
        orderer=event.orderer_name or " ".join(event.orderer_ids),
        collected=micros(event.acquired) if event.acquired else None,
        reported=micros(event.reported),
        abnormal=int(any(o.flag for o in event.observations)),
        revision=event.revision,
        body=body,
        judgement=None,
        verified=None,
        waiting=None,
        corrected=None,
        held=None,
        provider=None,
        policy=None,
        radiology=None,
    )
    yield _version(event, record, body, late=0)
    yield from _lookups(event)


@REPORTS.on(LateVersionKept)
def kept(event: LateVersionKept, record: Record) -> Iterator[Write]:
    """Only in the history."""
    yield _version(event.version, record, POSTED.dump_json(event.version).decode(), late=1)


@REPORTS.on(ReportJudged)
def judged(event: ReportJudged, record: Record) -> Iterator[Write]:
    """Where the report stands: in an inbox, in the holding queue, in both or in neither."""
    judgement = event.judgement
    yield _judged(
        report=event.report,
        judgement=JUDGEMENT.dump_json(judgement).decode(),
        verified="\n".join(event.verified),
        waiting=int(event.waiting),
        corrected=int(event.corrected),
        held=int(bool(judgement.reasons)),
        # Somebody else's order waits for nobody here.
        provider=judgement.provider if judgement.standing == "ours" else "",
        policy=judgement.policy,
        radiology=int(judgement.radiology),
    )
    for code in judgement.unknown:
        yield _put_found(key=f"c:{code_key(event.sender, code)}", report=event.report)


@REPORTS.on(ReportMoved)
def moved(event: ReportMoved, record: Record) -> Iterator[Write]:
    """Another patient's, who is the same person."""
    yield _moved(report=event.report, patient=event.patient)


@REPORTS.on(ReportVerified)
def verified(event: ReportVerified, record: Record) -> Iterator[Write]:
    """Out of the inbox when nothing is left."""
    yield _verified(
        report=event.report, verified="\n".join(event.verified), waiting=int(event.waiting)
    )
    yield _signed(which=event.report, seen=event.revision, at=micros(event.at), by=event.by_name)


@REPORTS.on(OrdererResolved)
def resolved(event: OrdererResolved, record: Record) -> Iterator[Write]:
    """Staff's word ties the report to this entry, whatever the order carried."""
    yield _put_found(key=f"p:{event.provider}", report=event.report)


def _version(event: ReportPosted, record: Record, body: str, late: int) -> Write:
    return _put_version(
        report=event.report,
        position=record.position,
        revision=event.revision,
        late=late,
        received=micros(record.at),
        verified=None,
        verified_by=None,
        body=body,
    )


def _lookups(event: ReportPosted) -> Iterator[Write]:
    """What finds this report when a directory entry or the meaning of a local code changes."""
    keys = set(order_keys(event.orderer_ids, event.orderer_name))
    codes = (*event.codes, *(c for o in event.observations for c in o.codes))
    keys |= {f"c:{code_key(event.sender, c)}" for c in codes if c.system != "loinc"}
    for key in sorted(keys):
        yield _put_found(key=key, report=event.report)
