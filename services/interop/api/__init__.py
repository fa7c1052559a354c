"""The commands and queries that interop answers, one module per kind of question."""

from __future__ import annotations

from services.interop.api import looking, messages, quarantine, senders
from services.interop.api.base import API

__all__ = ["API", "looking", "messages", "quarantine", "senders"]
