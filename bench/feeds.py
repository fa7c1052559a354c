"""HL7 messages for the intake: the shared ones where they are, else our own; each one new work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

SHARED = Path(os.environ.get("PORTAL_SHARED", "../shared")) / "data" / "hl7v2"
NUMBERS = {b"MSH": (9,), b"PID": (2, 3, 4), b"MRG": (1, 4), b"ORC": (2, 3), b"OBR": (2, 3)}
"""Fields whose first component makes a message, a patient or an order another one."""

OWN = (
    "MSH|^~\\&|LIS|LAB|PORTAL|CLINIC|20260102030405||ORU^R01|C|P|2.5.1\r"
    "PID|1||P^^^NORTH^MR||Roe^Ada^M||19800229|F|||1 Elm St^^Town^CA^90001||555-0100\r"
    "OBR|1|A|F^LAB|24323-8^Panel^LN|||20260101080000|||||||||111^Gray^Max||||||20260101|||F\r"
    + "".join(
        f"OBX|{n}|NM|718-7^Hemoglobin^LN|{n}|13.{n}|g/dL|12-16|N|||F|||20260101090000\r"
        for n in range(1, 13)
    ),
    "MSH|^~\\&|ADT|HIS|PORTAL|CLINIC|20260102030405||ADT^A04|C|P|2.5.1\rEVN|A04|20260102030405\r"
    "PID|1||P^^^NORTH^MR||Roe^Ada^M||19800229|F|||1 Elm St^^Town^CA^90001||555-0100\rPV1|1|O\r",
)


def templates() -> tuple[str, list[bytes]]:
    """Where the messages are from, and those that can be made into others."""
    found = [path.read_bytes() for path in sorted(SHARED.glob("*/*.hl7"))]
    if not found:
        return "our own messages", [text.encode() for text in OWN]
    return f"the {len(found)} shared messages", found


def distinct(count: int, series: str) -> Iterator[bytes]:
    """So many messages, no two of the same patient, order or control id."""
    _, found = templates()
    for number, template in zip(range(count), cycle(found)):  # one of them never ends
        yield _made_new(template, f"{series}{number}".encode())


def _made_new(template: bytes, mark: bytes) -> bytes:
    lines = template.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r")
    return b"\r".join(_marked(line, mark) for line in lines)


def _marked(line: bytes, mark: bytes) -> bytes:
    fields = line.split(b"|")
    for where in NUMBERS.get(fields[0], ()):
        if where < len(fields) and fields[where]:
            fields[where] = b"~".join(
                mark + repetition if repetition else b"" for repetition in fields[where].split(b"~")
            )
    return b"|".join(fields)
