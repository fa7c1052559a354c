"""What came for one patient, orders and reports, for policy staff: no values (S12)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.common import Role
from contracts.labs import GetTrail, TrailAnswer
from frontend.client import gateway
from frontend.desk import show, staff
from frontend.presenters import trail as present


async def trail(request: Request) -> Response:
    """Newest first. That somebody looked stands on the patient's access log."""
    caller = await staff(request, Role.POLICY)
    asked = {"patient": request.path_params["patient"]}
    found = await gateway(request).call(request, GetTrail, TrailAnswer, asked)
    rows, policies = present.rows(found.rows), present.policies(found.rows)
    return await show(request, "staff-trail.html", caller, rows=rows, policies=policies)


routes = [Route("/staff/trail/{patient:id}", trail)]
