"""What ends access ends it at once, for everybody who is signed in: within two seconds (R33, S3)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.system.whole_portal import Person, Running, until

GRACE, SUPPORT = "grace.okafor@mail.example", "support@harborview.example"
AT_ONCE = 2.0


def signed_in(portal: Running, email: str) -> Person:
    """A session of its own."""
    person = Person(portal.gateway)
    person.sign_in(email, portal.password_of(email))
    return person


def record_of(person: Person, given: str) -> str:
    """The id behind a name in the person switcher."""
    records: list[dict[str, Any]] = person.get("session").json()["records"]
    return str(next(r["patient"] for r in records if r["given"] == given))


def results(person: Person, patient: str) -> int:
    """The status of a look at somebody's results."""
    answer = person.http.get("/api/v1/labs/results", headers={"X-Patient": patient})
    return answer.status_code


@pytest.mark.rule("S3")
def test_a_relation_that_staff_end_is_over_in_every_open_session(portal: Running) -> None:
    mother, again, support = (signed_in(portal, who) for who in (GRACE, GRACE, SUPPORT))
    ada = record_of(mother, "Ada")
    assert [results(mother, ada), results(again, ada)] == [200, 200]
    account = support.get("identity/patient-account", patient=ada).json()
    relation = account["relations"][0]["relation"]
    ended = support.post(
        "identity/end-relation", patient=ada, relation=relation, reason="court order"
    )
    assert ended.status_code == 201
    began = time.monotonic()
    until(lambda: {results(mother, ada), results(again, ada)} == {404})
    assert time.monotonic() - began < AT_ONCE
    assert results(mother, record_of(mother, "Chidi")) == 200


@pytest.mark.rule("R33", "R34")
def test_who_leaves_is_signed_out_everywhere(portal: Running) -> None:
    here, there = signed_in(portal, GRACE), signed_in(portal, GRACE)
    assert there.get("labs/results").status_code == 200
    own = record_of(here, "Grace")
    assert here.post("identity/disenrol", patient=own).status_code == 201
    assert here.get("labs/results").status_code == 401
    began = time.monotonic()
    until(lambda: there.get("labs/results").status_code == 401)
    assert time.monotonic() - began < AT_ONCE
    back = signed_in(portal, GRACE)  # her children's records stay (decision i)
    assert {r["given"] for r in back.get("session").json()["records"]} == {"Chidi", "Ngozi"}
