"""What labs answers, one module per kind of question."""

from __future__ import annotations

from services.labs.api import holding, patient, posting, provider
from services.labs.api.base import API

__all__ = ["API", "holding", "patient", "posting", "provider"]
