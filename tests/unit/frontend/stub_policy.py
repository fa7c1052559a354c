"""Canned answers about the release policy: sets of changes in every state, and explanations."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from contracts import labs
from contracts.common import Done
from tests.unit.frontend.stub import NOW, Stub, problem

LABEL = "2026-03-01.a1b2c3d4"


def category(name: str, mode: str, *rules: str, **more: Any) -> labs.PolicyCategory:
    """A category with the usual rest."""
    filled = {"codes": 40, "patterns": 12, "source": "practice help pages"} | more
    return labs.PolicyCategory(name=name, mode=mode, rules=rules, **filled)


CATEGORIES = (
    category("hepatitis", "always", "R23", "R30", codes=58),
    category("toxicology", "always", "R24", "R30", codes=211),
    category("pap", "always", "R26", "R30"),
    category("hpv", "with pap", "R26", "R30"),
    category("radiology", "unless released", "R31", "R30"),
    category("newborn-drugs", "always", "R24", patterns=0),
)


def row(version: str, state: Any, title: str, **more: Any) -> labs.PolicyRow:
    """A set of changes, written by a colleague."""
    filled: dict[str, Any] = {
        "effective": date(2026, 4, 1),
        "revision": 2,
        "by": "Ben Adler",
        "written": NOW - timedelta(days=3),
    }
    return labs.PolicyRow(version=version, state=state, title=title, **filled | more)


THEIRS = row("v1", "draft", "Therapeutic drug levels are shown")
MINE = row("v2", "draft", "Ferritin of the new analyzer", by="Ruth Calloway", mine=True)
RUNNING = row("v3", "draft", "Imaging of bones is released")
SCHEDULED = row("v4", "scheduled", "Genetic panels of EASTLAB", approved_by="Ruth Calloway",
                approved=NOW - timedelta(days=1))  # fmt: skip
IN_FORCE = row("v5", "in-force", "HPV by itself is shown", effective=date(2026, 3, 1),
               approved_by="Ruth Calloway", approved=NOW - timedelta(days=4))  # fmt: skip
TAKEN_BACK = row("v6", "rolled-back", "Alcohol in plain panels", effective=date(2026, 2, 1),
                 approved_by="Ruth Calloway", approved=NOW - timedelta(days=20),
                 ended_by="Ben Adler", ended=NOW - timedelta(days=9),
                 end_reason="It hid an ordinary panel")  # fmt: skip
DROPPED = row("v7", "discarded", "A second thought", ended_by="Ben Adler", ended=NOW)
UNTRIED = row("v8", "draft", "Words of WESTLAB")
VERSIONS = (UNTRIED, THEIRS, MINE, RUNNING, SCHEDULED, IN_FORCE, TAKEN_BACK, DROPPED)

CHANGES = (
    labs.PolicyChange(kind="allow", codes=("14334-7", "10535-3"),
                      reason="Levels that a patient doses by"),
    labs.PolicyChange(kind="add-words", category="hepatitis", words=("viral liver screen",),
                      reason="WESTLAB's own name"),
    labs.PolicyChange(kind="mode", category="hpv", mode="with pap",
                      reason="Only beside a Pap smear"),
)  # fmt: skip
FOUND = labs.DryRun(
    revision=2, asked=NOW, finished=NOW, done=1204, of=1204, reveal=3, hide=12, waiting=4,
    rows=(
        labs.DryRunRow(report="x1", name="Lithium level", change="reveal", category="toxicology",
                       matcher="class:DRUG/TOX"),
        labs.DryRunRow(report="x2", name="Viral liver screen", change="hide",
                       category="hepatitis", matcher="name:viral liver screen"),
    ),
)  # fmt: skip
HALFWAY = labs.DryRun(
    revision=2, asked=NOW, finished=None, done=400, of=1204, reveal=1, hide=0, waiting=0
)
RUNS = {"v1": FOUND, "v2": FOUND, "v3": HALFWAY, "v4": FOUND, "v5": FOUND, "v6": FOUND}

WHOLE = labs.CategoryAnswer(
    category=CATEGORIES[0], codes=("5196-1", "13955-0"), classes=("HEP/VIR",), sections=("HEP",),
    specimens=(), patterns=(r"hep(?:atitis)?[ -]?[a-e](?![a-z])",), words=("viral liver screen",),
)  # fmt: skip

EXPLAINED = labs.ExplainAnswer(
    report="x2", patient="p1", name="Comprehensive metabolic panel", sender="LABSYS",
    received=NOW - timedelta(days=1), policy=LABEL, changes=("HPV by itself is shown",),
    ruling="release", category="", matcher="", standing="ours", orderer="Alice Chen, MD",
    age=False, verified=True, waiting=False, visible=True,
    values=(
        labs.ExplainedValue(name="Glucose", codes=("loinc 2345-7",), ruling="release",
                            category="", matcher=""),
        labs.ExplainedValue(name="Hepatitis B virus surface antigen", codes=("loinc 5196-1",),
                            ruling="block", category="hepatitis", matcher="loinc:5196-1"),
        labs.ExplainedValue(name="Special marker", codes=("LABSYS XQ77",), ruling="hold",
                            category="", matcher="unknown code"),
    ),
)  # fmt: skip


def add(made: Stub) -> None:
    """What the pages of the release policy ask, answered."""
    made.answers |= {
        labs.GetPolicies: labs.PoliciesAnswer(
            label=LABEL, categories=CATEGORIES, versions=VERSIONS
        ),
        labs.GetPolicyVersion: _version,
        labs.GetCategory: _category,
        labs.DraftPolicy: Done(id="v8"),
        labs.DryRunPolicy: Done(id="v8"),
        labs.ApprovePolicy: Done(id="v1"),
        labs.DiscardPolicy: Done(id="v1"),
        labs.RollBackPolicy: Done(id="v5"),
        labs.ExplainReport: EXPLAINED,
        labs.MapOrderer: Done(id="h1"),
    }


def _version(fields: dict[str, Any]) -> labs.PolicyVersionAnswer | Response:
    found = [each for each in VERSIONS if each.version == fields["version"]]
    if not found:
        return problem(404, "not-found", "There is no such set of changes.")
    return labs.PolicyVersionAnswer(
        row=found[0], changes=CHANGES, dry_run=RUNS.get(found[0].version)
    )


def _category(fields: dict[str, Any]) -> labs.CategoryAnswer | Response:
    if fields["category"] != "hepatitis":
        return problem(404, "not-found", "There is no such category.")
    return WHOLE
