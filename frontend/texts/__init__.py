"""Every sentence that patients read, by language; `en/` is the original.

A language is a folder; its files are put together, and no two of them have a table in common.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from starlette.requests import Request

LANGUAGES = {"en": "English", "es": "Español"}
_HERE = Path(__file__).parent


def _folder(lang: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted((_HERE / lang).glob("*.toml")):
        tables = tomllib.loads(path.read_text())
        if twice := found.keys() & tables.keys():
            raise ValueError(f"{path.name} repeats {', '.join(sorted(twice))}")
        found |= tables
    return found


TEXTS: dict[str, dict[str, Any]] = {lang: _folder(lang) for lang in LANGUAGES}


def language_of(request: Request) -> str:
    """Chosen in the address, else chosen before, else what the browser prefers, else English."""
    for chosen in (request.query_params.get("lang"), request.cookies.get("lang")):
        if chosen in LANGUAGES:
            return chosen
    for part in request.headers.get("accept-language", "").split(","):
        wanted = part.split(";")[0].strip().split("-")[0].lower()
        if wanted in LANGUAGES:
            return wanted
    return "en"


def look_up(lang: str, key: str) -> Any:
    """What stands under `a.b`: a text, or a list of texts. None when there is nothing."""
    node: Any = TEXTS[lang]
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def text(lang: str, key: str, **values: Any) -> str:
    """One sentence with its values filled in. Raises KeyError for a key that no page should use."""
    found = look_up(lang, key)
    if found is None:
        raise KeyError(key)
    return str(found).format(**values) if values else str(found)


def texts(lang: str, key: str) -> list[str]:
    """A list of sentences."""
    found = look_up(lang, key)
    if not isinstance(found, list):
        raise KeyError(key)
    return [str(each) for each in found]
