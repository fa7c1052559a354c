"""Small charts as numbers: a value on its range, and a value over time. The macros draw them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contracts.labs import ResultValue

BAR_WIDTH, BAR_EDGE = 480.0, 12.0
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560.0, 200.0, 48.0, 20.0, 16.0, 32.0


When = Callable[[datetime], str]
"""A moment in words."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Where the usual range and the value stand on a bar; `low` and `high` label its ends."""

    start: float
    end: float
    mark: float
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a trend; `short` is its day for the axis."""

    x: float
    y: float
    day: str
    short: str
    number: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A line, its usual range as a band (top, height), and the labels of its axes."""

    points: tuple[Point, ...]
    band: tuple[float, float] | None
    ticks: tuple[tuple[float, str], ...]

    @property
    def line(self) -> str:
        """The points as SVG wants them."""
        return " ".join(f"{p.x:.1f},{p.y:.1f}" for p in self.points)


def plain(number: float) -> str:
    """`5`, `5.25`: without a tail of zeros."""
    return f"{number:.6g}" if abs(number) < 1e6 else f"{number:.0f}"


def bar(number: float | None, low: float | None, high: float | None) -> Bar | None:
    """None without a number or without a range. A value far outside stays at the edge."""
    if number is None or (low is None and high is None):
        return None
    if low is not None and high is not None and low >= high:
        return None
    bottom, top = _scale(number, low, high)
    across = BAR_WIDTH - 2 * BAR_EDGE

    def x(at: float) -> float:
        return round(BAR_EDGE + across * min(max((at - bottom) / (top - bottom), 0), 1), 1)

    return Bar(
        start=x(low) if low is not None else 0.0,
        end=x(high) if high is not None else BAR_WIDTH,
        mark=x(number),
        low=plain(low) if low is not None else "",
        high=plain(high) if high is not None else "",
    )


def _scale(number: float, low: float | None, high: float | None) -> tuple[float, float]:
    """The usual range in the middle, with as much room again at each side; zero is a floor."""
    if low is not None and high is not None:
        span = high - low
        room = span * 0.6
        bottom, top = low - room, high + room
        top = max(top, min(number + span * 0.2, high + 3 * span))
        bottom = min(bottom, max(number - span * 0.2, low - 3 * span))
    elif high is not None:
        bottom, top = min(0.0, high), max(abs(high) * 1.6, min(number * 1.1, abs(high) * 4), 1e-9)
    else:
        edge = low or 0.0
        bottom, top = min(0.0, edge), max(abs(edge) * 2, number * 1.2, 1e-9)
    if bottom < 0 <= min(number, low if low is not None else 0.0):
        bottom = 0.0
    return bottom, top if top > bottom else bottom + 1


def trend(each: ResultValue, at: datetime, day: When, short: When) -> Trend | None:
    """This value after the earlier ones, on a true time axis; None without an earlier one."""
    if each.number is None or not each.trend:
        return None
    pairs = sorted([(p.at, p.number) for p in each.trend if p.at != at] + [(at, each.number)])
    if len(pairs) < 2:
        return None
    numbers = [number for _, number in pairs]
    floor, ceiling = _room(numbers, each.low, each.high)
    first, last = pairs[0][0].timestamp(), pairs[-1][0].timestamp()

    def x(when: datetime) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (when.timestamp() - first) / ((last - first) or 1)

    def y(number: float) -> float:
        share = (number - floor) / (ceiling - floor)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(share, 0), 1)

    return Trend(
        points=tuple(
            Point(round(x(when), 1), round(y(n), 1), day(when), short(when), plain(n))
            for when, n in pairs
        ),
        band=_band(each, y, floor, ceiling),
        ticks=tuple((round(y(n), 1), plain(n)) for n in _ticks(floor, ceiling)),
    )


def _room(numbers: list[float], low: float | None, high: float | None) -> tuple[float, float]:
    """The smallest and largest shown: the values, and the near edge of the usual range."""
    shown = [*numbers, *(edge for edge in (low, high) if edge is not None)]
    bottom, top = min(shown), max(shown)
    room = (top - bottom) * 0.15 or abs(top) * 0.1 or 1.0
    floor = bottom - room
    return (0.0 if floor < 0 <= bottom else floor), top + room


def _band(
    each: ResultValue, y: Callable[[float], float], floor: float, ceiling: float
) -> tuple[float, float] | None:
    if each.low is None and each.high is None:
        return None
    top = y(each.high if each.high is not None else ceiling)
    bottom = y(each.low if each.low is not None else floor)
    return round(top, 1), round(max(bottom - top, 0), 1)


def _ticks(floor: float, ceiling: float) -> list[float]:
    """A few round numbers."""
    raw = (ceiling - floor) / 4
    power = 10.0 ** _exponent(raw)
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
    first = -(-floor // step) * step
    return [first + i * step for i in range(6) if first + i * step <= ceiling]


def _exponent(number: float) -> int:
    return int(f"{number:e}".partition("e")[2])
