"""A QR code as one SVG path: drawn here, so that a secret goes to nobody else's program."""

from __future__ import annotations

from dataclasses import dataclass

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET = 4
"""Empty modules around it, as the standard wants."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """`size` modules wide and high; `path` draws the dark ones."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """The code of a short text."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    rows: list[list[bool]] = code.get_matrix()
    dark = [(x, y) for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    return QrCode(len(rows), "".join(f"M{x} {y}h1v1h-1z" for x, y in dark))
