"""View as patient, break-glass, standing in for a colleague, and billing's start (S14, R30)."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from contracts import identity, labs
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_accounts import NOT_ON_PANEL

AT = "/staff/view"


@pytest.fixture
def provider(browser: TestClient) -> TestClient:
    """A provider, at a browser without scripts."""
    browser.cookies.set("sid", "provider")
    return browser


def seen(browser: TestClient, who: str, where: str, end: str) -> str:
    """A page from its first heading on, without the addresses of links.

    The patient's own page carries their name for print; in the frame, the frame says it.
    """
    browser.cookies.set("sid", who)
    page = browser.get(where).text.partition("<h1>")[2].partition(end)[0]
    page = re.sub(r'href="[^"]*"|<p class="print-only">.*?</p>', "", page)
    return " ".join(page.split())


@pytest.mark.rule("S14", "R30")
@pytest.mark.parametrize(
    ("own", "viewed"), [("/results", f"{AT}/p1"), ("/results/r1", f"{AT}/p1/results/r1")]
)
def test_a_provider_reads_word_for_word_what_the_patient_reads(
    browser: TestClient, own: str, viewed: str
) -> None:
    whole = seen(browser, "patient", own, "</main>")
    framed = seen(browser, "provider", viewed, "What the release rules keep back")
    assert "Lipid panel" in whole
    assert framed.startswith(whole)
    assert framed.removeprefix(whole).strip() == '</div> </div> <p class="small soft">'


@pytest.mark.rule("S14")
def test_the_frame_says_whose_eyes_these_are(provider: TestClient, back: Stub) -> None:
    page = provider.get(f"{AT}/p1").text
    assert "You see what the patient sees." in page
    assert "Alvarez, Rosa" in page
    assert f'href="{AT}/p1/results/r1"' in page
    assert "Opened in an emergency" not in page
    assert "Opened in an emergency" in provider.get(f"{AT}/p3").text
    assert back.last(labs.ViewResults).fields == {"patient": "p3"}


@pytest.mark.rule("S14")
def test_looking_as_the_patient_marks_nothing_as_seen(provider: TestClient, back: Stub) -> None:
    assert provider.get(f"{AT}/p1/results/r1").status_code == 200
    assert back.last(labs.ViewResult).fields == {"patient": "p1", "report": "r1"}
    assert "MarkSeen" not in back.names()


@pytest.mark.rule("S14", "R30")
def test_what_the_patient_does_not_see_is_not_there(provider: TestClient) -> None:
    assert provider.get(f"{AT}/p1/results/blocked").status_code == 404


@pytest.mark.rule("S14")
@pytest.mark.parametrize("where", [f"{AT}/p2", f"{AT}/p2/results/r1"])
def test_a_patient_off_the_panel_takes_a_reason_first(provider: TestClient, where: str) -> None:
    answer = provider.get(where)
    assert answer.status_code == 403
    assert f'action="{AT}/p2/open"' in answer.text
    for said in ("four hours", "kept", "shown to the patient"):
        assert f"<strong>{said}" in answer.text
    assert "Lipid panel" not in answer.text


@pytest.mark.rule("S14")
def test_breaking_the_glass_leads_on_to_the_record(provider: TestClient, back: Stub) -> None:
    short = provider.post(f"{AT}/p2/open", data={"key": "k", "report": "", "reason": "Urgent"})
    assert short.status_code == 422
    assert 'href="#reason"' in short.text
    assert "BreakGlass" not in back.names()
    sent = {"key": "k", "report": "", "reason": "Called from the emergency room"}
    done = provider.post(f"{AT}/p2/open", data=sent)
    assert done.headers["location"] == f"{AT}/p2?done=opened"
    assert back.last(identity.BreakGlass).fields == {
        "patient": "p2",
        "reason": "Called from the emergency room",
    }


@pytest.mark.rule("S14", "S4")
def test_a_report_off_the_panel_opens_after_a_reason(provider: TestClient, back: Stub) -> None:
    back.answers[labs.GetReport] = NOT_ON_PANEL
    asked = provider.get("/staff/inbox/b1?patient=p1")
    assert asked.status_code == 403
    assert 'name="report" value="b1"' in asked.text
    sent = {"key": "k", "report": "b1", "reason": "Called from the emergency room"}
    done = provider.post(f"{AT}/p1/open", data=sent)
    assert done.headers["location"] == "/staff/inbox/b1?patient=p1&done=opened"


@pytest.mark.rule("S14", "S4")
def test_verifying_off_the_panel_asks_for_a_reason_too(provider: TestClient, back: Stub) -> None:
    back.answers[labs.VerifyReport] = NOT_ON_PANEL
    sent = {"key": "k", "revision": "2", "what": "all"}
    answer = provider.post("/staff/inbox/b1/verify?patient=p1", data=sent)
    assert answer.status_code == 403
    assert f'action="{AT}/p1/open"' in answer.text


@pytest.mark.rule("S14", "S4")
def test_a_report_alone_does_not_tell_whose_it_is(provider: TestClient, back: Stub) -> None:
    back.answers[labs.GetReport] = NOT_ON_PANEL
    answer = provider.get("/staff/inbox/b1")
    assert answer.status_code == 403
    assert 'href="/staff/patients"' in answer.text
    assert "<textarea" not in answer.text
    assert "Alvarez" not in answer.text


def test_the_queues_links_say_whose_report_it_is(provider: TestClient) -> None:
    assert 'href="/staff/inbox/b1?patient=p1"' in provider.get("/staff/inbox").text
    assert (
        'href="/staff/inbox/b1?cover=1&amp;patient=p1"' in provider.get("/staff/inbox?cover=1").text
    )


def test_a_provider_finds_a_patient_to_view_as(provider: TestClient) -> None:
    page = provider.post("/staff/patients", data={"text": "Alvarez"}).text
    assert f'href="{AT}/p1"' in page
    assert "/staff/invitations" not in page
    provider.cookies.set("sid", "support")
    page = provider.post("/staff/patients", data={"text": "Alvarez"}).text
    assert 'href="/staff/patients/p1"' in page
    assert AT not in page


@pytest.mark.rule("S4")
def test_the_cover_tab_says_whom_one_stands_in_for(provider: TestClient, back: Stub) -> None:
    page = provider.get("/staff/inbox?cover=1").text
    assert "You stand in for Jonas Brandt, MD." in page
    assert 'href="/staff/cover"' in page
    alone = back.callers["provider"].model_copy(update={"covers": ()})
    back.callers["provider"] = alone
    assert "You stand in for nobody just now" in provider.get("/staff/inbox?cover=1").text


@pytest.mark.rule("S14")
def test_covers_and_opened_records_stand_on_one_page(provider: TestClient) -> None:
    page = provider.get("/staff/cover").text
    for said in ("Jonas Brandt, MD", "March 20, 2026", "Vacation", "Lindqvist-Montgomery, Grace"):
        assert said in page
    assert '<option value="brandt"' in page
    assert '<option value="chen"' not in page


def test_standing_in_takes_a_colleague_a_day_and_a_reason(provider: TestClient, back: Stub) -> None:
    empty = provider.post("/staff/cover", data={"key": "k"})
    assert empty.status_code == 422
    for field in ("provider", "until", "reason"):
        assert f'href="#{field}"' in empty.text
    sent = {
        "key": "k", "provider": "brandt", "reason": "Vacation", "until_month": "3",
        "until_day": "20", "until_year": "2026",
    }  # fmt: skip
    done = provider.post("/staff/cover", data=sent)
    assert done.headers["location"] == "/staff/cover?done=covering"
    assert back.last(identity.CoverColleague).fields == {
        "provider": "brandt", "until": "2026-03-20", "reason": "Vacation",
    }  # fmt: skip
    sentence = "Choose a day from today on, at most 30 days from now."
    back.answers[identity.CoverColleague] = problem(422, "dates", sentence, {"until": sentence})
    refused = provider.post("/staff/cover", data=sent)
    assert sentence in refused.text.partition('id="until-error"')[2]


def test_a_colleague_who_is_back_is_covered_no_more(provider: TestClient, back: Stub) -> None:
    done = provider.post("/staff/cover/end", data={"key": "k", "provider": "brandt"})
    assert done.headers["location"] == "/staff/cover?done=back"
    assert back.last(identity.EndCover).fields == {"provider": "brandt"}


def test_billing_is_told_that_its_queue_comes_with_bills(browser: TestClient) -> None:
    browser.cookies.set("sid", "billing")
    page = browser.get("/staff")
    assert page.status_code == 200
    assert "comes with bills" in page.text
    assert "Billing" in page.text
