"""FHIR DiagnosticReports and laboratory Observations to labs.PostReport."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from contracts.labs import Orderer, PostedObservation, PostReport, Status
from services.interop.fhir import values
from services.interop.fhir.bundle import Bundle
from services.interop.fhir.json import Json, codes, items, moment, text
from services.interop.fhir.orders import numbers_of, order_of
from services.interop.fhir.origin import own_identifier, source_of, stable_id
from services.interop.fhir.people import practitioner, ranked
from services.interop.fhir.whom import Subject, same_patient
from services.interop.parcel import PENDING, Unusable
from services.interop.reading import Reading
from services.interop.text import short

SECTIONS = frozenset({
    "AU", "BG", "BLB", "CG", "CH", "CP", "CT", "CTH", "CUS", "EC", "EN", "GE", "HM", "ICU",
    "IMG", "IMM", "LAB", "MB", "MCB", "MYC", "NMR", "NMS", "NRS", "OSL", "OT", "OTH", "OUS",
    "PAR", "PAT", "PF", "PHR", "PHY", "PT", "RAD", "RC", "RT", "RUS", "RX", "SP", "SR", "TX",
    "URN", "VR", "VUS", "XRC",
})  # fmt: skip
"""Table 0074: a report in one of these is a result. Notes and questionnaires have other codes."""

LOINC_SECTIONS = {"LP29684-5": "RAD", "LP7839-6": "SP", "LP29708-2": "CUS"}
"""US Core's report categories for radiology, pathology and cardiology."""

LABORATORY = "laboratory"
NAMES_A_TEST = re.compile(
    r"\b(?:HIV|HTLV|hepatitis|HBV|HCV|HBsAg|antibod(?:y|ies)|antigen|immunoassay|polymerase|PCR|"
    r"RNA|DNA|viral load|serology|western blot|culture|cytology|biopsy|karyotype|genotype)\b",
    re.IGNORECASE,
)
"""What a laboratory test is called when its category says survey or exam (decision j)."""

VITAL = "vital-signs"
NOT_A_TEST = frozenset({VITAL, "social-history", "imaging", "procedure", "therapy"})
MOST_VALUES = 2000
MOST_NAMED = 50_000
"""Values that the reports of one bundle name: each is written out once for every report."""


def is_laboratory(observation: Json) -> bool:
    """Whether an observation is a result: by its category, or because its name is a test's.

    Some senders put HIV tests under `survey`: they must come before the release gates like any
    other result, so that staff see them and no one takes them for harmless answers.
    """
    categories = {code for _, code in codes(observation, "category")}
    if LABORATORY in categories:
        return True
    if categories & NOT_A_TEST:
        return False
    names = [one.text for one in values.codings(observation.get("code"))]
    return any(NAMES_A_TEST.search(name) for name in names)


def is_vital(observation: Json) -> bool:
    """Whether an observation is a vital sign: that, and no result."""
    categories = {code for _, code in codes(observation, "category")}
    return VITAL in categories and not is_laboratory(observation)


def section_of(report: Json) -> str:
    """The diagnostic section its category names, '' when it names none."""
    for _, code in codes(report, "category"):
        if code in SECTIONS:
            return code
        if code in LOINC_SECTIONS:
            return LOINC_SECTIONS[code]
    return ""


def reports(
    bundle: Bundle, subject: Subject, received: datetime, reading: Reading
) -> tuple[list[PostReport], set[int]]:
    """Every result in the bundle with patient `PENDING`, and the observations that are in them.

    A report takes its own observations. An observation that no report names becomes a report by
    itself: without an order there is no code that could speak for several of them. What is neither
    a result nor a vital sign is counted as left. Raises Unusable when a report names a result that
    is not here or not the patient's.
    """
    seen: Counter[str] = Counter()
    ours = {id(one) for one in bundle.all("Observation")}
    made: list[PostReport] = []
    taken: set[int] = set()
    named = 0
    for report in bundle.all("DiagnosticReport"):
        named += len(items(report, "result"))
        if named > MOST_NAMED:
            raise Unusable("More values in one bundle than can be taken")
        results = _results(bundle, report, ours, subject, reading)
        if not section_of(report) and not any(is_laboratory(one) for one in results):
            bundle.leave("DiagnosticReport")
            continue
        taken.update(id(one) for one in results)
        made.append(_report(bundle, report, results, subject, received, seen))
    for observation in bundle.all("Observation"):
        if id(observation) in taken:
            continue
        if is_laboratory(observation):
            made.append(_report(bundle, observation, [observation], subject, received, seen))
        elif not is_vital(observation):
            bundle.leave("Observation")
    return made, taken


def _results(
    bundle: Bundle, report: Json, ours: set[int], subject: Subject, reading: Reading
) -> list[Json]:
    """The observations that a report names. One that is not in the bundle spoils the report.

    `ours` are known to be the patient's; a contained one must say so itself.
    """
    if len(items(report, "result")) > MOST_VALUES:
        raise Unusable("More values in one report than can be taken")
    found: dict[int, Json] = {}
    for result in items(report, "result"):
        one = bundle.find(text(result, "reference"), report)
        if one is None or text(one, "resourceType") != "Observation":
            raise Unusable("A report names a result that is not in the bundle", code="204")
        if id(one) not in ours:
            same_patient(bundle, one, subject, reading)
        found[id(one)] = one
    return list(found.values())


def _report(
    bundle: Bundle,
    head: Json,
    results: list[Json],
    subject: Subject,
    received: datetime,
    seen: Counter[str],
) -> PostReport:
    """`head` is the DiagnosticReport, or the lone observation itself."""
    made = values.observations(results, bundle.zone)
    if len(made) > MOST_VALUES:
        raise Unusable("More values in one report than can be taken")
    whole = head is not results[0] if results else True
    acquired = _acquired(bundle, head, results)
    notes = [text(head, "conclusion")] if whole else []
    if whole and (items(head, "presentedForm") or items(head, "media")):
        notes.append("The sender attached a document. It is not shown here.")
    reported = moment(text(head, "issued"), bundle.zone)
    updated = moment(text(head, "meta", "lastUpdated"), bundle.zone)
    return PostReport(
        report=_report_id(bundle, head, subject, seen),
        patient=PENDING,
        sender=subject.sender,
        orderer=orderer(bundle, head, results),
        ordered=moment(text(order_of(bundle, head), "authoredOn"), bundle.zone),
        acquired=acquired,
        reported=reported or acquired or received,
        codes=values.codings(head.get("code")),
        section=section_of(head) if whole else "",
        specimen=_specimen(bundle, head, results),
        status=_status(values.status_of(head), made),
        observations=made,
        note="\n".join(note for note in notes if note),
        numbers=numbers_of(bundle, head),
        stated=min(updated, received) if updated else None,
    )


def _report_id(bundle: Bundle, head: Json, subject: Subject, seen: Counter[str]) -> str:
    """Stable for every version of one report.

    Several reports may share a filler's number, so the test code is part of it, and a count where
    the same code comes again (as with HL7 v2). Without identifiers the resource's id or name.
    """
    one = own_identifier(head)
    if one is None:
        return stable_id(subject, source_of(bundle, head))
    own = f"{text(one, 'system')}|{text(one, 'value')}"
    code = next((code for _, code in codes(head, "code") if code), text(head, "code", "text"))
    again = stable_id(subject, own, code)
    seen[again] += 1
    return again if seen[again] == 1 else f"{again}.{seen[again]}"


def _status(stated: Status, made: tuple[PostedObservation, ...]) -> Status:
    """The report's own status, made more cautious by its values."""
    kinds = {one.status for one in made}
    if stated in ("wrong", "cannot-obtain") or not kinds:
        return stated
    if kinds == {"wrong"}:
        return "wrong"
    if stated == "corrected" or kinds & {"corrected", "wrong"}:
        return "corrected"
    return "preliminary" if "preliminary" in kinds else stated


def _acquired(bundle: Bundle, head: Json, results: list[Json]) -> datetime | None:
    """R54: the specimen's collection, else the effective time; never `issued`."""
    resources = [head, *results]
    for one in _specimens(bundle, resources):
        collected = text(one, "collection", "collectedDateTime") or text(
            one, "collection", "collectedPeriod", "start"
        )
        if found := moment(collected, bundle.zone):
            return found
    stated = (moment(values.effective(one), bundle.zone) for one in resources)
    return next(filter(None, stated), None)


def _specimens(bundle: Bundle, resources: Iterable[Json]) -> list[Json]:
    found = []
    for resource in resources:
        for reference in items(resource, "specimen"):
            one = bundle.find(text(reference, "reference"), resource)
            if text(one, "resourceType") != "Specimen" or one is None:
                continue
            if text(one, "status") != "entered-in-error" and one not in found:
                found.append(one)
    return found


def _specimen(bundle: Bundle, head: Json, results: list[Json]) -> str:
    said = []
    for one in _specimens(bundle, [head, *results]):
        said += [
            word for code in values.codings(one.get("type")) for word in (code.code, code.text)
        ]
    return short(" ".join(dict.fromkeys(filter(None, said))))


def orderer(bundle: Bundle, head: Json, results: list[Json]) -> Orderer:
    """R20: the request's requester, else the encounter's participant.

    A report's performer is the laboratory or its reader, and never the orderer. An orderer whom
    the directory does not know is held by labs.
    """
    order = order_of(bundle, head)
    if order is not None and (found := practitioner(bundle, order.get("requester"), order)).ids:
        return found
    for resource in (head, *results):
        encounter = bundle.find(text(resource, "encounter", "reference"), resource)
        if encounter is None:
            continue
        for participant in ranked(encounter):
            found = practitioner(bundle, participant.get("individual"), encounter)
            if found.ids or found.name:
                return found
    return Orderer()
