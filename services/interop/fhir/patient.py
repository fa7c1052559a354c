"""FHIR Patient to identity.RecordPatient."""

from __future__ import annotations

import re
from datetime import datetime

from contracts.common import Address, HumanName
from contracts.identity import Demographics, Identifier, RecordPatient, Sex
from services.interop.fhir.bundle import Bundle
from services.interop.fhir.json import Json, at, codes, day, items, moment, strings, text
from services.interop.parcel import Unusable
from services.interop.reading import Reading
from services.interop.text import SHORT, short

SSN = "http://hl7.org/fhir/sid/us-ssn"
NOT_IDENTITY = frozenset({"SS", "DL", "PPN", "AN", "VN", "TAX", "MC", "MA", "MB", "PRC"})
SEXES: dict[str, Sex] = {"female": "female", "male": "male", "other": "other"}
LESS_USED = ("old", "maiden", "nickname", "anonymous", "temp")
MOST_IDENTIFIERS = 20


def record_patient(
    bundle: Bundle, patient: Json, received: datetime, reading: Reading
) -> RecordPatient:
    """The command for the bundle's patient. Raises Unusable without a record number."""
    found = identifiers(patient, reading)
    if not found:
        raise Unusable("No usable patient identifier", code="101", where="Patient")
    updated = moment(text(patient, "meta", "lastUpdated"), bundle.zone)
    updated = updated or moment(bundle.timestamp, bundle.zone)
    born = day(text(patient, "birthDate"))
    return RecordPatient(
        identifiers=found,
        demographics=Demographics(
            name=_name(patient),
            born=born if born and born <= received.date() else None,
            sex=SEXES.get(text(patient, "gender"), "unknown"),
            address=_address(patient),
            phones=tuple(dict.fromkeys(_telecom(patient, "phone")))[:10],
            email=next(iter(_telecom(patient, "email")), "")[:254].lower(),
            ssn_last4=_ssn_last4(patient),
            deceased=at(patient, "deceasedBoolean") is True
            or bool(text(patient, "deceasedDateTime")),
        ),
        source="fhir",
        at=min(updated or received, received),
    )


def sender_of(patient: Json) -> str:
    """Who keeps the chart: the authority of the medical record number, else the organisation."""
    for one in items(patient, "identifier"):
        if "MR" in _kinds(one) and text(one, "system"):
            return short(text(one, "system"))
    return short(text(patient, "managingOrganization", "display")) or "fhir"


def _kinds(identifier: Json) -> set[str]:
    return {code for _, code in codes(identifier, "type")}


def identifiers(patient: Json, reading: Reading) -> tuple[Identifier, ...]:
    """Record numbers within their system; medical record numbers first, no SSN, no licences."""
    return numbers(items(patient, "identifier"), reading, sender_of(patient))


def numbers(listed: list[Json], reading: Reading, sender: str = "") -> tuple[Identifier, ...]:
    """The identifiers that tell a patient apart; one without a system counts as the sender's.

    A value too long to be kept whole is none: cut, it could be another patient's.
    """
    numbered = [
        one
        for one in listed
        if text(one, "value")
        and len(text(one, "value")) <= SHORT
        and not _kinds(one) & NOT_IDENTITY
        and text(one, "system") != SSN
        and text(one, "use") not in ("old", "temp")
    ]
    numbered.sort(key=lambda one: "MR" not in _kinds(one))
    found = (
        Identifier(authority=authority, value=text(one, "value"))
        for one in numbered
        if (authority := reading.authority(short(text(one, "system")) or sender))
    )
    unique = {(one.authority, one.value): one for one in found}
    return tuple(unique.values())[:MOST_IDENTIFIERS]


def _ssn_last4(patient: Json) -> str:
    for one in items(patient, "identifier"):
        digits = re.sub(r"\D", "", text(one, "value"))
        if (text(one, "system") == SSN or "SS" in _kinds(one)) and len(digits) == 9:
            return digits[-4:]
    return ""


def _name(patient: Json) -> HumanName:
    """The official name, else the first that is not an old one."""
    names = sorted(
        items(patient, "name"),
        key=lambda one: (text(one, "use") in LESS_USED, text(one, "use") != "official"),
    )
    if not names:
        return HumanName()
    return HumanName(
        family=short(text(names[0], "family")),
        given=short(" ".join(strings(names[0], "given"))),
        suffix=short(" ".join(strings(names[0], "suffix"))),
    )


def _address(patient: Json) -> Address:
    addresses = [one for one in items(patient, "address") if text(one, "use") != "old"]
    if not addresses:
        return Address()
    one = addresses[0]
    code = text(one, "postalCode")
    return Address(
        line=short(" ".join(strings(one, "line"))),
        city=short(text(one, "city")),
        state=short(text(one, "state")),
        zip=code[:5] if re.fullmatch(r"\d{5}(?:-?\d{4})?", code) else short(code),
    )


def _telecom(patient: Json, system: str) -> list[str]:
    return [
        short(text(one, "value"))
        for one in items(patient, "telecom")
        if text(one, "system") == system and text(one, "value") and text(one, "use") != "old"
    ]
