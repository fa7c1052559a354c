"""Registrations: support's queue, and how often somebody tries."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.identity import RegistrationForm
from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, patch, upsert
from services.identity import addresses, names
from services.identity.events import registration as events
from services.identity.views.common import is_

QUEUE = 500

REGISTRATIONS = View("registrations", version=1)
registration = REGISTRATIONS.table(
    "registration",
    sa.Column("registration", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, index=True),
    sa.Column("reason", sa.Text),
    sa.Column("received", sa.Integer),
    sa.Column("taken_by", sa.Text),
    sa.Column("form", sa.Text),
    sa.Column("candidates", sa.Text),
    sa.Column("address_key", sa.Text, index=True),
    sa.Column("person_key", sa.Text, index=True),
)
_put_registration = upsert(registration)
_state = patch(registration, "state")
_open = patch(registration, "state", "reason", "candidates")
_take = patch(registration, "state", "taken_by")


def person_key(form: RegistrationForm) -> str:
    """Name and birth date of a form in one spelling, to count repeated tries."""
    born = form.born.isoformat() if form.born else ""
    return f"{names.family_key(form.family)}|{names.given_key(form.given)}|{born}"


@REGISTRATIONS.on(events.RegistrationRequested)
def requested(event: events.RegistrationRequested, record: Record) -> Iterator[Write]:
    """A form came."""
    yield _put_registration(
        registration=event.registration, state="received", reason="", received=micros(event.at),
        taken_by="", form=event.form.model_dump_json(), candidates="",
        address_key=addresses.key(event.form.email), person_key=person_key(event.form),
    )  # fmt: skip


@REGISTRATIONS.on(events.SupportItemOpened)
def item_opened(event: events.SupportItemOpened, record: Record) -> Iterator[Write]:
    """The portal asks support by itself; it is nobody's try, so it has no keys to count by."""
    yield _put_registration(
        registration=event.registration, state="open", reason=event.reason,
        received=micros(event.at), taken_by="", form=event.form.model_dump_json(),
        candidates=" ".join(event.candidates), address_key="", person_key="",
    )  # fmt: skip


@REGISTRATIONS.on(events.RegistrationUnmatched)
def unmatched(event: events.RegistrationUnmatched, record: Record) -> Iterator[Write]:
    """Support has an item."""
    yield _open(
        registration=event.registration, state="open", reason=event.reason,
        candidates=" ".join(event.candidates),
    )  # fmt: skip


@REGISTRATIONS.on(events.RegistrationTaken)
def taken(event: events.RegistrationTaken, record: Record) -> Iterator[Write]:
    """Somebody works on it."""
    yield _take(registration=event.registration, state="taken", taken_by=event.name or event.by)


_ENDED = {
    events.RegistrationMatched: "matched",
    events.RegistrationSetAside: "set-aside",
    events.RegistrationVerified: "verified",
    events.RegistrationRejected: "rejected",
}


@REGISTRATIONS.on(*_ENDED)
def registration_ended(event: events.RegistrationMatched, record: Record) -> Iterator[Write]:
    """It needs nobody any more."""
    yield _state(registration=event.registration, state=_ENDED[type(event)])


WAITING = Ask(
    sa.select(registration)
    .where(sa.or_(registration.c.state == "open", registration.c.state == "taken"))
    .order_by(registration.c.received, registration.c.registration)
    .limit(QUEUE)
)
REGISTRATION_BY_ID = Ask(sa.select(registration).where(is_(registration.c.registration)).limit(1))
TRIES = Ask(
    sa.select(sa.func.count().label("tries"))
    .select_from(registration)
    .where(
        sa.or_(is_(registration.c.address_key), is_(registration.c.person_key)),
        registration.c.received > sa.bindparam("since", type_=sa.BigInteger),
        registration.c.received <= sa.bindparam("until", type_=sa.BigInteger),
    )
)
