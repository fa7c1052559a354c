"""The commands and queries that interop answers, one module per kind of question."""

from __future__ import annotations

from services.interop.api import messages
from services.interop.api.base import API

__all__ = ["API", "messages"]
