"""Connections: an account's, a patient's, with what the access rules must know of the patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from contracts.identity import Demographics
from kernel.clock import micros
from kernel.projection import Ask, Op, Record, View, Write, patch, upsert
from services.identity import addresses
from services.identity.events import connection as events
from services.identity.events import invitation as invitations
from services.identity.events import patient as patients
from services.identity.views.common import is_

MOST = 100

CONNECTIONS = View("connections", version=1)
relation = CONNECTIONS.table(
    "relation",
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("relation", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, index=True),
    sa.Column("basis", sa.Text),
    sa.Column("evidence", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("since", sa.Integer),
    sa.Column("valid_from", sa.Text),
    sa.Column("until", sa.Text),
    sa.Column("verified", sa.Text),
    sa.Column("verified_by", sa.Text),
    sa.Column("confirmed_by", sa.Text),
    sa.Column("contact", sa.Text),
    sa.Column("contact_key", sa.Text, index=True),
    sa.Column("terms", sa.Text),
    sa.Column("hipaa", sa.Text),
    sa.Column("ended", sa.Integer),
    sa.Column("ended_why", sa.Text),
)
person = CONNECTIONS.table(
    "person",
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("family", sa.Text),
    sa.Column("given", sa.Text),
    sa.Column("suffix", sa.Text),
    sa.Column("born", sa.Text),
    sa.Column("gone", sa.Integer),
    sa.Column("terms", sa.Text),  # accepted with an invitation, before there was a connection
    sa.Column("hipaa", sa.Text),
)
_put, _put_person = upsert(relation), upsert(person)
_restate = patch(person, "family", "given", "suffix", "born", "gone")
_gone = patch(person, "gone")
_invited = {name: patch(person, name) for name in ("terms", "hipaa")}
_connect = patch(relation, "account", "terms", "hipaa", "since")
_confirm = patch(relation, "confirmed_by")
_end = patch(relation, "ended", "ended_why")


def _of_person(column: str) -> sa.ScalarSelect[Any]:
    mine = person.c.patient == relation.c.patient
    return sa.select(person.c[column]).where(mine).scalar_subquery()


def _on_live(*columns: str) -> Op:
    """Set columns of the account's live relation to a patient."""
    return Op(
        sa.update(relation)
        .where(
            relation.c.patient == sa.bindparam("who"),
            relation.c.account == sa.bindparam("holder"),
            relation.c.ended.is_(None),
        )
        .values({c: sa.type_coerce(sa.bindparam(f"new_{c}"), sa.Text) for c in columns})
    )


_inherit = Op(
    sa.update(relation)
    .where(relation.c.patient == sa.bindparam("who"), relation.c.relation == sa.bindparam("which"))
    .values({c: _of_person(c) for c in ("terms", "hipaa")})
)
_AGREED = {name: _on_live(name) for name in ("terms", "hipaa")}
_set_contact = _on_live("contact", "contact_key")
_NO_DATES = {
    "evidence": "", "email": "", "name": "", "valid_from": None, "until": None, "verified": None,
    "verified_by": "", "confirmed_by": "", "contact": "", "contact_key": "", "ended": None, "ended_why": "",
}  # fmt: skip


def _said(said: Demographics) -> dict[str, object]:
    return {
        "family": said.name.family,
        "given": said.name.given,
        "suffix": said.name.suffix,
        "born": said.born.isoformat() if said.born else None,
        "gone": int(said.deceased),
    }


@CONNECTIONS.on(patients.PatientRecorded)
def recorded(event: patients.PatientRecorded, record: Record) -> Iterator[Write]:
    """A person to be connected to."""
    yield _put_person(patient=event.patient, terms="", hipaa="", **_said(event.demographics))


@CONNECTIONS.on(patients.DemographicsChanged)
def restated(event: patients.DemographicsChanged, record: Record) -> Iterator[Write]:
    """The birth date may be another."""
    yield _restate(patient=event.patient, **_said(event.demographics))


@CONNECTIONS.on(patients.PatientMerged)
def merged(event: patients.PatientMerged, record: Record) -> Iterator[Write]:
    """The entry gave way to another."""
    yield _gone(patient=event.patient, gone=1)


@CONNECTIONS.on(invitations.TermsAccepted)
def terms_accepted(event: invitations.TermsAccepted, record: Record) -> Iterator[Write]:
    """On the way to an enrolment."""
    yield _invited["terms"](patient=event.patient, terms=event.version)


@CONNECTIONS.on(invitations.HipaaAccepted)
def hipaa_accepted(event: invitations.HipaaAccepted, record: Record) -> Iterator[Write]:
    """On the way to an enrolment."""
    yield _invited["hipaa"](patient=event.patient, hipaa=event.version)


@CONNECTIONS.on(patients.PatientConnected)
def connected(event: patients.PatientConnected, record: Record) -> Iterator[Write]:
    """The own record."""
    yield _put(
        patient=event.patient, relation=event.account, account=event.account, basis="self",
        since=micros(record.at), terms=event.terms, hipaa=event.hipaa, **_NO_DATES,
    )  # fmt: skip
    if not event.terms:  # of the time when the event did not say it: the invitation's count (R32)
        yield _inherit(who=event.patient, which=event.account)


@CONNECTIONS.on(events.RelationVerified)
def verified(event: events.RelationVerified, record: Record) -> Iterator[Write]:
    """Somebody may act for the patient; whose account it is comes with the next event."""
    rest = _NO_DATES | {
        "evidence": event.evidence, "email": event.email, "name": event.name,
        "valid_from": event.valid_from.isoformat(),
        "until": event.until.isoformat() if event.until else None,
        "verified": event.at.date().isoformat(), "verified_by": event.by,
        "contact": event.contact, "contact_key": _key(event.contact),
    }  # fmt: skip
    yield _put(
        patient=event.patient, relation=event.relation, account=None, basis=event.basis,
        since=micros(event.at), terms="", hipaa="", **rest,
    )  # fmt: skip


@CONNECTIONS.on(events.RelationConnected)
def relation_connected(event: events.RelationConnected, record: Record) -> Iterator[Write]:
    """An account's."""
    yield _connect(
        patient=event.patient, relation=event.relation, account=event.account,
        terms=event.terms, hipaa=event.hipaa, since=micros(record.at),
    )  # fmt: skip


@CONNECTIONS.on(events.RelationConfirmed)
def confirmed(event: events.RelationConfirmed, record: Record) -> Iterator[Write]:
    """Checked a second time."""
    yield _confirm(patient=event.patient, relation=event.relation, confirmed_by=event.by)


@CONNECTIONS.on(events.RelationEnded)
def ended(event: events.RelationEnded, record: Record) -> Iterator[Write]:
    """It lets nobody in any more."""
    yield _end(
        patient=event.patient, relation=event.relation, ended=micros(event.at),
        ended_why=event.reason,
    )  # fmt: skip


@CONNECTIONS.on(events.PatientDisenrolled)
def disenrolled(event: events.PatientDisenrolled, record: Record) -> Iterator[Write]:
    """The red X."""
    yield _end(
        patient=event.patient, relation=event.relation, ended=micros(event.at),
        ended_why="removed by the account holder",
    )  # fmt: skip


@CONNECTIONS.on(events.AgreementAccepted)
def agreed(event: events.AgreementAccepted, record: Record) -> Iterator[Write]:
    """One document more."""
    said = {f"new_{event.document}": event.version}
    yield _AGREED[event.document](who=event.patient, holder=event.account, **said)


@CONNECTIONS.on(events.MailAddressSet)
def mail_address_set(event: events.MailAddressSet, record: Record) -> Iterator[Write]:
    """Mail about the patient goes elsewhere."""
    yield _set_contact(
        who=event.patient, holder=event.account, new_contact=event.email,
        new_contact_key=_key(event.email),
    )  # fmt: skip


def _key(address: str) -> str:
    return addresses.key(address) if address else ""


_with_person = sa.select(
    relation, person.c.family, person.c.given, person.c.suffix, person.c.born, person.c.gone
).join(person, person.c.patient == relation.c.patient)
_oldest = (relation.c.since, relation.c.relation)
OF_ACCOUNT = Ask(
    _with_person.where(is_(relation.c.account), relation.c.ended.is_(None))
    .order_by(*_oldest)
    .limit(MOST)
)
OF_PATIENT = Ask(_with_person.where(is_(relation.c.patient)).order_by(*_oldest).limit(MOST))
CONTACT_OF_OTHERS = Ask(
    sa.select(relation.c.patient)
    .where(
        is_(relation.c.contact_key),
        relation.c.patient != sa.bindparam("patient"),
        relation.c.ended.is_(None),
    )
    .limit(1)
)
PERSON = Ask(sa.select(person).where(is_(person.c.patient)).limit(1))
