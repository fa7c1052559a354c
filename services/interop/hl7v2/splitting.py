"""From bytes to single messages, each in its own original bytes: frames, files, batches.

Incremental: a file of any size is split as it is read. Nothing in front of a header is lost, and
what a batch says of its own size is checked.
"""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Iterator

from services.interop.hl7v2.normalise import EDGE

MOST_BYTES = 16 * 2**20
ENDS = (b"\r", b"\n", b"\x1c")
LINE = re.compile(rb"[^\r\n\x1c]*[\r\n\x1c]")
BLANK = EDGE + b"\r\n\x0c"
STARTS = re.compile(rb"MSH[^A-Za-z0-9\s]|(?P<envelope>FHS|BHS|BTS|FTS)(?![A-Za-z0-9])")
SIGNS = (b"MSH", b"FHS", b"BHS", b"BTS", b"FTS", b"\x1c")
"""Without any of these behind its beginning, bytes are one message."""

log = logging.getLogger("interop.hl7v2")
WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def split(raw: bytes) -> list[bytes]:
    """The messages in these bytes; nothing when there is not even a beginning of one."""
    if raw.startswith(b"MSH") and not any(raw.find(sign, 3) > 0 for sign in SIGNS):
        return [raw]
    splitter = Splitter()
    raws = [*splitter.feed(raw), *splitter.close()]
    if splitter.miscounted:
        log.warning("a batch says another number of messages than came: %d came", len(raws))
    return raws


class Splitter:
    """Bytes in, messages out. Envelopes (FHS, BHS, BTS, FTS) and MLLP's framing are taken off.

    `miscounted`: how many batches (BTS-1) and files (FTS-1) said another number than came.
    `too_large`: how many messages of more than 16 MB were passed over.
    """

    def __init__(self) -> None:
        self.miscounted = 0
        self.too_large = 0
        self._codec: str | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self._tail = b""
        self._lines: list[bytes] = []
        self._size = 0
        self._messages = 0
        self._batches = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that end in these bytes, in order."""
        data = self._tail + self._narrowed(data)
        whole = max(map(data.rfind, ENDS)) + 1
        for found in LINE.finditer(data, 0, whole):
            yield from self._take(found[0])
        self._tail = data[whole:]
        if len(self._tail) > MOST_BYTES:  # one endless line: what comes of it is passed over too
            yield from self._take(self._tail)
            self._tail = b""

    def close(self) -> Iterator[bytes]:
        """What the end of the bytes leaves."""
        yield from self._take(self._tail)
        yield from self._ended()
        self._tail = b""

    def _narrowed(self, data: bytes) -> bytes:
        """UTF-16 as UTF-8, for as long as it is being split."""
        if not self._begun and data:
            self._begun = True
            self._codec = WIDE.get(data[:2])
            if self._codec:
                self._decoder = codecs.getincrementaldecoder(self._codec)("replace")
                data = data[2:]
        return self._decoder.decode(data).encode("utf-8", "replace") if self._decoder else data

    def _take(self, line: bytes) -> Iterator[bytes]:
        bare = line.lstrip(BLANK)
        found = STARTS.match(bare) if bare[:1] in (b"M", b"F", b"B") else None
        if found and found["envelope"]:
            self._check(found["envelope"], bare[4:])
            return
        if found:
            yield from self._ended()
            self._messages += 1
        elif not self._lines and not bare:
            return
        self._size += len(line)
        if self._size <= MOST_BYTES:
            self._lines.append(line)

    def _ended(self) -> Iterator[bytes]:
        lines, size = self._lines, self._size
        self._lines, self._size = [], 0
        if size > MOST_BYTES:
            self.too_large += 1
        elif lines:
            message = _unframed(b"".join(lines))
            yield self._widened(message) if self._codec else message

    def _widened(self, message: bytes) -> bytes:
        """Back to what was sent, with the mark that says which of the two byte orders it is."""
        codec = self._codec or ""
        mark = next(mark for mark, name in WIDE.items() if name == codec)
        return mark + message.decode("utf-8", "replace").encode(codec, "replace")

    def _check(self, envelope: bytes, rest: bytes) -> None:
        """Compare a trailer's own count, where it gives one, with what came."""
        digits = re.match(rb"\s*(\d{1,9})(?!\d)", rest)
        said = int(digits[1]) if digits else None
        if envelope == b"BTS":
            self.miscounted += said not in (None, self._messages)
            self._messages, self._batches = 0, self._batches + 1
        elif envelope == b"FTS":
            self.miscounted += said not in (None, self._batches)
            self._messages = self._batches = 0


def _unframed(message: bytes) -> bytes:
    """Without the VT before it, and from the FS behind it on."""
    message = message.lstrip(b"\x0b")
    said = message.rstrip(b"\x0b\x1c\r\n")
    behind = message[len(said) :]
    return said + behind.partition(b"\x1c")[0]
