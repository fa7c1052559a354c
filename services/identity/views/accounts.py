"""Accounts: who signs in with an address, and the account of a patient."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, patch, upsert
from services.identity import addresses
from services.identity.events import account as events
from services.identity.events import links
from services.identity.views.common import is_

ACCOUNTS = View("accounts", version=2)
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
    sa.Column("opened", sa.Integer),
    sa.Column("sessions_from", sa.Integer),  # sessions that began before have ended
    sa.Column("kept", sa.Text),  # the one session that went on when the others ended
    sa.Column("closed", sa.Integer),
    sa.Column("left", sa.Integer),  # the own record was left, those of others stay (decision i)
)
_put_account = upsert(account)
_own_record = patch(account, "patient", "left")
_end_sessions = patch(account, "sessions_from", "kept")
_set_password = patch(account, "password")
_set_address = patch(account, "address", "email")
_close = patch(account, "address", "password", "closed")


@ACCOUNTS.on(events.AccountOpened)
def account_opened(event: events.AccountOpened, record: Record) -> Iterator[Write]:
    """A patient may sign in."""
    yield _put_account(
        account=event.account, address=addresses.key(event.email), email=event.email,
        name=event.name, role="patient", patient=event.patient, provider=None,
        password=event.password, opened=micros(record.at), sessions_from=0, kept="", closed=0, left=0,
    )  # fmt: skip


@ACCOUNTS.on(events.StaffAccountOpened)
def staff_account_opened(event: events.StaffAccountOpened, record: Record) -> Iterator[Write]:
    """One of the staff may sign in."""
    yield _put_account(
        account=event.account, address=addresses.key(event.email), email=event.email,
        name=event.name, role=event.role, patient=None, provider=event.provider,
        password=event.password, opened=micros(record.at), sessions_from=0, kept="", closed=0, left=0,
    )  # fmt: skip


@ACCOUNTS.on(events.ProxyAccountOpened)
def proxy_account_opened(event: events.ProxyAccountOpened, record: Record) -> Iterator[Write]:
    """A proxy without a chart of their own may sign in."""
    yield _put_account(
        account=event.account, address=addresses.key(event.email), email=event.email,
        name=event.name, role="patient", patient=None, provider=None,
        password=event.password, opened=micros(record.at), sessions_from=0, kept="", closed=0, left=0,
    )  # fmt: skip


@ACCOUNTS.on(events.OwnRecordJoined)
def own_record_joined(event: events.OwnRecordJoined, record: Record) -> Iterator[Write]:
    """Now it has one."""
    yield _own_record(account=event.account, patient=event.patient, left=0)


@ACCOUNTS.on(events.OwnRecordLeft)
def own_record_left(event: events.OwnRecordLeft, record: Record) -> Iterator[Write]:
    """And now it has not."""
    yield _own_record(account=event.account, patient=None, left=1)


@ACCOUNTS.on(events.SessionsEnded)
def sessions_ended(event: events.SessionsEnded, record: Record) -> Iterator[Write]:
    """What began before opens nothing, whatever the bucket still holds."""
    yield _end_sessions(account=event.account, sessions_from=micros(event.at), kept=event.kept)


@ACCOUNTS.on(events.PasswordChanged)
def password_changed(event: events.PasswordChanged, record: Record) -> Iterator[Write]:
    """Only the new one opens anything."""
    yield _set_password(account=event.account, password=event.password)


@ACCOUNTS.on(links.EmailChanged)
def email_changed(event: links.EmailChanged, record: Record) -> Iterator[Write]:
    """They sign in with another address."""
    yield _set_address(account=event.account, address=addresses.key(event.email), email=event.email)


@ACCOUNTS.on(events.AccountClosed)
def closed(event: events.AccountClosed, record: Record) -> Iterator[Write]:
    """Nobody signs in with it; its name stays for the access log."""
    yield _close(account=event.account, address="", password="", closed=1)


ACCOUNT_BY_ADDRESS = Ask(sa.select(account).where(is_(account.c.address)).limit(1))
ACCOUNT_BY_ID = Ask(sa.select(account).where(is_(account.c.account)).limit(1))
