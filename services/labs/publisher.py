"""What of labs' own events others may hear: ids and dates of what a patient can see, and who looked."""

from __future__ import annotations

from contracts.labs import (
    ChartAccessed,
    ChartExplained,
    LabReleased,
    LabVerified,
    LabWithdrawn,
    MissingAnswered,
)
from kernel.publishing import Publisher
from services.labs.events.chart import ChartLooked
from services.labs.events.code import CodeMapped
from services.labs.events.missing import (
    MissingOverdue,
    MissingReplied,
    MissingReported,
    MissingTaken,
)
from services.labs.events.order import OrderPosted
from services.labs.events.orderer import OrdererMapped
from services.labs.events.policy import (
    DryRunAdvanced,
    DryRunAsked,
    DryRunFinished,
    DryRunFound,
    PolicyApproved,
    PolicyBegan,
    PolicyDiscarded,
    PolicyDrafted,
    PolicyRolledBack,
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
from services.labs.events.seen import ResultSeen

PUBLISHER = Publisher("labs")

# A verification or a ruling by itself is nobody else's business: it may be of a hidden result.
PUBLISHER.private(
    CodeMapped,
    DryRunAdvanced,
    DryRunAsked,
    DryRunFinished,
    DryRunFound,
    LateVersionKept,
    MissingOverdue,
    MissingReported,
    MissingTaken,
    OrderPosted,
    OrdererMapped,
    OrdererResolved,
    PolicyApproved,
    PolicyBegan,
    PolicyDiscarded,
    PolicyDrafted,
    PolicyRolledBack,
    ReportJudged,
    ReportMoved,
    ReportPosted,
    ReportVerified,
    ResultCorrecting,
    ResultHidden,
    ResultSeen,
    ResultShown,
)


@PUBLISHER.on(ChartLooked)
def looked(event: ChartLooked) -> ChartAccessed | ChartExplained:
    """One of the staff saw results, or why they are shown or not: the patient can read that (S14)."""
    if event.how == "policy":
        return ChartExplained(patient=event.patient, account=event.account, at=event.at)
    return ChartAccessed(patient=event.patient, account=event.account, how=event.how, at=event.at)


@PUBLISHER.on(ResultAppeared)
def appeared(event: ResultAppeared) -> LabVerified:
    """Verified, and visible to the patient by every gate (R18)."""
    return LabVerified(report=event.report, patient=event.patient, verified=event.at)


@PUBLISHER.on(ResultReleased)
def released(event: ResultReleased) -> LabReleased:
    """Verified earlier; a gate opened since."""
    return LabReleased(report=event.report, patient=event.patient, released=event.at)


@PUBLISHER.on(ResultWithdrawn)
def withdrawn(event: ResultWithdrawn) -> LabWithdrawn:
    """No longer visible as it was."""
    return LabWithdrawn(report=event.report, patient=event.patient, withdrawn=event.at)


@PUBLISHER.on(MissingReplied)
def answered(event: MissingReplied) -> MissingAnswered:
    """A question about a result has its answer; which one is read in the portal."""
    return MissingAnswered(ticket=event.ticket, patient=event.patient, answered=event.at)
