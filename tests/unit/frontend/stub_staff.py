"""Canned answers for staff pages: callers of every role, and queues with every kind of row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contracts import identity, interop, labs, notifier, practice
from contracts.common import Address, Caller, Done, HumanName, Role
from tests.unit.frontend import stub_accounts, stub_messages, stub_missing, stub_policy
from tests.unit.frontend.stub import NOW, Stub, problem

CALLERS = {
    "provider": Caller(
        subject="s1",
        role=Role.PROVIDER,
        provider="chen",
        name="Alice Chen, MD",
        covers=("brandt",),
        glass=("p3",),
    ),
    "support": Caller(subject="s2", role=Role.SUPPORT, name="Sam Ortega"),
    "clinic": Caller(subject="s3", role=Role.CLINIC, name="Dana Whitfield"),
    "billing": Caller(subject="s6", role=Role.BILLING, name="Petra Olsen"),
    "policy": Caller(subject="s4", role=Role.POLICY, name="Ruth Calloway"),
    "sre": Caller(subject="s5", role=Role.SRE, name="Tomas Lind"),
}


def card(patient: str, family: str, given: str, **more: Any) -> identity.PatientCard:
    """A patient with the usual rest."""
    filled: dict[str, Any] = {
        "born": date(1985, 3, 27),
        "sex": "female",
        "address": Address(line="12 Harbor Way", city="Oakland", state="CA", zip="94607"),
        "email": f"{given.split()[0].lower()}@mail.example",
        "enrolled": False,
        "record_numbers": (f"HV-{patient}",),
    }
    return identity.PatientCard(
        patient=patient, name=HumanName(family=family, given=given), **filled | more
    )


ROSA = card("p1", "Alvarez", "Rosa")
ROSE = card("p2", "Alvarez", "Rose Marie", address=Address(line="4 Pier St", zip="94608"))
GRACE = card("p3", "Lindqvist-Montgomery", "Grace", enrolled=True, born=date(1951, 11, 2))

FORM = identity.RegistrationForm(
    family="Álvarez",
    given="Rosa",
    born=date(1985, 3, 27),
    zip="94607",
    line="12 Harbor Way",
    email="rosa.new@mail.example",
    phone="415 555 0188",
)

MINOR = identity.RegistrationForm(
    family="Okafor", given="Chidi", born=date(2014, 3, 24), email="maria@mail.example"
)


def registration(id: str, state: Any, days: int, **more: Any) -> identity.RegistrationItem:
    """An item that came so many days ago."""
    received = NOW - timedelta(days=days)
    filled: dict[str, Any] = {
        "reason": "no identifier fits",
        "received": received,
        "due": received + timedelta(days=2),
        "overdue": days > 2,
        "form": FORM,
    }
    return identity.RegistrationItem(registration=id, state=state, **filled | more)


ITEMS = (
    registration("g1", "taken", 5, taken_by="Sam Ortega", candidates=(ROSA, ROSE)),
    registration("g2", "taken", 1, taken_by="Kim Doyle", reason="several records fit"),
    registration("g3", "open", 0, form=identity.RegistrationForm(family="Okafor")),
    registration(
        "g4",
        "taken",
        0,
        taken_by="Sam Ortega",
        reason="under 18",
        candidates=(stub_accounts.CHIDI,),
        form=MINOR,
    ),
)


def invitation(id: str, state: Any, **more: Any) -> identity.InvitationRow:
    """An invitation to Rosa."""
    sent = NOW - timedelta(days=3)
    filled: dict[str, Any] = {
        "patient": "p1",
        "name": ROSA.name,
        "email": "rosa.new@mail.example",
        "created": sent,
        "sent": sent,
        "expires": sent + timedelta(days=60),
    }
    return identity.InvitationRow(invitation=id, state=state, **filled | more)


INVITATIONS = (
    invitation("i1", "opened", steps=("terms",)),
    invitation("i2", "failed", sent=None, expires=None),
    invitation("i3", "completed", steps=("terms", "hipaa")),
    invitation("i4", "expired"),
)

INBOX = (
    labs.InboxRow(
        report="b1", patient="p1", name="Comprehensive metabolic panel", orderer="Alice Chen, MD",
        collected=NOW - timedelta(days=2), reported=NOW - timedelta(days=1), abnormal=True,
        corrected=False,
    ),
    labs.InboxRow(
        report="b2", patient="p3", name="Hemoglobin A1c", orderer="Alice Chen, MD",
        collected=None, reported=NOW, abnormal=False, corrected=True,
    ),
)  # fmt: skip


def staff_value(key: str, name: str, shown: str, **more: Any) -> labs.StaffValue:
    """One value as staff see it."""
    filled: dict[str, Any] = {
        "codes": (labs.Coding(system="loinc", code=f"{key}-0", text=name),),
        "unit": "mg/dL",
        "range_text": "70 - 99",
        "flag": "",
        "status": "final",
        "note": "",
        "ruling": "release",
        "verified": False,
    }
    return labs.StaffValue(key=key, value=shown, **filled | more)


VALUES = (
    staff_value("2345", "Glucose", "131", flag="high"),
    staff_value("2823", "Potassium", "6.4", unit="mmol/L", range_text="3.5 - 5.1",
                flag="critical-high", note="Repeated and confirmed."),
    staff_value("2160", "Creatinine", "0.9", range_text="0.6 - 1.1", verified=True),
    staff_value("5196", "Hepatitis B virus surface antigen", "Non-reactive", unit="",
                range_text="Non-reactive", ruling="block", category="hepatitis",
                matcher="loinc:5196-1"),
)  # fmt: skip
OLD = labs.ReportVersion(
    revision=1, reported=NOW - timedelta(days=2), received=NOW - timedelta(days=2),
    status="final", late=False, verified=NOW - timedelta(days=2), verified_by="Alice Chen, MD",
    values=(labs.VersionValue(key="2345", name="Glucose", value="113", unit="mg/dL",
                              flag="high", status="final"),),
)  # fmt: skip
REPORT = labs.ReportAnswer(
    report="b1", patient="p1", name="Comprehensive metabolic panel", codes=(), sender="LABSYS",
    orderer="Alice Chen, MD", orderer_ids=("9000000017",), ordered=NOW - timedelta(days=3),
    collected=NOW - timedelta(days=2), reported=NOW - timedelta(days=1), status="corrected",
    revision=2, verified=None, verified_by="", ruling="release", category="",
    policy="2000-01-01 a1b2c3", values=VALUES, held_reasons=(), note="Fasting specimen.",
    versions=(OLD,),
)  # fmt: skip

UNKNOWN = labs.Coding(system="LABSYS", code="XQ77", text="Special marker, serum")
HELD = (
    labs.HeldRow(report="h1", name="Special marker, serum", sender="LABSYS",
                 reported=NOW - timedelta(days=4), reasons=("code", "orderer"),
                 unknown_codes=(UNKNOWN,), orderer="J. Brandt", orderer_ids=("9000000099",)),
    labs.HeldRow(report="h2", name="Special marker, serum", sender="LABSYS",
                 reported=NOW - timedelta(days=1), reasons=("code",),
                 unknown_codes=(UNKNOWN,), orderer="Alice Chen, MD"),
    labs.HeldRow(report="h3", name="Complete blood count", sender="EASTLAB", reported=NOW,
                 reasons=("collection-time",), unknown_codes=(), orderer="Priya Singh, MD"),
    labs.HeldRow(report="h4", name="Ferritin", sender="LABSYS", reported=NOW, unknown_codes=(),
                 reasons=("orderer",), orderer="Brandt, J.", orderer_ids=("9000000099",)),
    labs.HeldRow(report="h5", name="Basic metabolic panel", sender="EASTLAB", reported=NOW,
                 reasons=("orderer",), unknown_codes=(), orderer=""),
)  # fmt: skip
OURS = (practice.Affiliation(since=date(2015, 1, 1)),)
DIRECTORY = (
    practice.Provider(
        id="chen", name="Alice Chen, MD", specialty="Family medicine", affiliations=OURS
    ),
    practice.Provider(
        id="brandt", name="Jonas Brandt, MD", specialty="Internal medicine", affiliations=OURS
    ),
)

EMAILS = (
    notifier.EmailRow(email="e1", kind="invitation", state="failed", at=NOW, reason="SMTP 550"),
    notifier.EmailRow(email="e2", kind="new-result", state="not-sent", at=NOW, reason="stale"),
)
SUMMARY = (
    interop.SummaryRow(kind="ORU^R01", outcome="applied", count=12345),
    interop.SummaryRow(kind="ORU^R01", outcome="quarantined", count=1),
    interop.SummaryRow(kind="ADT^A04", outcome="applied", count=80),
)
LATER = (interop.WaitingRow(service="scheduling", command="PostVisit", count=31),)


def add(made: Stub) -> None:
    """What staff pages ask, answered."""
    made.callers |= CALLERS
    made.answers |= {
        identity.RegistrationQueue: identity.RegistrationsAnswer(items=ITEMS),
        identity.GetRegistration: _registration,
        identity.TakeRegistration: Done(id="g3"),
        identity.VerifyRegistration: Done(id="i9"),
        identity.RejectRegistration: Done(id="g1"),
        identity.FindPatients: identity.PatientsAnswer(patients=(ROSA, GRACE)),
        identity.GetPatient: _patient,
        identity.GetPatients: identity.PatientsAnswer(patients=(ROSA, GRACE)),
        identity.Invitations: identity.InvitationsAnswer(invitations=INVITATIONS),
        identity.SendInvitation: Done(id="i9"),
        identity.ResendInvitation: Done(id="i9"),
        identity.RevokeInvitation: Done(id="i1"),
        labs.GetInbox: labs.InboxAnswer(reports=INBOX),
        labs.GetReport: _report,
        labs.VerifyReport: Done(id="b1"),
        labs.GetHeld: labs.HeldAnswer(reports=HELD),
        labs.MapCode: Done(id="c1"),
        labs.ResolveOrderer: Done(id="h1"),
        practice.GetProviders: practice.ProvidersAnswer(providers=DIRECTORY),
        notifier.GetEmails: notifier.EmailsAnswer(emails=EMAILS),
        interop.GetSummary: interop.SummaryAnswer(rows=SUMMARY, waiting=LATER),
    }
    stub_accounts.add(made, (ROSA, ROSE, GRACE))
    stub_policy.add(made)
    stub_messages.add(made)
    stub_missing.add(made)
    for service in ("practice", "identity", "labs", "notifier"):
        made.extra[f"/api/v1/ops/{service}/health"] = _health
        made.extra[f"/api/v1/ops/{service}/parked"] = _parked
    for what in ("health", "parked"):
        made.extra[f"/api/v1/ops/interop/{what}"] = _silent


def _registration(fields: dict[str, Any]) -> identity.RegistrationAnswer | Response:
    found = [item for item in ITEMS if item.registration == fields["registration"]]
    if not found:
        return problem(404, "not-found", "There is no such item.")
    return identity.RegistrationAnswer(item=found[0])


def _patient(fields: dict[str, Any]) -> identity.PatientsAnswer | Response:
    found = [
        one for one in (ROSA, ROSE, GRACE, stub_accounts.CHIDI) if one.patient == fields["patient"]
    ]
    if not found:
        return problem(404, "not-found", "There is no such patient.")
    return identity.PatientsAnswer(patients=tuple(found))


def _report(fields: dict[str, Any]) -> labs.ReportAnswer | Response:
    if fields["report"] != "b1":
        return problem(404, "not-found", "There is no such report.")
    return REPORT


def _health(request: Request) -> Response:
    service = request.url.path.split("/")[4]
    held = 1 if service == "notifier" else 0
    reactions = [{"name": "match-registration", "lag": held * 7, "waiting": held}]
    said = {
        "service": service,
        "stage": "working",
        "folded": [0, 0],
        "head": 48210,
        "outbox": 0,
        "repaired": 0,
    }
    return JSONResponse(said | {"reactions": reactions})


def _parked(request: Request) -> Response:
    if "notifier" not in request.url.path:
        return JSONResponse({"items": []})
    item = {"reaction": "send-invitation", "position": 77, "event": "InvitationIssued"}
    item |= {"state": "parked", "attempts": 8, "due": NOW.isoformat(), "error": "TimeoutError"}
    return JSONResponse({"items": [item]})


def _silent(request: Request) -> Response:
    return problem(503, "unavailable", "A part of the portal does not answer.")
