"""MDM to records.PostDocument: what TXA says of a document, and its text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from contracts.records import PostDocument
from services.interop.hl7v2 import values
from services.interop.hl7v2.case import Case, number
from services.interop.hl7v2.providers import person
from services.interop.parcel import PENDING, Unusable
from services.interop.text import short

State = Literal["preliminary", "final", "corrected", "wrong", "unknown"]
STATUSES: dict[str, State] = {
    "DI": "preliminary", "DO": "preliminary", "IN": "preliminary", "IP": "preliminary",
    "PA": "preliminary", "AU": "final", "LA": "final",
}  # fmt: skip
"""TXA-17 (table 0271)."""

CANCEL = "T11"
REPLACEMENTS = frozenset({"T09", "T10"})
EDITS = REPLACEMENTS | {"T07", "T08"}
WITH_CONTENT = frozenset({"T02", "T04", "T06", "T08", "T10"})
"""Events whose OBX segments are the document. In others they would say something about it."""

DELETED = "CA"
"""TXA-19 (table 0273)."""

WRITTEN = frozenset({"TX", "FT", "ST", ""})
MOST_TEXT = 500_000


def documents(case: Case) -> Iterator[PostDocument]:
    """The one document of an MDM. Raises Unusable without its number."""
    txa = case.only("TXA")
    source = number(txa, 12)
    if not source:
        raise Unusable("A document without a number", code="101", where="TXA")
    removed = case.event == CANCEL or txa.get(19).upper() == DELETED
    status = STATUSES.get(txa.get(17).upper(), "unknown")
    if case.event in EDITS and status == "final":
        status = "corrected"
    dates = (case.moment(txa.get(field)) for field in (6, 4, 7, 8))
    author = person(txa, 9).name or person(txa, 5).name
    yield PostDocument(
        patient=PENDING,
        sender=case.sender,
        source=source,
        recorded=case.stated,
        removed=removed,
        message=PENDING,
        codes=values.codings(txa, 2),
        title=_title(case),
        status="wrong" if removed else status,
        written=next(filter(None, dates), None),
        author=author,
        replaces=number(txa, 13) if case.event in REPLACEMENTS else "",
        text=_text(case) if case.event in WITH_CONTENT else "",
    )


def _title(case: Case) -> str:
    """TXA-25, else what was done (OBR-4), else what the first text is called, else the type."""
    places = (("TXA", 25), ("OBR", 4), ("OBX", 3), ("TXA", 2))
    found = ((case.message.first(name), field) for name, field in places)
    said = (values.worded(segment, field) for segment, field in found if segment)
    return short(next(filter(None, said), ""), 500)


def _text(case: Case) -> str:
    """The texts one below the other; nothing at all when that is too long to be whole."""
    said: list[str] = []
    for obx in case.message.all("OBX"):
        if obx.get(2).upper() in WRITTEN:
            said += [obx.text(5, n + 1) for n in range(obx.repetitions(5))]
    whole = "\n".join(said).strip("\n")
    return whole if len(whole) <= MOST_TEXT else ""
