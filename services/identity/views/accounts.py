"""Accounts: who signs in with an address, and the account of a patient."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.projection import Ask, Record, View, Write, upsert
from services.identity import addresses
from services.identity.events import account as events
from services.identity.views.common import is_

ACCOUNTS = View("accounts", version=1)
account = ACCOUNTS.table(
    "account",
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, index=True),
    sa.Column("email", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("role", sa.Text),
    sa.Column("patient", sa.Text, index=True),
    sa.Column("provider", sa.Text),
    sa.Column("password", sa.Text),
)
_put_account = upsert(account)


@ACCOUNTS.on(events.AccountOpened)
def account_opened(event: events.AccountOpened, record: Record) -> Iterator[Write]:
    """A patient may sign in."""
    yield _put_account(
        account=event.account, address=addresses.key(event.email), email=event.email,
        name=event.name, role="patient", patient=event.patient, provider=None,
        password=event.password,
    )  # fmt: skip


@ACCOUNTS.on(events.StaffAccountOpened)
def staff_account_opened(event: events.StaffAccountOpened, record: Record) -> Iterator[Write]:
    """One of the staff may sign in."""
    yield _put_account(
        account=event.account, address=addresses.key(event.email), email=event.email,
        name=event.name, role=event.role, patient=None, provider=event.provider,
        password=event.password,
    )  # fmt: skip


ACCOUNT_BY_ADDRESS = Ask(sa.select(account).where(is_(account.c.address)).limit(1))
ACCOUNT_BY_ID = Ask(sa.select(account).where(is_(account.c.account)).limit(1))
ACCOUNT_OF_PATIENT = Ask(sa.select(account).where(is_(account.c.patient)).limit(1))
