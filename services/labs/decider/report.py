"""One report: versions, verification, and what of it the patient may see.

The gates themselves rule elsewhere (`release/`); here their judgement meets the verification.
`age_open` says whether the age gate (R54) lets this report through now: it decides only whether
anybody is told, for the gate itself stands where results are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kernel.decider import Decider, Refused
from services.labs.decider.shown import correcting, row, shown
from services.labs.decider.versions import (
    content,
    corrects,
    is_about_else,
    names_same_orderer,
    unchanged,
    untouched,
)
from services.labs.events.report import (
    LateVersionKept,
    OrdererResolved,
    ReportJudged,
    ReportMoved,
    ReportPosted,
    ReportVerified,
    ResultAppeared,
    ResultCorrecting,
    ResultHidden,
    ResultReleased,
    ResultShown,
    ResultWithdrawn,
)
from services.labs.shapes import Judgement

RANK = {"preliminary": 0, "final": 1, "cannot-obtain": 1, "corrected": 2, "wrong": 3}
Patient = ResultShown | ResultCorrecting | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a report's stream says. `patient_sees` is what stands in the patient's tables now.

    `versions` are the hashes of all versions that came; `announced` that the patient was told of
    something that is still there; `acknowledged` that somebody verified the current version;
    `stands` that what was corrected is nothing that the patient sees.
    """

    posted: ReportPosted | None = None
    judgement: Judgement | None = None
    verified: frozenset[str] = frozenset()
    corrected: bool = False
    stands: bool = False
    acknowledged: bool = False
    last: ReportVerified | None = None
    resolved: str = ""
    patient_sees: Patient = None
    announced: bool = False
    versions: frozenset[int] = frozenset()

    @property
    def waiting(self) -> bool:
        """Is anything left to verify? A correction is, also where it only took something away."""
        if self.posted is None or self.corrected:
            return self.corrected
        keys = {o.key for o in self.posted.observations}
        return not keys <= self.verified if keys else not self.acknowledged


def evolve(state: Report, event: Any) -> Report:
    """Fold one event."""
    match event:
        case ReportPosted():
            resolved = still_resolved(state, event)
            versions = state.versions | {content(event)}
            return replace(state, posted=event, resolved=resolved, versions=versions)
        case LateVersionKept():
            return replace(state, versions=state.versions | {content(event.version)})
        case ReportJudged():
            kept = frozenset(event.verified)
            return replace(
                state,
                judgement=event.judgement,
                verified=kept,
                corrected=event.corrected,
                stands=event.stands,
                acknowledged=not event.waiting or bool(kept),
            )
        case ReportVerified():
            return replace(
                state,
                verified=frozenset(event.verified),
                last=event,
                acknowledged=True,
                corrected=state.corrected and event.waiting,
            )
        case ReportMoved() if state.posted is not None:
            posted = replace(state.posted, patient=event.patient)
            sees = state.patient_sees and replace(state.patient_sees, patient=event.patient)
            return replace(state, posted=posted, patient_sees=sees, announced=False)
        case OrdererResolved():
            return replace(state, resolved=event.provider)
        case ResultShown() | ResultCorrecting():
            return replace(state, patient_sees=event)
        case ResultHidden():
            return replace(state, patient_sees=None)
        case ResultAppeared() | ResultReleased():
            return replace(state, announced=True)
        case ResultWithdrawn():
            return replace(state, announced=False)
    return state


REPORT = Decider("report", Report(), evolve)


def still_resolved(state: Report, version: ReportPosted) -> str:
    """What staff said of who ordered, of a version that names somebody else: nothing (S5, R20)."""
    return state.resolved if names_same_orderer(state.posted, version) else ""


def is_unchanged(state: Report, version: ReportPosted) -> bool:
    """Is this the version that we have?"""
    if state.posted is None or state.posted.patient != version.patient:
        return False
    return content(state.posted) == content(version)


def is_late(state: Report, version: ReportPosted) -> bool:
    """Is this older than the version that we have, or an old one sent again?

    By when the sender wrote it, else by its report time: laboratories correct a result under the
    report time that it had. Of one moment the status decides.
    """
    posted = state.posted
    if posted is None:
        return False
    written, before = version.stated or version.reported, posted.stated or posted.reported
    if written < before:
        return True
    if RANK[version.status] >= RANK[posted.status]:
        return False
    # After "posted as wrong" the same as before is not old: it was put right again.
    again = posted.status != "wrong" and content(version) in state.versions
    return again or written == before


def keep_late(state: Report, version: ReportPosted) -> list[Any]:
    """Keep an older version for the history; one that came before is nothing new."""
    _check_patient(state, version)
    if content(version) in state.versions:
        return []
    return [LateVersionKept(version.report, version.patient, version)]


def post(
    state: Report, version: ReportPosted, judgement: Judgement, age_open: bool, now: datetime
) -> list[Any]:
    """Take in a version that is neither unchanged nor late.

    What was verified stays so where its content is the same and nothing else changed either;
    otherwise the report is withdrawn at once and returns to its provider (decision f). Where only
    something changed that the patient does not see, it returns, and the patient sees no difference.
    """
    _check_patient(state, version)
    version = replace(version, revision=state.posted.revision + 1 if state.posted else 1)
    old, reviewed = state.posted, bool(state.verified) or state.acknowledged
    returns = old is not None and reviewed and corrects(old, version, state.verified)
    kept = _standing(state, version, judgement) if returns else state.verified
    keys = {o.key for o in version.observations}
    whole = not returns and (keys <= kept if keys else state.acknowledged)
    judged = ReportJudged(
        version.report,
        version.patient,
        version.sender,
        judgement,
        tuple(sorted(kept)),
        waiting=not whole,
        corrected=not whole and (state.corrected or returns),
        stands=bool(kept) if returns else state.stands,
    )
    return _with_patient(state, [version, judged], age_open, now, ResultReleased)


def judge_again(state: Report, judgement: Judgement, age_open: bool, now: datetime) -> list[Any]:
    """Record a new ruling on the same version; nothing when the gates rule as before."""
    if state.posted is None or judgement == state.judgement:
        return []
    judged = ReportJudged(
        state.posted.report,
        state.posted.patient,
        state.posted.sender,
        judgement,
        tuple(sorted(state.verified)),
        waiting=state.waiting,
        corrected=state.corrected,
        stands=state.stands,
    )
    return _with_patient(state, [judged], age_open, now, ResultReleased)


def verify(
    state: Report,
    revision: int,
    keys: tuple[str, ...],
    by: str,
    by_name: str,
    age_open: bool,
    now: datetime,
) -> list[Any]:
    """A provider reviewed some values, or all (`keys` empty), of the revision they saw (R18).

    A value posted as wrong is acknowledged like any other, and never shown. Refuses `not-found`,
    `stale`, `unknown-value` and `already`.
    """
    posted = state.posted
    if posted is None:
        raise Refused("not-found", "There is no such report.", 404)
    if revision != posted.revision:
        raise Refused("stale", "A newer version of this report came in. Please look again.")
    present = {o.key for o in posted.observations}
    if not set(keys) <= present:
        raise Refused("unknown-value", "This report has no such value.", 422)
    reviewed = (set(keys) or present) - state.verified
    if not reviewed and (present - state.verified or not state.waiting):
        raise Refused("already", "All of this is verified already.")
    verified = state.verified | reviewed
    event = ReportVerified(
        posted.report,
        posted.patient,
        posted.revision,
        tuple(sorted(reviewed)),
        tuple(sorted(verified)),
        waiting=bool(present - verified),
        by=by,
        by_name=by_name,
        at=now,
    )
    return _with_patient(state, [event], age_open, now, ResultAppeared)


def resolve_orderer(
    state: Report, provider: str, judgement: Judgement, age_open: bool, now: datetime
) -> list[Any]:
    """Staff said who ordered; the gates have ruled on that already in `judgement` (S5)."""
    if state.posted is None:
        raise Refused("not-found", "There is no such report.", 404)
    if state.resolved == provider:
        return []
    resolved = OrdererResolved(state.posted.report, state.posted.patient, provider)
    after = evolve(state, resolved)
    return [resolved, *judge_again(after, judgement, age_open, now)]


def move(state: Report, patient: str, age_open: bool, now: datetime) -> list[Any]:
    """Two patients were one person: what the report showed, it shows to the one that stays."""
    if state.posted is None or state.posted.patient == patient:
        return []
    moved = ReportMoved(state.posted.report, patient, state.posted.patient)
    sees = evolve(state, moved).patient_sees
    events: list[Any] = [moved] if sees is None else [moved, replace(sees, open=age_open)]
    if isinstance(sees, ResultShown) and age_open:
        events.append(ResultReleased(moved.report, patient, now))
    return events


def _check_patient(state: Report, version: ReportPosted) -> None:
    if state.posted is not None and state.posted.patient != version.patient:
        raise Refused("patient-differs", "This report is on record for another patient.")


def _standing(state: Report, version: ReportPosted, judgement: Judgement) -> frozenset[str]:
    """What of the reviewed values a correction leaves reviewed: all the same ones, or none."""
    old, sees, last = state.posted, state.patient_sees, state.last
    if old is None or last is None or not isinstance(sees, ResultShown):
        return frozenset()
    kept = unchanged(old, version, state.verified)
    if is_about_else(old, version) or not untouched(sees, version, judgement, kept, last):
        return frozenset()
    return kept


def _with_patient(
    state: Report,
    events: list[Any],
    age_open: bool,
    now: datetime,
    tell: Callable[[str, str, datetime], Any],
) -> list[Any]:
    """Add what these events change for the patient, and the news that others may hear.

    `tell` makes the event for values that became visible.
    """
    after = state
    for event in events:
        after = evolve(after, event)
    posted = after.posted
    if posted is None:
        return events
    target = _target(after)
    if row(target) == row(state.patient_sees):
        return events
    change = target or ResultHidden(posted.report, posted.patient)
    done = [*events, replace(change, open=age_open)]
    if state.announced and not (isinstance(target, ResultShown) and age_open):
        return [*done, ResultWithdrawn(posted.report, posted.patient, now)]
    if age_open and isinstance(target, ResultShown) and _gains(state, target):
        done.append(tell(posted.report, posted.patient, now))
    return done


def _target(after: Report) -> Patient:
    """What the patient should see now, before the age gate."""
    posted, judgement, last = after.posted, after.judgement, after.last
    if posted is None or judgement is None or last is None:
        return None
    if judgement.order.verdict != "release":
        return None
    if after.corrected and not after.stands:
        # Until all of it is verified again, only that it is being corrected.
        return correcting(after.patient_sees, posted, judgement)
    return shown(posted, judgement, after.verified, last)


def _gains(state: Report, target: ResultShown) -> bool:
    """Is there a value that the patient could not see before?"""
    before = state.patient_sees
    if not isinstance(before, ResultShown):
        return True
    return not {v.key for v in target.values} <= {v.key for v in before.values}
