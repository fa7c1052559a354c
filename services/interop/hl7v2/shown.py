"""Which fields of a kept HL7 message staff may read: what can name nobody, by segment and field.

A sender may put a name into any field, and a broken message has its fields in the wrong place. So
a value is shown only where it also looks like what belongs there; everything else is masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from services.interop.hl7v2.normalise import CHARSETS

Looks = Callable[[str], bool]
"""Whether a value is of the shape that its place asks for."""

MOST_SHOWN = 60


def one_of(*values: str) -> Looks:
    """A value of a table that is listed here."""
    table = frozenset(" ".join(values).split())
    return lambda value: value.upper() in table


def like(pattern: str) -> Looks:
    """A value that this pattern matches as a whole."""
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def authority(value: str) -> bool:
    """A name of a system, a place or an authority, or an OID; never a bare number or an address."""
    if re.fullmatch(r"\d{1,4}|\d+(\.\d+)+", value):
        return True
    return re.fullmatch(r"[\w .:/\-]*[A-Za-z][\w .:/\-]*", value) is not None


def unit(value: str) -> bool:
    """A unit of measure as they are written; a value that slipped in here is none."""
    part = r"[\w*\[\].{}%+-]"
    return (
        value in UNITS or re.fullmatch(rf"{part}*[A-Za-z%]{part}*/{part}[\w*/]*", value) is not None
    )


def number(value: str) -> str:
    """A record number (CX) without the number: `^^^NORTH&1.2.3&ISO^MR`, or nothing to show."""
    parts = (value.split("^") + [""] * 5)[:5]
    giver = parts[3] if parts[3] and all(map(authority, filter(None, parts[3].split("&")))) else ""
    kind = parts[4] if ID_TYPE(parts[4]) else ""
    return f"^^^{giver}^{kind}".rstrip("^")


def test(value: str) -> str:
    """A code and its text (CWE), each part only where it can be one."""
    looks = (CODE, WORDS, authority, CODE, WORDS, authority)
    parts = zip(value.split("^"), looks, strict=False)
    return "^".join(part if looks_so(part) else "" for part, looks_so in parts).rstrip("^")


def place(value: str) -> bool:
    """An application or a facility (HD)."""
    return all(authority(part) for part in re.split(r"[\^&]", value) if part)


UNITS = frozenset([
    "%", "IU", "U", "g", "kg", "mg", "ug", "ng", "pg", "fL", "mL", "L", "s", "sec", "min", "h", "cm",
    "mm", "m", "in", "lb", "mEq", "mmol", "mol", "mmHg", "mm[Hg]", "ratio", "index", "[pH]",
])  # fmt: skip

CODE = like(r"(?!.*\d{8})[\w.:/\-]{1,20}")
WORDS = like(r"(?!.*\d{5})[^@\x00-\x1f]{1,60}")
COUNT = like(r"\d{1,3}")
EVENT = like(r"[A-Z]\d\d")
STAMP = like(r"\d{12,14}(\.\d{1,6})?([+-]\d{4})?")
VERSION = like(r"2(\.\d{1,2}){0,2}")
CONTROL = like(r"[\w.:\-]{1,60}")
KIND = like(r"[A-Z0-9]{3}(\^[A-Z0-9]{3}(\^[A-Z0-9]{3}_[A-Z0-9]{3})?)?")
DELIMITERS = like(r"[^\w\s]{1,5}")
CHARSET = frozenset(CHARSETS)
ID_TYPE = one_of(
    "AM AN ANC ANON APRN BA BC BCT BR BRN BSNR CC CY DDS DEA DFN DI DL DN DO DP DPM DR DS EI EN ESN FI",
    "GI GL GN HC IND JHN LACSN LANR LI LN LR MA MB MC MCD MCN MCR MD MI MR MRN MRT MS NBSNR NCT NE NH",
    "NI NII NIIP NNXXX NP NPI OD PA PC PCN PE PEN PHC PHE PHO PI PN PNT PPIN PPN PRC PRN PT QA RI RN",
    "RPH RR RRI RRP SID SL SN SP SR SS SSN TAX TN U UPIN USID VN VP VS WC WCN WP XX EPI EMPI CPI",
)
ACCEPT = one_of("AL NE ER SU")
RESULT_STATUS = one_of("C D F I N O P R S U W X A B V")
ORDER_CONTROL = one_of(
    "AF CA CF CH CN CP CR DC DE DF DR FU HD HR LI MC NA NR NW OC OD OE OF OH OK OP OR PA PR PY RE RF RL",
    "RO RP RQ RR RU SC SN SR SS UA UC UD UF UH UM UN UR UX XO XR XX",
)
SECTION = one_of(
    "AU BG BLB CG CH CP CT CTH CUS EC EN GE HM ICU IMG IMM LAB MB MCB MYC NMR NMS NRS OSL OT OTH OUS",
    "PAR PAT PF PHR PHY PT RAD RC RT RUS RX SP SR TX URN VR VUS XRC",
)
VALUE_TYPE = one_of(
    "AD CE CF CK CN CNE CP CWE CX DR DT DTM ED FT ID IS MA MO NA NM PN RP SI SN ST TM TN TS TX XAD XCN",
    "XON XPN XTN",
)

FIELDS: Mapping[str, Mapping[int, Looks]] = {
    "MSH": {
        1: DELIMITERS, 2: DELIMITERS, 3: place, 4: place, 5: place, 6: place, 7: STAMP, 9: KIND,
        10: CONTROL, 11: one_of("P T D N"), 12: VERSION, 15: ACCEPT, 16: ACCEPT,
        18: lambda value: value.lower() in CHARSET,
    },
    "EVN": {1: EVENT},
    "MSA": {1: one_of("AA AE AR CA CE CR")},
    "PV1": {2: one_of("B C E I N O P R U")},
    "ORC": {1: ORDER_CONTROL, 5: one_of("A CA CM DC ER HD IP RP SC")},
    "OBR": {1: COUNT, 24: SECTION, 25: one_of("A C F I M N O P R S X Y Z")},
    "OBX": {1: COUNT, 2: VALUE_TYPE, 6: unit, 11: RESULT_STATUS},
    "AL1": {2: one_of("AA DA EA FA LA MA MC PA")},
    "IAM": {2: one_of("AA DA EA FA LA MA MC PA"), 6: one_of("A D U X S")},
    "DG1": {6: one_of("A F W")},
    "SCH": {25: one_of(
        "BLOCKED BOOKED CANCELLED COMPLETE DC DELETED DISCONTINUED NOSHOW OVERBOOK PENDING STARTED",
        "WAITLIST",
    )},
    "RGS": {2: one_of("A D U X")},
    "AIS": {2: one_of("A D U X")},
    "TXA": {
        2: one_of("AR CD CN DI DS ED FA HP OP PC PH PN PR SP TS"),
        17: one_of("AU DI DO IN IP LA PA"), 19: one_of("AV CA OB UN"),
    },
    "FT1": {6: one_of("AJ CD CG CO CR PY")},
    "PRB": {1: one_of("AD CO DE LI UC UN UP")},
    "RXA": {20: one_of("CP NA PA RE"), 21: one_of("A D U")},
}  # fmt: skip
"""What may be shown whole, if it looks like it."""

NUMBERS = frozenset([("PID", 2), ("PID", 3), ("PID", 4), ("MRG", 1), ("NK1", 33)])
"""Record numbers (CX): who gave one and of which type it is, never the number."""

TESTS = frozenset([("OBR", 4), ("OBX", 3)])
"""What was ordered or measured: codes and texts."""
