"""The release policy under changes: what each kind does, and what a policy is called (S6)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.labs import ChangeKind, PolicyChange
from kernel.decider import Refused
from services.labs.decider.changes import checked
from services.labs.release.changes import apply, compose, ordered, policy_of
from services.labs.release.policy import Policies, Policy, load
from services.labs.shapes import Change, ChangeSet, Code
from tests.unit.labs.making import (
    HIV,
    METABOLIC,
    NA,
    POLICY,
    SODIUM,
    local,
    posted,
    ruling,
    value,
)

DAY = date(2026, 11, 24)
BASE = load().at(DAY)
CATEGORIES = {c.name for c in BASE.categories}
HPV = Code("loinc", "21440-3", "HPV DNA")
LITHIUM = Code("loinc", "14334-7", "")


def change(kind: ChangeKind, **more: Any) -> Change:
    base: dict[str, Any] = {"category": "", "mode": "", "codes": (), "words": ()}
    return Change(kind=kind, reason="a reason", **{**base, **more})


def under(*changes: Change) -> Policy:
    return apply(BASE, changes)


def says(code: Code, policy: Policy, **more: Any) -> tuple[str, str]:
    """Verdict and category of a value of this code in a known order."""
    found = ruling(posted(value("v", code)), policy=policy, **more).ruling("v")
    return found.verdict, found.category


def changes_of(id: str, day: date, *changes: Change) -> ChangeSet:
    return ChangeSet(id, 1, f"Changes {id}", day, changes)


@pytest.mark.rule("S6", "R22")
def test_a_category_that_is_switched_off_is_shown_by_number_name_and_text() -> None:
    off = under(change("mode", category="hiv", mode="never"))
    assert says(HIV, off) == says(Code("loinc", "7917-8", ""), off) == ("release", "")
    assert says(local("HIV 1/2 antibody screen"), off) == ("release", "")
    remark = ruling(posted(NA, note="HIV negative"), policy=off)
    assert not remark.hide_note
    assert says(Code("loinc", "16128-1", "HCV Ab"), off) == ("block", "hepatitis")


@pytest.mark.rule("S6", "R26")
def test_a_companion_may_be_made_to_block_always_and_back() -> None:
    always = change("mode", category="hpv", mode="always")
    assert says(HPV, under(always)) == ("block", "hpv")
    assert says(HPV, under(always, change("mode", category="hpv", mode="with pap")))[0] == "release"


@pytest.mark.rule("S6", "R30")
def test_added_numbers_block_on_the_order_and_on_a_value() -> None:
    salts = under(change("add-codes", category="toxicology", codes=("2951-2",)))
    assert says(SODIUM, salts) == ("block", "toxicology")
    order = ruling(posted(NA, codes=(SODIUM,)), policy=salts)
    assert (order.order.category, order.order.matcher) == ("toxicology", "loinc:2951-2")


@pytest.mark.rule("S6", "S5")
def test_a_number_that_is_taken_out_is_held_until_somebody_says_what_it_is() -> None:
    number = Code("loinc", "7917-8", "")
    gone = change("remove-codes", category="hiv", codes=("7917-8",))
    assert says(number, under(gone)) == ("hold", "")
    assert says(number, under(gone, change("allow", codes=("7917-8",))))[0] == "release"
    assert says(HIV, under(gone, change("allow", codes=("7918-6",)))) == ("block", "hiv")


@pytest.mark.rule("S6", "R24")
def test_the_allow_list_excuses_from_a_class_and_no_longer() -> None:
    assert says(LITHIUM, BASE)[0] == "release"
    assert says(LITHIUM, under(change("disallow", codes=("14334-7",)))) == ("block", "toxicology")


@pytest.mark.rule("S6", "R30")
@pytest.mark.parametrize(
    ("word", "text", "blocks"),
    [
        ("sodium", "Sodium", True),
        ("SODIUM", "sodium, serum", True),
        ("sodium", "Sodiumate potassium", False),
        ("so.ium", "Sodium", False),
        ("total protein", "TOTAL_PROTEIN  serum", True),
        ("total protein", "Protein, total", False),
        ("17", "17 sodium", True),
        ("17", "170 sodium", False),
        ("calcium (ionized)", "Calcium (ionized) serum", True),
        ("Kalium é", "kalium e sodium", True),
    ],
)
def test_a_word_is_matched_as_it_stands(word: str, text: str, blocks: bool) -> None:
    policy = under(change("add-words", category="hiv", words=(word,)))
    assert (says(local(text), policy)[0] == "block") is blocks


@pytest.mark.rule("S6", "R30")
def test_an_added_word_counts_in_remarks_and_narratives_too() -> None:
    policy = under(change("add-words", category="hiv", words=("cd4 count",)))
    assert ruling(posted(NA, note="See the CD4 count."), policy=policy).hide_note
    said = value("c", local("COMMENT"), "CD4 count low")
    assert ruling(posted(NA, said), policy=policy).ruling("c").category == "hiv"


@pytest.mark.rule("S6")
def test_a_phrase_that_is_taken_out_excuses_only_itself() -> None:
    policy = under(change("remove-words", category="hepatitis", words=("hepatitis education",)))
    assert says(local("Hepatitis education, sodium"), policy)[0] == "release"
    assert says(local("Hepatitis education and HCV Ab"), policy) == ("block", "hepatitis")
    assert says(local("Hepatitis panel"), policy) == ("block", "hepatitis")


@pytest.mark.rule("S6")
def test_of_two_phrases_in_conflict_the_one_that_blocks_wins() -> None:
    policy = under(
        change("remove-words", category="hiv", words=("sodium pathway",)),
        change("add-words", category="hiv", words=("sodium",)),
    )
    assert says(local("Sodium pathway"), policy) == ("block", "hiv")
    struck = under(
        change("add-words", category="hepatitis", words=("hbs antibody",)),
    )
    assert says(local("HBs antibody"), struck) == ("block", "hepatitis")


@pytest.mark.rule("S6")
def test_an_added_word_can_be_taken_back() -> None:
    added = change("add-words", category="hiv", words=("Sodium",))
    gone = change("remove-words", category="hiv", words=("SODIUM ",))
    assert says(SODIUM, under(added, gone))[0] == "release"
    assert says(SODIUM, under(gone, added))[0] == "block"


@pytest.mark.rule("S6", "R31")
def test_imaging_is_released_and_hidden_by_words_or_number_and_hiding_wins() -> None:
    def scan(*changes: Change, **more: Any) -> str:
        version = posted(
            value("i", local("Impression"), "Normal"),
            codes=(Code("loinc", "18748-4", "DEXA hip"),),
        )
        return ruling(version, policy=under(*changes), **more).ruling("i").verdict

    by_words = change("release-imaging", words=("dexa",))
    assert [scan(), scan(by_words)] == ["block", "release"]
    assert scan(change("release-imaging", codes=("18748-4",))) == "release"
    assert scan(change("hide-imaging", words=("DEXA",)), imaging=("DEXA",)) == "block"
    assert scan(change("hide-imaging", words=("dexa",)), by_words) == "release"
    assert scan(by_words, change("hide-imaging", words=("hip",))) == "block"


@pytest.mark.rule("S6")
def test_a_set_counts_from_its_day_on_and_later_ones_after_it() -> None:
    rules = load()
    off = changes_of("a", DAY, change("mode", category="hiv", mode="never"))
    back = changes_of("b", date(2026, 12, 1), change("mode", category="hiv", mode="always"))
    approved = ordered((back, off))
    modes = [
        policy_of(rules, day, approved).category("hiv")
        for day in (date(2026, 11, 23), DAY, date(2026, 12, 1))
    ]
    assert [found and found.mode for found in modes] == ["always", "never", "always"]


@pytest.mark.rule("S6")
def test_a_policy_is_named_by_its_day_and_its_content() -> None:
    off = changes_of("a", DAY, change("mode", category="hiv", mode="never"))
    codes = changes_of("b", DAY, change("allow", codes=("7917-8",)))
    names = [
        BASE.version,
        compose(BASE, [off]).version,
        compose(BASE, [off, codes]).version,
        compose(BASE, [codes, off]).version,
    ]
    assert len(set(names)) == 4
    assert {name.partition(".")[0] for name in names[1:]} == {"2026-11-24"}
    assert compose(BASE, [off]).version == names[1]


@pytest.mark.rule("S6")
def test_the_policy_without_changes_is_the_very_one_of_the_files() -> None:
    later = changes_of("a", date(2027, 1, 1), change("allow", codes=("7917-8",)))
    assert policy_of(load(), DAY, (later,)) is BASE
    assert policy_of(load(), DAY, ()) is POLICY


def test_what_was_composed_is_remembered_within_bounds() -> None:
    rules: Policies = load()
    sets = [changes_of(f"s{n}", DAY, change("allow", codes=("7917-8",))) for n in range(40)]
    first = policy_of(rules, DAY, (sets[0],))
    assert policy_of(rules, DAY, (sets[0],)) is first
    for each in sets[1:]:
        policy_of(rules, DAY, (each,))
    assert len(rules.composed) <= 16
    assert policy_of(rules, DAY, (sets[0],)).version == first.version


def test_the_names_that_the_base_remembers_are_not_the_changed_ones() -> None:
    assert says(HIV, BASE) == ("block", "hiv")
    assert says(HIV, under(change("mode", category="hiv", mode="never")))[0] == "release"
    assert says(HIV, BASE) == ("block", "hiv")


def written(kind: ChangeKind, **more: Any) -> PolicyChange:
    return PolicyChange(kind=kind, reason="a reason", **more)


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        (written("mode", category="measles", mode="always"), "unknown-category", "category"),
        (written("add-codes", codes=("2951-2",)), "unknown-category", "category"),
        (written("mode", category="hiv", mode="sometimes"), "mode", "mode"),
        (written("mode", category="hiv"), "mode", "mode"),
        (written("mode", category="hiv", mode="with hiv"), "mode", "mode"),
        (written("mode", category="hiv", mode="with measles"), "mode", "mode"),
        (written("add-codes", category="hiv", codes=("2951-3",)), "not-loinc", "codes"),
        (written("allow", codes=("2951-2", "sodium")), "not-loinc", "codes"),
        (written("hide-imaging", codes=("1-1",)), "not-loinc", "codes"),
        (written("add-codes", category="hiv"), "empty", "codes"),
        (written("allow", codes=(" ",)), "empty", "codes"),
        (written("add-words", category="hiv", words=("", " ")), "empty", "words"),
        (written("add-words", category="hiv", words=("|",)), "empty", "words"),
        (written("remove-words", category="hiv", words=("a",)), "empty", "words"),
        (written("release-imaging"), "empty", "words"),
    ],
)
def test_a_wrong_change_is_refused_beside_its_field(
    wrong: PolicyChange, code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        checked((written("allow", codes=("2951-2",)), wrong), CATEGORIES)
    assert refused.value.code == code
    assert list(refused.value.fields) == [f"changes.1.{field}"]


def test_what_a_kind_does_not_use_is_left_out() -> None:
    noisy = written("allow", category="hiv", mode="never", words=("hiv",), codes=(" 2951-2 ",) * 2)
    assert checked((noisy,), CATEGORIES) == (change("allow", codes=("2951-2",)),)


KINDS = st.sampled_from(
    [
        change("mode", category="hiv", mode="never"),
        change("mode", category="hiv", mode="with pap"),
        change("add-codes", category="hiv", codes=("2951-2",)),
        change("remove-codes", category="hiv", codes=("7918-6",)),
        change("add-words", category="pap", words=("sodium",)),
        change("remove-words", category="hiv", words=("hiv",)),
        change("allow", codes=("7917-8",)),
        change("disallow", codes=("14334-7",)),
        change("release-imaging", words=("dexa",)),
    ]
)


@pytest.mark.rule("S6", "R30")
@given(st.lists(KINDS, max_size=6), st.lists(KINDS, max_size=6))
def test_changes_touch_no_category_but_their_own(first: list[Change], then: list[Change]) -> None:
    policy = under(*first, *then)
    assert [c.name for c in policy.categories] == [c.name for c in BASE.categories]
    touched = {each.category for each in (*first, *then)}
    for before, after in zip(BASE.categories, policy.categories, strict=True):
        assert before is after or before.name in touched
    assert says(Code("loinc", "16128-1", "HCV Ab"), policy) == ("block", "hepatitis")


@pytest.mark.rule("R26", "S5")
def test_a_code_that_is_mapped_to_a_companion_is_no_longer_asked_for() -> None:
    odd = local("Zyx strain", "ZYX")
    version = posted(value("z", odd))
    alone = ruling(version, mapped={"lab|L|ZYX": "hpv"})
    assert (alone.ruling("z").verdict, alone.reasons) == ("release", ())
    pap = value("pap", Code("loinc", "10524-7", "Cytology"), "NILM")
    both = ruling(posted(pap, value("z", odd), codes=(METABOLIC,)), mapped={"lab|L|ZYX": "hpv"})
    assert both.ruling("z").category == "hpv"
