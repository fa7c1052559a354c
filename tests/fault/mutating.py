"""Messages that senders spoil: HL7 v2 and FHIR, cut, mixed, repeated and filled with nonsense.

Every mutant starts from a message with numbers of its own (`PTn` for the patient, `FZn` for what is
ordered), so that after the run it can be told whose results went where.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal.demo.hl7 import admission, result
from portal.demo.people import people
from portal.demo.results import results

SHARED = Path(os.environ.get("PORTAL_SHARED", "../shared")) / "data"
Lines = list[bytes]
Mutator = Callable[[Lines, random.Random, Sequence[Lines]], Lines]

NONSENSE = (
    b"", b'""', b"99999999999999", b"20260230", b"-1", b"1e999", b"^^^^", b"&&&", b"~~~~", b"\\X0D\\",
    b"\\H\\", b"\xff\xfe", b"\xc3\x28", "\u202eevil\u0000".encode(), b"<script>", b"'; DROP TABLE",
    b"A" * 5000, b"~".join([b"x"] * 400), b"^".join([b"y"] * 400), b"Z", b"C", b"W", b"F", b"X",
)  # fmt: skip
KINDS = (
    b"ORU^R01", b"ADT^A08", b"ADT^A40", b"SIU^S12", b"ORM^O01", b"DFT^P03", b"MDM^T02", b"OUL^R22",
    b"ADT^A60", b"XXX^Y99", b"ORU", b"", b"ACK^R01", b"RDE^O11", b"BAR^P01",
)  # fmt: skip
NAMED = {
    b"PID": {2: b"PT%d", 3: b"PT%d", 4: b"PT%d"},
    b"MRG": {1: b"PT9%08d"},
    b"ORC": {2: b"FP%d", 3: b"FZ%d"},
    b"OBR": {2: b"FP%d", 3: b"FZ%d"},
}
"""Which numbers of which segments are made the message's own."""
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MOST_ENTRIES = 400
FRAMING = re.compile(rb"[\x0b\x1c]")


def hl7_bases() -> list[bytes]:
    """Messages to start from: the shared feeds, else the demo's own."""
    found = [path.read_bytes() for path in sorted(SHARED.glob("hl7v2/*/*.hl7"))]
    if found:
        return found
    someone = people(NOW.date())
    return [admission(p, NOW) for p in someone] + [result(o) for o in results(someone, NOW)]


def segments(raw: bytes) -> Lines:
    """The lines of a message, whatever ended them."""
    unified = raw.replace(b"\xef\xbb\xbf", b"").replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    return [line for line in unified.split(b"\r") if line.strip()]


def named(lines: Lines, number: int) -> Lines:
    """The message with numbers of its own: who it is about, what was ordered, and its own."""
    own = [_named(line, number) for line in lines]
    head = own[0].split(own[0][3:4]) if own and own[0][:3] == b"MSH" else []
    if len(head) > 9:
        head[9] = b"M%d" % number
        own[0] = own[0][3:4].join(head)
    return own


def _named(line: bytes, number: int) -> bytes:
    places = NAMED.get(line[:3])
    if places is None:
        return line
    fields = line.split(b"|")
    for place, pattern in places.items():
        if place < len(fields) and fields[place]:
            first, *rest = re.split(rb"([~^])", fields[place], maxsplit=1)
            fields[place] = pattern % number + (b"".join(rest) if first or rest else b"")
        if line[:3] in (b"PID", b"MRG"):  # the other repetitions are other messages' people
            fields[place:] = [fields[place].split(b"~")[0], *fields[place + 1 :]]
    if line[:3] == b"OBR" and len(fields) > 4:
        parts = fields[4].split(b"^")
        parts[1:2] = [(parts[1] if len(parts) > 1 else b"") + b" FZ%d" % number]
        fields[4] = b"^".join(parts)
    return b"|".join(fields)


def _place(lines: Lines, rng: random.Random) -> int:
    return rng.randrange(len(lines)) if lines else 0


def _drop(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    place = _place(lines, rng)
    return lines[:place] + lines[place + 1 :]


def _repeat(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    place = _place(lines, rng)
    return lines[:place] + lines[place : place + 1] * rng.choice((2, 3, 40)) + lines[place + 1 :]


def _swap(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    if len(lines) < 2:
        return lines
    one, other = rng.sample(range(len(lines)), 2)
    mixed = list(lines)
    mixed[one], mixed[other] = mixed[other], mixed[one]
    return mixed


def _cut(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    whole = b"\r".join(lines)
    return whole[: rng.randrange(1, len(whole) + 1)].split(b"\r") if whole else lines


def _field(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    place = _place(lines, rng)
    fields = lines[place].split(b"|")
    fields[rng.randrange(len(fields))] = rng.choice(NONSENSE)
    return [*lines[:place], b"|".join(fields), *lines[place + 1 :]]


def _shift(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    place = _place(lines, rng)
    fields = lines[place].split(b"|")
    at = rng.randrange(len(fields))
    fields[at:at] = [b""] * rng.choice((1, 2, 30))
    return [*lines[:place], b"|".join(fields), *lines[place + 1 :]]


def _flip(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    whole = bytearray(b"\r".join(lines))
    for _ in range(rng.choice((1, 3, 20)) if whole else 0):
        whole[rng.randrange(len(whole))] = rng.randrange(256)
    return bytes(whole).split(b"\r")


def _other_person(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    """The PID of another message beside, or before, this one's own."""
    pids = [line for line in rng.choice(others) if line[:3] == b"PID"]
    place = rng.randrange(1, len(lines) + 1) if lines else 0
    return lines[:place] + pids + lines[place:]


def _other_results(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    taken = [line for line in rng.choice(others) if line[:3] in (b"ORC", b"OBR", b"OBX", b"SPM")]
    place = rng.randrange(1, len(lines) + 1) if lines else 0
    return lines[:place] + taken + lines[place:]


def _other_message(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    """Two messages in one frame, sometimes run together."""
    other = list(rng.choice(others))
    if rng.random() < 0.3 and lines and other:
        return [*lines[:-1], lines[-1] + other[0], *other[1:]]
    return lines + other


def _delimiters(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    if not lines or lines[0][:3] != b"MSH":
        return lines
    declared = rng.choice(
        (b"^~\\&#", b"^^^^", b"", b"|~\\&", b"@!*%", b"^~\\", b"abcd", b"^~\\\\&")
    )
    return [b"MSH|" + declared + lines[0][8:], *lines[1:]]


def _kind(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    fields = lines[0].split(b"|") if lines else []
    if len(fields) < 9:
        return lines
    fields[8] = rng.choice(KINDS)
    return [b"|".join(fields), *lines[1:]]


def _batch(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    count = rng.choice((b"1", b"2", b"x", b""))
    return [b"FHS|^~\\&|A|B", b"BHS|^~\\&|A|B", *lines, b"BTS|" + count, b"FTS|1"]


def _joined(lines: Lines, rng: random.Random, others: Sequence[Lines]) -> Lines:
    """A line end is lost, or one appears inside a text."""
    place = _place(lines, rng)
    if rng.random() < 0.5 and place + 1 < len(lines):
        return [*lines[:place], lines[place] + lines[place + 1], *lines[place + 2 :]]
    line = lines[place]
    at = rng.randrange(len(line) + 1)
    return [*lines[:place], line[:at], line[at:], *lines[place + 1 :]]


MUTATORS: tuple[Mutator, ...] = (
    _drop, _repeat, _swap, _cut, _field, _field, _field, _shift, _flip, _other_person,
    _other_results, _other_message, _delimiters, _kind, _batch, _joined,
)  # fmt: skip


def hl7_mutants(seed: int, count: int) -> list[bytes]:
    """So many spoiled messages, the same for a seed; each is one frame's content."""
    rng = random.Random(f"hl7 {seed}")
    bases = [segments(raw) for raw in hl7_bases()]
    made = []
    for number in range(count):
        lines = named(rng.choice(bases), number)
        others = [named(rng.choice(bases), rng.randrange(number + 1)) for _ in range(2)]
        for _ in range(rng.choice((1, 1, 2, 4))):
            lines = rng.choice(MUTATORS)(lines or [b"MSH"], rng, others)
        ends = rng.choice((b"\r", b"\r", b"\n", b"\r\n"))
        made.append(FRAMING.sub(b" ", ends.join(lines)) or b"MSH")
    return made


def fhir_bases() -> list[dict[str, Any]]:
    """Small bundles to start from: a patient and some of what is said about them."""
    found = []
    for path in sorted(SHARED.glob("fhir/*.json.gz")):
        bundle = json.loads(gzip.decompress(path.read_bytes()))
        patients = [e for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"]
        if patients:
            found.append({**bundle, "entry": patients[:1] + bundle["entry"][1:MOST_ENTRIES]})
    return found


def fhir_mutants(seed: int, count: int) -> list[bytes]:
    """So many spoiled bundles and single resources."""
    rng = random.Random(f"fhir {seed}")
    bases = fhir_bases()
    return [_fhir(rng, bases, number) for number in range(count)] if bases else []


def _fhir(rng: random.Random, bases: Sequence[dict[str, Any]], number: int) -> bytes:
    base = rng.choice(bases)
    patient, *rest = base["entry"]
    entries = json.loads(json.dumps([patient, *rng.sample(rest, min(6, len(rest)))]))
    for identifier in entries[0]["resource"].get("identifier", ()):
        identifier["value"] = f"PT{1_000_000 + number}"
    for entry in entries[1:]:
        code = entry["resource"].get("code")
        if isinstance(code, dict):
            code["text"] = f"{code.get('text', '')} FZ{1_000_000 + number}"
    bundle: Any = {**base, "entry": entries}
    for _ in range(rng.choice((1, 1, 3))):
        _spoil(bundle, rng)
    if rng.random() < 0.1:
        other = rng.choice(bases)["entry"][0]
        entries.append(other)
    if rng.random() < 0.15 and isinstance(bundle.get("entry"), list) and bundle["entry"]:
        last = bundle["entry"][-1]
        bundle = last.get("resource", last) if isinstance(last, dict) else last
    raw = json.dumps(bundle).encode()
    return raw[: rng.randrange(1, len(raw))] if rng.random() < 0.05 else raw


def _spoil(value: Any, rng: random.Random) -> None:
    """Change one thing somewhere inside."""
    while isinstance(value, dict | list) and value:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = rng.choice(keys)
        if rng.random() < 0.08 or not isinstance(value[key], dict | list):
            match rng.randrange(5):
                case 0:
                    del value[key]
                case 1:
                    value[key] = rng.choice((None, 7, -1.5, True, "", "x" * 3000, [], {}, [[]]))
                case 2 if isinstance(value, dict):
                    value[f"{key}X"] = value.pop(key)
                case 3 if isinstance(value, list):
                    value.append(value[key])
                case _:
                    value[key] = rng.choice(("2026-02-30", "final", "bogus", "Patient/other", "0"))
            return
        value = value[key]
