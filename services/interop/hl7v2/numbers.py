"""Which record numbers a message names, told from its bytes: what must be handed over in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

FIELDS = {b"PID": (2, 3, 4), b"MRG": (1, 4)}
SEGMENTS = re.compile(rb"\r\s*(PID|MRG)([^\r]*)")
MOST_LISTED = 200
"""Repetitions of a field that are looked at, as many as for the patient."""

MOST = 5_000
"""Numbers in one message: it cannot mean more people."""


def numbers_in(message: bytes) -> frozenset[bytes]:
    """The numbers in a normalised message, without who gave them: two senders may spell that
    differently. One too many only costs time.
    """
    return frozenset(islice(_numbers(message), MOST)) - {b"", b'""'}


def _numbers(message: bytes) -> Iterator[bytes]:
    separator, component, repetition = message[3:4], message[4:5], message[5:6]
    if not repetition:
        return
    for segment in SEGMENTS.finditer(message):
        places = FIELDS[segment[1]]
        fields = segment[2].split(separator, max(places) + 1)
        for place in places:
            listed = fields[place].split(repetition, MOST_LISTED) if place < len(fields) else []
            for each in listed[:MOST_LISTED]:
                yield each.split(component, 1)[0].split(b"&", 1)[0].strip()
