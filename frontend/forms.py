"""Reading a posted form, and what a page shows beside a field that is not right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from starlette.requests import Request

from frontend.texts import look_up, text


@dataclass(slots=True)
class Form:
    """What was typed, and the sentences beside the fields."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """What was typed, without the spaces around it."""
        return self.values.get(name, "").strip()

    def number(self, name: str) -> int | str:
        """A whole number as JSON has it; anything else as it is, for its owner to refuse."""
        typed = self.get(name)
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else typed

    def date_parts(self, name: str) -> dict[str, str]:
        """The three fields of a date, as typed."""
        return {part: self.get(f"{name}_{part}") for part in ("month", "day", "year")}

    def date(self, name: str) -> date | None:
        """The date in three fields; None when they make none."""
        parts = self.date_parts(name)
        try:
            return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
        except ValueError:
            return None

    def summary(self) -> list[tuple[str, str]]:
        """For the error summary, in the order in which the errors were found."""
        return list(self.errors.items())


async def posted(request: Request, most: int = 60) -> Form:
    """The fields of a form, at most so many; files are not taken here."""
    async with request.form(max_files=0, max_fields=most) as data:
        return Form({name: value for name, value in data.items() if isinstance(value, str)})


def in_words(errors: Mapping[str, str], lang: str, group: str) -> dict[str, str]:
    """The gateway's sentences per field, in our own words where the texts have them.

    The gateway speaks plain English; for another language its sentence is not shown.
    """
    return {name: _sentence(name, said, lang, group) for name, said in errors.items()}


def _sentence(name: str, said: str, lang: str, group: str) -> str:
    ours = look_up(lang, f"{group}.e_{name}")
    if isinstance(ours, str):
        return ours
    return said if lang == "en" else text(lang, "register.e_other")
