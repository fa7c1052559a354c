"""The commands and queries that identity answers, one module per kind of question."""

from __future__ import annotations

from services.identity.api import (
    enrolment,
    exchange,
    invitations,
    notify,
    patients,
    registrations,
    sessions,
)
from services.identity.api.base import API

__all__ = [
    "API",
    "enrolment",
    "exchange",
    "invitations",
    "notify",
    "patients",
    "registrations",
    "sessions",
]
