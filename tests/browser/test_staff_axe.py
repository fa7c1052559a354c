"""Staff pages in a real browser: accessibility (axe), 320 px, the keyboard, live queues."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from starlette.responses import Response, StreamingResponse

from contracts import labs
from tests.browser.accessibility import check
from tests.browser.conftest import Place
from tests.unit.frontend.stub import problem
from tests.unit.frontend.stub_policy import CHANGES, FOUND, HALFWAY, RUNNING
from tests.unit.frontend.stub_staff import INBOX

pytestmark = pytest.mark.browser

PAGES = {
    "support": (
        "/staff/registrations?done=rejected",
        "/staff/registrations/g1",
        "/staff/registrations/g2",
        "/staff/registrations/g3",
        "/staff/registrations/g4",
        "/staff/patients",
        "/staff/patients/p7",
        "/staff/patients/p7/relations/new?item=q1",
        "/staff/patients/p7/correct",
        "/staff/requests",
        "/staff/requests/q1",
        "/staff/requests/q2",
        "/staff/requests/q3",
        "/staff/requests/q4",
        "/staff/requests/q5",
        "/staff/invitations",
        "/staff/invitations?patient=p1",
        "/staff/missing",
        "/staff/messages",
        "/staff/messages?sender=LABSYS",
        "/staff/messages/m-4711",
        "/staff/messages/m-4714",
        "/staff/senders",
        "/staff/senders/LABSYS?done=sender",
        "/ops",
    ),
    "provider": (
        "/staff/inbox",
        "/staff/inbox?cover=1",
        "/staff/inbox/b1",
        "/staff/patients",
        "/staff/view/p1",
        "/staff/view/p3/results/r1",
        "/staff/view/p2",
        "/staff/cover",
    ),
    "billing": ("/staff",),
    "policy": (
        "/staff/held",
        "/staff/policy",
        "/staff/policy/categories/hepatitis",
        "/staff/policy/new",
        "/staff/policy/v2/edit",
        "/staff/policy/v1",
        "/staff/policy/v1/approve",
        "/staff/policy/v3",
        "/staff/policy/v5?done=approved",
        "/staff/policy/v6",
        "/staff/policy/v8",
        "/staff/explain/x2",
        "/staff/missing",
        "/staff/trail/p1",
    ),
    "sre": ("/ops", "/staff/held"),
}


def _as(page: Page, who: str, place: Place) -> None:
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sid", "value": who, "url": place.url}])


def _hint_after(hinted: threading.Event) -> Response:
    """A stream of hints that says "look again" when the test has changed something."""

    def flow() -> Iterator[bytes]:
        yield b": still here\n\n"
        hinted.wait(20)
        yield b"event: changed\ndata:\n\n"

    return StreamingResponse(flow(), media_type="text/event-stream")


@pytest.mark.rule("R62")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_staff_page_is_accessible_and_fits_a_small_phone(
    page: Page, place: Place, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for who, pages in PAGES.items():
        _as(page, who, place)
        for where in pages:
            page.goto(where)
            check(page, f"{where} as {who}")


def test_what_opens_or_fails_is_accessible_too(page: Page, place: Place) -> None:
    _as(page, "provider", place)
    page.goto("/staff/inbox/b1")
    page.get_by_text("Earlier versions").click()
    check(page, "versions")
    page.get_by_role("button", name="Verify chosen").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "nothing chosen")
    _as(page, "policy", place)
    page.goto("/staff/held")
    page.get_by_role("button", name="Map this code").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "no category")
    _as(page, "support", place)
    page.goto("/staff/registrations/g1")
    page.get_by_role("button", name="Verify and send").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "no evidence")
    page.goto("/staff/invitations")
    page.get_by_text("Revoke", exact=False).first.click()
    check(page, "revoke")


def test_forms_about_who_sees_a_record_fail_and_ask_accessibly(page: Page, place: Place) -> None:
    _as(page, "support", place)
    page.goto("/staff/patients/p7/relations/new")
    page.get_by_role("button", name="Verify this relation").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "nothing verified")
    page.goto("/staff/patients/p7")
    page.get_by_text("End it").first.click()
    page.get_by_role("button", name="Yes, end it").first.click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "no reason for the end")
    page.goto("/staff/patients/p7/correct")
    page.get_by_label("Month").fill("2")
    page.get_by_label("What did you check?").fill("Birth certificate")
    page.get_by_role("button", name="Correct it").click()
    check(page, "consequences")
    _as(page, "provider", place)
    page.goto("/staff/view/p2")
    page.get_by_role("button", name="Open the record").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "no reason for the glass")


@pytest.mark.rule("S6")
def test_a_set_of_changes_is_written_with_the_keyboard_alone(page: Page, place: Place) -> None:
    _as(page, "policy", place)
    page.goto("/staff/policy/new")
    page.get_by_label("What is it about?").fill("Words of a new laboratory")
    page.get_by_label("What should change?").select_option("add-words")
    page.get_by_role("button", name="Add this change").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#change-1")).to_be_focused()
    check(page, "one change")
    page.get_by_label("Category").select_option("hepatitis")
    page.get_by_label("Words", exact=True).fill("viral liver screen")
    page.get_by_label("Why?").focus()
    page.keyboard.press("Enter")  # saves, and removes nothing
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Words", exact=True)).to_have_value("viral liver screen")
    check(page, "no date and no reason")
    for part, typed in (("Month", "4"), ("Day", "1"), ("Year", "2026")):
        page.get_by_label(part, exact=True).fill(typed)
    page.get_by_label("Why?").fill("Its own name for it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("The draft is saved")
    assert place.back.last(labs.DraftPolicy).fields["effective"] == "2026-04-01"


@pytest.mark.rule("S6")
def test_taking_a_policy_back_asks_for_the_reason_accessibly(page: Page, place: Place) -> None:
    _as(page, "policy", place)
    page.goto("/staff/policy/v5")
    page.get_by_text("Roll it back", exact=True).click()
    page.get_by_role("button", name="Yes, roll it back").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Why is it taken back?")).to_be_visible()
    check(page, "no reason for the roll-back")
    page.goto("/staff/policy/v1")
    page.get_by_text("Discard it", exact=True).click()
    check(page, "discard")


@pytest.mark.rule("S6")
def test_a_dry_run_moves_on_by_itself(page: Page, place: Place) -> None:
    hinted = threading.Event()
    place.back.extra["/api/v1/live"] = lambda _: _hint_after(hinted)
    _as(page, "policy", place)
    page.goto("/staff/policy/v3")
    expect(page.get_by_text("400 of 1,204 reports judged")).to_be_visible()
    done = labs.PolicyVersionAnswer(row=RUNNING, changes=CHANGES, dry_run=FOUND)
    place.back.answers[labs.GetPolicyVersion] = done
    hinted.set()
    expect(page.get_by_text("Patients would see more of 3")).to_be_visible()
    assert place.back.last(labs.GetPolicyVersion).headers["x-background"] == "1"


def test_messages_and_senders_fail_and_open_accessibly(page: Page, place: Place) -> None:
    _as(page, "support", place)
    page.goto("/staff/messages/m-4711")
    page.get_by_text("See whom it is about", exact=True).click()
    page.get_by_role("button", name="Show whom it is about").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "no reason to see")
    page.get_by_label("Why do you need to know?").fill("To ask the sender")
    page.get_by_role("button", name="Show whom it is about").click()
    expect(page.get_by_text("Grace Lindqvist")).to_be_visible()
    check(page, "whom it is about")
    page.goto("/staff/senders/LABSYS")
    page.get_by_label("Read as").last.fill("ORU^R01")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "half a row")
    page.goto("/staff/missing")
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "no answer chosen")


@pytest.mark.rule("S6")
def test_a_dry_run_that_was_faster_than_the_page_is_seen(page: Page, place: Place) -> None:
    no_hint = Response("retry: 60000\n\n", media_type="text/event-stream")
    place.back.extra["/api/v1/live"] = lambda _: no_hint
    seen: list[str] = []

    def moving_on(fields: dict[str, str]) -> labs.PolicyVersionAnswer:
        run = FOUND if seen else HALFWAY
        seen.append(fields["version"])
        return labs.PolicyVersionAnswer(row=RUNNING, changes=CHANGES, dry_run=run)

    place.back.answers[labs.GetPolicyVersion] = moving_on
    _as(page, "policy", place)
    page.goto("/staff/policy/v3")
    expect(page.get_by_text("Patients would see more of 3")).to_be_visible()


@pytest.mark.rule("S4")
def test_a_provider_verifies_with_the_keyboard_alone(page: Page, place: Place) -> None:
    _as(page, "provider", place)
    page.goto("/staff/inbox")
    page.locator(".queue a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{place.url}/staff/inbox/b1?patient=p1")
    page.get_by_role("checkbox", name="Glucose").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Verify chosen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("The chosen values are verified")
    assert place.back.last(labs.VerifyReport).fields["keys"] == ["2345"]


@pytest.mark.rule("S4")
def test_a_stale_verification_says_so_first(page: Page, place: Place) -> None:
    place.back.answers[labs.VerifyReport] = problem(409, "stale", "Please look again.")
    _as(page, "provider", place)
    page.goto("/staff/inbox/b1")
    page.get_by_role("button", name="Verify all").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("heading", name="newer version")).to_be_in_viewport()
    check(page, "stale")


@pytest.mark.rule("S4")
def test_a_new_report_appears_in_the_inbox_by_itself(page: Page, place: Place) -> None:
    hinted = threading.Event()
    place.back.extra["/api/v1/live"] = lambda _: _hint_after(hinted)
    _as(page, "provider", place)
    page.goto("/staff/inbox")
    more = INBOX[0].model_copy(update={"report": "b3", "name": "Ferritin"})
    place.back.answers[labs.GetInbox] = labs.InboxAnswer(reports=(*INBOX, more))
    hinted.set()
    expect(page.get_by_text("Ferritin")).to_be_visible()
    assert place.back.last(labs.GetInbox).headers["x-background"] == "1"
