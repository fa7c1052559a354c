"""One line per measurement, shown as a table and kept in `var/bench.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HEADS = ("id", "what", "value", "unit", "baseline", "ratio", "bar", "")


@dataclass(frozen=True, slots=True)
class Line:
    """A measured value. With a `baseline` the bar is on the ratio, else on the value itself.

    `at_most` says that less is better. Without a `bar` the line is for information.
    """

    id: str
    what: str
    value: float
    unit: str
    baseline: float | None = None
    bar: float | None = None
    at_most: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours over the baseline's."""
        return self.value / self.baseline if self.baseline else None

    @property
    def holds(self) -> bool | None:
        """Is the bar held? None without one."""
        if self.bar is None:
            return None
        measured = self.value if self.ratio is None else self.ratio
        return measured <= self.bar if self.at_most else measured >= self.bar

    def as_json(self) -> dict[str, Any]:
        """As in `var/bench.json`."""
        shown = {k: v for k, v in asdict(self).items() if k != "at_most"}
        for name in ("value", "baseline"):
            shown[name] = None if shown[name] is None else round(shown[name], 3)
        ratio = None if self.ratio is None else round(self.ratio, 3)
        return {**shown, "bar": self._bar(), "ratio": ratio, "holds": self.holds}

    def cells(self) -> tuple[str, ...]:
        """As in the table."""
        verdict = {None: "", True: "holds", False: "DOES NOT HOLD"}[self.holds]
        return (
            self.id,
            self.what,
            number(self.value),
            self.unit,
            "" if self.baseline is None else number(self.baseline),
            "" if self.ratio is None else f"{self.ratio:.2f} x",
            self._bar(),
            verdict,
        )

    def _bar(self) -> str:
        if self.bar is None:
            return ""
        sign = "<=" if self.at_most else ">="
        return f"{sign} {self.bar:,g}" + (" x" if self.baseline else f" {self.unit}")


def number(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def show(lines: Sequence[Line]) -> str:
    """The table as text."""
    rows = [HEADS, *(line.cells() for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in rows)


def save(lines: Sequence[Line], path: Path) -> None:
    """Write the JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([line.as_json() for line in lines], indent=1) + "\n")
