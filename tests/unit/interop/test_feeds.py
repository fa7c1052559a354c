"""Every shared HL7 message, by type: what it asks for, or why it is not taken."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from services.interop.hl7v2.translate import translate
from services.interop.parcel import Translated
from tests.unit.interop.samples import NOW, READ, SHARED, feed, reports

OUTCOMES: dict[str, dict[str, int]] = {
    "adt": {
        "taken": 18,
        "PostAllergies": 8,
        "PostProblem": 7,
        "PostProcedure": 6,
        "PostVisit": 10,
        "RecordMerge": 2,
    },
    "bar": {"taken": 1, "PostCharges": 1},
    "dft": {"taken": 3, "PostCharges": 3},
    "mdm": {"taken": 4, "PostDocument": 4},
    "oml": {"taken": 3, "PostOrder": 5},
    "orm": {"taken": 9, "PostOrder": 9},
    "oru": {"taken": 53, "PostReport": 140, "quarantined 101": 1},
    "oul": {"taken": 1, "PostReport": 1},
    "ppr": {"taken": 1, "PostProblem": 1, "quarantined 101": 1},
    "rde": {"taken": 2, "PostMedication": 2},
    "rds": {"taken": 1, "PostMedication": 1},
    "ref": {"refused 200": 1},
    "siu": {"taken": 10, "PostVisit": 10},
    "vxu": {"taken": 1, "PostImmunisation": 1},
}
"""By type: how many are taken, what they ask for beside the person, and why others are not (one ORU
has the word MRN for a number)."""


def said(one: Translated) -> list[str]:
    """What became of a message, in a word for each thing."""
    if one.problem is not None:
        return [f"{one.problem.verdict} {one.problem.code}"]
    assert one.parcel is not None
    return ["taken", *(type(each).__name__ for each in (*one.parcel.merges, *one.parcel.commands))]


def test_every_shared_hl7_message_has_its_outcome() -> None:
    table: dict[str, Counter[str]] = {}
    for path in feed("hl7v2"):
        [one] = translate(path.read_bytes(), NOW, READ)
        table.setdefault(path.parent.name, Counter()).update(said(one))
    for kind, counts in sorted(table.items()):
        print(kind, dict(sorted(counts.items())))
        assert counts == OUTCOMES[kind], kind
    assert not table or set(table) == set(OUTCOMES)


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
        first = reports(one.parcel)[0].orderer
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
        first = reports(one.parcel)[0]
        return first.report, first.status

    assert told("07") == (told("09")[0], "final")
    assert told("09")[1] == "corrected"
    assert told("17")[0] == told("18")[0] == told("19")[0]
    assert [told(n)[1] for n in ("17", "18", "19")] == ["final", "final", "corrected"]
    assert [told(n)[1] for n in ("37", "38", "41")] == ["preliminary", "final", "corrected"]
    assert len({told(n)[0] for n in ("37", "38", "41")}) == 1
    assert told("51")[1] == "corrected"
