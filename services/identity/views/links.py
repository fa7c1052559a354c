"""Links: what each e-mailed link of an account is good for, and the addresses that wait for one."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, patch, upsert
from services.identity.events import account as accounts
from services.identity.events import links as events
from services.identity.views.common import is_

RESET, ADDRESS = "reset", "address"

LINKS = View("links", version=1)
link = LINKS.table(
    "link",
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, index=True),
    sa.Column("kind", sa.Text),
    sa.Column("patient", sa.Text),  # whose mail moves; empty for the account's own address
    sa.Column("email", sa.Text),  # the new address; empty for a reset
    sa.Column("expires", sa.Integer),
    sa.Column("ending", sa.Text),
)
_put, _end = upsert(link), patch(link, "ending")


def _void(*matching: sa.ColumnElement[bool]) -> Op:
    """End the open links of an account that match."""
    return Op(
        sa.update(link)
        .where(link.c.account == sa.bindparam("holder"), link.c.ending == "", *matching)
        .values(ending="void")
    )


_void_all, _void_resets = _void(), _void(link.c.kind == RESET)
_void_changes = _void(link.c.kind == ADDRESS, link.c.patient == sa.bindparam("whose"))


@LINKS.on(events.ResetIssued)
def reset_issued(event: events.ResetIssued, record: Record) -> Iterator[Write]:
    """Only the newest is good."""
    yield _void_resets(holder=event.account)
    yield _put(
        reference=event.reset, account=event.account, kind=RESET, patient="", email="",
        expires=micros(event.expires), ending="",
    )  # fmt: skip


@LINKS.on(events.ResetUsed)
def reset_used(event: events.ResetUsed, record: Record) -> Iterator[Write]:
    """Good once."""
    yield _end(reference=event.reset, ending="used")


@LINKS.on(accounts.PasswordChanged, events.EmailChanged)
def signs_in_otherwise(
    event: accounts.PasswordChanged | events.EmailChanged, record: Record
) -> Iterator[Write]:
    """A link that was sent before is not needed, or went to an address that is not theirs any more."""
    yield _void_resets(holder=event.account)


@LINKS.on(events.AddressChangeRequested)
def change_requested(event: events.AddressChangeRequested, record: Record) -> Iterator[Write]:
    """Only the newest is good."""
    yield _void_changes(holder=event.account, whose=event.patient)
    yield _put(
        reference=event.change, account=event.account, kind=ADDRESS, patient=event.patient,
        email=event.email, expires=micros(event.expires), ending="",
    )  # fmt: skip


@LINKS.on(events.AddressChangeDone)
def change_done(event: events.AddressChangeDone, record: Record) -> Iterator[Write]:
    """Nothing is left to confirm."""
    yield _end(reference=event.change, ending="used")


@LINKS.on(accounts.AccountClosed)
def closed(event: accounts.AccountClosed, record: Record) -> Iterator[Write]:
    """Nothing of it opens anything."""
    yield _void_all(holder=event.account)


LINK_BY_REFERENCE = Ask(sa.select(link).where(is_(link.c.reference)).limit(1))
ADDRESSES_WAITING = Ask(
    sa.select(link.c.patient, link.c.email)
    .where(
        is_(link.c.account),
        link.c.kind == ADDRESS,
        link.c.ending == "",
        link.c.expires >= sa.bindparam("now"),
    )
    .limit(100)
)
"""The addresses of an account that are not confirmed yet, with whose mail would go there."""
