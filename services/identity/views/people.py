"""The patient index: find a person by id, name, birth date or record number."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from contracts.identity import Demographics
from kernel.projection import Ask, Op, Record, View, Write, patch, upsert
from services.identity import names
from services.identity.events import connection as connections
from services.identity.events import patient as events
from services.identity.views.common import is_

CARDS = 50
BORN_TOGETHER = 500
MOST_NUMBERS = 100

PEOPLE = View("people", version=2)
patient = PEOPLE.table(
    "patient",
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("family_key", sa.Text, index=True),
    sa.Column("given_key", sa.Text),
    sa.Column("born", sa.Text, index=True),
    sa.Column("body", sa.Text),
    sa.Column("merged", sa.Text),
    sa.Column("account", sa.Text),
)
number = PEOPLE.table(
    "number",
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("authority", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("value_key", sa.Text, index=True),
)
_put_patient = upsert(patient)
_restate = patch(patient, "family_key", "given_key", "born", "body")
_merge = patch(patient, "merged")
_connect = patch(patient, "account")
_put_number = upsert(number)
_move_numbers = Op(
    sa.update(number)
    .where(number.c.patient == sa.bindparam("gone"))
    .values(patient=sa.bindparam("into"))
)


def _demographics(said: Demographics) -> dict[str, str]:
    return {
        "family_key": names.family_key(said.name.family),
        "given_key": names.given_key(said.name.given),
        "born": said.born.isoformat() if said.born else "",
        "body": said.model_dump_json(),
    }


@PEOPLE.on(events.PatientRecorded)
def patient_recorded(event: events.PatientRecorded, record: Record) -> Iterator[Write]:
    """A new entry."""
    columns = _demographics(event.demographics)
    yield _put_patient(patient=event.patient, merged="", account="", **columns)


@PEOPLE.on(events.DemographicsChanged)
def restated(event: events.DemographicsChanged, record: Record) -> Iterator[Write]:
    """The entry says something newer."""
    yield _restate(patient=event.patient, **_demographics(event.demographics))


@PEOPLE.on(events.PatientIdentified)
def identified(event: events.PatientIdentified, record: Record) -> Iterator[Write]:
    """A record number of the entry."""
    key = names.record_key(event.value)
    yield _put_number(
        patient=event.patient, authority=event.authority, value=event.value, value_key=key
    )


@PEOPLE.on(events.PatientMerged)
def merged(event: events.PatientMerged, record: Record) -> Iterator[Write]:
    """The entry gave way to another, which its record numbers mean from now on."""
    yield _merge(patient=event.patient, merged=event.into)
    yield _move_numbers(gone=event.patient, into=event.into)


@PEOPLE.on(events.PatientConnected)
def connected(event: events.PatientConnected, record: Record) -> Iterator[Write]:
    """The patient enrolled."""
    yield _connect(patient=event.patient, account=event.account)


@PEOPLE.on(connections.PatientDisenrolled)
def disenrolled(event: connections.PatientDisenrolled, record: Record) -> Iterator[Write]:
    """The patient left; a proxy who leaves changes nothing here."""
    if event.basis == "self":
        yield _connect(patient=event.patient, account="")


PATIENT_BY_ID = Ask(sa.select(patient).where(is_(patient.c.patient)).limit(1))
NAMESAKES = Ask(
    sa.select(patient).where(is_(patient.c.born), is_(patient.c.family_key)).limit(BORN_TOGETHER)
)
PATIENTS_NAMED = Ask(
    sa.select(patient)
    .where(
        patient.c.family_key.startswith(sa.bindparam("family")),
        patient.c.given_key.startswith(sa.bindparam("given")),
        patient.c.merged == "",
    )
    .order_by(patient.c.family_key, patient.c.given_key, patient.c.patient)
    .limit(CARDS)
)
PATIENTS_NUMBERED = Ask(
    sa.select(patient)
    .join(number, number.c.patient == patient.c.patient)
    .where(is_(number.c.value_key), patient.c.merged == "")
    .distinct()
    .limit(CARDS)
)
HOLDERS = Ask(
    sa.select(number.c.patient)
    .where(is_(number.c.value_key), is_(number.c.authority), is_(number.c.value))
    .limit(2)
)
NUMBERS = Ask(sa.select(number).where(is_(number.c.patient)).limit(MOST_NUMBERS))
