"""Answers about what a patient may see, as ready JSON: the age gate (R54), the list, the trends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from kernel.clock import from_micros, micros
from kernel.store.port import Row
from services.labs.judging import DEFAULT_ZONE
from services.labs.release.age import hidden_years

MOST_POINTS = 24
OPEN, CLOSE = b'{"results":[', b"]}"


def is_open(row: Row) -> bool:
    """Does the age gate let this row through? The row brings birth date, zone and collection time.

    Without a birth date or a collection time it does not (fail closed).
    """
    if row["born"] is None or row["acquired"] is None:
        return False
    start, end = _window(row["born"], row["zone"] or DEFAULT_ZONE)
    return not start <= row["acquired"] < end


def results_json(rows: Iterable[Row]) -> bytes:
    """The `ResultsAnswer` of these rows, as JSON."""
    parts = [row["row"] + ("false}" if row["seen"] else "true}") for row in rows if is_open(row)]
    return OPEN + ",".join(parts).encode() + CLOSE


def result_json(row: Row, earlier: Sequence[Row]) -> bytes:
    """The `ResultAnswer` of this row, with earlier visible values as trends, as JSON."""
    if not earlier:
        return str(row["body"]).encode()
    trends: dict[str, list[dict[str, Any]]] = {}
    for point in earlier:
        found = trends.setdefault(point["key"], [])
        gated = {"born": row["born"], "zone": row["zone"], "acquired": point["acquired"]}
        if len(found) < MOST_POINTS and is_open(gated):
            at = from_micros(point["acquired"]).isoformat()
            found.append({"at": at, "number": float(point["number"])})
    answer = json.loads(row["body"])
    for value in answer["values"]:
        value["trend"] = trends.get(value["key"], [])[::-1]
    return json.dumps(answer, separators=(",", ":")).encode()


@lru_cache(maxsize=16384)
def _window(born: str, zone: str) -> tuple[int, int]:
    start, end = hidden_years(date.fromisoformat(born), zone)
    return micros(start), micros(end)
