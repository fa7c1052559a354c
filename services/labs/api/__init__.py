"""What labs answers, one module per kind of question."""

from __future__ import annotations

from services.labs.api import explain, holding, missing, orders, patient, policy, posting, provider
from services.labs.api.base import API

__all__ = [
    "API",
    "explain",
    "holding",
    "missing",
    "orders",
    "patient",
    "policy",
    "posting",
    "provider",
]
