"""Connections and the red X."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from contracts import identity
from contracts.identity import ConnectionState
from tests.unit.frontend.stub import Stub, problem
from tests.unit.frontend.stub_family import answer, connection


def _card(page: str, name: str) -> str:
    cards = page.split('<li class="card connection">')
    return next(card for card in cards if f"<h2>{name}</h2>" in card)


@pytest.mark.rule("R33")
def test_each_connection_has_its_basis_its_state_and_a_red_x_with_a_name(
    parent: TestClient,
) -> None:
    page = parent.get("/connections").text
    own = _card(page, "Maria Okafor")
    assert "Your own record" in own
    assert 'aria-label="Remove connection to your own record"' in own
    ada = _card(page, "Ada Okafor")
    assert "You are a parent" in ada
    assert "May 8, 2025" in ada
    assert "Goes to maria@mail.example" in ada
    assert 'aria-label="Remove connection to Ada Okafor"' in ada
    assert 'href="/connections/ada/remove"' in ada
    assert 'href="/for/ada/home"' in ada


@pytest.mark.rule("R54", "R42")
def test_each_connection_says_what_comes(parent: TestClient) -> None:
    page = parent.get("/connections").text
    assert "Ada turns 12 on May 1, 2030" in _card(page, "Ada Okafor")
    assert "Ada turns 18 on May 1, 2036. Your connection ends then." in _card(page, "Ada Okafor")
    assert "Your connection ends on January 31, 2027." in _card(page, "Emeka Okafor")
    assert "What comes" not in _card(page, "Maria Okafor")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("unconfirmed", "A second person of our staff"),
        ("not-yet", "starts later"),
        ("expired", "is over"),
        ("grown-up", "decides alone now"),
        ("unavailable", "only our staff can tell you more"),
    ],
)
def test_a_closed_connection_says_why_and_opens_nothing(
    parent: TestClient, back: Stub, state: ConnectionState, why: str
) -> None:
    back.answers[identity.GetConnections] = answer(connection("ada", "Ada", state=state))
    card = _card(parent.get("/connections").text, "Ada Okafor")
    assert why in card
    assert 'href="/for/ada' not in card
    assert "Remove connection to Ada Okafor" in card


@pytest.mark.rule("R33")
def test_before_a_connection_is_removed_the_page_says_what_happens(
    parent: TestClient, back: Stub
) -> None:
    page = parent.get("/connections/ada/remove").text
    for words in (
        "no longer see Ada&#39;s record",
        "no more e-mail",
        "still reach the place",
        "The record at your clinic stays",
        "ask for the connection again",
        "No, keep it",
    ):
        assert words in page
    assert "Disenrol" not in back.names(), "looking removes nothing"


@pytest.mark.rule("R33", "R35")
def test_for_oneself_it_says_that_the_family_stays_connected(parent: TestClient) -> None:
    page = parent.get("/connections/m1/remove").text
    assert "signed out on every device" in page
    assert "Your connections to your family stay" in page
    assert "sign up again in the same way" in page


@pytest.mark.rule("R33")
def test_the_last_connection_closes_the_account(parent: TestClient, back: Stub) -> None:
    back.answers[identity.GetConnections] = answer(connection("m1", "Maria", "self"))
    page = parent.get("/connections/m1/remove").text
    assert "your account closes with it" in page
    assert "Your connections to your family" not in page


@pytest.mark.rule("R33")
def test_removing_a_childs_connection_is_one_command_and_leads_back(
    parent: TestClient, back: Stub
) -> None:
    page = parent.get("/for/ada/connections/ada/remove").text
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    gone = parent.post("/for/ada/connections/ada/remove", data={"key": key.group(1)})
    assert gone.headers["location"] == "/connections?done=removed"
    asked = back.last(identity.Disenrol)
    assert asked.fields == {"patient": "ada"}
    assert asked.headers["idempotency-key"] == key.group(1)
    assert "The connection is removed" in parent.get("/connections?done=removed").text


@pytest.mark.rule("R33", "R35")
def test_who_removes_the_own_connection_lands_where_no_session_is_needed(
    parent: TestClient,
) -> None:
    gone = parent.post("/connections/m1/remove", data={"key": "k1"})
    assert gone.headers["location"] == "/signed-out?why=left"
    parent.cookies.clear()
    page = parent.get("/signed-out?why=left").text
    assert "Your connection is removed" in page
    assert "no more mail" in page
    assert 'href="/register"' in page


@pytest.mark.rule("R33")
def test_the_last_childs_connection_leads_out_as_well(browser: TestClient, back: Stub) -> None:
    browser.cookies.set("sid", "kim")
    back.answers[identity.GetConnections] = answer(connection("ada", "Ada"))
    gone = browser.post("/for/ada/connections/ada/remove", data={"key": "k1"})
    assert gone.headers["location"] == "/signed-out?why=left"


def test_a_refusal_stands_on_the_page(parent: TestClient, back: Stub) -> None:
    back.answers[identity.Disenrol] = problem(409, "not-connected", "It is removed already.")
    refused = parent.post("/connections/ada/remove", data={"key": "k1"})
    assert refused.status_code == 409
    assert "It is removed already." in refused.text
    spanish = parent.post("/connections/ada/remove?lang=es", data={"key": "k1"}).text
    assert "It is removed already." not in spanish


def test_a_strangers_connection_is_like_none(parent: TestClient, back: Stub) -> None:
    assert parent.get("/connections/stranger/remove").status_code == 404
    assert parent.post("/connections/stranger/remove", data={"key": "k"}).status_code == 404
    assert parent.get("/connections/stranger/mail").status_code == 404
    assert "Disenrol" not in back.names()


@pytest.mark.rule("R42")
def test_where_a_parents_address_does_not_do_another_is_asked_for(
    parent: TestClient, back: Stub
) -> None:
    card = _card(parent.get("/connections").text, "Zora Okafor")
    assert "Stopped: we need another address" in card
    assert 'href="/connections/zora/mail"' in card
    page = parent.get("/connections/zora/mail").text
    assert "prove a legal basis" in page
    assert 'href="/family/add"' in page
    sent = parent.post("/connections/zora/mail", data={"email": "z@mail.example", "key": "k1"})
    assert sent.headers["location"] == "/connections?done=mail"
    assert back.last(identity.SetMailAddress).fields == {
        "patient": "zora",
        "email": "z@mail.example",
    }
    assert "We have sent a link" in parent.get("/connections?done=mail").text


@pytest.mark.rule("R44")
def test_an_address_in_use_is_refused_without_saying_whose(parent: TestClient, back: Stub) -> None:
    back.answers[identity.SetMailAddress] = problem(409, "address-in-use", "Somebody has it.")
    refused = parent.post("/connections/zora/mail", data={"email": "z@mail.example"})
    assert refused.status_code == 422
    assert "This address cannot be used" in refused.text
    assert "Somebody" not in refused.text
    assert 'value="z@mail.example"' in refused.text
    empty = parent.post("/connections/zora/mail", data={})
    assert 'id="email-error"' in empty.text


def test_an_address_that_waits_for_its_link_is_named(parent: TestClient, back: Stub) -> None:
    waiting = connection("zora", "Zora", mail="needs-address", mail_waits="z@mail.example")
    back.answers[identity.GetConnections] = answer(waiting)
    assert "another address. Not confirmed yet: z@mail.example" in parent.get("/connections").text
