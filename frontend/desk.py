"""What every staff page shares: who may open it, where it leads, and what it says after an action.

Staff pages are in English only, so their sentences stand in the templates. The services check
every role again; the check here only gives a plain page instead of an empty one.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from contracts.common import Caller, Role
from frontend.client import Problem, gateway
from frontend.forms import Form
from frontend.rendering import render

Link = tuple[str, str]
DATE_PARTS: Final = {"month": "Month", "day": "Day", "year": "Year"}

INBOX: Link = ("/staff/inbox", "Lab inbox")
COVER: Link = ("/staff/cover", "Covering")
REGISTRATIONS: Link = ("/staff/registrations", "Registrations")
REQUESTS: Link = ("/staff/requests", "Requests")
PATIENTS: Link = ("/staff/patients", "Patients")
INVITATIONS: Link = ("/staff/invitations", "Invitations")
HELD: Link = ("/staff/held", "Held results")
RELEASE_POLICY: Link = ("/staff/policy", "Release policy")
MISSING: Link = ("/staff/missing", "Missing results")
MESSAGES: Link = ("/staff/messages", "Messages")
OPERATIONS: Link = ("/ops", "Operations")

NAV: dict[Role, tuple[Link, ...]] = {
    Role.PROVIDER: (INBOX, PATIENTS, COVER),
    Role.SUPPORT: (
        REGISTRATIONS,
        REQUESTS,
        MISSING,
        PATIENTS,
        INVITATIONS,
        MESSAGES,
        OPERATIONS,
    ),
    Role.CLINIC: (PATIENTS, INVITATIONS),
    Role.BILLING: (),
    Role.POLICY: (HELD, RELEASE_POLICY, MISSING, MESSAGES),
    Role.SRE: (OPERATIONS, MESSAGES),
}
ROLE_WORDS = {
    Role.PROVIDER: "Provider",
    Role.SUPPORT: "Support",
    Role.CLINIC: "Clinic",
    Role.BILLING: "Billing",
    Role.POLICY: "Release policy",
    Role.SRE: "Operations",
}
SAID = {
    "taken": "This item is yours now. Nobody else can work on it.",
    "verified": "Verified. The invitation is on its way.",
    "rejected": "Rejected and closed.",
    "sent": "The invitation is on its way. Any earlier one is void.",
    "resent": "A new invitation is on its way. The earlier one is void.",
    "revoked": "Revoked. The link and the code no longer work.",
    "reviewed": "Verified. What the release rules let through is in the portal now.",
    "reviewed-some": "The chosen values are verified. The others still wait here.",
    "mapped": "The code is mapped. Reports that waited for it are judged again.",
    "resolved": "The orderer is set. The report is judged again.",
    "named": "The orderer is known from now on. Reports that name them are judged again.",
    "drafted": "The draft is saved. Try it before somebody approves it.",
    "tried": "The dry run was started. Nothing changes for patients.",
    "approved": "Approved. From its day on it applies to everything stored, too.",
    "dropped": "Discarded. Nothing has changed for patients.",
    "rolled-back": "Rolled back. Everything that is stored is judged again.",
    "told": "Answered. The patient reads it in the portal.",
    "sender": "Saved. It counts from the next message; what waits can be taken again.",
    "discarded": "Discarded. It stays kept, with your reason.",
    "retried-all": "They are being taken again. What still waits in a moment is listed below.",
    "retried": "Trying again. What comes of it shows here in a moment.",
    "skipped": "Given up. Your reason is on record.",
    "related": "The relation is verified. Below is what it is good for now.",
    "confirmed": "Confirmed. Your name stands beside the first one.",
    "factors": "Removed. They sign in with their password, and can set up another second factor.",
    "ended": "Ended. They have no access any more.",
    "corrected": "Corrected. It counts from now on.",
    "answered": "Closed. Who asked can read your answer.",
    "read": "Closed.",
    "opened": "This record is open to you for four hours. The patient can read why.",
    "covering": "You stand in for this colleague now.",
    "back": "Ended. You no longer see what is this colleague's.",
}


async def staff(request: Request, *roles: Role) -> Caller:
    """The signed-in caller, who has one of these roles; anybody else gets the page for 403."""
    caller = await gateway(request).session(request)
    if caller.role not in roles:
        raise HTTPException(403)
    return caller


async def show(
    request: Request, template: str, caller: Caller, status: int = 200, **context: Any
) -> HTMLResponse:
    """A staff page. `?done=` picks one of our own sentences, never a sentence of the address."""
    context.setdefault("errors", {})
    return await render(
        request,
        template,
        422 if context["errors"] else status,
        lang="en",
        nav=NAV.get(caller.role, ()),
        role=ROLE_WORDS.get(caller.role, ""),
        said=SAID.get(request.query_params.get("done", "")),
        **context,
    )


def refusal(problem: Problem) -> dict[str, str]:
    """What to say on the page that sent the form: by field, or in one sentence under "".

    What is no refusal of this form (signed out, the portal is down) goes on to its own page.
    """
    if problem.errors:
        return problem.errors
    if problem.status in (409, 422, 429):
        return {"": problem.detail}
    raise problem


def fill_date(form: Form, name: str, day: date | None) -> None:
    """Put a date into the three fields of a form."""
    if day is not None:
        parts = {"month": day.month, "day": day.day, "year": day.year}
        form.values |= {f"{name}_{part}": str(number) for part, number in parts.items()}


def typed_date(form: Form, name: str, wrong: str) -> date | None:
    """The date in three fields. None where nothing is typed; what is no date is said beside them."""
    found = form.date(name)
    if found is None and any(form.date_parts(name).values()):
        form.errors[name] = wrong
    return found
