"""The private events of labs: its storage format. One module per aggregate."""

from __future__ import annotations

from kernel.codec import Codec
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

CODEC = Codec(
    {
        "ChartLooked": ChartLooked,
        "CodeMapped": CodeMapped,
        "DryRunAdvanced": DryRunAdvanced,
        "DryRunAsked": DryRunAsked,
        "DryRunFinished": DryRunFinished,
        "DryRunFound": DryRunFound,
        "LateVersionKept": LateVersionKept,
        "OrdererResolved": OrdererResolved,
        "MissingOverdue": MissingOverdue,
        "MissingReplied": MissingReplied,
        "MissingReported": MissingReported,
        "MissingTaken": MissingTaken,
        "OrderPosted": OrderPosted,
        "OrdererMapped": OrdererMapped,
        "PolicyApproved": PolicyApproved,
        "PolicyBegan": PolicyBegan,
        "PolicyDiscarded": PolicyDiscarded,
        "PolicyDrafted": PolicyDrafted,
        "PolicyRolledBack": PolicyRolledBack,
        "ReportJudged": ReportJudged,
        "ReportMoved": ReportMoved,
        "ReportPosted": ReportPosted,
        "ReportVerified": ReportVerified,
        "ResultAppeared": ResultAppeared,
        "ResultCorrecting": ResultCorrecting,
        "ResultHidden": ResultHidden,
        "ResultReleased": ResultReleased,
        "ResultSeen": ResultSeen,
        "ResultShown": ResultShown,
        "ResultWithdrawn": ResultWithdrawn,
    }
)
