"""The orderer gate: ours at the time of the order, known and external, or unknown (R20, S5)."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.practice import Affiliation, Provider
from services.labs.release.orderer import entry_keys, name_key, order_keys, stand

LEE = Provider(
    id="dr-lee",
    npi="1234567893",
    name="Ann Lee MD",
    aliases=("L77", "LEE^ANN^Q"),
    affiliations=(Affiliation(since=date(2020, 1, 1), until=date(2025, 7, 1)),),
)
OUTSIDE = Provider(id="dr-out", npi="1999999992", name="Bo Out")


def finds(ids: tuple[str, ...], name: str = "") -> bool:
    return bool(entry_keys(LEE) & set(order_keys(ids, name)))


@pytest.mark.rule("R20")
@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (date(2019, 12, 31), "external"),
        (date(2020, 1, 1), "ours"),
        (date(2025, 6, 30), "ours"),
        (date(2025, 7, 1), "external"),  # left that day
    ],
)
def test_the_affiliation_on_the_day_of_the_order_counts(day: date, standing: str) -> None:
    assert stand([LEE], day).standing == standing


@pytest.mark.rule("R20")
def test_somebody_known_who_never_worked_here_is_external() -> None:
    assert stand([OUTSIDE], date(2026, 1, 1)).standing == "external"


@pytest.mark.rule("R20", "S5")
def test_nobody_and_more_than_one_are_unknown() -> None:
    assert stand([], date(2024, 1, 1)).standing == "unknown"
    assert stand([LEE, OUTSIDE], date(2024, 1, 1)).standing == "unknown"


@pytest.mark.rule("S5")
def test_what_staff_resolved_still_passes_by_the_affiliation() -> None:
    assert stand([LEE], date(2024, 1, 1), "dr-lee").standing == "ours"
    assert stand([LEE], date(2026, 1, 1), "dr-lee").standing == "external"
    assert stand([LEE], date(2024, 1, 1), "external").standing == "external"


@pytest.mark.rule("R20")
def test_ids_and_names_as_senders_write_them_find_the_entry() -> None:
    assert finds(("1234567893",))
    assert finds((" l77 ",))
    assert finds((), "LEE^ANN^^^^MD")
    assert finds((), "Lee, Ann Q.")
    assert finds(("0815",), "Ann Lee")  # an alias as name counts beside a foreign id
    assert not finds((), "Ann Leeds")


@pytest.mark.rule("R20", "S5")
def test_a_bare_equal_name_beside_an_unknown_id_is_not_enough() -> None:
    plain = LEE.model_copy(update={"aliases": ()})
    assert not entry_keys(plain) & set(order_keys(("0815",), "Ann Lee"))
    assert entry_keys(plain) & set(order_keys((), "Ann Lee"))


def test_names_compare_without_titles_accents_and_order() -> None:
    assert name_key("García-Núñez, José MD") == name_key("Dr. José García-Núñez")
