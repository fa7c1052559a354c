"""The provider's inbox (S4) and the holding queue (S5)."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity, labs
from frontend.presenters import held as present_held
from frontend.presenters import inbox as present_inbox
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_staff import HELD, INBOX, REPORT, VALUES

AT = "/staff/inbox"


@pytest.fixture
def provider(browser: TestClient) -> TestClient:
    """A provider, at a browser without scripts."""
    browser.cookies.set("sid", "provider")
    return browser


@pytest.fixture
def policy(browser: TestClient) -> TestClient:
    """Who keeps the release policy."""
    browser.cookies.set("sid", "policy")
    return browser


@pytest.mark.rule("S4")
def test_the_inbox_names_patients_and_flags_what_is_abnormal(
    provider: TestClient, back: Stub
) -> None:
    page = provider.get(AT).text
    assert page.index("Alvarez, Rosa") < page.index("Lindqvist-Montgomery, Grace")
    assert page.count("Abnormal") == 1
    assert page.count(">Corrected<") == 1
    assert back.last(labs.GetInbox).fields == {}


@pytest.mark.rule("S4")
def test_cover_shows_everyones(provider: TestClient, back: Stub) -> None:
    page = provider.get(f"{AT}?cover=1").text
    assert back.last(labs.GetInbox).fields == {"cover": "true"}
    assert "Ordered by Alice Chen, MD" in page
    assert f"{AT}/b1?cover=1" in page


def test_a_long_inbox_asks_for_names_in_portions(provider: TestClient, back: Stub) -> None:
    many = tuple(INBOX[0].model_copy(update={"patient": f"p{n}"}) for n in range(150))
    back.answers[labs.GetInbox] = labs.InboxAnswer(reports=many)
    page = provider.get(AT).text
    assert back.names().count("GetPatients") == 2
    assert "Patient p149" in page  # the index does not know this one
    assert "150 waiting, oldest first" in page


def test_a_queue_longer_than_its_page_does_not_claim_to_be_all(
    provider: TestClient, back: Stub
) -> None:
    many = tuple(INBOX[0].model_copy(update={"report": f"r{n}"}) for n in range(200))
    back.answers[labs.GetInbox] = labs.InboxAnswer(reports=many)
    assert "The oldest 200; more may be waiting" in provider.get(AT).text


def test_an_empty_inbox_asks_for_no_names(provider: TestClient, back: Stub) -> None:
    back.answers[labs.GetInbox] = labs.InboxAnswer(reports=())
    assert "All reviewed" in provider.get(AT).text
    assert "GetPatients" not in back.names()


@pytest.mark.rule("S4", "R30")
def test_a_blocked_value_says_that_it_will_not_reach_the_portal(provider: TestClient) -> None:
    page = provider.get(f"{AT}/b1").text
    assert "Will not reach the portal: Hepatitis A to E" in page
    assert "LOINC number 5196-1" in page
    assert "Verify all 3" in page
    assert "Critical high" in page
    assert "Earlier versions (1)" in page


@pytest.mark.rule("S4", "R18")
def test_verify_all_sends_the_revision_that_was_seen(provider: TestClient, back: Stub) -> None:
    page = provider.get(f"{AT}/b1").text
    assert '<input type="hidden" name="revision" value="2">' in page
    sent = {"key": "k", "revision": "2", "what": "all", "values": "2345"}
    done = provider.post(f"{AT}/b1/verify?cover=1", data=sent)
    assert done.headers["location"] == f"{AT}?done=reviewed&cover=1"
    asked = back.last(labs.VerifyReport)
    assert asked.fields == {"report": "b1", "revision": 2, "keys": []}
    assert asked.headers["idempotency-key"] == "k"


@pytest.mark.rule("S4")
def test_verify_some_of_a_panel(provider: TestClient, back: Stub) -> None:
    none = provider.post(f"{AT}/b1/verify", data={"key": "k", "revision": "2", "what": "some"})
    assert none.status_code == 422
    assert "Choose at least one value" in none.text
    sent = {"key": "k", "revision": "2", "what": "some", "values": ["2345", "2823"]}
    done = provider.post(f"{AT}/b1/verify", data=sent)
    assert done.headers["location"] == f"{AT}/b1?done=reviewed-some"
    assert back.last(labs.VerifyReport).fields["keys"] == ["2345", "2823"]


@pytest.mark.rule("S4")
def test_a_newer_version_that_came_in_between_is_shown(provider: TestClient, back: Stub) -> None:
    sentence = "A newer version of this report came in. Please look again."
    back.answers[labs.VerifyReport] = problem(409, "stale", sentence)
    back.answers[labs.GetReport] = REPORT.model_copy(update={"revision": 3})
    sent = {"key": "k", "revision": "2", "what": "all"}
    answer = provider.post(f"{AT}/b1/verify", data=sent)
    assert answer.status_code == 409
    assert "A newer version has just come in" in answer.text
    assert 'name="revision" value="3"' in answer.text


def test_a_verified_report_has_nothing_to_press(provider: TestClient, back: Stub) -> None:
    seen = tuple(value.model_copy(update={"verified": True}) for value in VALUES)
    back.answers[labs.GetReport] = REPORT.model_copy(update={"values": seen})
    assert 'name="what"' not in provider.get(f"{AT}/b1").text


def test_a_report_of_a_patient_whom_the_index_does_not_know(
    provider: TestClient, back: Stub
) -> None:
    back.answers[identity.GetPatient] = problem(404, "not-found", "There is no such patient.")
    assert "Patient p1" in provider.get(f"{AT}/b1").text
    assert provider.get(f"{AT}/b9").status_code == 404


@pytest.mark.parametrize(
    ("ruling", "reasons", "words"),
    [
        ("release", (), ""),
        ("block", (), "will not reach the portal: Hepatitis A to E"),
        ("hold", ("orderer",), "the orderer is not known"),
    ],
)
def test_what_holds_for_a_whole_report(ruling: str, reasons: tuple[str, ...], words: str) -> None:
    report = REPORT.model_copy(
        update={"ruling": ruling, "category": "hepatitis", "held_reasons": reasons}
    )
    said = present_inbox.whole(report)
    assert words in said
    assert bool(said) == bool(words)


@pytest.mark.rule("S4", "R54")
def test_what_was_collected_at_12_to_17_says_so(provider: TestClient, back: Stub) -> None:
    back.answers[labs.GetReport] = REPORT.model_copy(update={"age": True})
    page = provider.get(f"{AT}/b1").text
    assert "This whole order will not reach the portal: it was collected at 12 to 17" in page
    assert page.count("Will not reach the portal: collected at 12 to 17") == 3
    assert "May be shown" not in page


@pytest.mark.rule("S5")
def test_each_unknown_code_is_asked_once(policy: TestClient) -> None:
    rows = present_held.rows(HELD)
    assert [len(row.codes) for row in rows] == [1, 0, 0, 0, 0]
    assert [row.waits_above for row in rows] == [False, True, False, True, False]
    page = policy.get("/staff/held").text
    assert page.count("Map this code") == 1
    assert "Ask EASTLAB to send the report again" in page
    assert all(f"/staff/explain/h{number}" in page for number in range(1, 6))


@pytest.mark.rule("S5")
def test_an_empty_holding_queue_says_so(policy: TestClient, back: Stub) -> None:
    back.answers[labs.GetHeld] = labs.HeldAnswer(reports=())
    page = policy.get("/staff/held").text
    assert "Nothing is held" in page
    assert "/staff/held/map-code" not in page


@pytest.mark.rule("S5")
def test_mapping_a_code_takes_a_choice(policy: TestClient, back: Stub) -> None:
    sent = {"key": "k", "field": "category-1-1", "sender": "LABSYS", "system": "LABSYS"}
    sent |= {"code": "XQ77", "text": "Special marker, serum", "category": ""}
    unsure = policy.post("/staff/held/map-code", data=sent)
    assert unsure.status_code == 422
    assert 'href="#category-1-1"' in unsure.text
    done = policy.post("/staff/held/map-code", data=sent | {"category": "none"})
    assert done.headers["location"] == "/staff/held?done=mapped"
    assert back.last(labs.MapCode).fields == {
        "sender": "LABSYS",
        "code": {"system": "LABSYS", "code": "XQ77", "text": "Special marker, serum"},
        "category": "none",
    }


@pytest.mark.rule("S5", "R20")
def test_an_orderer_is_asked_once_for_all_that_a_sender_sends(
    policy: TestClient, back: Stub
) -> None:
    rows = present_held.rows(HELD)
    assert [row.asks_orderer for row in rows] == ["name", "", "", "", "report"]
    page = policy.get("/staff/held").text
    assert page.count("Set the orderer") == 2
    assert "everything that LABSYS sends under this name" in page
    assert "Your answer counts for this report only." in page
    sent = {"key": "k7", "field": "provider-1", "report": "h1", "provider": "brandt"}
    done = policy.post("/staff/held/map-orderer", data=sent)
    assert done.headers["location"] == "/staff/held?done=named"
    assert back.last(labs.MapOrderer).fields == {"report": "h1", "provider": "brandt"}
    assert back.last(labs.MapOrderer).headers["idempotency-key"] == "k7"
    assert "ResolveOrderer" not in back.names()


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    ("sender", "ids", "name", "asks"),
    [
        ("LABSYS", ("9000000099",), "Brandt", ""),  # the same id, however the name is written
        ("LABSYS", ("9000000042",), "J. Brandt", "name"),  # another id may be another person
        ("LABSYS", (), "Dr. Who", "name"),
        ("EASTLAB", ("9000000099",), "J. Brandt", "name"),  # another sender may mean another one
        ("LABSYS", (), "", "report"),
    ],
)
def test_an_orderer_is_the_same_by_sender_and_id(
    sender: str, ids: tuple[str, ...], name: str, asks: str
) -> None:
    more = {"sender": sender, "orderer_ids": ids, "orderer": name, "reasons": ("orderer",)}
    rows = present_held.rows((HELD[0], HELD[0].model_copy(update=more)))
    assert rows[1].asks_orderer == asks


@pytest.mark.rule("S5", "R20")
def test_an_orderer_is_one_of_the_directory_or_external(policy: TestClient, back: Stub) -> None:
    page = policy.get("/staff/held").text
    assert "Jonas Brandt, MD (Internal medicine)" in page
    assert "Nobody of this practice" in page
    unsure = {"key": "k", "field": "provider-5", "report": "h5", "provider": ""}
    assert 'href="#provider-5"' in policy.post("/staff/held/resolve-orderer", data=unsure).text
    done = policy.post("/staff/held/resolve-orderer", data=unsure | {"provider": "external"})
    assert done.headers["location"] == "/staff/held?done=resolved"
    assert back.last(labs.ResolveOrderer).fields == {"report": "h5", "provider": "external"}
    assert "MapOrderer" not in back.names()


def test_a_refusal_stands_beside_the_choice_it_is_about(policy: TestClient, back: Stub) -> None:
    sentence = "The release policy itself speaks of this LOINC number."
    back.answers[labs.MapCode] = problem(409, "listed", sentence)
    sent = {"key": "k", "field": "category-1-1", "category": "none", "sender": "LABSYS"}
    answer = policy.post("/staff/held/map-code", data=sent)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
