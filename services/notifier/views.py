"""Read models: what became of each e-mail, and the practice's profile for the letters."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.notifier import EmailState
from contracts.practice import PracticeConfigured
from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, upsert
from services.notifier.events import (
    Delivered,
    EmailDelivered,
    EmailRejected,
    EmailWithheld,
    NoticeDelivered,
    NoticeRejected,
    NoticeWithheld,
    Outcome,
    Rejected,
    Withheld,
)

# -- what became of our e-mails? (S17) ------------------------------------------------------------
EMAILS = View("emails", version=1)
email = EMAILS.table(
    "email",
    sa.Column("stream", sa.Text, primary_key=True),  # email-<its id>, see `decider.email_id`
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
)
put_email = upsert(email)


@EMAILS.on(EmailDelivered, NoticeDelivered)
def delivered(event: Delivered, record: Record) -> Iterator[Write]:
    """The server took it."""
    yield _row(event, record, "sent", "")


@EMAILS.on(EmailRejected, NoticeRejected)
def rejected(event: Rejected, record: Record) -> Iterator[Write]:
    """The server refused it for good."""
    yield _row(event, record, "failed", event.reason)


@EMAILS.on(EmailWithheld, NoticeWithheld)
def withheld(event: Withheld, record: Record) -> Iterator[Write]:
    """It was not sent, on purpose."""
    yield _row(event, record, "not-sent", event.reason)


def _row(event: Outcome, record: Record, state: EmailState, reason: str) -> Write:
    return put_email(
        stream=record.stream, kind=event.kind, state=state, at=micros(record.at), reason=reason
    )


SETTLED = Ask(sa.select(email.c.state).where(email.c.stream == sa.bindparam("stream")).limit(1))
_newest = sa.select(email).order_by(email.c.at.desc(), email.c.stream).limit(200)
NEWEST = Ask(_newest)
NEWEST_FAILED = Ask(_newest.where(email.c.state == "failed"))

# -- in whose name do we write? -------------------------------------------------------------------
PRACTICE = View("practice", version=1)
practice = PRACTICE.table(
    "practice",
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)
put_practice = upsert(practice)


@PRACTICE.on(PracticeConfigured)
def configured(event: PracticeConfigured, record: Record) -> Iterator[Write]:
    """The event is always whole, so the last one is enough."""
    yield put_practice(origin="practice", body=event.profile.model_dump_json())


PROFILE_IN_FORCE = Ask(sa.select(practice.c.body).limit(1))

VIEWS = (EMAILS, PRACTICE)
