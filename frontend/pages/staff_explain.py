"""Why a report is shown or hidden: every gate's word, and never a value (S6, R19-R31, R54)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Role
from contracts.labs import ExplainAnswer, ExplainReport
from frontend.client import gateway
from frontend.desk import show, staff
from frontend.presenters import explain as present


async def explain(request: Request) -> Response:
    """The gates in their order; the first that does not open is why a patient does not see it."""
    caller = await staff(request, Role.POLICY)
    asked = {"report": request.path_params["report"]}
    answer = await gateway(request).call(request, ExplainReport, ExplainAnswer, asked)
    return await show(
        request,
        "staff-explain.html",
        caller,
        report=answer,
        verdict=present.verdict(answer),
        gates=present.gates(answer),
        values=present.values(answer),
    )


routes = [Route("/staff/explain/{report:id}", explain)]
