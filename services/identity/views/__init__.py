"""identity's read models, one module per kind of question."""

from __future__ import annotations

from services.identity.views.accounts import ACCOUNTS
from services.identity.views.invitations import INVITATIONS
from services.identity.views.people import PEOPLE
from services.identity.views.practice import PRACTICE
from services.identity.views.registrations import REGISTRATIONS

VIEWS = (PEOPLE, REGISTRATIONS, INVITATIONS, ACCOUNTS, PRACTICE)
