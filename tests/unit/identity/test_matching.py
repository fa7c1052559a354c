"""Matching a form with the index: given records, when a form comes, then match or reason (R48)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts.common import Address, HumanName
from contracts.identity import RegistrationForm
from services.identity.matching import (
    ADDRESS_DIFFERS,
    DECEASED,
    ENROLLED,
    GIVEN_DIFFERS,
    MERGED,
    NO_RECORD,
    NOTHING_KNOWN,
    SEVERAL,
    UNDER_18,
    Candidate,
    Match,
    NoMatch,
    match,
)
from tests.unit.identity import desk

TODAY = date(2026, 3, 4)
MARIA = Candidate("maria", desk.demographics(), ("00-4711",))


def form(**changes: Any) -> RegistrationForm:
    """Maria's form."""
    return RegistrationForm.model_validate(desk.form(**changes).model_dump())


def named(family: str, given: str = "María", suffix: str = "") -> Candidate:
    """Maria's record under another name."""
    name = HumanName(family=family, given=given, suffix=suffix)
    return replace(MARIA, demographics=desk.demographics(name=name))


@pytest.mark.rule("R48")
@pytest.mark.parametrize(
    ("known", "family", "given"),
    [
        pytest.param(("Garcia-López", "María"), "GARCIA LOPEZ", "maria", id="accents-case-hyphen"),
        pytest.param(("O'Neil", "Seán"), "ONeil", "Sean", id="apostrophe"),
        pytest.param(("Smith Jr.", "William"), "Smith", "Bill", id="suffix-and-nickname"),
        pytest.param(("Smith", "William"), "Smith III", "Will", id="suffix-in-the-form"),
        pytest.param(("Łukasz", "Mary Ann"), "Lukasz", "Maryann", id="barred-l-and-two-words"),
        pytest.param(("Müller", "Anna Lena"), "Muller", "Anna", id="first-of-two-names"),
        pytest.param(("van der Berg", "José"), "Vanderberg", "Pepe", id="spaces"),
    ],
)
def test_spelling_does_not_matter(known: tuple[str, str], family: str, given: str) -> None:
    assert match(form(family=family, given=given), [named(*known)], TODAY) == Match("maria")


@pytest.mark.rule("R48")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"family": "Gomez"}, NO_RECORD),
        ({"born": date(1980, 5, 18)}, NO_RECORD),
        ({"given": "Rosa"}, GIVEN_DIFFERS),
        ({"zip": "94559"}, ADDRESS_DIFFERS),
        ({"phone": ""}, NOTHING_KNOWN),
        ({"phone": "", "ssn_last4": "0000"}, NOTHING_KNOWN),
        ({"phone": "", "record_number": "999"}, NOTHING_KNOWN),
        ({"phone": "5550117"}, NOTHING_KNOWN),
    ],
)
def test_whatever_differs_is_left_to_support(changes: dict[str, Any], reason: str) -> None:
    found = match(form(**changes), [MARIA], TODAY)
    assert isinstance(found, NoMatch)
    assert found.reason == reason


@pytest.mark.rule("R48")
@pytest.mark.parametrize(
    "changes",
    [
        {"phone": "1-707-555-0117"},
        {"phone": "", "ssn_last4": "4411"},
        {"phone": "", "record_number": "4711"},
        {"zip": "00000", "line": "12 N. Main St"},
    ],
)
def test_one_identifier_and_address_or_zip_are_enough(changes: dict[str, Any]) -> None:
    assert match(form(**changes), [MARIA], TODAY) == Match("maria")


@pytest.mark.rule("R48")
def test_a_birth_date_alone_with_name_and_address_is_not_enough() -> None:
    assert match(form(phone=""), [MARIA], TODAY) == NoMatch(NOTHING_KNOWN, ("maria",))


@pytest.mark.rule("R48")
def test_an_empty_field_on_both_sides_is_no_evidence() -> None:
    bare = desk.demographics(phones=(), ssn_last4="", address=Address())
    known = Candidate("maria", bare)
    found = match(form(phone="", zip="   ", line=""), [known], TODAY)
    assert isinstance(found, NoMatch)


@pytest.mark.rule("R48")
@pytest.mark.parametrize("given", ["María", "Marta"])
def test_twins_with_one_telephone_are_left_to_support(given: str) -> None:
    twin = replace(named("Garcia-López", given), patient="twin", record_numbers=("4712",))
    assert match(form(), [MARIA, twin], TODAY) == NoMatch(SEVERAL, ("maria", "twin"))


@pytest.mark.rule("R48")
def test_a_twin_is_told_apart_by_a_record_number_of_her_own() -> None:
    twin = replace(named("Garcia-López", "Marta"), patient="twin", record_numbers=("4712",))
    asked = form(given="Marta", phone="", record_number="4712")
    assert match(asked, [MARIA, twin], TODAY) == Match("twin")


@pytest.mark.rule("R48")
def test_a_twin_cannot_register_under_the_others_record_number() -> None:
    twin = replace(named("Garcia-López", "Marta"), patient="twin", record_numbers=("4712",))
    asked = form(given="Marta", phone="", record_number="4711")
    assert match(asked, [MARIA, twin], TODAY) == NoMatch(GIVEN_DIFFERS, ("maria",))


@pytest.mark.rule("R48")
def test_different_suffixes_are_different_people() -> None:
    father = named("Smith", "John", "Sr")
    asked = form(family="Smith Jr", given="John")
    assert match(asked, [father], TODAY) == NoMatch(NO_RECORD, ())


@pytest.mark.rule("R48")
@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (replace(MARIA, merged=True), MERGED),
        (replace(MARIA, demographics=desk.demographics(deceased=True)), DECEASED),
        (replace(MARIA, enrolled=True), ENROLLED),
    ],
)
def test_merged_deceased_and_enrolled_records_do_not_match(
    candidate: Candidate, reason: str
) -> None:
    assert match(form(), [candidate], TODAY) == NoMatch(reason, ("maria",))


@pytest.mark.rule("R48")
def test_a_merged_record_beside_its_survivor_does_not_count() -> None:
    merged = replace(MARIA, patient="old", merged=True)
    assert match(form(), [merged, MARIA], TODAY) == Match("maria")


@pytest.mark.rule("R53")
@pytest.mark.parametrize(
    ("born", "today", "adult"),
    [
        (date(2008, 3, 4), date(2026, 3, 4), True),
        (date(2008, 3, 5), date(2026, 3, 4), False),
        (date(2008, 2, 29), date(2026, 2, 28), False),
        (date(2008, 2, 29), date(2026, 3, 1), True),
        (date(2027, 1, 1), date(2026, 3, 4), False),
    ],
    ids=["birthday-today", "tomorrow", "leap-on-28-feb", "leap-on-1-march", "not-yet-born"],
)
def test_only_adults_match(born: date, today: date, adult: bool) -> None:
    known = replace(MARIA, demographics=desk.demographics(born=born))
    found = match(form(born=born), [known], today)
    assert found == (Match("maria") if adult else NoMatch(UNDER_18))
