"""The demo's patients: every age that a rule knows. Made up; ages as of the demo's first load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up patient. `mrn` is their record number with us; `ssn_last4` follows 000-00."""

    mrn: str
    family: str
    given: str
    born: date
    sex: Literal["F", "M"]
    line: str
    zip: str
    phone: str
    email: str
    ssn_last4: str


ENROLLED = "HV20001"
PARENT = "HV20005"
CHILDREN = ("HV20003", "HV20004", "HV20015")
"""A mother with an account, and her children of 8, of nearly 12, and of 13 with another address."""
CONTACTS = {"HV20015": "ngozi.okafor@mail.example"}
PARENT_PASSWORD = "saffron-lantern-quiet-meadow"  # noqa: S105  (a made-up account, shown on screen)
TO_REGISTER = "HV20014"
"""Somebody who is in the index and has no account yet: whoever tries the demo can be them."""
ENROLLED_PASSWORD = "violet-compass-river-stone"  # noqa: S105  (a made-up account, shown on screen)


def years_before(day: date, years: int, days: int = 0) -> date:
    """The date of birth of someone who is `years` and `days` old on `day`."""
    ordinal = date.fromordinal(day.toordinal() - days)
    try:
        return ordinal.replace(year=ordinal.year - years)
    except ValueError:  # 29 February
        return ordinal.replace(year=ordinal.year - years, day=28)


def people(today: date) -> tuple[Person, ...]:
    """The patients, with ages as of `today` (practice time)."""

    def one(
        number: int,
        family: str,
        given: str,
        age: tuple[int, int],
        sex: Literal["F", "M"],
        home: str,
    ) -> Person:
        line, zip_code = _HOMES[home]
        return Person(
            mrn=f"HV2{number:04d}",
            family=family,
            given=given,
            born=years_before(today, *age),
            sex=sex,
            line=line,
            zip=zip_code,
            phone=f"415-555-01{number + 20:02d}",
            email=f"{given}.{family}@mail.example".lower().replace(" ", "") if age[0] > 17 else "",
            ssn_last4=f"{4000 + 37 * number:04d}",
        )

    return (
        one(1, "Lindqvist", "Maya", (34, 40), "F", "elm"),
        one(2, "Lindqvist", "Otto", (0, 210), "M", "elm"),
        one(3, "Okafor", "Ada", (8, 100), "F", "pier"),
        one(4, "Okafor", "Chidi", (11, 351), "M", "pier"),
        one(5, "Okafor", "Grace", (41, 12), "F", "pier"),
        one(6, "Reyes", "Lucia", (12, 0), "F", "hill"),
        one(7, "Reyes", "Mateo", (14, 60), "M", "hill"),
        one(8, "Tanaka", "Kenji", (17, 300), "M", "lake"),
        one(9, "Byrne", "Niamh", (18, 0), "F", "mill"),
        one(10, "Kaplan", "Ruth", (71, 90), "F", "oak"),
        one(11, "Whitaker", "Amos", (88, 15), "M", "oak"),
        one(12, "Delacroix", "Noelle", (29, 77), "F", "bay"),
        one(13, "Delacroix", "Noemie", (29, 77), "F", "bay"),
        one(14, "Abara", "Samuel", (52, 200), "M", "mill"),
        one(15, "Okafor", "Ngozi", (13, 100), "F", "pier"),
    )


_HOMES = {
    "elm": ("12 Elm Court", "94110"),
    "pier": ("48 Pier Street", "94133"),
    "hill": ("305 Hill Road", "94114"),
    "lake": ("9 Lake Terrace", "94121"),
    "mill": ("77 Mill Lane", "94103"),
    "oak": ("150 Oak Avenue", "94117"),
    "bay": ("21 Bay View", "94124"),
}
