"""Security: how an account signs in beside its password, and from which browsers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa

from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, delete, patch, upsert
from services.identity.events import security as events
from services.identity.views.common import is_

MOST = 100

SECURITY = View("security", version=1)
totp = SECURITY.table(
    "totp",
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("left", sa.Integer),  # recovery codes that are still good
)
passkey = SECURITY.table(
    "passkey",
    sa.Column("passkey", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, index=True),
    sa.Column("lookup", sa.Text, index=True),
    sa.Column("credential", sa.Text),
    sa.Column("public", sa.Text),
    sa.Column("count", sa.Integer),
    sa.Column("name", sa.Text),
    sa.Column("added", sa.Integer),
    sa.Column("used", sa.Integer),
)
device = SECURITY.table(
    "device",
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, index=True),
    sa.Column("label", sa.Text),
    sa.Column("first", sa.Integer),
    sa.Column("last", sa.Integer),
)
_put_totp, _left, _drop_totp = upsert(totp), patch(totp, "left"), delete(totp, "account")
_put_passkey, _use_passkey = upsert(passkey), patch(passkey, "count", "used")
_drop_passkey = delete(passkey, "passkey")
_put_device, _use_device = upsert(device), patch(device, "last")
_drop_device = delete(device, "device")


def lookup_of(credential: str) -> str:
    """The key under which a credential id, of any length, is found."""
    return hashlib.sha256(credential.encode()).hexdigest()


@SECURITY.on(events.DeviceRemembered)
def remembered(event: events.DeviceRemembered, record: Record) -> Iterator[Write]:
    """One browser more."""
    at = micros(event.at)
    yield _put_device(
        device=event.device, account=event.account, label=event.label, first=at, last=at
    )


@SECURITY.on(events.DeviceUsed)
def device_used(event: events.DeviceUsed, record: Record) -> Iterator[Write]:
    """It signed in again."""
    yield _use_device(device=event.device, last=micros(event.at))


@SECURITY.on(events.DeviceForgotten)
def forgotten(event: events.DeviceForgotten, record: Record) -> Iterator[Write]:
    """A stranger now; whatever session of it is left opens nothing."""
    yield _drop_device(device=event.device)


@SECURITY.on(events.TotpConfirmed)
def totp_confirmed(event: events.TotpConfirmed, record: Record) -> Iterator[Write]:
    """An authenticator app; its recovery codes are the next event."""
    yield _put_totp(account=event.account, left=0)


@SECURITY.on(events.RecoveryCodesMade)
def codes_made(event: events.RecoveryCodesMade, record: Record) -> Iterator[Write]:
    """All of them are good."""
    yield _left(account=event.account, left=len(event.codes))


@SECURITY.on(events.RecoveryCodeUsed)
def code_used(event: events.RecoveryCodeUsed, record: Record) -> Iterator[Write]:
    """One less."""
    yield _left(account=event.account, left=event.left)


@SECURITY.on(events.TotpRemoved)
def totp_removed(event: events.TotpRemoved, record: Record) -> Iterator[Write]:
    """Neither app nor codes."""
    yield _drop_totp(account=event.account)


@SECURITY.on(events.PasskeyAdded)
def passkey_added(event: events.PasskeyAdded, record: Record) -> Iterator[Write]:
    """One passkey more."""
    yield _put_passkey(
        passkey=event.passkey, account=event.account, lookup=lookup_of(event.credential),
        credential=event.credential, public=event.key, count=event.count, name=event.name,
        added=micros(event.at), used=None,
    )  # fmt: skip


@SECURITY.on(events.PasskeyUsed)
def passkey_used(event: events.PasskeyUsed, record: Record) -> Iterator[Write]:
    """It counts its signatures."""
    yield _use_passkey(passkey=event.passkey, count=event.count, used=micros(event.at))


@SECURITY.on(events.PasskeyRemoved)
def passkey_removed(event: events.PasskeyRemoved, record: Record) -> Iterator[Write]:
    """It opens nothing any more."""
    yield _drop_passkey(passkey=event.passkey)


TOTP_OF = Ask(sa.select(totp).where(is_(totp.c.account)).limit(1))
PASSKEY_BY_CREDENTIAL = Ask(sa.select(passkey).where(is_(passkey.c.lookup)).limit(1))
PASSKEYS_OF = Ask(
    sa.select(passkey)
    .where(is_(passkey.c.account))
    .order_by(passkey.c.added, passkey.c.passkey)
    .limit(MOST)
)
DEVICE_BY_ID = Ask(sa.select(device).where(is_(device.c.device)).limit(1))
DEVICES_OF = Ask(
    sa.select(device)
    .where(is_(device.c.account))
    .order_by(device.c.last.desc(), device.c.device)
    .limit(MOST)
)
