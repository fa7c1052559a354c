"""The main job through the API, on the real thing: register, be invited, enrol, see a result."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.demo.people import people
from tests.system.whole_portal import Person, Running, invitation_in, until

FRAME = b"\x0b%b\x1c\r"
PASSWORD = "thistle-window-marble-otter"  # a made-up account
ADDRESS = "noelle.delacroix@mail.example"


def send_mllp(port: int, message: str) -> str:
    """Send one HL7 message as a laboratory would; the acknowledgement."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as wire:
        wire.sendall(FRAME % message.replace("\n", "\r").encode())
        got = b""
        while not got.endswith(b"\x1c\r"):
            got += wire.recv(65536)
    return got.decode()


def potassium(
    mrn: str, number: str, value: str, orderer: str = "9000000017^Chen^Alice", days_ago: int = 0
) -> str:
    """An ordinary ORU^R01 that we wrote: one potassium."""
    now = (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y%m%d%H%M%S+0000")
    flag = "H" if float(value) > 5.1 else "N"
    return "\n".join(
        [
            rf"MSH|^~\&|LAB|HARBORLAB|PORTAL|HV|{now}||ORU^R01|{number}|P|2.5.1",
            f"PID|1||{mrn}^^^HVMG^MR||Delacroix^Noelle||19970908|F",
            f"OBR|1||{number}|24321-2^Basic metabolic panel^LN|||{now}|||||||||"
            f"{orderer}^^^^MD^^NPI^L^^^NPI||||||{now}||LAB|F",
            f"OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L|3.5-5.1|{flag}|||F|||{now}",
        ]
    )


def form_of(given: str) -> dict[str, Any]:
    """The sign-up form of one of the demo's patients."""
    today = datetime.now(ZoneInfo("America/Los_Angeles")).date()
    found = next(p for p in people(today) if p.given == given)
    return {
        "family": found.family, "given": found.given, "born": found.born.isoformat(),
        "zip": found.zip, "line": found.line, "email": found.email,
        "record_number": found.mrn,
    }  # fmt: skip


@pytest.mark.rule("R48", "R49")
def test_match_and_no_match_get_the_same_bytes_and_only_a_match_gets_mail(
    portal: Running, stranger: Person, support: Person
) -> None:
    right = stranger.post("identity/request-registration", **form_of("Noelle"))
    wrong = stranger.post(
        "identity/request-registration",
        **{**form_of("Samuel"), "record_number": "HV99999", "zip": "00000"},
    )
    assert (right.status_code, right.content) == (wrong.status_code, wrong.content)
    assert {k for k in right.headers if k != "date"} == {k for k in wrong.headers if k != "date"}
    until(lambda: portal.mails(to=ADDRESS))
    queue = until(lambda: support.get("identity/registration-queue").json()["items"])
    assert [item["form"]["given"] for item in queue] == ["Samuel"]
    assert not portal.mails(to="samuel.abara@mail.example")


@pytest.mark.rule("R50", "S1")
def test_support_verifies_an_unmatched_registration_and_the_invitation_goes_out(
    portal: Running, support: Person
) -> None:
    item = support.get("identity/registration-queue").json()["items"][0]
    found = support.get("identity/find-patients", text="Abara").json()["patients"][0]
    registration = item["registration"]
    assert support.post("identity/take-registration", registration=registration).status_code == 201
    verified = support.post(
        "identity/verify-registration",
        registration=registration, patient=found["patient"], evidence="photo id at the desk",
    )  # fmt: skip
    assert verified.status_code == 201, verified.text
    until(lambda: portal.mails(to="samuel.abara@mail.example"))


@pytest.mark.rule("R51", "R56", "R53")
def test_the_invited_patient_accepts_in_order_and_is_signed_in(
    portal: Running, stranger: Person
) -> None:
    link, code = invitation_in(portal.mails(to=ADDRESS)[0]["text"])
    opened = stranger.post("identity/open-invitation", link=link)
    steps = {"terms_accepted": False, "hipaa_accepted": False, "for_another": False}
    assert opened.json() == {"state": "open", **steps}
    profile = stranger.get("practice/profile").json()["profile"]
    versions = {t["document"]: t["version"] for t in profile["terms"]}
    finish = {"link": link, "code": code, "born": form_of("Noelle")["born"], "password": PASSWORD}
    early = stranger.post("identity/complete-enrolment", **finish)
    assert early.status_code == 409
    for document in ("terms", "hipaa"):
        accepted = stranger.post(
            "identity/accept-document", link=link, document=document, version=versions[document]
        )
        assert accepted.status_code in (200, 201), accepted.text
    done = stranger.post("identity/complete-enrolment", **finish)
    assert done.status_code == 200, done.text
    assert "cookie" not in done.json()
    assert stranger.get("labs/results").json() == {"results": []}
    again = stranger.post("identity/complete-enrolment", **finish)
    assert again.status_code in (409, 410)


@pytest.mark.rule("R18", "R19", "S4")
def test_a_result_appears_the_moment_its_provider_verifies_it_and_not_before(
    portal: Running, stranger: Person, doctor: Person
) -> None:
    stranger.sign_in(ADDRESS, PASSWORD)
    before = len(portal.mails(to=ADDRESS))
    assert "MSA|AA" in send_mllp(portal.mllp, potassium("HV20012", "SYS0001", "4.2"))
    row = until(lambda: _waiting(doctor, "SYS0001"))
    assert stranger.get("labs/results").json() == {"results": []}
    assert stranger.get("labs/result", report=row["report"]).status_code == 404
    report = doctor.get("labs/report", report=row["report"]).json()
    verified = doctor.post("labs/verify-report", report=row["report"], revision=report["revision"])
    assert verified.status_code == 201, verified.text
    listed = stranger.get("labs/results").json()["results"]
    assert [r["report"] for r in listed] == [row["report"]]
    value = stranger.get("labs/result", report=row["report"]).json()["values"][0]
    assert (value["value"], value["unit"], value["range_text"]) == ("4.2", "mmol/L", "3.5-5.1")
    until(lambda: len(portal.mails(to=ADDRESS)) > before)
    mail = portal.mails(to=ADDRESS)[0]
    assert not any(word in mail["text"].lower() for word in ("potassium", "4.2", "metabolic"))


@pytest.mark.rule("R20", "R30")
def test_an_external_order_is_never_shown_even_when_verified(
    portal: Running, stranger: Person
) -> None:
    stranger.sign_in(ADDRESS, PASSWORD)
    external = "9000000082^Lake^Robert"
    send_mllp(portal.mllp, potassium("HV20012", "SYS0002", "4.9", external))
    assert len(stranger.get("labs/results").json()["results"]) == 1


def test_a_repeated_command_gives_the_first_answer_and_another_body_is_refused(
    portal: Running, stranger: Person
) -> None:
    stranger.sign_in(ADDRESS, PASSWORD)
    report = stranger.get("labs/results").json()["results"][0]["report"]
    first = stranger.post("labs/mark-seen", key="once", report=report)
    again = stranger.post("labs/mark-seen", key="once", report=report)
    other = stranger.post("labs/mark-seen", key="once", report="another")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert other.status_code == 422
    assert other.json()["code"] == "key-reused"


def test_bad_input_is_a_clear_problem_and_never_our_mistake(stranger: Person) -> None:
    for body in (b"", b"{", b"[]", b'{"family": 7}', b'{"surprise": true}', b"\xff\xfe"):
        answer = stranger.http.post(
            "/api/v1/identity/request-registration", content=body,
            headers={"content-type": "application/json"},
        )  # fmt: skip
        assert answer.status_code == 422, (body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    big = stranger.http.post("/api/v1/identity/request-registration", content=b"x" * 300_000)
    assert big.status_code == 413
    assert stranger.http.get("/api/v1/nothing/here").status_code == 404
    number = stranger.post("identity/request-registration", **{**form_of("Samuel"), "born": 0})
    assert (number.status_code, list(number.json()["errors"])) == (422, ["born"])
    other = stranger.http.delete("/api/v1/labs/results")
    assert (other.status_code, other.headers["allow"]) == (405, "GET")
    assert stranger.get("labs/results").status_code == 401


def test_roles_see_what_is_theirs_only(patient: Person, doctor: Person, support: Person) -> None:
    assert support.get("labs/inbox").status_code == 403
    assert support.get("labs/results").status_code == 403
    assert doctor.get("identity/registration-queue").status_code == 403
    assert patient.get("labs/inbox").status_code == 403
    assert patient.get("identity/find-patients", text="Abara").status_code == 403
    assert patient.get("ops/labs/health").status_code == 403


@pytest.mark.rule("R45")
def test_ten_idle_minutes_end_the_session_and_background_calls_do_not_help(
    portal: Running, patient: Person
) -> None:
    assert patient.get("labs/results").status_code == 200
    portal.move_clock(5 * 60)
    until(lambda: float(patient.get("session", background=True).json()["idle_in"]) < 310)
    portal.move_clock(4 * 60 + 50)
    until(lambda: float(patient.get("session", background=True).json()["idle_in"]) < 20)
    portal.move_clock(11)
    ended = until(lambda: _ended(patient))
    assert ended.json()["code"] == "signed-out"
    assert patient.get("labs/results").status_code == 401


def test_the_document_describes_every_open_operation(stranger: Person) -> None:
    paths = stranger.http.get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/labs/verify-report" in paths
    assert not any("exchange" in path or "may-notify" in path for path in paths)


def _waiting(doctor: Person, number: str) -> Any:
    rows = doctor.get("labs/inbox").json()["reports"]
    return next((row for row in rows if number.lower() in row["report"].lower()), None)


def _ended(person: Person) -> Any:
    answer = person.get("session", background=True)
    return answer if answer.status_code == 401 else None


def test_every_file_that_the_portal_makes_is_its_users_own(portal: Running) -> None:
    theirs = portal.data / "clock-offset"  # these tests move the clock
    made = [path for path in portal.data.rglob("*") if path.exists() and path != theirs]
    assert len(made) > 10
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_the_bus_keeps_no_name_of_anybody(portal: Running, patient: Person) -> None:
    assert patient.get("session").json()["caller"]["name"] == "Maya Lindqvist"  # a session is open
    kept = [path for path in (portal.data / "nats").rglob("*") if path.is_file()]
    names = {person.family.encode() for person in people(datetime.now(UTC).date())}
    assert kept
    for path in kept:
        content = path.read_bytes()
        assert [name for name in names if name in content] == [], path.name
