"""Nobody learns who is a patient or has an account: the same bytes, and about the same time (R44, R48, R49).

Times are compared as a ratio of medians over tries that take turns in one run, with room for a busy
machine; leaving out the work for an unknown address (a password hash) would be ten times and more.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.test_main_job import form_of
from tests.system.whole_portal import Person, Running, whole_portal

KNOWN, UNKNOWN = "maya.lindqvist@mail.example", "nobody.here@mail.example"
TURNS = 15
RATIO = 2.5


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh portal that does not count how often a stranger asks."""
    rates = {f"PORTAL_RATE_{door}": "100000/second" for door in ("PUBLIC", "COOKIE")}
    with whole_portal(tmp_path_factory.mktemp("portal"), **rates) as running:
        yield running


def ask(portal: Running, path: str, body: dict[str, Any]) -> tuple[tuple[Any, ...], float]:
    """All that a stranger sees of an answer, and how long it took."""
    stranger = Person(portal.gateway)
    stranger.get("practice/profile")  # the connection is there
    began = time.perf_counter()
    answer = stranger.post(path, **body)
    took = time.perf_counter() - began
    headers = tuple(sorted(k for k in answer.headers if k != "date"))
    return (answer.status_code, answer.content, headers, dict(answer.cookies)), took


def tell_apart(portal: Running, path: str, one: Any, other: Any) -> tuple[bool, float]:
    """Whether answers ever differ, and the larger ratio of the two median times."""
    seen: list[Any] = []
    times: dict[str, list[float]] = {"one": [], "other": []}
    for turn in range(TURNS):
        for name, body in (("one", one(turn)), ("other", other(turn))):
            answer, took = ask(portal, path, body)
            seen.append(answer)
            times[name].append(took)
    medians = [statistics.median(each) for each in times.values()]
    return any(each != seen[0] for each in seen), max(medians) / min(medians)


@pytest.mark.rule("R48", "R49")
def test_registering_tells_nobody_who_is_a_patient(portal: Running) -> None:
    known, unknown = form_of("Noelle"), {**form_of("Noelle"), "family": "Nobodyson"}
    differ, ratio = tell_apart(
        portal,
        "identity/request-registration",
        lambda turn: {**known, "email": f"a{turn}@mail.example"},
        lambda turn: {**unknown, "email": f"b{turn}@mail.example"},
    )
    assert not differ
    assert ratio < RATIO


@pytest.mark.rule("R44")
def test_asking_for_a_new_password_tells_nobody_who_has_an_account(portal: Running) -> None:
    differ, ratio = tell_apart(
        portal,
        "identity/request-reset",
        lambda turn: {"email": KNOWN},
        lambda turn: {"email": f"{turn}{UNKNOWN}"},
    )
    assert not differ
    assert ratio < RATIO


@pytest.mark.rule("R44")
def test_signing_in_tells_nobody_who_has_an_account(portal: Running) -> None:
    differ, ratio = tell_apart(
        portal,
        "identity/sign-in",
        lambda turn: {"email": KNOWN, "password": f"wrong-{turn}"},
        lambda turn: {"email": f"{turn}{UNKNOWN}", "password": f"wrong-{turn}"},
    )
    assert not differ
    assert ratio < RATIO


def test_links_that_are_not_ours_are_all_alike(portal: Running) -> None:
    answers = {
        str(ask(portal, "identity/open-link", {"link": link})[0])
        for link in ("x", "a.b", "0" * 60, "01kjx6z4g060x8wcwqx47153yx.AAAAAAAAAAAAAAAAAAAAAAAAAAA")
    }
    assert len(answers) == 1
