"""Kept messages and how a sender is read: the pages (S17)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from contracts import interop
from contracts.common import Role
from frontend.desk import NAV
from frontend.presenters.messages import Filter, rows
from frontend.presenters.senders import CHARSETS
from services.interop.hl7v2.normalise import CHARSETS as KNOWN
from tests.unit.frontend.stub import NOW, Stub, problem
from tests.unit.frontend.stub_messages import DISCARDED, KEPT, ODD_NAME, STEPS, detail

AT = "/staff/messages"
SENDER = "/staff/senders/LABSYS"


@pytest.fixture
def support(browser: TestClient) -> TestClient:
    """Support, at a browser without scripts."""
    browser.cookies.set("sid", "support")
    return browser


def listed(page: str) -> list[str]:
    """The messages of the queue, in its order."""
    return re.findall(rf'queue-row" href="{AT}/([^"]+)"', page)


# -- the queue -------------------------------------------------------------------------------------


@pytest.mark.rule("S17")
def test_the_queue_says_why_each_message_waits(support: TestClient) -> None:
    page = support.get(AT).text
    for said in (
        "1,204 waiting", "the newest 4 are listed", "No usable patient identifier",
        "Required field missing (101) in PID", "Tried 3 times", "Refused", "Quarantined",
        "Only its sender can send it again", "Test results (ORU^R01) from LABSYS", "LABSYS (1202)",
    ):  # fmt: skip
        assert said in page


def test_the_queue_can_be_narrowed_in_every_way(support: TestClient, back: Stub) -> None:
    assert listed(support.get(f"{AT}?sender=LABSYS").text) == ["m-4711", "m-4712"]
    assert back.last(interop.GetQuarantine).fields == {"sender": "LABSYS"}
    by_kind = support.get(f"{AT}?kind=QRY%5EA19").text
    assert listed(by_kind) == ["m-4712"]
    assert "1 of the 4 listed fits" in by_kind
    assert listed(support.get(f"{AT}?reason=cut+off").text) == ["m-4714"]
    assert listed(support.get(f"{AT}?received=day").text) == ["m-4711"]
    assert listed(support.get(f"{AT}?received=older").text) == ["m-4713"]
    assert listed(support.get(f"{AT}?tried=more").text) == ["m-4713"]
    assert "No message fits" in support.get(f"{AT}?kind=frame&tried=more").text
    assert listed(support.get(f"{AT}?received=nonsense").text) == [row.message for row in KEPT]


def test_a_week_ends_after_seven_days() -> None:
    week = Filter(received="week")
    assert rows(KEPT[1:2], week, KEPT[1].received + timedelta(days=7))
    assert not rows(KEPT[1:2], week, KEPT[1].received + timedelta(days=7, seconds=1))


def test_all_of_one_sender_are_taken_again(support: TestClient, back: Stub) -> None:
    assert "/staff/messages/retry" not in support.get(AT).text
    assert "Take all of LABSYS again" in support.get(f"{AT}?sender=LABSYS").text
    done = support.post(f"{AT}/retry", data={"key": "k", "sender": ODD_NAME})
    assert done.headers["location"] == f"{AT}?sender=North%2FEast+%26+Co&done=retried-all"
    asked = back.last(interop.RetryMessages)
    assert asked.fields == {"sender": ODD_NAME}
    assert asked.headers["idempotency-key"] == "k"
    back.answers[interop.RetryMessages] = interop.RetriedAnswer(id="x", reopened=0, left=0)
    none = support.post(f"{AT}/retry", data={"key": "k", "sender": "LABSYS"})
    assert none.status_code == 422
    assert "Nothing of this sender can be taken again now." in none.text


def test_an_empty_queue_says_so_and_looks_again_by_itself(support: TestClient, back: Stub) -> None:
    back.answers[interop.GetQuarantine] = interop.QuarantineAnswer(messages=())
    page = support.get(AT).text
    assert "Nothing waits" in page
    assert '<main id="main" tabindex="-1" data-live>' in page


@pytest.mark.parametrize("who", ["patient", "provider", "clinic", "billing"])
def test_messages_and_senders_are_not_for_everybody(browser: TestClient, who: str) -> None:
    browser.cookies.set("sid", who)
    for page in (AT, f"{AT}/m-4711", "/staff/senders", SENDER):
        assert browser.get(page).status_code == 403


def test_who_may_see_messages_finds_them_in_the_menu() -> None:
    leads = {role for role, links in NAV.items() if any(href == AT for href, _ in links)}
    assert leads == {Role.SRE, Role.SUPPORT, Role.POLICY}


# -- one message -----------------------------------------------------------------------------------


def test_a_message_shows_its_way_its_answer_and_its_structure_masked(support: TestClient) -> None:
    page = support.get(f"{AT}/m-4711").text
    for said in (
        "Over the network, 1,834 bytes", "MSG0001", "MSA|AE|MSG0001", "results: held",
        "9 Message type", "ORU^R01", "3 Patient identifiers", "^^^NORTH^MR",
        "Opened, to see whom it is about, by Sam Ortega", "To ask the sender for the number",
    ):  # fmt: skip
        assert said in page
    assert re.search(r'5 Name</th><td><span class="soft">12 characters', page)
    assert re.search(r'8 Sex</th><td><span class="soft">1 character<', page)
    assert re.search(r'"row">4</th><td><span class="soft">1,500 characters', page)


def test_a_resource_of_a_file_has_elements(support: TestClient, back: Stub) -> None:
    fields = (interop.OutlineField(number=2, shown="status: final", length=5),)
    outline = (interop.OutlineSegment(name="Observation", fields=fields),)
    kept = detail(KEPT[0], format="fhir", source="file", ack="", segments=outline)
    back.answers[interop.GetMessage] = kept
    page = support.get(f"{AT}/m-4711").text
    assert re.search(r"Element 2</th><td><code>status: final", page)
    assert "None: it came from a file." in page


def test_a_message_is_taken_again(support: TestClient, back: Stub) -> None:
    done = support.post(f"{AT}/m-4711/retry", data={"key": "k"})
    assert done.headers["location"] == f"{AT}/m-4711?done=retried"
    asked = back.last(interop.RetryMessage)
    assert asked.fields == {"message": "m-4711"}
    assert asked.headers["idempotency-key"] == "k"
    back.answers[interop.RetryMessage] = problem(409, "settled", "This message has been applied.")
    late = support.post(f"{AT}/m-4711/retry", data={"key": "k"})
    assert late.status_code == 422
    assert "This message has been applied." in late.text


def test_what_was_cut_off_can_only_be_sent_again(support: TestClient) -> None:
    page = support.get(f"{AT}/m-4714").text
    assert "Ask its sender to send it again." in page
    assert "/m-4714/retry" not in page
    assert "/m-4714/discard" in page
    assert "Nothing of it can be read." in page
    assert "/staff/senders/" not in page  # nobody is named as its sender


def test_what_cannot_be_read_has_no_kind_and_no_sender_to_mend(
    support: TestClient, back: Stub
) -> None:
    unread = KEPT[1].model_copy(update={"kind": "unknown", "sender": "unknown"})
    back.answers[interop.GetMessage] = detail(unread, counts={"message refused": 1})
    page = support.get(f"{AT}/m-4712").text
    assert "Message of an unknown kind" in page
    assert "Refused: it cannot be read, or its kind is not taken here." in page
    assert "/staff/senders/" not in page
    assert "What was taken from it" not in page  # nothing was


def test_what_was_taken_waits_for_nobody(support: TestClient, back: Stub) -> None:
    taken = KEPT[0].model_copy(update={"outcome": "applied", "reason": "", "code": ""})
    back.answers[interop.GetMessage] = detail(taken)
    page = support.get(f"{AT}/m-4711").text
    assert "/retry" not in page
    assert "/discard" not in page
    assert "No reason is known" not in page


def test_discarding_takes_a_reason(support: TestClient, back: Stub) -> None:
    unsaid = support.post(f"{AT}/m-4711/discard", data={"key": "k", "why": " x "})
    assert unsaid.status_code == 422
    assert 'href="#why"' in unsaid.text
    assert "DiscardMessage" not in back.names()
    done = support.post(f"{AT}/m-4711/discard", data={"key": "k", "why": "A test message"})
    assert done.headers["location"] == f"{AT}/m-4711?done=discarded"
    asked = back.last(interop.DiscardMessage)
    assert asked.fields == {"message": "m-4711", "reason": "A test message"}


def test_a_reason_that_is_refused_is_asked_for_again_where_it_was_typed(
    support: TestClient, back: Stub
) -> None:
    too_long = problem(422, "invalid", "No.", {"reason": "This is too long."})
    back.answers[interop.DiscardMessage] = back.answers[interop.OpenMessage] = too_long
    discarding = support.post(f"{AT}/m-4711/discard", data={"key": "k", "why": "A test"}).text
    assert '<a href="#why">This is too long.</a>' in discarding
    assert 'name="why" type="text" value="A test"' in discarding
    opening = support.post(f"{AT}/m-4711/open", data={"key": "k", "reason": "To ask"}).text
    assert '<a href="#reason">This is too long.</a>' in opening


def test_what_was_discarded_can_be_taken_again_but_not_discarded_twice(
    support: TestClient, back: Stub
) -> None:
    back.answers[interop.GetMessage] = detail(KEPT[0], steps=(*STEPS, DISCARDED))
    page = support.get(f"{AT}/m-4711").text
    assert "Discarded, by Tomas Lind" in page
    assert "/m-4711/retry" in page
    assert "/m-4711/discard" not in page
    again = interop.MessageStep(at=NOW, what="reopened", by="Tomas Lind")
    back.answers[interop.GetMessage] = detail(KEPT[0], steps=(*STEPS, DISCARDED, again))
    assert "/m-4711/discard" in support.get(f"{AT}/m-4711").text


def test_support_sees_whom_it_is_about_only_with_a_reason(support: TestClient, back: Stub) -> None:
    assert "Lindqvist" not in support.get(f"{AT}/m-4711").text
    unsaid = support.post(f"{AT}/m-4711/open", data={"key": "k", "reason": ""})
    assert unsaid.status_code == 422
    assert 'href="#reason"' in unsaid.text
    assert "OpenMessage" not in back.names()
    opened = support.post(f"{AT}/m-4711/open", data={"key": "k", "reason": "To ask the sender"})
    assert opened.status_code == 200
    for said in ("Grace Lindqvist", "1951-11-02", "N-771"):
        assert said in opened.text
    asked = back.last(interop.OpenMessage)
    assert asked.fields == {"message": "m-4711", "reason": "To ask the sender"}
    assert asked.headers["idempotency-key"] == "k"


@pytest.mark.parametrize(("who", "mends"), [("policy", True), ("sre", False)])
def test_others_see_no_names_and_operators_map_no_sender(
    browser: TestClient, who: str, mends: bool
) -> None:
    browser.cookies.set("sid", who)
    page = browser.get(f"{AT}/m-4711").text
    assert "See whom it is about" not in page
    assert ("Fix how this sender is read" in page) is mends


def test_a_message_that_is_not_there_is_not_found(support: TestClient) -> None:
    assert support.get(f"{AT}/m-1").status_code == 404


# -- senders ---------------------------------------------------------------------------------------


def test_senders_say_what_came_and_what_waits(support: TestClient) -> None:
    page = support.get("/staff/senders").text
    for said in ("48,210 messages", "1,202 waiting", "Read its own way", "Never heard"):
        assert said in page
    assert 'href="/staff/senders/North%2FEast%20%26%20Co"' in page


def test_a_senders_name_may_hold_anything(support: TestClient) -> None:
    page = support.get("/staff/senders/North%2FEast%20%26%20Co").text
    assert "North/East &amp; Co" in page
    assert f'action="{"/staff/senders/North%2FEast%20%26%20Co"}"' in page
    assert support.get("/staff/senders/Nobody").status_code == 404


def test_the_profile_stands_in_the_form_with_empty_rows_below(support: TestClient) -> None:
    page = support.get(SENDER).text
    assert re.search(r'name="authorities-from-1"[^>]* value="HOSP"', page)
    assert re.search(r'name="authorities-to-1"[^>]* value="NORTH"', page)
    assert re.search(r'name="authorities-to-2"[^>]* value=""', page)
    assert re.search(r'name="authorities-from-5"[^>]* value=""', page)
    assert "authorities-from-6" not in page
    assert re.search(r'name="zone"[^>]* value="America/Denver"', page)
    assert '<option value="8859/1" selected>' in page
    assert '<option value="Europe/Madrid">' in page


def test_saving_sends_the_whole_profile_and_offers_to_take_what_waits(
    support: TestClient, back: Stub
) -> None:
    form = {"key": "k", "authorities-rows": "3", "kinds-rows": "2", "zone": "America/Chicago"}
    form |= {"authorities-from-1": " HOSP ", "authorities-to-1": "NORTH"}
    form |= {"authorities-from-3": "TMP", "charset": ""}
    form |= {"kinds-from-2": "ORU^R03", "kinds-to-2": "ORU^R01"}
    done = support.post(SENDER, data=form)
    assert done.headers["location"] == f"{SENDER}?done=sender"
    asked = back.last(interop.MapSender)
    assert asked.fields == {
        "profile": {
            "sender": "LABSYS",
            "zone": "America/Chicago",
            "charset": "",
            "authorities": {"HOSP": "NORTH", "TMP": ""},
            "kinds": {"ORU^R03": "ORU^R01"},
        }
    }
    assert asked.headers["idempotency-key"] == "k"
    assert "Take the waiting messages again" in support.get(done.headers["location"]).text


def test_half_a_row_and_the_same_row_twice_are_said_beside_them(
    support: TestClient, back: Stub
) -> None:
    form = {"authorities-rows": "3", "kinds-rows": "1", "zone": "Nowhere/At all"}
    form |= {"authorities-to-1": "NORTH", "kinds-from-1": "ORU^R03"}
    form |= {"authorities-from-2": "A", "authorities-from-3": "A"}
    wrong = support.post(SENDER, data=form)
    assert wrong.status_code == 422
    for field in ("authorities-from-1", "authorities-from-3", "kinds-from-1"):
        assert f'id="{field}-error"' in wrong.text
    assert 'value="Nowhere/At all"' in wrong.text
    assert "MapSender" not in back.names()


def test_what_the_service_refuses_stands_beside_its_field(support: TestClient, back: Stub) -> None:
    refused = {"zone": "Use a time zone's name.", "kinds": "Write kinds as ORU^R01."}
    back.answers[interop.MapSender] = problem(422, "zone", "No.", refused)
    wrong = support.post(SENDER, data={"key": "k", "zone": "Nowhere"})
    assert 'id="zone-error"' in wrong.text
    assert 'id="kinds-from-1-error"' in wrong.text


def test_a_profile_of_many_rows_can_be_saved(support: TestClient, back: Stub) -> None:
    names = {f"authorities-from-{number}": f"A{number}" for number in range(1, 51)}
    names |= {f"authorities-to-{number}": "" for number in range(1, 51)}
    assert support.post(SENDER, data=names | {"authorities-rows": "50"}).status_code == 303
    assert len(back.last(interop.MapSender).fields["profile"]["authorities"]) == 50


def test_operators_read_a_profile_and_cannot_change_it(browser: TestClient) -> None:
    browser.cookies.set("sid", "sre")
    page = browser.get(SENDER).text
    assert "48,210" in page
    assert 'name="zone"' not in page


def test_every_character_set_on_offer_is_one_that_can_be_read() -> None:
    assert {name.lower() for name, _ in CHARSETS if name} <= KNOWN.keys()
