"""MLLP framing: VT, the message, FS, CR. Incremental, bounded, and tolerant. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

VT, FS, CR = b"\x0b", b"\x1c", b"\x0d"
MOST_BYTES = 16 * 2**20
KEPT_OF_LARGE = 64 * 1024
"""How much of an oversized frame is kept, for a person to see whose it was."""

STARTS = (b"MSH", b"FHS", b"BHS")
MARKS = b"\xef\xbb\xbf \t\r\n\x00"
SAYS = re.compile(rb"[^\xef\xbb\xbf \t\r\n\x00\x0b]")
"""The first byte that is neither a mark nor a VT; looking for it copies nothing."""

ANOTHER = re.compile(rb"\x0b(?=[\xef\xbb\xbf \t\r\n\x00]*(?:MSH|FHS|BHS))")


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One message's bytes without the frame; `truncated` or `too-large` ones are not whole."""

    raw: bytes
    kind: Literal["whole", "truncated", "too-large"] = "whole"


class Framer:
    """Bytes in, frames out. What is outside of any frame and no message is skipped.

    A frame starts at VT (or, from senders without it, at a header segment) and ends at FS; the
    CR behind it is optional. A VT in front of a header inside a frame starts a new one: the
    frame before it never ended, and is handed out as truncated.
    """

    def __init__(self, limit: int = MOST_BYTES) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._seen = 0
        self._dropping = False

    @property
    def inside(self) -> bool:
        """Whether the beginning of a message has come and its end has not."""
        return self._dropping or SAYS.search(self._buffer) is not None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete, in order."""
        self._buffer += data
        while (end := self._buffer.find(FS, self._seen)) >= 0:
            piece = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._seen = 0
            if self._dropping:
                self._dropping = False
                continue
            if len(piece) > self._limit:
                yield Frame(piece.lstrip(MARKS + VT)[:KEPT_OF_LARGE], "too-large")
                continue
            yield from self._frames(piece, ended=True)
        self._seen = len(self._buffer)
        if self._dropping:
            self._buffer.clear()
            self._seen = 0
        elif len(self._buffer) > self._limit:
            yield from self._too_much()

    def close(self) -> Iterator[Frame]:
        """What the end of the connection leaves: a message without its end, or nothing."""
        piece = bytes(self._buffer)
        dropping = self._dropping
        self._buffer.clear()
        self._seen, self._dropping = 0, False
        if not dropping:
            yield from self._frames(piece, ended=False)

    def _too_much(self) -> Iterator[Frame]:
        """Hand out the beginning of a message that does not end, and skip to its end."""
        head = bytes(self._buffer[: KEPT_OF_LARGE + 1])
        self._buffer.clear()
        self._seen = 0
        start = self._start(head)
        if start is not None:
            self._dropping = True
            yield Frame(head[start:][:KEPT_OF_LARGE], "too-large")

    def _frames(self, piece: bytes, ended: bool) -> Iterator[Frame]:
        """The messages in what came up to one FS (or the end): the last one is the ended one."""
        start = self._start(piece)
        if start is None:
            return
        parts = self._split(piece[start:])
        for unended in parts[:-1]:
            yield Frame(unended, "truncated")
        if ended:
            yield Frame(parts[-1])
        elif parts[-1].strip(MARKS + VT):
            yield Frame(parts[-1], "truncated")

    @staticmethod
    def _split(piece: bytes) -> list[bytes]:
        """At each VT that stands before a header segment; other VTs belong to nothing."""
        parts = [part.replace(VT, b"") for part in ANOTHER.split(piece)]
        return [part for part in parts[:-1] if part.strip(MARKS)] + parts[-1:]

    @staticmethod
    def _start(piece: bytes) -> int | None:
        """Where the first message begins; None when there is only rubbish.

        After a VT anything is taken for a message, also nothing: it is refused and kept, and its
        sender does not wait for an answer that never comes.
        """
        first = piece.find(VT)
        if first >= 0 and not piece[:first].lstrip(MARKS).startswith(STARTS):
            return first + 1
        bare = len(piece) - len(piece.lstrip(MARKS))
        return bare if piece[bare:].startswith(STARTS) else None
