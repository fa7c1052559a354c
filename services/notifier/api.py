"""The queries that notifier answers."""

from __future__ import annotations

from contracts.common import Caller, Role
from contracts.notifier import EmailRow, EmailsAnswer, GetEmails
from kernel.api import Api, Call
from kernel.clock import from_micros
from services.notifier.decider import EMAIL
from services.notifier.delivery import Deps
from services.notifier.views import NEWEST, NEWEST_FAILED

API: Api[Deps, Caller] = Api("notifier")


@API.query(GetEmails, roles={Role.SRE, Role.SUPPORT})
async def get_emails(query: GetEmails, call: Call[Deps, Caller]) -> EmailsAnswer:
    """The newest e-mails (S17): those that failed first, then newest first. No addresses."""
    rows = await call.read(NEWEST_FAILED if query.failed_only else NEWEST)
    ordered = sorted(rows, key=lambda row: (row["state"] != "failed", -row["at"]))
    return EmailsAnswer(
        emails=tuple(
            EmailRow(
                email=row["stream"].removeprefix(EMAIL.stream("")),
                kind=row["kind"],
                state=row["state"],
                at=from_micros(row["at"]),
                reason=row["reason"],
            )
            for row in ordered
        )
    )
