"""A set of changes as a form: rows that are added and removed without JavaScript (S6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from contracts.labs import PolicyCategory, PolicyVersionAnswer
from frontend.forms import Form
from frontend.presenters.categories import COMPANION, MODES, in_words, mode_in_words

MOST: Final = 100
FIELDS: Final = ("kind", "category", "mode", "codes", "words", "reason")
KINDS: Final = {
    "mode": "Whether a category is blocked",
    "add-codes": "LOINC numbers that join a category",
    "remove-codes": "LOINC numbers that leave a category",
    "add-words": "Words that join a category",
    "remove-words": "Words that leave a category",
    "allow": "LOINC numbers not to block by their class",
    "disallow": "LOINC numbers that their class may block again",
    "release-imaging": "Types of imaging to release",
    "hide-imaging": "Types of imaging not to release any more",
}
HINTS: Final = {
    "add-words": "A test with one of these words in its name is then treated as its category is.",
    "remove-words": "A name is not blocked for these words any more, whoever put them in.",
    "allow": "A category can block whole LOINC classes, such as drug levels. These numbers are "
    "excepted. What is blocked by its name or another number stays blocked.",
    "disallow": "Numbers that were excepted from the class of a category before.",
    "release-imaging": "Radiology is blocked, except for types that are released. Name a type by its "
    "number, or by words of its name.",
}
KIND_CHOICES: Final = (("", "Choose what should change"), *KINDS.items())
HAS_CATEGORY: Final = ("mode", "add-codes", "remove-codes", "add-words", "remove-words")
IMAGING: Final = ("release-imaging", "hide-imaging")
HAS_CODES: Final = ("add-codes", "remove-codes", "allow", "disallow", *IMAGING)
HAS_WORDS: Final = ("add-words", "remove-words", *IMAGING)
SHORTEST: Final = 3
LONGEST: Final = 200
TOO_LONG: Final = f"write at most {LONGEST} characters"


@dataclass(frozen=True, slots=True)
class Row:
    """One change on the form, with the fields that its kind has. `number` counts from 1."""

    number: int
    kind: str
    words: str
    hint: str
    has_category: bool
    has_mode: bool
    has_codes: bool
    has_words: bool


def rows(form: Form) -> list[Row]:
    """The changes of the form, in order. A kind that nobody offered is no row."""
    return [
        Row(
            number=number,
            kind=kind,
            words=KINDS[kind],
            hint=HINTS.get(kind, ""),
            has_category=kind in HAS_CATEGORY,
            has_mode=kind == "mode",
            has_codes=kind in HAS_CODES,
            has_words=kind in HAS_WORDS,
        )
        for number in range(1, MOST + 1)
        if (kind := form.get(f"kind-{number}")) in KINDS
    ]


def add(form: Form) -> int:
    """One more change of the chosen kind; 0, and a sentence beside the choice, where none is chosen."""
    number, kind = len(rows(form)) + 1, form.get("kind")
    if kind not in KINDS:
        form.errors["kind"] = "Choose what should change"
        return 0
    if number > MOST:
        form.errors["kind"] = f"A set has at most {MOST} changes"
        return 0
    form.values |= {f"kind-{number}": kind, "kind": ""}
    return number


def remove(form: Form, number: int) -> None:
    """Take one change out; those after it move up."""
    left = [_typed(form, row.number) for row in rows(form) if row.number != number]
    for row in rows(form):
        for name in FIELDS:
            form.values.pop(f"{name}-{row.number}", None)
    _put(form, left)


def fill(form: Form, answer: PolicyVersionAnswer) -> None:
    """A draft as it was written last, without its date."""
    form.values |= {"title": answer.row.title}
    _put(
        form,
        (
            {
                "kind": change.kind,
                "category": change.category,
                "mode": change.mode,
                "codes": " ".join(change.codes),
                "words": "\n".join(change.words),
                "reason": change.reason,
            }
            for change in answer.changes
        ),
    )


def check(form: Form, effective: date | None) -> None:
    """What is missing, beside its field. Whether it is right is for labs to say.

    Every row has the same fields, so the sentences say which row is meant.
    """
    if len(form.get("title")) < SHORTEST:
        form.errors["title"] = "Say in a few words what this is about"
    elif len(form.get("title")) > LONGEST:
        form.errors["title"] = TOO_LONG.capitalize()
    if effective is None:
        form.errors.setdefault("effective", "Enter the day from which it applies")
    found = rows(form)
    if not found:
        form.errors["kind"] = "Add at least one change"
    for row in found:
        _check_row(form, row)


def _check_row(form: Form, row: Row) -> None:
    n = row.number
    if row.has_category and not form.get(f"category-{n}"):
        form.errors[f"category-{n}"] = f"Change {n}: choose the category"
    if row.has_mode and not form.get(f"mode-{n}"):
        form.errors[f"mode-{n}"] = f"Change {n}: choose what should happen to it"
    listed = [name for name, has in (("codes", row.has_codes), ("words", row.has_words)) if has]
    if listed and not any(form.get(f"{name}-{n}") for name in listed):
        said = {"codes": "enter at least one LOINC number", "words": "enter at least one word"}
        both = "enter a LOINC number or a word"
        what = both if len(listed) > 1 else said[listed[0]]
        form.errors[f"{listed[0]}-{n}"] = f"Change {n}: {what}"
    if len(form.get(f"reason-{n}")) < SHORTEST:
        form.errors[f"reason-{n}"] = f"Change {n}: say why, for who approves it"
    elif len(form.get(f"reason-{n}")) > LONGEST:
        form.errors[f"reason-{n}"] = f"Change {n}: {TOO_LONG}"


def sent(form: Form, effective: date, draft: str) -> dict[str, Any]:
    """The command's fields. What a kind does not have is not sent."""
    return {
        "draft": draft or None,
        "title": form.get("title"),
        "effective": effective.isoformat(),
        "changes": [_change(form, row) for row in rows(form)],
    }


def _change(form: Form, row: Row) -> dict[str, Any]:
    n = row.number
    change: dict[str, Any] = {"kind": row.kind, "reason": form.get(f"reason-{n}")}
    if row.has_category:
        change["category"] = form.get(f"category-{n}")
    if row.has_mode:
        change["mode"] = form.get(f"mode-{n}")
    if row.has_codes:
        change["codes"] = [c for c in re.split(r"[\s,;]+", form.get(f"codes-{n}")) if c]
    if row.has_words:
        lines = form.get(f"words-{n}").splitlines()
        change["words"] = [line.strip() for line in lines if line.strip()]
    return change


def placed(errors: Mapping[str, str]) -> dict[str, str]:
    """A refusal's sentences by the fields of the form: `changes.0.codes.2` is `codes-1`.

    What is said of the changes as a whole stands only where no field of one is named.
    """
    found = {_field(name): said for name, said in errors.items()}
    if any(field.rpartition("-")[2].isdigit() for field in found):
        found.pop("kind", None)
    return {field: _said(field, said) for field, said in found.items()}


def _said(field: str, said: str) -> str:
    """Labs knows no rows of a form: which one is meant is added."""
    number = field.rpartition("-")[2]
    return f"Change {number}: {said}" if number.isdigit() else said


def _field(name: str) -> str:
    top, *below = name.split(".")
    if top != "changes":
        return top if top in ("title", "effective") else ""
    if len(below) < 2 or not below[0].isdigit() or below[1] not in FIELDS:
        return "kind"
    return f"{below[1]}-{int(below[0]) + 1}"


def category_choices(found: Iterable[PolicyCategory]) -> list[tuple[str, str]]:
    """The categories of today."""
    return [("", "Choose the category"), *((one.name, in_words(one.name)) for one in found)]


def mode_choices(found: Iterable[PolicyCategory]) -> list[tuple[str, str]]:
    """What may happen to a category: by itself, or together with another."""
    together = (f"{COMPANION}{one.name}" for one in found)
    modes = (*MODES, *together)
    return [("", "Choose what should happen"), *((mode, mode_in_words(mode)) for mode in modes)]


def _typed(form: Form, number: int) -> dict[str, str]:
    return {name: form.values.get(f"{name}-{number}", "") for name in FIELDS}


def _put(form: Form, changes: Iterable[Mapping[str, str]]) -> None:
    for number, change in enumerate(changes, 1):
        form.values |= {f"{name}-{number}": typed for name, typed in change.items()}
