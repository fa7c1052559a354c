"""How one version of a report differs from another, and what a correction leaves standing. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from services.labs.decider.shown import shown
from services.labs.events.report import ReportPosted, ReportVerified, ResultShown
from services.labs.shapes import Judgement, Observation

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNREVIEWED: Final = ("preliminary", "final")
ABOUT: Final = ("codes", "section", "specimen", "acquired")


def content(version: ReportPosted) -> int:
    """A version's content as a hash good for this process: neither its numbers nor its dates, nor
    whose it is, which a merge changes.
    """
    rest = replace(version, patient="", revision=0, reported=EPOCH, numbers=(), stated=None)
    return hash(rest)


def names_same_orderer(old: ReportPosted | None, version: ReportPosted) -> bool:
    """Does it name who ordered as the version before did? A first version has none before."""
    if old is None:
        return True
    before = (old.orderer_ids, old.orderer_name)
    return before == (version.orderer_ids, version.orderer_name)


def corrects(old: ReportPosted, version: ReportPosted, verified: Collection[str]) -> bool:
    """Does this version change anything that a provider has reviewed?"""
    changed = len(unchanged(old, version, verified)) < len(verified)
    return changed or old.note != version.note or is_about_else(old, version)


def unchanged(
    old: ReportPosted, version: ReportPosted, verified: Collection[str]
) -> frozenset[str]:
    """The reviewed values whose content is the same in this version."""
    before = {o.key: _substance(o) for o in old.observations}
    after = {o.key: _substance(o) for o in version.observations}
    return frozenset(key for key in verified if after.get(key) == before.get(key))


def is_about_else(old: ReportPosted, version: ReportPosted) -> bool:
    """Is it of another order, sample or moment? That it was wrong was reviewed, and not the values."""
    if (version.status == "wrong") != (old.status == "wrong"):
        return True
    return any(getattr(old, name) != getattr(version, name) for name in ABOUT)


def untouched(
    sees: ResultShown, version: ReportPosted, judgement: Judgement, kept: frozenset[str],
    last: ReportVerified,
) -> bool:  # fmt: skip
    """Does a correction leave all that the patient sees? Then it is of something hidden, and to
    withdraw the rest would tell that there is such a thing (R30). `kept` are the same as before.
    """
    then = shown(version, judgement, kept, last)
    if then is None:
        return False
    before, after = ({value.key for value in each.values} for each in (sees, then))
    return after == before and then.note == sees.note


def _substance(observation: Observation) -> Observation:
    """A value without what may change unnoticed: preliminary turning final."""
    return replace(observation, status="final") if observation.status in UNREVIEWED else observation
