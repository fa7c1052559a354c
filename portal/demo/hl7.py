"""HL7 v2.5.1 messages that we write ourselves: ADT^A04 and ORU^R01. Same input, same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portal.demo.people import Person

AUTHORITY = "HVMG"
SENDER = "HVLIS|HVLAB"
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\"}

Status = Literal["P", "F", "C", "X", "W"]


@dataclass(frozen=True, slots=True)
class Value:
    """One OBX. `kind` is NM for a number and TX for text; `flag` as in OBX-8."""

    code: str
    text: str
    value: str
    unit: str = ""
    range: str = ""
    flag: str = ""
    kind: Literal["NM", "TX"] = "NM"
    system: str = "LN"
    note: str = ""
    status: Status | None = None  # None: the order's own


@dataclass(frozen=True, slots=True)
class Order:
    """One OBR with its values. `number` is the filler order number, the same in every version."""

    number: str
    person: Person
    orderer: str  # OBR-16 as written, an XCN
    code: str
    text: str
    ordered: datetime
    collected: datetime
    reported: datetime
    values: tuple[Value, ...]
    status: Status = "F"
    section: str = "LAB"
    specimen: str = "Blood"
    system: str = "LN"


def admission(person: Person, at: datetime) -> bytes:
    """ADT^A04: this person is a patient of ours."""
    stamp = _time(at)
    return _message(
        f"MSH|^~\\&|HVREG|HVMG|MYPORTAL|HVMG|{stamp}||ADT^A04^ADT_A01|DEMO-A04-{person.mrn}|P|2.5.1"
        "||||||UNICODE UTF-8",
        f"EVN|A04|{stamp}",
        _pid(person),
        "PV1|1|O",
    )


def result(order: Order) -> bytes:
    """ORU^R01: one version of one order's results."""
    reported, collected, ordered = map(_time, (order.reported, order.collected, order.ordered))
    control = f"DEMO-{order.number}-{order.status}"
    code = f"{order.code}^{_text(order.text)}^{order.system}"
    filler = f"{order.number}^HVLIS"
    segments = [
        f"MSH|^~\\&|{SENDER}|MYPORTAL|HVMG|{reported}||ORU^R01^ORU_R01|{control}|P|2.5.1"
        "||||||UNICODE UTF-8",
        _pid(order.person),
        f"ORC|RE||{filler}||CM||||{ordered}|||{order.orderer}",
        f"OBR|1||{filler}|{code}||{ordered}|{collected}|||||||{collected}|"
        f"{_text(order.specimen)}|{order.orderer}||||||{reported}||{order.section}|{order.status}",
    ]
    for index, value in enumerate(order.values, start=1):
        segments.append(_obx(index, value, order))
        if value.note:
            segments.append(f"NTE|1|L|{_text(value.note)}")
    return _message(*segments)


def lab_order(person: Person, orderer: str, code: str, text: str, ordered: datetime) -> bytes:
    """ORM^O01: a test was ordered, and nothing has come of it yet."""
    at, number = _time(ordered), f"HVO-{person.mrn}"
    return _message(
        f"MSH|^~\\&|HVREG|HVMG|MYPORTAL|HVMG|{at}||ORM^O01^ORM_O01|DEMO-{number}|P|2.5.1"
        "||||||UNICODE UTF-8",
        _pid(person),
        f"ORC|NW|{number}^HVREG||||||||||{orderer}",
        f"OBR|1|{number}^HVREG||{code}^{_text(text)}^LN|||||||||||{orderer}",
    )


def spoiled(people: tuple[Person, Person], at: datetime) -> list[bytes]:
    """What real senders do wrong: two patients in one message, an event nobody takes, no number."""
    one, other = people
    head = f"MSH|^~\\&|OLDLIS|EASTSIDE|MYPORTAL|HVMG|{_time(at)}||"
    sodium = f"OBR|1||E-77|2951-2^Sodium^LN|||{_time(at)}"
    return [
        _message(f"{head}ORU^R01|DEMO-TWO|P|2.5.1", _pid(one), _pid(other), sodium),
        _message(f"{head}ORU^R03|DEMO-EVENT|P|2.5.1", _pid(one), sodium),
        _message(f"{head}ORU^R01|DEMO-NUMBER|P|2.5.1", "PID|1||||Roe^Ann", sodium),
    ]


def _obx(index: int, value: Value, order: Order) -> str:
    code = f"{value.code}^{_text(value.text)}^{value.system}"
    return (
        f"OBX|{index}|{value.kind}|{code}||{_text(value.value)}|{_text(value.unit)}"
        f"|{_text(value.range)}|{value.flag}|||{value.status or order.status}"
        f"|||{_time(order.collected)}"
    )


def _pid(person: Person) -> str:
    family, given = _text(person.family), _text(person.given)
    area, local = person.phone.split("-", 1)
    phones = f"{person.phone}^PRN^PH^^1^{area}^{local.replace('-', '')}"
    if person.email:
        phones += f"~^NET^Internet^{_text(person.email)}"
    return (
        f"PID|1||{person.mrn}^^^{AUTHORITY}^MR||{family}^{given}||{person.born:%Y%m%d}|{person.sex}"
        f"|||{_text(person.line)}^^San Francisco^CA^{person.zip}^USA||{phones}||||||"
        f"000-00-{person.ssn_last4}"
    )


def _text(value: str) -> str:
    return "".join(_ESCAPES.get(c, c) for c in value)


def _time(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S%z")


def _message(*segments: str) -> bytes:
    return ("\r".join(segments) + "\r").encode()
