"""A gateway of cardboard: canned answers of the contracts, and a note of what was asked.

Run as `python -m tests.unit.frontend.stub` it shows all pages on http://127.0.0.1:8099.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from contracts import identity, labs, practice
from contracts.catalog import OPERATIONS
from contracts.common import Caller, Done, Nothing, Role
from kernel.api import fields_of
from tests.unit.frontend import stub_family, stub_security

NOW = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
PATIENT = Caller(subject="a1", role=Role.PATIENT, patient="p1", basis="self", name="Rosa Alvarez")
PASSWORD = "lantern-orchard-seven-tides"
LINK = "a-link-of-128-bits"
PATHS = {o.path: o for o in OPERATIONS}

Answering = BaseModel | Response | Callable[[dict[str, Any]], BaseModel | Response]


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that reached the stub."""

    name: str
    fields: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(slots=True)
class Stub:
    """Canned answers by message; a test changes what it needs."""

    answers: dict[type, Answering] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    callers: dict[str, Caller] = field(default_factory=dict)
    records: dict[str, tuple[identity.RecordChoice, ...]] = field(default_factory=dict)
    extra: dict[str, Callable[[Request], Response]] = field(default_factory=dict)
    idle_in: int = 600

    def app(self) -> Starlette:
        """The ASGI application in the gateway's place."""
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def names(self) -> list[str]:
        """What was asked, in order, without the profile that every page asks for."""
        return [asked.name for asked in self.asked if asked.name != "GetProfile"]

    def last(self, message: type) -> Asked:
        """The newest call of this kind."""
        return next(a for a in reversed(self.asked) if a.name == message.__name__)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        caller = self.callers.get(request.cookies.get("sid", ""))
        if path in self.extra:
            return self.extra[path](request)
        if path == "/api/v1/live":
            return StreamingResponse(_once(), media_type="text/event-stream")
        if path.startswith("/api/v1/session"):
            return self._session(path, request, caller)
        operation = PATHS.get(path)
        if operation is None or operation.method != request.method:
            return problem(404, "not-found", "There is no such page.")
        signed_in = caller is not None and caller.role is not Role.ANONYMOUS
        if operation.door.value == "session" and not signed_in:
            return _not_in(caller)
        body = await request.body()
        fields = json.loads(body) if body else dict(request.query_params)
        if body and operation.message is not identity.SignOut:  # the gateway adds the cookie
            try:
                operation.message.model_validate_json(body, strict=True)
            except ValidationError as error:
                return problem(422, "invalid", "Not right.", fields_of(error))
        name = operation.message.__name__
        self.asked.append(Asked(name, fields, dict(request.headers)))
        return self._canned(operation.message, fields, signed_in)

    def _session(self, path: str, request: Request, caller: Caller | None) -> Response:
        self.asked.append(Asked(path.rpartition("/")[2], {}, dict(request.headers)))
        if caller is None or caller.role is Role.ANONYMOUS:
            return _not_in(caller)
        records = self.records.get(request.cookies["sid"], ())
        seen = stub_family.in_view(caller, records, request.headers.get("x-patient", ""))
        if seen is None:
            return problem(404, "not-found", "There is no such record.")
        said = {"caller": seen.model_dump(mode="json"), "idle_in": self.idle_in}
        said["records"] = [each.model_dump(mode="json") for each in records]
        return JSONResponse(said)

    def _canned(self, message: type, fields: dict[str, Any], signed_in: bool) -> Response:
        found = self.answers.get(message)
        if found is None:
            return problem(404, "not-found", "There is no such thing here.")
        answer = found if isinstance(found, BaseModel | Response) else found(fields)
        if isinstance(answer, Response):
            return answer
        response = Response(answer.model_dump_json(), media_type="application/json")
        if signed_in:
            response.headers["x-idle-in"] = str(self.idle_in)
        if isinstance(answer, identity.SessionAnswer):
            cookie = next(k for k, c in self.callers.items() if c == answer.caller)
            response.set_cookie("sid", cookie, httponly=True, samesite="lax", path="/")
        if message is identity.SignOut:
            response.delete_cookie("sid", path="/")
        return response


def _not_in(caller: Caller | None) -> Response:
    """Nobody is signed in, or a session waits for its second step."""
    if caller is None:
        return problem(401, "signed-out", "You are signed out. Please sign in again.")
    return problem(401, "second-factor", "Please enter the code of your app.")


async def _once() -> Any:
    yield b": still here\n\n"


def problem(
    status: int, code: str, detail: str, errors: Mapping[str, str] | None = None
) -> Response:
    """What the gateway says when it refuses."""
    body: dict[str, Any] = {"type": f"urn:myportal:problem:{code}", "title": "-"}
    body |= {"status": status, "code": code, "detail": detail}
    if errors:
        body["errors"] = dict(errors)
    return JSONResponse(body, status, media_type="application/problem+json")


PROFILE = practice.Profile(
    name="Harbor View Medical Group",
    zone="America/Los_Angeles",
    support_email="portal@harborview.example",
    portal_url="http://localhost:8080",
    phones=(
        practice.Phone(purpose="help", number="1-866-917-1690", label="Patient support center"),
        practice.Phone(
            purpose="after_hours", number="1-877-290-2133", label="Support line after hours"
        ),
        practice.Phone(
            purpose="registration", number="1-877-290-2133", label="Help with registration"
        ),
    ),
    support_hours=tuple(
        practice.Hours(weekday=day, opens=time(8, 30), closes=time(17, 30)) for day in range(5)
    ),
    terms=tuple(
        practice.Terms(
            document=document,
            version=version,
            title=title,
            text=f"{title}, version {version}.\n\nIt is not for emergencies: call 911.\n",
            effective=effective,
        )
        for document, title in (("terms", "Terms of use"), ("hipaa", "HIPAA agreement"))
        for version, effective in (
            ("1", date(2020, 1, 1)),
            ("2", date(2024, 1, 1)),
            ("9", date(2999, 1, 1)),
        )
    ),
)
OPEN = practice.ProfileAnswer(profile=PROFILE, support_open=True, support_opens_next=None)
CLOSED = practice.ProfileAnswer(
    profile=PROFILE, support_open=False, support_opens_next="2026-03-09T08:30:00-07:00"
)


def _row(report: str, name: str, days: int, **more: bool) -> labs.ResultRow:
    flags = {"abnormal": False, "being_corrected": False, "is_new": False} | more
    at = NOW - timedelta(days=days)
    return labs.ResultRow(
        report=report,
        name=name,
        collected=at - timedelta(days=1),
        reported=at,
        verified=at,
        **flags,
    )


RESULTS = labs.ResultsAnswer(
    results=(
        _row("r1", "Lipid panel", 1, is_new=True, abnormal=True),
        _row("r2", "Comprehensive metabolic panel", 9, is_new=True),
        _row("r3", "Thyroid stimulating hormone (TSH)", 40, being_corrected=True),
        _row("r4", "Complete blood count with differential", 200),
    )
)


def value(key: str, name: str, shown: str, **more: Any) -> labs.ResultValue:
    """One value with the usual rest."""
    given: dict[str, Any] = {"number": None, "unit": "", "range_text": "", "flag": ""}
    given |= {"status": "final", "note": ""} | more
    return labs.ResultValue(key=key, name=name, value=shown, **given)


def _trend(*numbers: float) -> tuple[labs.TrendPoint, ...]:
    start = NOW - timedelta(days=180 * len(numbers))
    return tuple(
        labs.TrendPoint(at=start + timedelta(days=180 * i), number=n) for i, n in enumerate(numbers)
    )


RESULT = labs.ResultAnswer(
    report="r1",
    name="Lipid panel",
    collected=NOW - timedelta(days=2),
    reported=NOW - timedelta(days=1),
    verified=NOW,
    verified_by="Alice Chen, MD",
    ordered_by="Alice Chen, MD",
    being_corrected=False,
    values=(
        value(
            "ldl", "LDL cholesterol", "142", number=142.0, unit="mg/dL", range_text="0 - 99",
            low=0.0, high=99.0, flag="high", trend=_trend(118, 126, 131, 139),
        ),
        value(
            "hdl", "HDL cholesterol", "54", number=54.0, unit="mg/dL", range_text="> 40",
            low=40.0, trend=_trend(51, 55),
        ),
        value("crp", "C-reactive protein", "<5", unit="mg/L", range_text="< 5"),
        value("glu", "Glucose", "88", number=88.0, unit="mg/dL", range_text="70 - 99", low=70.0, high=99.0),
        value(
            "txt", "Comment on the specimen", "Slightly hemolyzed.\nValues may be affected.",
            status="preliminary", note="Seen by the laboratory's physician.",
        ),
    ),
    note="Fasting specimen.",
)  # fmt: skip


def stub() -> Stub:
    """A stub that answers what patient pages ask; staff answers come from `stub_staff`."""
    made = Stub()
    made.callers = {"patient": PATIENT}
    made.answers = {
        practice.GetProfile: OPEN,
        identity.RequestRegistration: Nothing(),
        identity.OpenInvitation: identity.InvitationAnswer(state="open"),
        identity.AcceptDocument: Done(id="i1"),
        identity.RenewInvitation: Nothing(),
        identity.CompleteEnrolment: session(PATIENT),
        identity.SignIn: lambda fields: _signed_in(made, fields),
        identity.SignOut: Nothing(),
        labs.GetResults: RESULTS,
        labs.GetResult: lambda fields: (
            RESULT if fields["report"] == "r1" else problem(404, "not-found", "No such result.")
        ),
        labs.MarkSeen: Done(id="r1"),
    }
    if importlib.util.find_spec("tests.unit.frontend.stub_staff"):
        importlib.import_module("tests.unit.frontend.stub_staff").add(made)
    stub_family.add(made)
    stub_security.add(made)
    return made


def session(caller: Caller) -> identity.SessionAnswer:
    """What opens a session, or one that waits for its second step."""
    waits: tuple[Any, ...] = ("totp", "recovery") if caller.role is Role.ANONYMOUS else ()
    return identity.SessionAnswer(
        second_factor=waits, caller=caller, idle_seconds=600, expires_in=43200
    )


def _signed_in(made: Stub, fields: dict[str, Any]) -> BaseModel | Response:
    """`<cookie>@harborview.example` signs in the caller with that cookie."""
    caller = made.callers.get(str(fields["email"]).partition("@")[0])
    if caller is None or fields["password"] != PASSWORD:
        return problem(401, "sign-in-refused", "The e-mail address or the password is not right.")
    return session(caller)


def main() -> None:
    """Show the pages."""
    import httpx2
    import uvicorn

    from frontend.app import build

    app = build("http://gateway", None, httpx2.ASGITransport(stub().app()))
    uvicorn.run(app, host="127.0.0.1", port=8099, log_level="warning")


if __name__ == "__main__":
    main()
