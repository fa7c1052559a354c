"""The names of HL7 v2 fields that staff meet when a message is kept; others have their number only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FIELDS: Final[Mapping[str, Mapping[int, str]]] = {
    "MSH": {
        1: "Field separator", 2: "Encoding characters", 3: "Sending application",
        4: "Sending facility", 5: "Receiving application", 6: "Receiving facility",
        7: "Time of message", 8: "Security", 9: "Message type", 10: "Control id",
        11: "Processing id", 12: "Version", 15: "Accept acknowledgement",
        16: "Application acknowledgement", 18: "Character set",
    },
    "EVN": {1: "Event type", 2: "Recorded", 5: "Operator", 6: "Occurred"},
    "PID": {
        1: "Set id", 2: "Patient id", 3: "Patient identifiers", 4: "Alternate patient id",
        5: "Name", 6: "Mother's maiden name", 7: "Born", 8: "Sex", 9: "Alias", 10: "Race",
        11: "Address", 13: "Phone, home", 14: "Phone, work", 15: "Language",
        16: "Marital status", 17: "Religion", 18: "Account number", 19: "SSN",
        22: "Ethnic group", 29: "Time of death", 30: "Death indicator",
    },
    "MRG": {1: "Prior patient identifiers", 3: "Prior account number", 7: "Prior name"},
    "NK1": {2: "Name", 3: "Relationship", 4: "Address", 5: "Phone", 16: "Born", 33: "Identifiers"},
    "PV1": {
        2: "Patient class", 3: "Location", 7: "Attending doctor", 8: "Referring doctor",
        10: "Hospital service", 17: "Admitting doctor", 18: "Patient type", 19: "Visit number",
        44: "Admitted", 45: "Discharged",
    },
    "ORC": {
        1: "Order control", 2: "Placer order number", 3: "Filler order number", 5: "Order status",
        9: "Time of transaction", 12: "Ordering provider",
    },
    "OBR": {
        1: "Set id", 2: "Placer order number", 3: "Filler order number", 4: "Test",
        7: "Collected", 14: "Specimen received", 15: "Specimen", 16: "Ordering provider",
        22: "Reported", 24: "Diagnostic section", 25: "Result status", 28: "Copies to",
    },
    "OBX": {
        1: "Set id", 2: "Value type", 3: "Observation", 4: "Sub id", 5: "Value", 6: "Units",
        7: "Reference range", 8: "Abnormal flags", 11: "Result status", 14: "Observed",
        15: "Producer", 16: "Observer", 19: "Analysed",
    },
    "NTE": {1: "Set id", 2: "Source", 3: "Comment"},
    "SPM": {2: "Specimen id", 4: "Specimen type", 17: "Collected"},
    "AL1": {2: "Allergen type", 3: "Allergen", 4: "Severity", 5: "Reaction", 6: "Identified"},
    "IAM": {2: "Allergen type", 3: "Allergen", 4: "Severity", 5: "Reaction", 6: "Action"},
    "DG1": {3: "Diagnosis", 4: "Description", 5: "Time of diagnosis", 6: "Diagnosis type"},
    "SCH": {
        1: "Placer appointment id", 2: "Filler appointment id", 6: "Event reason",
        7: "Appointment reason", 11: "Timing", 25: "Filler status",
    },
    "TXA": {
        2: "Document type", 4: "Time of activity", 9: "Originator", 12: "Document number",
        17: "Completion status", 19: "Availability",
    },
    "FT1": {
        2: "Transaction id", 4: "Transaction date", 6: "Transaction type", 7: "Transaction code",
        10: "Quantity", 11: "Amount",
    },
    "RXE": {1: "Timing", 2: "Give code", 3: "Give amount", 5: "Give units", 15: "Prescription"},
    "MSA": {1: "Acknowledgement code", 2: "Control id"},
    "ERR": {2: "Location", 3: "Error code", 4: "Severity"},
}  # fmt: skip
