"""The private events of labs: its storage format. One module per aggregate."""

from __future__ import annotations

from kernel.codec import Codec
from services.labs.events.chart import ChartLooked
from services.labs.events.code import CodeMapped
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
        "LateVersionKept": LateVersionKept,
        "OrdererResolved": OrdererResolved,
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
