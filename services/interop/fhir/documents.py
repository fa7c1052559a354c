"""FHIR DocumentReference to records.PostDocument: the text of plain text, the heading of others."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Literal

from contracts.records import PostDocument
from services.interop.fhir.bundle import Bundle
from services.interop.fhir.json import Json, at, items, moment, text
from services.interop.fhir.origin import named_source, source_of
from services.interop.fhir.people import practitioner
from services.interop.fhir.values import codings
from services.interop.fhir.whom import Subject
from services.interop.parcel import PENDING, Unusable
from services.interop.text import clean, short

KIND = "DocumentReference"
WRONG = "entered-in-error"
PLAIN = "text/plain"
CHARSET = re.compile(r"charset=\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
READABLE = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"})
MOST_TEXT = 500_000
STATES: dict[str, Literal["preliminary", "final", "corrected", "wrong"]] = {
    "preliminary": "preliminary", "final": "final", "amended": "corrected", WRONG: "wrong",
}  # fmt: skip


def documents(bundle: Bundle, subject: Subject) -> Iterator[PostDocument]:
    """Every document. The kept message is named once it is known which one this was."""
    for one in bundle.all(KIND):
        removed = WRONG in (text(one, "status"), text(one, "docStatus"))
        attached = [at(each, "attachment") for each in items(one, "content")]
        coded = codings(one.get("type"))
        titles = [*(text(each, "title") for each in attached), text(one, "description")]
        titles += [code.text for code in coded]
        dates = [text(one, "date"), *(text(each, "creation") for each in attached)]
        dates.append(text(one, "context", "period", "start"))
        replaced = [each for each in items(one, "relatesTo") if text(each, "code") == "replaces"]
        target = at(replaced, 0, "target") or {}
        yield PostDocument(
            patient=PENDING,
            sender=subject.sender,
            source=source_of(bundle, one),
            recorded=moment(text(one, "date"), bundle.zone),
            removed=removed,
            message=PENDING,
            codes=coded,
            title=short(next(filter(None, titles), ""), 500),
            status="wrong" if removed else STATES.get(text(one, "docStatus"), "unknown"),
            written=next(filter(None, (moment(each, bundle.zone) for each in dates)), None),
            author=practitioner(bundle, at(one, "author", 0), one).name,
            replaces=named_source(bundle, target, one, KIND),
            text=_text(attached),
        )


def _text(attached: list[Json]) -> str:
    """The plain texts one below the other; nothing at all when that is too long to be whole."""
    said = "\n\n".join(filter(None, map(_plain, attached))).strip()
    return said if len(said) <= MOST_TEXT else ""


def _plain(attachment: Json) -> str:
    kind = text(attachment, "contentType").lower()
    data = at(attachment, "data")
    if kind.partition(";")[0].strip() != PLAIN or not isinstance(data, str):
        return ""
    named = CHARSET.search(kind)
    charset = named[1].lower() if named else "utf-8"
    if charset not in READABLE:
        return ""
    try:
        packed = "".join(data.split())
        return clean(base64.b64decode(packed, validate=True).decode(charset))
    except (binascii.Error, ValueError) as damaged:
        raise Unusable("A document that cannot be decoded", code="102", where=KIND) from damaged
