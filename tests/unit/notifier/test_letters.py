"""What a letter says, and what no letter can be made to say."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from typing import cast, get_args

import pytest

from contracts.identity import MayNotifyAnswer
from contracts.identity.security import Notice
from contracts.notifier import Kind
from contracts.practice import Phone, Profile, Terms
from services.notifier.letters import BadAddress, compose, message_id, parse, render, tel

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PROFILE = Profile(
    name="Harbor View Medical Group",
    zone="America/Los_Angeles",
    support_email="portal@harborview.example",
    portal_url="http://localhost:8080/",
    phones=(
        Phone(purpose="help", number="1-866-917-1690"),
        Phone(purpose="registration", number="1-877-290-2133"),
    ),
    support_hours=(),
    terms=(Terms(document="terms", version="1", title="", text="", effective=date(2026, 1, 1)),),
    invitation_days=60,
)
LEAVE = MayNotifyAnswer(
    address="maya@mail.example", given="Maya", link="01abc.k-_3", code="7K3QM-0ZB4T"
)
NOTICES: tuple[Notice, ...] = get_args(Notice)
ALL: tuple[Kind | Notice, ...] = (*get_args(Kind), *NOTICES)
KINDS = [pytest.param(kind, id=kind) for kind in ALL]
PAGES = {
    "password-reset": "/reset/01abc.k-_3",
    "address-old": "/confirm-address/01abc.k-_3",
    "address-new": "/confirm-address/01abc.k-_3",
    "patient-address": "/confirm-address/01abc.k-_3",
    "security-changed": "/security",
    "relation-changed": "/connections",
    "turns-12-soon": "/connections",
    "turned-12": "/connections",
    "turns-18-soon": "/connections",
    "turned-18": "/connections",
}


@pytest.mark.rule("R51", "R56")
def test_the_invitation_carries_link_code_and_how_long_it_is_good() -> None:
    letter = render("invitation", PROFILE, LEAVE)
    for text in (letter.text, letter.html):
        assert "http://localhost:8080/invitation/01abc.k-_3" in text
        assert "7K3QM-0ZB4T" in text
        assert "60 days" in text


@pytest.mark.rule("R56")
def test_the_number_of_days_is_the_practices_own() -> None:
    letter = render("invitation", PROFILE.model_copy(update={"invitation_days": 45}), LEAVE)
    assert "45 days" in letter.text
    assert "60" not in letter.text


@pytest.mark.rule("R61")
def test_trouble_with_registration_and_other_questions_have_their_own_number() -> None:
    assert 'href="tel:+18772902133"' in render("invitation", PROFILE, LEAVE).html
    assert "1-877-290-2133" in render("invitation", PROFILE, LEAVE).text
    assert 'href="tel:+18669171690"' in render("new-result", PROFILE, LEAVE).html


@pytest.mark.rule("R61")
def test_a_number_as_people_write_it_becomes_a_link() -> None:
    assert tel("1-866-917-1690") == "tel:+18669171690"
    assert tel("(415) 555-0100") == "tel:4155550100"
    assert tel("+44 20 7946 0000") == "tel:+442079460000"


def test_a_practice_without_phones_still_gets_its_letters_out() -> None:
    bare = PROFILE.model_copy(update={"phones": ()})
    for kind in ALL:
        assert "None" not in render(kind, bare, LEAVE).text + render(kind, bare, LEAVE).html


def test_no_letter_holds_a_code_or_a_link_that_is_not_for_it() -> None:
    for kind in set(ALL) - {"invitation"}:
        letter = render(kind, PROFILE, LEAVE)
        assert LEAVE.code not in letter.text + letter.html + letter.subject
        opens = LEAVE.link in PAGES.get(kind, "")
        assert (LEAVE.link in letter.text, LEAVE.link in letter.html) == (opens, opens)


@pytest.mark.parametrize("notice", NOTICES)
def test_a_letter_to_an_account_leads_to_its_page(notice: Notice) -> None:
    letter = render(notice, PROFILE, LEAVE)
    assert f"\nhttp://localhost:8080{PAGES[notice]}\n" in letter.text
    assert f'href="http://localhost:8080{PAGES[notice]}"' in letter.html


@pytest.mark.parametrize("notice", NOTICES)
def test_a_letter_to_an_account_is_a_postcard(notice: Notice) -> None:
    """No number that tells an age or a day, no health matter, nobody's name but the reader's."""
    bare = PROFILE.model_copy(update={"phones": ()})
    letter = render(notice, bare, LEAVE.model_copy(update={"link": "secret"}))
    said = f"{letter.subject} {letter.text}".replace(bare.name, "").lower()
    assert not re.search(r"\b\d+\b", said.replace("localhost:8080", ""))
    for word in ("result", "lab", "test", "born", "child", "son", "daughter", "doctor", "medical"):
        assert not re.search(rf"\b{word}\b", said), word


@pytest.mark.parametrize("notice", NOTICES)
def test_text_and_html_say_the_same(notice: Notice) -> None:
    letter = render(notice, PROFILE, LEAVE)
    seen = " ".join(re.sub("<[^>]+>", " ", letter.html).split()).lower()
    for line in letter.text.splitlines():
        if line and not line.startswith(("Hello", "Questions?", "More about", "http")):
            assert line.rstrip(":").lower() in seen, line


@pytest.mark.parametrize("notice", ["address-new", "patient-address"])
def test_an_address_that_is_not_confirmed_yet_is_told_nobodys_name(notice: Notice) -> None:
    letter = render(notice, PROFILE, LEAVE)
    assert "Maya" not in letter.subject + letter.text + letter.html


@pytest.mark.rule("R30", "R21")
@pytest.mark.parametrize("kind", ["new-result", "question-answered"])
def test_news_of_a_result_says_nothing_about_it(kind: Kind) -> None:
    letter = render(kind, PROFILE, LEAVE)
    said = f"{letter.subject} {letter.text} {re.sub('<[^>]+>', ' ', letter.html)}".lower()
    for word in ("result", "lab", "test", "blood", "abnormal"):
        assert not re.search(rf"\b{word}", said), word


def test_the_notice_to_the_other_address_names_nobody() -> None:
    letter = render("address-notice", PROFILE, LEAVE)
    assert "Maya" not in letter.text + letter.html + letter.subject
    assert "maya@mail.example" not in letter.text + letter.html
    assert "This was not me" in letter.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_cannot_write_html_or_lines_of_its_own(kind: Kind | Notice) -> None:
    nasty = LEAVE.model_copy(update={"given": '<b>Maya</b>\r\nBcc: x@y.example\r\n\r\n"'})
    letter = render(kind, PROFILE, nasty)
    assert "<b>" not in letter.html
    assert "\nBcc:" not in letter.text
    message = compose(letter, PROFILE, "maya@mail.example", "e-1", NOW, TRACE)
    assert message_from_bytes(bytes(message), policy=policy.default)["Bcc"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_is_a_proper_message_in_text_and_html(kind: Kind | Notice) -> None:
    message = compose(render(kind, PROFILE, LEAVE), PROFILE, "maya@mail.example", "e-1", NOW, TRACE)
    read = message_from_bytes(bytes(message), policy=policy.default)
    assert read.defects == []
    assert read["To"] == "maya@mail.example"
    assert read["From"] == "Harbor View Medical Group <portal@harborview.example>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-Trace"] == "0af7651916cd43dd8448eb211c80319c"
    assert [part.get_content_type() for part in read.walk()][1:] == ["text/plain", "text/html"]
    assert bytes(message).isascii()
    assert max(len(line) for line in bytes(message).split(b"\r\n")) <= 998


def test_the_message_id_is_the_same_on_each_try_and_tells_nothing() -> None:
    first = message_id("new-result-01abc", "harborview.example")
    assert first == message_id("new-result-01abc", "harborview.example")
    assert first != message_id("invitation-01abc", "harborview.example")
    assert "01abc" not in first


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maya",
        "maya@",
        "@mail.example",
        "maya@localhost",
        "a@b.example, c@d.example",
        "a@b.example;c@d.example",
        "maya@mail.example\r\nBcc: x@y.example",
        "Maya <maya@mail.example>",
        '"maya x"@mail.example',
        "a@b@mail.example",
        "maya@mail..example",
        "maya@" + "x" * 64 + ".example",
    ],
)
def test_what_is_not_one_address_gets_no_letter(address: str) -> None:
    with pytest.raises(BadAddress):
        parse(address)


def test_a_domain_that_is_not_ascii_travels_as_idna() -> None:
    assert parse("maya@bücher.example").addr_spec == "maya@xn--bcher-kva.example"


def test_an_address_that_is_not_ascii_stays_as_it_is() -> None:
    message = compose(
        render("invitation", PROFILE, LEAVE), PROFILE, "zoë@mail.example", "e", NOW, None
    )
    assert "zoë@mail.example" in bytes(message).decode()
    assert message["X-Trace"] is None
    assert cast(str, message["To"]) == "zoë@mail.example"
