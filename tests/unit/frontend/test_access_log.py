"""Who has looked at a record, as its patient reads it."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contracts import identity
from tests.unit.frontend.stub import Stub


def test_each_look_says_who_when_and_why(parent: TestClient) -> None:
    team, cover, emergency, proxy, support = parent.get("/access-log").text.split(
        '<li class="card look'
    )[1:]
    assert "Alice Chen, MD" in team
    assert "March 4, 2026 at 12:00 pm" in team
    assert "Belongs to the care team" in team
    assert "Covered for a colleague" in cover
    assert "Acted for the patient" in proxy
    assert "Family or caregiver" in proxy
    assert "Name, address and account" in support
    assert "Health record" not in support
    assert emergency.startswith(" look-emergency")
    assert "Emergency access" in emergency
    assert "Reason given: Unconscious in the emergency room" in emergency


def test_the_log_is_of_the_record_in_view(parent: TestClient, back: Stub) -> None:
    parent.get("/for/ada/access-log")
    assert back.last(identity.GetAccessLog).headers["x-patient"] == "ada"


def test_an_empty_log_and_a_role_without_words(parent: TestClient, back: Stub) -> None:
    back.answers[identity.GetAccessLog] = identity.AccessLogAnswer(rows=())
    assert "Nobody has looked yet" in parent.get("/access-log").text
    row = identity.AccessRow(
        at="2026-03-04T20:00:00Z", name="Nova", role="astrologer", what="chart", how="care-team"
    )
    back.answers[identity.GetAccessLog] = identity.AccessLogAnswer(rows=(row,))
    page = parent.get("/access-log").text
    assert "Nova" in page
    assert "astrologer" not in page


@pytest.mark.parametrize("lang", ["en", "es"])
def test_what_somebody_gave_as_a_reason_is_never_markup(
    parent: TestClient, back: Stub, lang: str
) -> None:
    row = identity.AccessRow(
        at="2026-03-04T20:00:00Z", name="<b>N</b>", role="provider", what="chart",
        how="break-glass", why="<script>x</script>",
    )  # fmt: skip
    back.answers[identity.GetAccessLog] = identity.AccessLogAnswer(rows=(row,))
    page = parent.get(f"/access-log?lang={lang}").text
    assert "<b>N" not in page
    assert "<script>x" not in page
