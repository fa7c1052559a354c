"""A patient's profile as a form, and what a sent form would change in it (S13, R59)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from contracts.identity import PatientAccountAnswer
from frontend.forms import Form

SEXES: Final = (
    ("female", "Female"),
    ("male", "Male"),
    ("other", "Other"),
    ("unknown", "Not known"),
)
NAME: Final = ("given", "family", "suffix")
ADDRESS: Final = ("line", "city", "state", "zip")


def fill(form: Form, account: PatientAccountAnswer) -> None:
    """What is on record, ready to be corrected, without the birth date."""
    card = account.card
    form.values |= {name: getattr(card.name, name) for name in NAME}
    form.values |= {name: getattr(card.address, name) for name in ADDRESS}
    form.values |= {"sex": card.sex, "email": card.email, "phones": "\n".join(account.phones)}


def changed(form: Form, born: date | None, account: PatientAccountAnswer) -> dict[str, Any]:
    """Only what differs from the record: what is not sent stays as it is."""
    card = account.card
    typed = {
        "name": {name: form.get(name) for name in NAME},
        "born": born,
        "sex": form.get("sex"),
        "address": {name: form.get(name) for name in ADDRESS},
        "phones": [line.strip() for line in form.get("phones").splitlines() if line.strip()],
        "email": form.get("email"),
    }
    known = {
        "name": {name: getattr(card.name, name) for name in NAME},
        "born": card.born,
        "sex": card.sex,
        "address": {name: getattr(card.address, name) for name in ADDRESS},
        "phones": list(account.phones),
        "email": card.email,
    }
    return {name: said for name, said in typed.items() if said != known[name]}


def emptied(changes: dict[str, Any]) -> dict[str, str]:
    """What a correction cannot take away: a record without it is worse than a wrong one."""
    wrong = {}
    if "name" in changes and not changes["name"]["family"]:
        wrong["family"] = "Enter a last name"
    if "born" in changes and changes["born"] is None:
        wrong["born"] = "Enter a date of birth"
    if changes.get("email") == "":
        wrong["email"] = "Enter an address; one on record can be corrected, not removed"
    return wrong


def placed(errors: Mapping[str, str]) -> dict[str, str]:
    """A refusal's sentences by the fields of the form: `name.family` is `family`, `phones.0` `phones`."""
    return {_field(name): said for name, said in errors.items()}


def _field(name: str) -> str:
    top, _, below = name.partition(".")
    return below if top in ("name", "address") and below else top
