"""Answers for staff, made from the rows of the report view."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.labs import (
    Coding,
    HeldRow,
    InboxRow,
    ReportAnswer,
    ReportVersion,
    StaffValue,
    VersionValue,
)
from kernel.clock import from_micros
from kernel.store.port import Row
from services.labs.decider.shown import name_of
from services.labs.shapes import Code, Judgement, Observation
from services.labs.views.reports import JUDGEMENT, POSTED


def inbox_row(row: Row) -> InboxRow:
    """One line of the inbox (S4)."""
    return InboxRow(
        report=row["report"],
        patient=row["patient"],
        name=row["name"],
        orderer=JUDGEMENT.validate_json(row["judgement"]).ordered_by or row["orderer"],
        collected=_moment(row["collected"]),
        reported=from_micros(row["reported"]),
        abnormal=bool(row["abnormal"]),
        corrected=bool(row["corrected"]),
    )


def held_row(row: Row) -> HeldRow:
    """One line of the holding queue (S5): what is missing, and no value."""
    judgement = JUDGEMENT.validate_json(row["judgement"])
    posted = POSTED.validate_json(row["body"])
    return HeldRow(
        report=row["report"],
        name=row["name"],
        sender=row["sender"],
        reported=from_micros(row["reported"]),
        reasons=judgement.reasons,
        unknown_codes=_codings(judgement.unknown),
        orderer=row["orderer"],
        orderer_ids=posted.orderer_ids,
    )


def report_answer(row: Row, versions: Sequence[Row], age: bool) -> ReportAnswer:
    """One report whole, with why each value will or will not reach the portal (S4).

    `age` says that the age gate hides it.
    """
    posted = POSTED.validate_json(row["body"])
    judgement = JUDGEMENT.validate_json(row["judgement"])
    verified = set((row["verified"] or "").split("\n"))
    history = tuple(_version(v) for v in versions)
    current = next((v for v in history if v.revision == posted.revision and not v.late), None)
    return ReportAnswer(
        report=posted.report,
        patient=row["patient"],
        name=row["name"],
        codes=_codings(posted.codes),
        sender=posted.sender,
        orderer=judgement.ordered_by or row["orderer"],
        orderer_ids=posted.orderer_ids,
        ordered=posted.ordered,
        collected=posted.acquired,
        reported=posted.reported,
        status=posted.status,
        revision=posted.revision,
        verified=current.verified if current else None,
        verified_by=current.verified_by if current else "",
        ruling=judgement.order.verdict,
        category=judgement.order.category,
        matcher=judgement.order.matcher,
        age=age,
        policy=judgement.policy,
        values=tuple(_value(o, judgement, o.key in verified) for o in posted.observations),
        held_reasons=judgement.reasons,
        note=posted.note,
        versions=history,
    )


def _value(observation: Observation, judgement: Judgement, verified: bool) -> StaffValue:
    ruling = judgement.ruling(observation.key)
    return StaffValue(
        key=observation.key,
        codes=_codings(observation.codes),
        value=observation.value,
        unit=observation.unit,
        range_text=observation.range_text,
        flag=observation.flag,
        status=observation.status,
        note=observation.note,
        ruling=ruling.verdict,
        category=ruling.category,
        matcher=ruling.matcher,
        verified=verified,
    )


def _version(row: Row) -> ReportVersion:
    posted = POSTED.validate_json(row["body"])
    return ReportVersion(
        revision=row["revision"],
        reported=posted.reported,
        received=from_micros(row["received"]),
        status=posted.status,
        late=bool(row["late"]),
        verified=_moment(row["verified"]),
        verified_by=row["verified_by"] or "",
        values=tuple(
            VersionValue(
                key=o.key,
                name=name_of(o.codes),
                value=o.value,
                unit=o.unit,
                flag=o.flag,
                status=o.status,
            )
            for o in posted.observations
        ),
    )


def _codings(codes: tuple[Code, ...]) -> tuple[Coding, ...]:
    return tuple(Coding(system=c.system, code=c.code, text=c.text) for c in codes)


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)
