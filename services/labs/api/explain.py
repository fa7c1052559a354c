"""Why is this result hidden, or shown? Every gate's word on it, and never a value (S6)."""

from __future__ import annotations

import json
from datetime import date, datetime

from contracts.common import Role
from contracts.labs import ExplainAnswer, ExplainedValue, ExplainReport
from kernel.clock import from_micros
from kernel.decider import Refused
from kernel.store.port import Row
from services.labs.api.base import API, LabsCall
from services.labs.decider.shown import name_of
from services.labs.judging import DEFAULT_ZONE
from services.labs.reaching import explained
from services.labs.reading import is_open
from services.labs.release.age import is_hidden
from services.labs.shapes import Judgement, Observation
from services.labs.views.policy import BEGAN, SET, SETS
from services.labs.views.reports import JUDGEMENT, POSTED, REPORT_BY_ID, VERSIONS
from services.labs.views.results import GATE, ONE


@API.action(ExplainReport, roles={Role.POLICY})
async def explain_report(query: ExplainReport, call: LabsCall) -> ExplainAnswer:
    """What the gates said of this report, under which policy. It is kept who asked, before that."""
    rows = await call.read(REPORT_BY_ID, report=query.report)
    if not rows:
        raise Refused("not-found", "There is no such report.", 404)
    row = rows[0]
    await explained(call, row["patient"])
    posted = POSTED.validate_json(row["body"])
    judgement = JUDGEMENT.validate_json(row["judgement"])
    versions = await call.read(VERSIONS, report=query.report)
    seen = await call.read(ONE, report=query.report, patient=row["patient"])
    return ExplainAnswer(
        report=posted.report,
        patient=row["patient"],
        name=row["name"],
        sender=posted.sender,
        received=from_micros(next(v["received"] for v in versions if not v["late"])),
        policy=judgement.policy,
        changes=await _titles(call, judgement.policy),
        ruling=judgement.order.verdict,
        category=judgement.order.category,
        matcher=judgement.order.told,
        standing=judgement.standing,
        orderer=judgement.ordered_by or row["orderer"],
        age=await _is_of_hidden_years(call, row["patient"], posted.acquired),
        verified=not row["waiting"] or bool(row["verified"]),
        waiting=bool(row["waiting"]),
        visible=any(is_open(each) and _has_values(each) for each in seen),
        values=tuple(_value(o, judgement) for o in posted.observations),
    )


def _value(observation: Observation, judgement: Judgement) -> ExplainedValue:
    ruling = judgement.ruling(observation.key)
    return ExplainedValue(
        name=name_of(observation.codes),
        codes=tuple(f"{c.system} {c.code}".strip() for c in observation.codes if c.code),
        ruling=ruling.verdict,
        category=ruling.category,
        matcher=ruling.told,
    )


async def _titles(call: LabsCall, label: str) -> tuple[str, ...]:
    """The sets of changes in the policy of this label, in their order."""
    began = await call.read(BEGAN, label=label)
    if not began:
        return ()
    titles = {row["policy"]: SET.validate_json(row["body"]).title for row in await call.read(SETS)}
    return tuple(titles[each] for each in json.loads(began[0]["sets"]) if each in titles)


async def _is_of_hidden_years(call: LabsCall, patient: str, acquired: datetime | None) -> bool:
    """Does the age gate close this report (R54)?"""
    gate = (await call.read(GATE, patient=patient))[0]
    born = date.fromisoformat(gate["born"]) if gate["born"] else None
    return is_hidden(born, gate["zone"] or DEFAULT_ZONE, acquired)


def _has_values(row: Row) -> bool:
    """Is it more than the line that says it is being corrected?"""
    return not json.loads(row["body"])["being_corrected"]
