"""From a sender's bytes to single messages: frames, marks, character sets, line ends, batches.

The `hl7` library reads clean text only: a byte order mark or LF line ends give it one giant
segment. So everything about bytes is done here, before it.
"""

from __future__ import annotations

import re

CHARSETS = {
    "ascii": "ascii",
    "8859/1": "latin-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "unicode": "utf-8",
    "unicode utf-8": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "ir87": "iso2022_jp",
    "iso ir87": "iso2022_jp",
    "gb 18030-2000": "gb18030",
    "ks x 1001": "euc_kr",
    "big-5": "big5",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
}
"""HL7 table 0211 (lower case) to Python's codecs. Others fall through to UTF-8, then latin-1."""

HEADER = re.compile(rb"^[\s\x00]*MSH[^A-Za-z0-9\s]", re.DOTALL)
DOUBLED = re.compile(
    rb"^MSH([^A-Za-z0-9\s])[^\s]{1,5}\1[\s\xef\xbb\xbf]*(?=MSH\1[^A-Za-z0-9\s]{4,5}\1)"
)
"""A header put before a header: `mllp_send --loose` does so where MSH-2 is not `^~\\&`."""
ENVELOPE = re.compile(rb"^(FHS|BHS|BTS|FTS)(?![A-Za-z0-9])")
SEGMENT = re.compile(r"^[A-Z][A-Z0-9]{2}$")
EDGE = b" \t\x00\x0b\x1c\xef\xbb\xbf"
FIRST_LINE = re.compile(rb"[\s\x00\x0b\x1c\xef\xbb\xbf]*[^\r\n\x1c]*")
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
CHARSET_FIELD = 17
"""MSH-18, counted after a split at the field separator (MSH-1 is the separator itself)."""


def lines(raw: bytes) -> list[bytes]:
    """The raw lines of a file or frame, whatever ended them; UTF-16 becomes UTF-8 first."""
    if raw[:2] in WIDE_MARKS:
        raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
    unified = raw.replace(b"\x1c", b"\r").replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    return [line for line in unified.split(b"\r") if line.strip(EDGE)]


def beginning(raw: bytes) -> bytes:
    """The first line that says something, or more than that."""
    found = FIRST_LINE.match(raw)
    return raw if found is None or raw[:2] in WIDE_MARKS else found[0]


def normalised(raw: bytes) -> bytes:
    """One message's bytes as they would be with CR line ends, UTF-8 for UTF-16, and no marks: the
    same for one message however it came.
    """
    return b"\r".join(lines(raw)).strip(EDGE)


def messages(raw: bytes, assumed: str = "") -> list[str]:
    """One decoded text per message, segments ended by CR, each starting at its MSH.

    File and batch envelopes are taken off. Segments in front of the first MSH come as a text of
    their own, which does not start with MSH: the caller refuses it. `assumed` is of table 0211, for
    messages that name no character set themselves. Never raises.
    """
    groups: list[list[bytes]] = []
    for line in lines(raw):
        bare = DOUBLED.sub(b"", line.lstrip(EDGE))
        if ENVELOPE.match(bare):
            continue
        if HEADER.match(bare) or not groups:
            groups.append([bare])
        else:
            groups[-1].append(line)
    return [_text(group, CHARSETS.get(assumed.lower())) for group in groups]


def _text(group: list[bytes], assumed: str | None) -> str:
    decoded = decode(b"\r".join(group), charset(group[0]) or assumed)
    separator = decoded[3:4]
    return _joined(decoded.split("\r"), separator)


def _joined(parts: list[str], separator: str) -> str:
    """Put a line that is no segment (a line break inside a text) back behind the one before it."""
    joined: list[str] = []
    for part in parts:
        bare = part.lstrip()
        starts = SEGMENT.match(bare[:3]) and bare[3:4] in (separator, "")
        if joined:
            joined.append("\r" if starts else "\n")
        joined.append(bare if starts or not joined else part)
    return "".join(joined)


def charset(header: bytes) -> str | None:
    """The codec that MSH-18 names, None when it names none that we know."""
    fields = header.split(header[3:4]) if len(header) > 3 else []
    if len(fields) <= CHARSET_FIELD:
        return None
    named = re.split(rb"[~^\\]", fields[CHARSET_FIELD])[0].decode("latin-1")
    return CHARSETS.get(named.strip().lower())


def decode(raw: bytes, named: str | None) -> str:
    """By MSH-18 when its codec fits the bytes, else UTF-8, else latin-1, which fits any bytes."""
    for codec in (named, "utf-8"):
        if codec is None:
            continue
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
