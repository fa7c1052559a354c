"""Small makers for the tests of labs: reports, codes, judgements, in as few words as possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.labs.decider.report import Report, evolve
from services.labs.events.report import ReportPosted
from services.labs.release.judge import Given, Subject, judge
from services.labs.release.orderer import Ordered
from services.labs.release.policy import Policy, load
from services.labs.shapes import Code, Judgement, Observation

POLICY: Policy = load().at(date(2026, 11, 1))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DRAWN = datetime(2026, 11, 20, 9, tzinfo=UTC)
OURS = Ordered("ours", "dr-lee", "Ann Lee MD", "affiliated when ordered")
SODIUM = Code("loinc", "2951-2", "Sodium")
POTASSIUM = Code("loinc", "2823-3", "Potassium")
METABOLIC = Code("loinc", "24323-8", "Comprehensive metabolic panel")
HIV = Code("loinc", "7918-6", "HIV 1+2 Ab")


def local(text: str, code: str = "77001") -> Code:
    """A sender's own code, known by its name only."""
    return Code("L", code, text)


def value(key: str, code: Code, text: str = "140", **more: Any) -> Observation:
    """One value; a number where the text is one."""
    number = float(text) if text.replace(".", "", 1).isdigit() else None
    base = Observation(key, (code,), text, number, "mmol/L", "135-145", "", "final", "")
    return replace(base, **more)


NA, K = value("na", SODIUM), value("k", POTASSIUM, "4.1", range_text="3.5-5.1")


def posted(*observations: Observation, **more: Any) -> ReportPosted:
    """A version of a metabolic panel."""
    base = ReportPosted(
        report="r1",
        patient="p1",
        revision=0,
        sender="lab",
        orderer_ids=("1234567893",),
        orderer_name="Ann Lee",
        ordered=DRAWN,
        acquired=DRAWN,
        reported=DRAWN,
        codes=(METABOLIC,),
        section="CH",
        specimen="",
        status="final",
        observations=observations or (NA, K),
        note="",
    )
    return replace(base, **more)


def ruling(
    version: ReportPosted,
    ordered: Ordered = OURS,
    mapped: dict[str, str] | None = None,
    imaging: tuple[str, ...] = (),
    policy: Policy = POLICY,
) -> Judgement:
    """What the gates say of a version."""
    subject = Subject(
        version.sender,
        version.codes,
        version.section,
        version.specimen,
        version.observations,
        version.note,
        version.acquired is not None,
    )
    return judge(subject, Given(mapped or {}, imaging, ordered), policy)


def verdict(code: Code, **more: Any) -> tuple[str, str]:
    """Verdict and category of an order of just this test."""
    judgement = ruling(posted(value("v", code), codes=(code,), **more))
    found = judgement.ruling("v")
    return found.verdict, found.category


def given(*events: Any) -> Report:
    """The state after these events."""
    state = Report()
    for event in events:
        state = evolve(state, event)
    return state


def names(events: list[Any]) -> list[str]:
    """The types of events, to compare at a glance."""
    return [type(event).__name__ for event in events]
