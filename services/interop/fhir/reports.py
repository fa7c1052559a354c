"""FHIR DiagnosticReports and laboratory Observations to labs.PostReport."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.labs import Orderer, PostedObservation, PostReport, Status
from services.interop.fhir import values
from services.interop.fhir.bundle import Bundle, conditional
from services.interop.fhir.json import Json, codes, items, moment, text
from services.interop.parcel import PENDING, Unusable
from services.interop.text import digest, short

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

NOT_A_TEST = frozenset({"vital-signs", "social-history", "imaging", "procedure", "therapy"})
MOST_VALUES = 2000
ORDERERS_FIRST = ("ATND", "PPRF")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose results these are: the sender, the record number, and the names of the resource."""

    sender: str
    number: str
    names: frozenset[str]


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


def section_of(report: Json) -> str:
    """The diagnostic section its category names, '' when it names none."""
    for _, code in codes(report, "category"):
        if code in SECTIONS:
            return code
        if code in LOINC_SECTIONS:
            return LOINC_SECTIONS[code]
    return ""


def reports(
    bundle: Bundle, subject: Subject, received: datetime
) -> tuple[tuple[PostReport, ...], Counter[str]]:
    """Every result in the bundle with patient `PENDING`, and counts of what is none.

    A report takes its own observations. An observation that no report names becomes a report by
    itself: without an order there is no code that could speak for several of them.
    Raises Unusable when a result names another patient, or a status is unknown.
    """
    made: list[PostReport] = []
    left: Counter[str] = Counter()
    taken: set[int] = set()
    for report in bundle.all("DiagnosticReport"):
        results = _results(bundle, report)
        if not section_of(report) and not any(is_laboratory(one) for one in results):
            left["DiagnosticReport"] += 1
            continue
        taken.update(id(one) for one in results)
        made.append(_report(bundle, report, results, subject, received))
    for observation in bundle.all("Observation"):
        if id(observation) in taken:
            continue
        if is_laboratory(observation):
            made.append(_report(bundle, observation, [observation], subject, received))
        else:
            left["Observation"] += 1
    return tuple(made), left


def _results(bundle: Bundle, report: Json) -> list[Json]:
    """The observations that a report names. One that is not in the bundle spoils the report."""
    found = []
    for result in items(report, "result"):
        one = bundle.find(text(result, "reference"), inside=report)
        if one is None or text(one, "resourceType") != "Observation":
            raise Unusable("A report names a result that is not in the bundle", code="204")
        found.append(one)
    return found


def _report(
    bundle: Bundle, head: Json, results: list[Json], subject: Subject, received: datetime
) -> PostReport:
    """`head` is the DiagnosticReport, or the lone observation itself."""
    for one in (head, *results):
        _same_patient(bundle, one, subject)
    made = values.observations(results, bundle.zone)
    if len(made) > MOST_VALUES:
        raise Unusable("More values in one report than can be taken")
    whole = head is not results[0] if results else True
    acquired = _acquired(bundle, head, results)
    notes = [text(head, "conclusion")] if whole else []
    if whole and (items(head, "presentedForm") or items(head, "media")):
        notes.append("The sender attached a document. It is not shown here.")
    reported = moment(text(head, "issued"), bundle.zone)
    return PostReport(
        report=_report_id(bundle, head, subject),
        patient=PENDING,
        sender=subject.sender,
        orderer=orderer(bundle, head, results),
        ordered=_ordered(bundle, head),
        acquired=acquired,
        reported=reported or acquired or received,
        codes=values.codings(head.get("code")),
        section=section_of(head) if whole else "",
        specimen=_specimen(bundle, head, results),
        status=_status(values.status_of(head), made),
        observations=made,
        note="\n".join(note for note in notes if note),
    )


def _same_patient(bundle: Bundle, resource: Json, subject: Subject) -> None:
    reference = text(resource, "subject", "reference")
    if reference in subject.names:
        return
    meant = bundle.find(reference) if reference else None
    if meant is None or not subject.names & set(bundle.names_of(meant)):
        raise Unusable("A result does not name the bundle's patient", code="204", where="Patient")


def _report_id(bundle: Bundle, head: Json, subject: Subject) -> str:
    """Stable for every version: sender, patient, and the resource's own identifier, id or name."""
    own = next(
        (f"{text(one, 'system')}|{text(one, 'value')}" for one in items(head, "identifier")), ""
    )
    own = own or text(head, "id") or next(iter(bundle.names_of(head)), "")
    if not own:
        raise Unusable("A result without id or identifier", code="101")
    return f"fhir.{digest(subject.sender, subject.number, own, length=40)}"


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
            one = bundle.find(text(reference, "reference"), inside=resource)
            if one is not None and one not in found:
                found.append(one)
    return found


def _specimen(bundle: Bundle, head: Json, results: list[Json]) -> str:
    said = []
    for one in _specimens(bundle, [head, *results]):
        said += [
            word for code in values.codings(one.get("type")) for word in (code.code, code.text)
        ]
    return short(" ".join(dict.fromkeys(filter(None, said))))


def _order(bundle: Bundle, head: Json) -> Json | None:
    for reference in items(head, "basedOn"):
        found = bundle.find(text(reference, "reference"), inside=head)
        if found is not None:
            return found
    return None


def _ordered(bundle: Bundle, head: Json) -> datetime | None:
    order = _order(bundle, head)
    return moment(text(order, "authoredOn"), bundle.zone) if order else None


def orderer(bundle: Bundle, head: Json, results: list[Json]) -> Orderer:
    """R20: the request's requester, else the encounter's participant.

    A report's performer is the laboratory or its reader, and never the orderer. An orderer whom
    the directory does not know is held by labs.
    """
    order = _order(bundle, head)
    if order is not None and (found := _person(bundle, order.get("requester"), order)).ids:
        return found
    for resource in (head, *results):
        encounter = bundle.find(text(resource, "encounter", "reference"), inside=resource)
        if encounter is None:
            continue
        for participant in _ranked(encounter):
            found = _person(bundle, participant.get("individual"), encounter)
            if found.ids or found.name:
                return found
    return Orderer()


def _ranked(encounter: Json) -> list[Json]:
    """The participants, attending and performing ones first."""

    def rank(participant: Json) -> int:
        kinds = {code for _, code in codes(participant, "type")}
        return min((n for n, kind in enumerate(ORDERERS_FIRST) if kind in kinds), default=9)

    return sorted(items(encounter, "participant"), key=rank)


def _person(bundle: Bundle, reference: object, inside: Json) -> Orderer:
    """A practitioner by reference: in the bundle, conditional, or by identifier alone."""
    named = text(reference, "reference")
    found = bundle.find(named, inside=inside)
    if found is not None and text(found, "resourceType") not in ("Practitioner",):
        return Orderer()
    ids = [text(one, "value") for one in items(found, "identifier")]
    ids += [text(reference, "identifier", "value"), conditional(named)[2]]
    name = text(reference, "display") or text(found, "name", 0, "text")
    name = name or text(found, "name", 0, "family")
    unique = dict.fromkeys(short(one) for one in ids if one)
    return Orderer(ids=tuple(unique)[:20], name=short(name))
