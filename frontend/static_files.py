"""Static files under an address with the hash of their content, kept by browsers for a year."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

HERE = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"


@cache
def address(name: str) -> str:
    """`/static/<name>?v=<hash>`: another content is another address."""
    digest = hashlib.sha256((HERE / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


class CachedFiles(StaticFiles):
    """Kept for a year when asked for by version, else looked up again each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        versioned = scope["query_string"].startswith(b"v=")
        response.headers["cache-control"] = FOREVER if versioned else "no-cache"
        return response
