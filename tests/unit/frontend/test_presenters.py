"""Pure functions behind the pages: charts, texts, colours, dates."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import labs
from contracts.practice import Hours, Terms
from frontend import colours, dates
from frontend.presenters import charts, practice
from frontend.texts import TEXTS, look_up, text
from tests.unit.frontend.stub import value

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
NOON = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)


@given(NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS)
def test_a_bar_stays_on_its_ground(number: float, low: float | None, high: float | None) -> None:
    bar = charts.bar(number, low, high)
    if bar is not None:
        assert 0 <= bar.start <= bar.end <= charts.BAR_WIDTH
        assert charts.BAR_EDGE <= bar.mark <= charts.BAR_WIDTH - charts.BAR_EDGE


def test_a_bar_shows_on_which_side_a_value_is() -> None:
    inside, above, below = (charts.bar(n, 70, 99) for n in (88, 142, 12))
    assert inside
    assert above
    assert below
    assert inside.start < inside.mark < inside.end
    assert above.mark > above.end
    assert below.mark < below.start
    assert charts.bar(None, 1, 2) is None
    assert charts.bar(1, None, None) is None


@given(st.lists(NUMBERS, min_size=1, max_size=8), NUMBERS, st.none() | NUMBERS)
def test_a_trend_stays_in_its_frame(earlier: list[float], last: float, low: float | None) -> None:
    points = tuple(
        labs.TrendPoint(at=NOON - timedelta(days=i + 1), number=n) for i, n in enumerate(earlier)
    )
    made = charts.trend(value("k", "K", "v", number=last, low=low, trend=points), NOON, str, str)
    assert made
    assert len(made.points) == len(earlier) + 1
    for point in made.points:
        assert charts.LEFT <= point.x <= charts.WIDTH - charts.RIGHT
        assert charts.TOP <= point.y <= charts.HEIGHT - charts.BOTTOM
    assert [p.x for p in made.points] == sorted(p.x for p in made.points)


@pytest.mark.rule("R7")
def test_no_trend_without_an_earlier_number() -> None:
    assert charts.trend(value("k", "K", "<5"), NOON, str, str) is None
    assert charts.trend(value("k", "K", "5", number=5.0), NOON, str, str) is None


def _keys(node: Any, prefix: str = "") -> dict[str, set[str]]:
    """Every key with the names in its braces."""
    if isinstance(node, dict):
        found: dict[str, set[str]] = {}
        for name, inner in node.items():
            found |= _keys(inner, f"{prefix}{name}.")
        return found
    texts = node if isinstance(node, list) else [node]
    names = {name for each in texts for _, name, _, _ in string.Formatter().parse(each) if name}
    return {f"{prefix}{len(texts)}": names}


def test_both_languages_say_everything() -> None:
    english, spanish = _keys(TEXTS["en"]), _keys(TEXTS["es"])
    assert english.keys() == spanish.keys()
    dated = ("dates.", "hours.")
    assert {k for k in english if english[k] != spanish[k] and not k.startswith(dated)} == set()
    assert look_up("en", "no.such.key") is None
    with pytest.raises(KeyError):
        text("en", "no.such.key")


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True) | st.text(max_size=9))
def test_any_accent_is_readable(accent: str) -> None:
    sheet = colours.css(accent)
    light, dark = sheet.split("@media")
    accents = [part.partition("--accent:")[2][:7] for part in (light, dark)]
    assert colours.contrast(colours.parse(accents[0]), (255, 255, 255)) >= 4.5
    assert colours.contrast(colours.parse(accents[1]), (26, 35, 40)) >= 4.5
    assert colours.contrast(colours.parse(accents[1]), (12, 20, 23)) >= 4.5


def test_hours_in_words() -> None:
    short = Hours(weekday=4, opens=time(9), closes=time(12))
    week = tuple(Hours(weekday=d, opens=time(8, 30), closes=time(17, 30)) for d in range(4))
    words = practice.hours((*week, short), "en")
    assert words == "Monday to Thursday, 8:30 am to 5:30 pm; Friday, 9:00 am to 12:00 pm"
    assert practice.hours(week, "es") == "de lunes a jueves, de 8:30 a 17:30"


def test_dates_are_the_practices() -> None:
    late = datetime(2026, 3, 5, 7, 30, tzinfo=UTC)
    assert dates.moment(late, "America/Los_Angeles", "en") == "March 4, 2026 at 11:30 pm"
    assert dates.day(date(2026, 3, 5), "UTC", "es") == "5 de marzo de 2026"


def test_the_document_in_effect_is_the_newest_that_has_begun() -> None:
    def version(name: str, effective: date) -> Terms:
        return Terms(document="terms", version=name, title="T", text="t", effective=effective)

    versions = (
        version("2", date(2026, 3, 1)),
        version("1", date(2025, 1, 1)),
        version("3", date(2026, 3, 5)),
    )
    found = practice.newest_terms(versions, "terms", practice.today_at("America/Los_Angeles", NOON))
    assert found
    assert found.version == "2"
    assert practice.newest_terms(versions, "hipaa", date(2026, 1, 1)) is None


def test_telephone_addresses() -> None:
    assert practice.tel("1-866-917-1690") == "tel:+18669171690"
    assert practice.tel("(415) 555-0100") == "tel:+14155550100"
