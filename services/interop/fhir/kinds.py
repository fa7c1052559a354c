"""The resources that are taken: their models, and the codes that R4 allows in them.

The models check the shape only: most accept any word as a status. The tables here are R4's own
(required bindings), for every kind that is taken or looked up.
"""

from __future__ import annotations

from importlib import import_module

from pydantic import BaseModel

from services.interop.fhir.json import Json, at, items, text
from services.interop.parcel import Unusable

TAKEN = frozenset({
    "DiagnosticReport", "Observation", "ServiceRequest", "Condition", "AllergyIntolerance",
    "MedicationRequest", "MedicationDispense", "Immunization", "Procedure", "Encounter",
    "Appointment", "DocumentReference", "Claim", "ExplanationOfBenefit",
})  # fmt: skip
"""What is said of a patient and translated."""

LOOKED_UP = frozenset({"Practitioner", "PractitionerRole", "Medication", "Specimen"})
"""What the taken ones refer to. Every other kind is kept as bytes and counted; its model is not
even imported (each costs memory that stays)."""

USED = TAKEN | LOOKED_UP | {"Patient"}

R4 = frozenset([
    "Account", "ActivityDefinition", "AdministrableProductDefinition", "AdverseEvent",
    "AllergyIntolerance", "Appointment", "AppointmentResponse", "AuditEvent", "Basic", "Binary",
    "BiologicallyDerivedProduct", "BodyStructure", "Bundle", "CapabilityStatement", "CarePlan",
    "CareTeam", "CatalogEntry", "ChargeItem", "ChargeItemDefinition", "Citation", "Claim",
    "ClaimResponse", "ClinicalImpression", "ClinicalUseDefinition", "CodeSystem", "Communication",
    "CommunicationRequest", "CompartmentDefinition", "Composition", "ConceptMap", "Condition",
    "Consent", "Contract", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse",
    "DetectedIssue", "Device", "DeviceDefinition", "DeviceMetric", "DeviceRequest",
    "DeviceUseStatement", "DiagnosticReport", "DocumentManifest", "DocumentReference",
    "EffectEvidenceSynthesis", "Encounter", "Endpoint", "EnrollmentRequest", "EnrollmentResponse",
    "EpisodeOfCare", "EventDefinition", "Evidence", "EvidenceReport", "EvidenceVariable",
    "ExampleScenario", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal",
    "GraphDefinition", "Group", "GuidanceResponse", "HealthcareService", "ImagingStudy",
    "Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation", "ImplementationGuide",
    "Ingredient", "InsurancePlan", "Invoice", "Library", "Linkage", "List", "Location",
    "ManufacturedItemDefinition", "Measure", "MeasureReport", "Media", "Medication",
    "MedicationAdministration", "MedicationDispense", "MedicationKnowledge", "MedicationRequest",
    "MedicationStatement", "MedicinalProduct", "MedicinalProductAuthorization",
    "MedicinalProductContraindication", "MedicinalProductDefinition", "MedicinalProductIndication",
    "MedicinalProductIngredient", "MedicinalProductInteraction", "MedicinalProductManufactured",
    "MedicinalProductPackaged", "MedicinalProductPharmaceutical",
    "MedicinalProductUndesirableEffect", "MessageDefinition", "MessageHeader", "MolecularSequence",
    "NamingSystem", "NutritionOrder", "NutritionProduct", "Observation", "ObservationDefinition",
    "OperationDefinition", "OperationOutcome", "Organization", "OrganizationAffiliation",
    "PackagedProductDefinition", "Parameters", "Patient", "PaymentNotice", "PaymentReconciliation",
    "Person", "PlanDefinition", "Practitioner", "PractitionerRole", "Procedure", "Provenance",
    "Questionnaire", "QuestionnaireResponse", "RegulatedAuthorization", "RelatedPerson",
    "RequestGroup", "ResearchDefinition", "ResearchElementDefinition", "ResearchStudy",
    "ResearchSubject", "RiskAssessment", "RiskEvidenceSynthesis", "Schedule", "SearchParameter",
    "ServiceRequest", "Slot", "Specimen", "SpecimenDefinition", "StructureDefinition",
    "StructureMap", "Subscription", "SubscriptionStatus", "SubscriptionTopic", "Substance",
    "SubstanceDefinition", "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein",
    "SubstanceReferenceInformation", "SubstanceSourceMaterial", "SubstanceSpecification",
    "SupplyDelivery", "SupplyRequest", "Task", "TerminologyCapabilities", "TestReport",
    "TestScript", "ValueSet", "VerificationResult", "VisionPrescription",
])  # fmt: skip
"""Every resource type of R4 and R4B: only such a name is ever repeated in a reason."""

RESULT = "registered preliminary final amended corrected cancelled entered-in-error unknown"
REQUEST = "draft active on-hold revoked completed entered-in-error unknown"
INTENT = "proposal plan order original-order reflex-order filler-order instance-order option"
FINANCIAL = "active cancelled draft entered-in-error"
USE = "claim preauthorization predetermination"

CODES: dict[tuple[str, str], str] = {
    ("DiagnosticReport", "status"): f"{RESULT} partial appended",
    ("Observation", "status"): RESULT,
    ("ServiceRequest", "status"): REQUEST,
    ("ServiceRequest", "intent"): f"{INTENT} directive",
    ("MedicationRequest", "status"):
        "active on-hold cancelled completed entered-in-error stopped draft unknown",
    ("MedicationRequest", "intent"): INTENT,
    ("MedicationDispense", "status"):
        "preparation in-progress cancelled on-hold completed entered-in-error stopped declined "
        "unknown",
    ("Immunization", "status"): "completed entered-in-error not-done",
    ("Procedure", "status"):
        "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
    ("Encounter", "status"):
        "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    ("Appointment", "status"):
        "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in "
        "waitlist",
    ("DocumentReference", "status"): "current superseded entered-in-error",
    ("Claim", "status"): FINANCIAL,
    ("Claim", "use"): USE,
    ("ExplanationOfBenefit", "status"): FINANCIAL,
    ("ExplanationOfBenefit", "use"): USE,
    ("ExplanationOfBenefit", "outcome"): "queued complete error partial",
}  # fmt: skip
"""Codes that must be there."""

OPTIONAL: dict[tuple[str, str], str] = {
    ("DocumentReference", "docStatus"): "preliminary final amended entered-in-error",
    ("Specimen", "status"): "available unavailable unsatisfactory entered-in-error",
    ("Medication", "status"): "active inactive entered-in-error",
}

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
CONCEPTS: dict[tuple[str, str], tuple[str, str]] = {
    ("Condition", "clinicalStatus"): (
        "condition-clinical", "active recurrence relapse inactive remission resolved",
    ),
    ("Condition", "verificationStatus"): (
        "condition-ver-status",
        "unconfirmed provisional differential confirmed refuted entered-in-error",
    ),
    ("AllergyIntolerance", "clinicalStatus"): (
        "allergyintolerance-clinical", "active inactive resolved",
    ),
    ("AllergyIntolerance", "verificationStatus"): (
        "allergyintolerance-verification",
        "unconfirmed presumed confirmed refuted entered-in-error",
    ),
}  # fmt: skip
"""Statuses that are CodeableConcepts: of their own system (or none named) only these words."""

BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What the models raise: ValidationError (a ValueError) mostly, others for odd contained resources."""


def validate(resource: Json, kind: str) -> None:
    """Check one resource: the R4B model, what must be understood, and its status codes.

    Raises Unusable; its reason never shows what was wrong in it.
    """
    model: type[BaseModel] = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate(resource)
    except BROKEN as invalid:
        reason = f"A resource is not valid FHIR R4: {kind}"
        raise Unusable(reason, code="102", where=kind) from invalid
    if items(resource, "modifierExtension") or text(resource, "implicitRules"):
        reason = f"A resource with a modifier that is not understood: {kind}"
        raise Unusable(reason, code="207", where=kind)
    for (of, field), words in CODES.items():
        if of == kind and text(resource, field) not in words.split():
            raise _unknown(kind)
    for (of, field), words in OPTIONAL.items():
        if of == kind and at(resource, field) and text(resource, field) not in words.split():
            raise _unknown(kind)
    for (of, field), (system, words) in CONCEPTS.items():
        if of == kind and not set(stated(resource, field, system)) <= set(words.split()):
            raise _unknown(kind)


def _unknown(kind: str) -> Unusable:
    return Unusable(f"A status that FHIR does not know: {kind}", code="103", where=kind)


def stated(resource: Json, field: str, system: str) -> list[str]:
    """The codes of a status concept in its own system, or in none."""
    return [
        text(one, "code")
        for one in items(resource, field, "coding")
        if text(one, "system") in ("", f"{TERMINOLOGY}{system}")
    ]


def status_in(resource: Json, kind: str, field: str) -> str:
    """The word of a status concept (see `CONCEPTS`), '' when it has none."""
    return next(filter(None, stated(resource, field, CONCEPTS[kind, field][0])), "")
