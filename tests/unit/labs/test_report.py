"""One report through its life: given events, when a command, then events (R7, R18, R19, R30, S4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.decider import Refused
from services.labs.decider import report as rules
from services.labs.decider.report import Report
from services.labs.decider.shown import bounds
from services.labs.events.report import ReportPosted, ReportVerified, ResultShown
from services.labs.release.orderer import Ordered
from tests.unit.labs.making import HIV, NA, NOW, K, given, names, posted, ruling, value

LATER = NOW + timedelta(hours=1)


def take(state: Report, version: ReportPosted, age_open: bool = True, **how: Any) -> list[Any]:
    return rules.post(state, version, ruling(version, **how), age_open, NOW)


def check(state: Report, *keys: str, revision: int = 1, age_open: bool = True) -> list[Any]:
    return rules.verify(state, revision, keys, "u1", "Ann Lee MD", age_open, LATER)


def new(*values: Any, **more: Any) -> list[Any]:
    return take(Report(), posted(*values, **more))


def shown(events: list[Any]) -> ResultShown:
    return next(e for e in reversed(events) if isinstance(e, ResultShown))


@pytest.mark.rule("R19")
def test_a_posted_report_shows_nothing_to_anyone() -> None:
    assert names(new()) == ["ReportPosted", "ReportJudged"]


@pytest.mark.rule("R18", "R7")
def test_verifying_shows_it_at_once_with_value_unit_range_flag_and_times() -> None:
    events = check(given(*new()))
    assert names(events) == ["ReportVerified", "ResultShown", "ResultAppeared"]
    sodium = shown(events).values[0]
    assert (sodium.name, sodium.value, sodium.unit, sodium.low, sodium.high) == (
        "Sodium",
        "140",
        "mmol/L",
        135,
        145,
    )
    assert (shown(events).verified, shown(events).acquired) == (LATER, posted().acquired)


@pytest.mark.rule("R18", "R19")
def test_a_half_verified_panel_shows_its_verified_half() -> None:
    half = [*new(), *check(given(*new()), "na")]
    assert [v.key for v in shown(half).values] == ["na"]
    assert given(*half).waiting
    rest = check(given(*half))
    assert [v.key for v in shown(rest).values] == ["na", "k"]
    assert not given(*half, *rest).waiting


@pytest.mark.rule("R22", "R30")
def test_verifying_a_blocked_report_shows_and_says_nothing() -> None:
    events = check(given(*new(value("h", HIV), codes=(HIV,))))
    assert names(events) == ["ReportVerified"]


@pytest.mark.rule("R30")
def test_a_blocked_member_never_reaches_what_is_shown() -> None:
    events = check(given(*new(NA, value("h", HIV, "Reactive"), note="Reactive.")))
    assert [v.key for v in shown(events).values] == ["na"]
    assert shown(events).note == ""
    assert "eactive" not in str([shown(events).values])


@pytest.mark.rule("R54")
def test_a_result_that_the_age_gate_hides_is_announced_to_nobody() -> None:
    assert names(check(given(*new()), age_open=False)) == ["ReportVerified", "ResultShown"]


@pytest.mark.rule("R54")
def test_what_was_announced_is_withdrawn_when_the_age_gate_has_closed_since() -> None:
    early = [replace(o, status="preliminary") for o in (NA, K)]
    before = [*new(*early), *check(given(*new(*early)))]
    events = take(given(*before), posted(reported=NOW), age_open=False)
    assert names(events[2:]) == ["ResultShown", "ResultWithdrawn"]
    assert not shown(events).open


@pytest.mark.rule("R20")
def test_a_verified_external_order_is_not_shown() -> None:
    external = take(Report(), posted(), ordered=Ordered("external", "x", "X"))
    assert names(check(given(*external))) == ["ReportVerified"]


@pytest.mark.rule("R7")
def test_the_same_content_again_is_unchanged() -> None:
    state = given(*new())
    assert rules.is_unchanged(state, posted(reported=NOW))
    assert not rules.is_unchanged(state, posted(NA))


@pytest.mark.rule("R18")
def test_an_older_preliminary_after_the_final_changes_nothing_and_is_kept_once() -> None:
    state = given(*new(reported=NOW))
    old = posted(NA, status="preliminary", reported=NOW - timedelta(days=1))
    assert rules.is_late(state, old)
    kept = rules.keep_late(state, old)
    assert names(kept) == ["LateVersionKept"]
    assert rules.keep_late(given(*new(reported=NOW), *kept), old) == []
    assert rules.is_late(state, posted(status="preliminary", reported=NOW))


@pytest.mark.rule("R18", "S4")
def test_a_correction_after_verification_withdraws_at_once_and_returns_to_the_inbox() -> None:
    before = [*new(), *check(given(*new()))]
    corrected = posted(value("na", NA.codes[0], "150", status="corrected"), K, reported=NOW)
    events = take(given(*before), corrected)
    assert names(events) == ["ReportPosted", "ReportJudged", "ResultCorrecting", "ResultWithdrawn"]
    after = given(*before, *events)
    assert after.waiting
    assert after.corrected
    half = check(after, "na", revision=2)
    assert names(half) == ["ReportVerified"]
    again = check(given(*before, *events, *half), revision=2)
    assert names(again) == ["ReportVerified", "ResultShown", "ResultAppeared"]
    assert shown(again).values[0].value == "150"


@pytest.mark.rule("R18", "S4")
@pytest.mark.parametrize(
    "about", [{"section": "HM"}, {"specimen": "Urine"}, {"codes": (NA.codes[0],)}, {"note": "!"}]
)
def test_another_sample_section_order_or_remark_is_a_correction(about: dict[str, Any]) -> None:
    before = [*new(), *check(given(*new()))]
    events = take(given(*before), posted(reported=NOW, **about))
    assert "ResultCorrecting" in names(events)
    assert given(*before, *events).verified == frozenset()


@pytest.mark.rule("R18")
def test_a_preliminary_that_turns_final_with_the_same_values_stays_verified() -> None:
    early = [replace(o, status="preliminary") for o in (NA, K)]
    first = new(*early, status="preliminary")
    before = [*first, *check(given(*first))]
    assert shown(before).values[0].status == "preliminary"
    events = take(given(*before), posted(reported=NOW))
    assert names(events) == ["ReportPosted", "ReportJudged", "ResultShown"]
    assert not given(*before, *events).waiting


@pytest.mark.rule("R19")
def test_a_value_added_later_waits_while_the_rest_stays() -> None:
    before = [*new(NA), *check(given(*new(NA)))]
    events = take(given(*before), posted(NA, K, reported=NOW))
    state = given(*before, *events)
    assert state.waiting
    assert "ResultCorrecting" not in names(events)
    assert [v.key for v in state.patient_sees.values] == ["na"]  # type: ignore[union-attr]


@pytest.mark.rule("R18")
def test_a_value_posted_wrong_is_withdrawn_and_never_shown_again() -> None:
    before = [*new(), *check(given(*new()))]
    wrong = posted(value("na", NA.codes[0], status="wrong"), K, reported=NOW)
    events = take(given(*before), wrong)
    assert "ResultWithdrawn" in names(events)
    again = check(given(*before, *events), revision=2)
    assert [v.key for v in shown(again).values] == ["k"]


@pytest.mark.rule("R18")
def test_a_whole_report_posted_wrong_disappears_when_acknowledged() -> None:
    before = [*new(), *check(given(*new()))]
    events = take(given(*before), posted(status="wrong", reported=NOW))
    assert "ResultCorrecting" in names(events)
    assert names(check(given(*before, *events), revision=2)) == ["ReportVerified", "ResultHidden"]


@pytest.mark.rule("R7")
def test_a_value_that_cannot_be_obtained_says_so() -> None:
    missing = value("na", NA.codes[0], "", number=None, status="cannot-obtain")
    first = new(missing)
    assert shown(check(given(*first))).values[0].value == "could not be obtained"


@pytest.mark.rule("S4")
def test_verifying_refuses_stale_unknown_and_done() -> None:
    state = given(*new())
    for code, keys, revision in (("stale", (), 7), ("unknown-value", ("x",), 1)):
        with pytest.raises(Refused) as refused:
            check(state, *keys, revision=revision)
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        check(given(*new(), *check(state)))
    assert refused.value.code == "already"
    with pytest.raises(Refused) as refused:
        check(Report())
    assert refused.value.status == 404


@pytest.mark.rule("R30", "S5")
def test_a_verified_value_that_is_mapped_open_is_released() -> None:
    odd = value("z", replace(NA.codes[0], system="L", code="ZYX", text="Zyx factor"))
    first = take(Report(), posted(odd))
    before = [*first, *check(given(*first))]
    assert names(before[-1:]) == ["ReportVerified"]
    opened = ruling(posted(odd), mapped={"lab|L|ZYX": "none"})
    events = rules.judge_again(given(*before), opened, True, LATER)
    assert names(events) == ["ReportJudged", "ResultShown", "ResultReleased"]
    closed = ruling(posted(odd), mapped={"lab|L|ZYX": "hiv"})
    events = rules.judge_again(given(*before, *events), closed, True, LATER)
    assert names(events) == ["ReportJudged", "ResultHidden", "ResultWithdrawn"]


@pytest.mark.rule("R20", "S5")
def test_a_resolved_orderer_releases_what_was_verified() -> None:
    first = take(Report(), posted(), ordered=Ordered("unknown"))
    before = [*first, *check(given(*first))]
    events = rules.resolve_orderer(given(*before), "dr-lee", ruling(posted()), True, LATER)
    assert names(events) == ["OrdererResolved", "ReportJudged", "ResultShown", "ResultReleased"]
    assert (
        rules.resolve_orderer(given(*before, *events), "dr-lee", ruling(posted()), True, NOW) == []
    )


@pytest.mark.rule("R30")
def test_the_same_ruling_again_is_no_event() -> None:
    assert rules.judge_again(given(*new()), ruling(posted()), True, NOW) == []


def test_a_report_never_moves_to_another_patient() -> None:
    with pytest.raises(Refused):
        take(given(*new()), posted(NA, patient="p2", reported=NOW))


@pytest.mark.rule("R7")
@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3.5-5.1", 3.5, 5.1),
        ("3.5 - 5.1 mmol/L", 3.5, 5.1),
        ("<5", None, 5.0),
        (">= 60", 60.0, None),
        ("-2 to 2", -2.0, 2.0),
        ("Negative", None, None),
        ("", None, None),
    ],
)
def test_ranges_are_read_where_they_can_be(text: str, low: float, high: float) -> None:
    assert bounds(text) == (low, high)


@pytest.mark.rule("R30")
def test_no_event_prints_what_a_patient_has() -> None:
    events = [*new(NA, value("h", HIV, "Reactive")), *check(given(*new(NA)))]
    assert not any(word in repr(events) for word in ("Sodium", "Reactive", "hiv", "140"))
    assert any(isinstance(e, ReportVerified) for e in events)


@pytest.mark.rule("R19", "S4")
def test_a_correction_under_the_report_time_of_what_it_corrects_is_the_newer_one() -> None:
    hour = timedelta(hours=1)
    first = posted(reported=NOW + hour, stated=NOW + hour)
    fixed = posted(replace(NA, value="150"), reported=NOW, stated=NOW + 2 * hour)
    state = given(*take(Report(), first))
    assert not rules.is_late(state, fixed)
    state = given(*take(Report(), fixed))
    assert rules.is_late(state, first)


def test_an_old_version_sent_again_does_not_take_the_place_of_the_newer_one() -> None:
    hour = timedelta(hours=1)
    early = posted(status="preliminary", stated=NOW)
    final = posted(stated=NOW + hour)
    came = take(Report(), early)
    state = given(*came, *take(given(*came), final))
    again = posted(status="preliminary", stated=NOW + 2 * hour)
    assert rules.is_late(state, again)
    other = posted(replace(NA, value="9"), status="preliminary", stated=NOW + 2 * hour)
    assert not rules.is_late(state, other)  # something new, however it is called: a provider looks
