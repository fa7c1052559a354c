"""Laboratory results as a patient reads them (R7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contracts.labs import ResultAnswer, ResultRow, ResultValue
from frontend.presenters.charts import Bar, Trend, When, bar, trend

Words = Callable[..., str]

FAR = ("critical-low", "critical-high", "critical")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `tags` are (words, kind)."""

    href: str
    name: str
    collected: str
    reported: str
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `is_text` is for words and paragraphs, which are not set large."""

    key: str
    name: str
    value: str
    unit: str
    is_text: bool
    range_text: str
    flag: str
    flag_kind: str
    status: str
    note: str
    bar: Bar | None
    trend: Trend | None


def rows(results: tuple[ResultRow, ...], t: Words, day: When, base: str) -> list[Row]:
    """The list, newest first as it came. `base` keeps its links in the record in view."""
    return [
        Row(
            href=f"{base}/results/{each.report}",
            name=each.name,
            collected=day(each.collected) if each.collected else t("results.unknown"),
            reported=day(each.reported),
            tags=_tags(each, t),
        )
        for each in results
    ]


def _tags(row: ResultRow, t: Words) -> tuple[tuple[str, str], ...]:
    """A result that is being corrected says nothing about its value."""
    tags = [(t("results.tag_new"), "accent")] if row.is_new else []
    if row.being_corrected:
        tags.append((t("results.tag_corrected"), "blue"))
    elif row.abnormal:
        tags.append((t("results.tag_outside"), "amber"))
    return tuple(tags)


def values(answer: ResultAnswer, t: Words, day: When, short: When) -> list[Value]:
    """The values of one report; none while it is being corrected (decision f)."""
    if answer.being_corrected:
        return []
    return [_value(each, answer, t, day, short) for each in answer.values]


def _value(each: ResultValue, answer: ResultAnswer, t: Words, day: When, short: When) -> Value:
    at = answer.collected or answer.reported
    return Value(
        key=each.key,
        name=each.name,
        value=each.value,
        unit=each.unit,
        is_text=each.number is None and len(each.value) > 24,
        range_text=each.range_text,
        flag=_flag(each, t),
        flag_kind="far" if each.flag in FAR else "outside" if each.flag else "fine",
        status=_status(each, t),
        note=each.note,
        bar=bar(each.number, each.low, each.high),
        trend=trend(each, at, day, short),
    )


def _flag(each: ResultValue, t: Words) -> str:
    """In words, never by colour alone. `usual` is only said of a number within a known range."""
    if each.flag:
        return t(f"flags.{each.flag}")
    number, low, high = each.number, each.low, each.high
    if number is None or (low is None and high is None):
        return ""
    inside = (low is None or number >= low) and (high is None or number <= high)
    return t("result.normal") if inside else ""


def _status(each: ResultValue, t: Words) -> str:
    match each.status:
        case "preliminary":
            return t("result.preliminary")
        case "corrected":
            return t("result.corrected_value")
        case "cannot-obtain":
            return t("result.cannot_obtain")
    return ""
