"""identity's read models, one module per kind of question."""

from __future__ import annotations

from services.identity.views.access import ACCESS
from services.identity.views.accounts import ACCOUNTS
from services.identity.views.connections import CONNECTIONS
from services.identity.views.invitations import INVITATIONS
from services.identity.views.items import ITEMS
from services.identity.views.links import LINKS
from services.identity.views.people import PEOPLE
from services.identity.views.practice import PRACTICE
from services.identity.views.registrations import REGISTRATIONS
from services.identity.views.security import SECURITY

VIEWS = (
    PEOPLE,
    REGISTRATIONS,
    INVITATIONS,
    ACCOUNTS,
    PRACTICE,
    CONNECTIONS,
    ITEMS,
    ACCESS,
    SECURITY,
    LINKS,
)
