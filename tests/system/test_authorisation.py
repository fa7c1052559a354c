"""Who may do what: every operation of the OpenAPI document, as every role, about the own, a proxied
and somebody else's patient, against one table. What the table does not know fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from tests.system.whole_portal import Person, Running, until, whole_portal

ACCOUNTS = {
    "patient": "maya.lindqvist@mail.example",
    "provider": "chen@harborview.example",
    "support": "support@harborview.example",
    "clinic": "clinic@harborview.example",
    "billing": "billing@harborview.example",
    "policy": "policy@harborview.example",
    "sre": "sre@harborview.example",
}
EVERYBODY = frozenset(ACCOUNTS)
STRANGER = "stranger"
COLLEAGUE = "morales@harborview.example"


@dataclass(frozen=True, slots=True)
class Row:
    """Who may use one operation; whoever else has a session is forbidden, and a stranger signed out.

    `sent` may hold `PATIENT` and `REPORT`, which stand for the own, a proxied and somebody else's.
    `limited` are the roles to whom somebody else's is closed. `in_view`: the header X-Patient chooses.
    `ends`: it may end the session, so that it is done last, each time in a session of its own.
    """

    roles: frozenset[str]
    sent: dict[str, Any]
    limited: frozenset[str] = frozenset()
    in_view: bool = False
    ends: bool = False


PATIENT, REPORT = "{patient}", "{report}"


def public(ends: bool = False) -> Row:
    """For everybody, also without a session."""
    return Row(EVERYBODY | {STRANGER}, {}, ends=ends)


def everybody(ends: bool = False) -> Row:
    """For whoever has a session."""
    return Row(EVERYBODY, {}, ends=ends)


def only(*roles: str, **sent: Any) -> Row:
    """For these roles, whoever the patient is."""
    return Row(frozenset(roles), sent)


def own(*roles: str, ends: bool = False, **sent: Any) -> Row:
    """For these roles, as far as it is about patients of theirs."""
    return Row(frozenset(roles), sent, frozenset(roles), ends=ends)


def in_view(**sent: Any) -> Row:
    """For patients and their proxies, about the record that the header chooses."""
    return Row(frozenset({"patient"}), sent, frozenset({"patient"}), in_view=True)


TABLE: dict[str, Row] = {
    # -- practice
    "GetProfile": public(),
    "GetProviders": everybody(),
    # -- identity: coming in
    "RequestRegistration": public(),
    "OpenInvitation": public(),
    "AcceptDocument": public(),
    "CompleteEnrolment": public(),
    "RenewInvitation": public(),
    "SignIn": public(),
    "BeginPasskeySignIn": public(),
    "SignInWithPasskey": public(),
    "ConfirmSecondFactor": everybody(),  # with the session that waits for it
    "SignOut": public(ends=True),
    "RequestReset": public(),
    "OpenLink": public(),
    "ResetPassword": public(),
    "ConfirmAddress": public(),
    # -- identity: one's own account
    "GetSecurity": everybody(),
    "ChangePassword": everybody(),
    "BeginTotp": everybody(),
    "ConfirmTotp": everybody(),
    "NewRecoveryCodes": everybody(),
    "RemoveTotp": everybody(),
    "BeginPasskey": everybody(),
    "AddPasskey": everybody(),
    "RemovePasskey": everybody(),
    "EndDevice": everybody(),
    "SignOutEverywhere": everybody(ends=True),
    "ChangeEmail": everybody(),
    # -- identity: the patient and their proxies
    "GetConnections": only("patient"),
    "Disenrol": own("patient", patient=PATIENT, ends=True),
    "AcceptAgreement": own("patient", patient=PATIENT, document="terms", version="none"),
    "SetMailAddress": own("patient", patient=PATIENT, email="new.address@mail.example"),
    "RequestRelation": only("patient"),
    "GetMyRequests": only("patient"),
    "RequestCorrection": in_view(),
    "GetAccessLog": in_view(),
    # -- identity: the desk
    "RemoveFactors": only("support", email="nobody@mail.example", evidence="none"),
    "FindPatients": only("provider", "support", "clinic", text="Lindqvist"),
    "GetPatients": only("provider", "support", "clinic", patients=[PATIENT]),
    "GetPatient": Row(
        frozenset({"patient", "provider", "support", "clinic"}),
        {"patient": PATIENT},
        frozenset({"patient"}),
        in_view=True,
    ),
    "MergePatient": only("support", patient=PATIENT),
    "RegistrationQueue": only("support"),
    "GetRegistration": only("support"),
    "TakeRegistration": only("support"),
    "VerifyRegistration": only("support", patient=PATIENT),
    "RejectRegistration": only("support"),
    "Invitations": only("support", "clinic", patient=PATIENT),
    "SendInvitation": only("support", "clinic", patient=PATIENT),
    "ResendInvitation": only("support", "clinic"),
    "RevokeInvitation": only("support", "clinic"),
    "GetItems": only("support"),
    "GetItem": only("support"),
    "TakeItem": only("support"),
    "CloseItem": only("support"),
    "VerifyRelation": only("support", "clinic", patient=PATIENT),
    "ConfirmRelation": only("support", "clinic", patient=PATIENT),
    "EndRelation": only("support", "clinic", patient=PATIENT),
    "PreviewCorrection": only("support", patient=PATIENT, born="1990-01-01"),
    "CorrectPatient": only("support", patient=PATIENT),
    "GetPatientAccount": only("support", "clinic", patient=PATIENT),
    # -- identity: the provider
    "BreakGlass": only("provider", patient=PATIENT),
    "CoverColleague": only("provider"),
    "EndCover": only("provider"),
    "GetCovers": only("provider"),
    # -- labs
    "GetResults": in_view(),
    "GetResult": in_view(report=REPORT),
    "MarkSeen": in_view(report=REPORT),
    "GetInbox": only("provider"),
    "GetReport": own("provider", report=REPORT),
    "VerifyReport": own("provider", report=REPORT, revision=0),
    "ViewResults": own("provider", patient=PATIENT),
    "ViewResult": own("provider", patient=PATIENT, report=REPORT),
    "GetHeld": only("policy"),
    "MapCode": only("policy"),
    "MapOrderer": only("policy", report=REPORT),
    "ResolveOrderer": only("policy", report=REPORT),
    "GetPolicies": only("policy"),
    "GetPolicyVersion": only("policy"),
    "GetCategory": only("policy", category="hiv"),
    "DraftPolicy": only("policy"),
    "DryRunPolicy": only("policy"),
    "ApprovePolicy": only("policy"),
    "DiscardPolicy": only("policy"),
    "RollBackPolicy": only("policy"),
    "ExplainReport": only("policy", report=REPORT),
    "ReportMissing": in_view(),
    "GetMyMissing": in_view(),
    "GetMissingTickets": only("support", "policy"),
    "TakeMissing": only("support", "policy"),
    "AnswerMissing": only("support", "policy"),
    "GetTrail": only("policy", patient=PATIENT),
    # -- notifier, interop
    "GetEmails": only("sre", "support"),
    "GetQuarantine": only("sre", "support", "policy"),
    "GetMessage": only("sre", "support", "policy"),
    "OpenMessage": only("support"),
    "RetryMessage": only("sre", "support", "policy"),
    "RetryMessages": only("sre", "support", "policy"),
    "DiscardMessage": only("sre", "support", "policy"),
    "GetSummary": only("sre", "support", "policy"),
    "GetSenders": only("sre", "support", "policy"),
    "MapSender": only("support", "policy"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient, and a report of theirs where there is one."""

    patient: str
    report: str


@dataclass(frozen=True, slots=True)
class World:
    """The demo's portal, its operations, and whose data each role is tried with."""

    portal: Running
    operations: dict[str, tuple[str, str]]
    own: Subject
    proxied: Subject
    other: Subject

    def person(self, role: str) -> Person:
        """Somebody of this role, in a session of their own."""
        person = Person(self.portal.gateway)
        if role != STRANGER:
            person.sign_in(ACCOUNTS[role], self.portal.password_of(ACCOUNTS[role]))
        return person


@pytest.fixture(scope="module")
def world(engine: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A portal that does not count how often it is asked. Maya acts for her son Otto, and has nothing
    to do with Amos; Dr. Chen has ordered for Maya and never for Amos.
    """
    rates = {f"PORTAL_RATE_{door}": "100000/second" for door in ("SESSION", "PUBLIC", "COOKIE")}
    with whole_portal(tmp_path_factory.mktemp("portal"), **engine, **rates) as portal:
        maya, support, colleague = (
            _signed_in(portal, email)
            for email in (ACCOUNTS["patient"], ACCOUNTS["support"], COLLEAGUE)
        )
        otto = _patient(support, "Lindqvist, Otto")
        _connect(maya, support, otto)
        amos = _patient(support, "Whitaker, Amos")
        waiting = colleague.get("labs/inbox").json()["reports"]
        mine = maya.get("labs/results").json()["results"][0]["report"]
        yield World(
            portal=portal,
            operations=_operations(maya),
            own=Subject(_patient(support, "Lindqvist, Maya"), mine),
            proxied=Subject(otto, mine),  # nothing of Otto's is verified
            other=Subject(amos, next(r["report"] for r in waiting if r["patient"] == amos)),
        )


def test_the_table_is_about_every_operation_of_the_document_and_no_other(world: World) -> None:
    assert set(TABLE) == set(world.operations)


@pytest.mark.parametrize("role", [*ACCOUNTS, STRANGER])
def test_a_role_may_do_what_the_table_says_and_nothing_else(world: World, role: str) -> None:
    person = world.person(role)
    wrong = []
    for name, row in sorted(TABLE.items(), key=_order):
        for case, subject, in_view, expected in _cases(world, row, role):
            who = world.person(role) if row.ends else person
            answer = _ask(who, world.operations[name], row, subject, in_view)
            if not _is(expected, answer):
                wrong.append(f"{name} ({case}): {answer.status_code}, not {expected}")
    assert not wrong, "\n".join(wrong)


def _order(entry: tuple[str, Row]) -> tuple[bool, bool]:
    """What ends sessions last, and what ends the access after that."""
    name, row = entry
    return row.ends, name == "Disenrol"


def _cases(world: World, row: Row, role: str) -> Iterator[tuple[str, Subject, Subject | None, str]]:
    """What to try: a name, whose data is asked for, whose record is in view, what must come of it."""
    may = "allowed" if role in row.roles else "signed out" if role == STRANGER else "forbidden"
    chooses = row.in_view and role == "patient"
    other = "closed" if may == "allowed" and role in row.limited else may
    if row.in_view or _is_about_somebody(row):
        yield "other's", world.other, world.other if chooses else None, other
        if chooses and _is_about_somebody(row):
            yield "other's from the own record", world.other, world.own, other
        if role != "provider":  # whom a provider covers: tests/unit/labs/test_reaching.py
            yield "proxied", world.proxied, world.proxied if chooses else None, may
    yield "own", world.own, world.own if chooses else None, may


def _is_about_somebody(row: Row) -> bool:
    return any(value in (PATIENT, REPORT, [PATIENT]) for value in row.sent.values())


def _is(expected: str, answer: httpx.Response) -> bool:
    """`allowed` is whatever the service itself made of the request, a refusal by its rules too."""
    code = answer.json().get("code", "") if answer.status_code >= 400 else ""
    match expected:
        case "allowed":
            return answer.status_code not in (401, 403, 405) and answer.status_code < 500
        case "forbidden":
            return (answer.status_code, code) == (403, "forbidden")
        case "closed":
            return (answer.status_code, code) in ((404, "not-found"), (403, "break-glass"))
        case _:
            return (answer.status_code, code) == (401, "signed-out")


def _ask(
    person: Person, operation: tuple[str, str], row: Row, subject: Subject, in_view: Subject | None
) -> httpx.Response:
    meant: dict[Any, Any] = {PATIENT: subject.patient, REPORT: subject.report}
    sent = {
        name: [subject.patient] if value == [PATIENT] else meant.get(value, value)
        for name, value in row.sent.items()
    }
    method, path = operation
    headers = {"X-Patient": in_view.patient} if in_view else {}
    if method == "GET":
        return person.http.get(path, params=sent, headers=headers)
    return person.http.request(method, path, json=sent, headers=headers)


def _operations(person: Person) -> dict[str, tuple[str, str]]:
    """Method and path of every operation of the document, by its id."""
    paths = person.http.get("/api/v1/openapi.json").json()["paths"]
    return {
        described["operationId"]: (method.upper(), path)
        for path, methods in paths.items()
        for method, described in methods.items()
    }


def _signed_in(portal: Running, email: str) -> Person:
    person = Person(portal.gateway)
    person.sign_in(email, portal.password_of(email))
    return person


def _patient(support: Person, name: str) -> str:
    found = support.get("identity/find-patients", text=name).json()["patients"]
    return str(found[0]["patient"])


def _connect(parent: Person, support: Person, child: str) -> None:
    """Support has seen the birth certificate, and the parent accepts the documents for the child."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    verified = support.post(
        "identity/verify-relation",
        patient=child, email=ACCOUNTS["patient"], given="Maya", family="Lindqvist",
        basis="parent", evidence="birth-certificate", since=yesterday.isoformat(),
    )  # fmt: skip
    assert verified.status_code in (201, 409), verified.text  # the demo may have done it
    connections = parent.get("identity/connections").json()
    for document in ("terms", "hipaa"):
        accepted = parent.post(
            "identity/accept-agreement",
            patient=child, document=document, version=connections[document],
        )  # fmt: skip
        assert accepted.status_code in (201, 409), accepted.text
    until(lambda: (child, "open") in _records(parent))


def _records(person: Person) -> list[tuple[str, str]]:
    said = person.get("session").json()["records"]
    return [(record["patient"], record["state"]) for record in said]
