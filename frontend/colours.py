"""A practice's own accent colour, made readable: WCAG contrast on light and on dark grounds."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from frontend.client import Problem, gateway
from frontend.static_files import FOREVER

DEFAULT = "#0b6e6e"
LIGHT, DARK = (255, 255, 255), (17, 24, 28)
ENOUGH = 4.9  # more than the 4.5 that WCAG asks for: text also stands on tinted grounds

Colour = tuple[int, int, int]


def parse(text: str) -> Colour:
    """`#rrggbb`; anything else is our own accent."""
    given = text if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else DEFAULT
    return int(given[1:3], 16), int(given[3:5], 16), int(given[5:7], 16)


def luminance(colour: Colour) -> float:
    """WCAG's relative luminance."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with a share of another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def readable(colour: Colour, ground: Colour, towards: Colour) -> Colour:
    """The nearest colour on the way to `towards` that is readable on `ground`."""
    steps = (mix(colour, towards, step / 20) for step in range(21))
    return next((c for c in steps if contrast(c, ground) >= ENOUGH), towards)


def css(accent: str) -> str:
    """Custom properties for both schemes."""
    base = parse(accent)
    light = readable(base, (243, 246, 246), (0, 0, 0))
    dark = readable(base, (32, 42, 47), LIGHT)
    return (
        f":root{{--accent:{_hex(light)};--accent-strong:{_hex(mix(light, (0, 0, 0), 0.25))};"
        f"--accent-soft:{_hex(mix(light, LIGHT, 0.9))};--on-accent:#fff}}\n"
        "@media (prefers-color-scheme:dark){"
        f":root{{--accent:{_hex(dark)};--accent-strong:{_hex(mix(dark, LIGHT, 0.25))};"
        f"--accent-soft:{_hex(mix(DARK, dark, 0.16))};--on-accent:#0c1417}}}}\n"
    )


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


async def theme_route(request: Request) -> Response:
    """`/static/theme.css?v=<accent>`; our own accent while the practice is not known."""
    try:
        accent = (await gateway(request).profile(request)).profile.accent
        kept = FOREVER if request.query_params.get("v") == accent.lstrip("#") else "no-cache"
    except Problem:
        accent, kept = DEFAULT, "no-store"
    return Response(css(accent), media_type="text/css", headers={"cache-control": kept})
