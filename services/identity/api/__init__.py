"""The commands and queries that identity answers, one module per kind of question."""

from __future__ import annotations

from services.identity.api import (
    access,
    account_notices,
    connections,
    corrections,
    enrolment,
    exchange,
    feeds,
    invitations,
    items,
    links,
    notify,
    passkeys,
    patient_account,
    patients,
    registrations,
    relations,
    security,
    sessions,
)
from services.identity.api.base import API

__all__ = [
    "API",
    "access",
    "account_notices",
    "connections",
    "corrections",
    "enrolment",
    "exchange",
    "feeds",
    "invitations",
    "items",
    "links",
    "notify",
    "passkeys",
    "patient_account",
    "patients",
    "registrations",
    "relations",
    "security",
    "sessions",
]
