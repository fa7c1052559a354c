"""Every shared HL7 message, by type: how many are taken, and why others are not."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict

import pytest

from services.interop.hl7v2.translate import translate
from tests.unit.interop.samples import NOW, READ, SHARED, feed

TAKEN = {"adt": 14, "oru": 53}
"""Of 18 ADT, four are A11, A40 (2) and A60; of 54 ORU, one has the word MRN for a number."""


def test_every_shared_hl7_message_has_an_outcome() -> None:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    files = feed("hl7v2")
    for path in files:
        entries = translate(path.read_bytes(), NOW, READ)
        assert len(entries) == 1, path.name
        one = entries[0]
        said = "taken" if one.parcel else f"{one.problem.verdict}: {one.problem.reason}"  # type: ignore[union-attr]
        table[path.parent.name][said] += 1
    for kind, counts in sorted(table.items()):
        print(kind, dict(counts))
    for kind, counts in table.items():
        assert counts["taken"] == TAKEN.get(kind, 0), kind


@pytest.mark.rule("R20")
def test_orderers_of_the_shared_results_are_found_where_the_manifest_says() -> None:
    files = {path.name: path for path in feed("hl7v2/oru")}
    if not files:
        return
    with (SHARED / "data/hl7v2/MANIFEST.csv").open() as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["file"].startswith("oru/")]
    named = unnamed = 0
    for row in rows:
        [one] = translate(files[row["file"].split("/")[1]].read_bytes(), NOW, READ)
        if one.parcel is None:
            continue
        stated = "OBR16" in row["orderer_in"] or "ORC12" in row["orderer_in"]
        first = one.parcel.commands[0].orderer
        assert bool(first.ids or first.name) == stated, row["file"]
        named, unnamed = named + stated, unnamed + (not stated)
    print(f"orderer stated in {named} results, not stated in {unnamed}")


@pytest.mark.rule("R18")
def test_versions_of_one_order_share_their_report_id() -> None:
    files = {path.name.split("-")[1]: path for path in feed("hl7v2/oru") if "cls-" in path.name}
    if not files:
        return

    def told(number: str) -> tuple[str, str]:
        [one] = translate(files[number].read_bytes(), NOW, READ)
        assert one.parcel is not None
        return one.parcel.commands[0].report, one.parcel.commands[0].status

    assert told("07") == (told("09")[0], "final")
    assert told("09")[1] == "corrected"
    assert told("17")[0] == told("18")[0] == told("19")[0]
    assert [told(n)[1] for n in ("17", "18", "19")] == ["final", "final", "corrected"]
    assert [told(n)[1] for n in ("37", "38", "41")] == ["preliminary", "final", "corrected"]
    assert len({told(n)[0] for n in ("37", "38", "41")}) == 1
    assert told("51")[1] == "corrected"
