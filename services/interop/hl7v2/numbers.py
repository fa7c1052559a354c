"""Which record numbers a message names, told from its bytes: what must be handed over in order."""

from __future__ import annotations

from collections.abc import Iterator

FIELDS = {b"\rPID": (2, 3, 4), b"\rMRG": (1, 4)}


def numbers_in(message: bytes) -> frozenset[bytes]:
    """The numbers in a normalised message, without who gave them: two senders may spell that
    differently. One too many only costs time.
    """
    return frozenset(_numbers(message)) - {b"", b'""'}


def _numbers(message: bytes) -> Iterator[bytes]:
    separator, component, repetition = message[3:4], message[4:5], message[5:6]
    if not repetition:
        return
    for name, places in FIELDS.items():
        at = message.find(name)
        while at >= 0:
            end = message.find(b"\r", at + 1)
            fields = message[at:end].split(separator) if end > 0 else message[at:].split(separator)
            for place in places:
                for each in fields[place].split(repetition) if place < len(fields) else ():
                    yield each.split(component)[0].strip()
            at = message.find(name, at + 1)
