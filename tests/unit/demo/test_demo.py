"""The demo: valid, the same each time, and loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hl7
import pytest

from contracts.common import Address, Caller, Done, HumanName, Role
from contracts.identity import (
    AcceptAgreement,
    CompleteEnrolment,
    FindPatients,
    MayNotify,
    MayNotifyAnswer,
    PatientCard,
    PatientsAnswer,
    SendInvitation,
    SessionAnswer,
    VerifyRelation,
)
from contracts.labs import GetInbox, GetReport, InboxAnswer, InboxRow, VerifyReport
from contracts.practice import ConfigurePractice, GetProfile, Profile, ProfileAnswer
from kernel.bus.requests import Unavailable
from kernel.decider import Refused
from portal.demo.desks import desk_messages
from portal.demo.hl7 import admission, result
from portal.demo.load import load_demo, read_demo, whom
from portal.demo.people import CHILDREN, ENROLLED, PARENT, TO_REGISTER, people, years_before
from portal.demo.results import results

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
URL = "http://localhost:8080"
TODAY = date(2026, 11, 24)
ACCEPTED = b"MSH|^~\\&|x\rMSA|AA|1\r"


def messages(today: date = TODAY) -> list[bytes]:
    demo = read_demo(today, URL)
    orders = results(demo.patients, demo.anchor)
    return [admission(p, demo.anchor) for p in demo.patients] + [result(o) for o in orders]


def everything(today: date = TODAY) -> list[bytes]:
    """With what waits at the desks."""
    demo = read_demo(today, URL)
    named = {person.mrn: person for person in demo.patients}
    others = (named[TO_REGISTER], named[ENROLLED])
    return [*messages(today), *desk_messages(named[PARENT], others, demo.anchor)]


@dataclass
class Portal:
    """A stand-in for the running portal: remembers what it is asked."""

    profile: Profile | None = None
    enrolled: set[str] = field(default_factory=set)
    taken: list[bytes] = field(default_factory=list)
    asked: list[tuple[Any, Caller, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    fails_at: int | None = None
    deaf_for: int = 0  # how many times identity has not heard the profile yet

    async def send(self, message: Any, answer: type[Any], caller: Caller, key: str = "") -> Any:
        self.asked.append((message, caller, key))
        match message:
            case GetProfile():
                if self.profile is None:
                    raise Refused("not-configured", "This practice is not set up yet.", 404)
                return ProfileAnswer(
                    profile=self.profile, support_open=True, support_opens_next=None
                )
            case ConfigurePractice(profile=profile):
                self.profile = profile
            case SendInvitation() if self.deaf_for > 0:
                self.deaf_for -= 1
                raise Unavailable("not set up yet")
            case FindPatients(text=text):
                return PatientsAnswer(patients=(self.card(text),) if self.taken else ())
            case MayNotify(patient=patient):
                return MayNotifyAnswer(address="maya@mail.example", link=patient, code="C0DE")
            case GetInbox():
                return InboxAnswer(reports=tuple(self.inbox(caller)))
            case GetReport(report=report):
                return answer.model_construct(report=report, revision=2)
            case SendInvitation(patient=patient):
                return Done(id=patient)
            case CompleteEnrolment(link=link):
                self.enrolled.add(link.get_secret_value())
                return SessionAnswer(
                    caller=Caller(subject="a1", role=Role.PATIENT), idle_seconds=1, expires_in=1
                )
        return Done(id=getattr(message, "email", "") or "i1")

    async def take(self, message: bytes) -> bytes:
        if self.fails_at == len(self.taken):
            raise ConnectionError("gone")
        self.taken.append(message)
        return ACCEPTED

    def card(self, mrn: str) -> PatientCard:
        return PatientCard(
            patient=f"p-{mrn}",
            name=HumanName(),
            born=None,
            sex="unknown",
            address=Address(),
            email="",
            enrolled=f"p-{mrn}" in self.enrolled,
            record_numbers=(mrn,),
        )

    def inbox(self, caller: Caller) -> Iterator[InboxRow]:
        for report, patient, days in (
            ("old", f"p-{ENROLLED}", 20),
            ("new", f"p-{ENROLLED}", 2),
            ("child", f"p-{CHILDREN[0]}", 20),
            ("other", "somebody", 20),
        ):
            yield InboxRow(
                report=f"{caller.provider}-{report}",
                patient=patient,
                name="",
                orderer="",
                collected=NOW - timedelta(days=days),
                reported=NOW,
                abnormal=False,
                corrected=False,
            )

    async def load(self, now: datetime = NOW) -> Any:
        return await load_demo(self.send, self.take, self.said.append, now, URL)

    @contextmanager
    def cut_off_at(self, message: int) -> Iterator[None]:
        self.fails_at = message
        with pytest.raises(ConnectionError):
            yield
        self.fails_at = None


def test_every_age_that_a_rule_knows_is_there() -> None:
    ages = sorted((TODAY - person.born).days / 365.25 for person in people(TODAY))
    assert ages[0] < 1
    assert ages[-1] > 80
    born = {person.born for person in people(TODAY)}
    assert years_before(TODAY, 12) in born
    assert years_before(TODAY, 18) in born
    assert len({person.mrn for person in people(TODAY)}) == len(people(TODAY)) == 15


def test_the_twins_differ_only_in_given_name_and_what_is_theirs_alone() -> None:
    first, second = (p for p in people(TODAY) if p.family == "Delacroix")
    assert (first.born, first.line, first.zip) == (second.born, second.line, second.zip)
    assert first.ssn_last4 != second.ssn_last4


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29), date(2026, 3, 9)])
def test_every_message_is_hl7_with_one_patient_and_its_own_control_id(today: date) -> None:
    controls = set()
    for raw in messages(today):
        message = hl7.parse(raw.decode())
        assert len(message.segments("PID")) == 1
        assert str(message.segment("PID")[3][0][0]).startswith("HV2")
        controls.add(str(message.segment("MSH")[10]))
    assert len(controls) == len(messages(today))


def test_the_same_day_gives_the_same_bytes() -> None:
    assert messages() == messages()


def test_nothing_in_the_demo_is_in_the_future() -> None:
    demo = read_demo(TODAY, URL)
    assert all(o.reported < NOW for o in results(demo.patients, demo.anchor))
    assert demo.anchor <= NOW


def test_nobody_was_seen_before_they_were_born() -> None:
    demo = read_demo(TODAY, URL)
    for order in results(demo.patients, demo.anchor):
        assert order.collected.date() >= order.person.born


@pytest.mark.rule("R20")
def test_there_are_orders_from_outside_and_from_before_and_after_somebody_left() -> None:
    demo = read_demo(TODAY, URL)
    directory = {p.npi: p for p in demo.providers}
    brandt, lake = directory["9000000066"], directory["9000000082"]
    assert lake.affiliations == ()
    orders = results(demo.patients, demo.anchor)
    dates = [o.ordered.date() for o in orders if o.orderer.startswith(brandt.npi)]
    stay = brandt.affiliations[0]
    assert stay.until is not None
    assert {day < stay.until for day in dates} == {True, False}
    assert any(o.orderer.startswith(lake.npi) for o in orders)
    assert any(o.orderer.split("^")[0] not in directory for o in orders)


@pytest.mark.rule("S16", "R58", "R61")
def test_the_practice_with_its_phones_and_hours_is_data() -> None:
    profile = read_demo(TODAY, URL).profile
    numbers = {phone.purpose: phone.number for phone in profile.phones}
    assert numbers["help"] == "1-866-917-1690"
    assert numbers["after_hours"] == numbers["registration"] == "1-877-290-2133"
    hours = {(h.weekday, h.opens.isoformat(), h.closes.isoformat()) for h in profile.support_hours}
    assert hours == {(day, "08:30:00", "17:30:00") for day in range(5)}
    assert {t.document for t in profile.terms} == {"terms", "hipaa"}


def test_every_password_of_the_demo_is_long_enough() -> None:
    assert all(len(who.password) >= 15 for who in whom(read_demo(TODAY, URL)))


async def test_loading_sends_everything_and_says_whom_to_sign_in_as() -> None:
    portal = Portal()
    who = await portal.load()
    assert portal.taken == everything()
    assert who[0].role == "patient"
    assert any(who[0].email in line and who[0].password in line for line in portal.said)
    assert any("To register: Samuel Abara" in line for line in portal.said)
    assert portal.enrolled == {f"p-{PARENT}", f"p-{ENROLLED}"}


async def test_every_command_has_a_key_of_its_own() -> None:
    portal = Portal()
    await portal.load()
    keys = [key for _, _, key in portal.asked if key]
    assert len(keys) == len(set(keys)) > 15


async def test_only_older_results_of_who_can_see_them_are_reviewed() -> None:
    portal = Portal()
    await portal.load()
    reviewed = {m.report for m, _, _ in portal.asked if isinstance(m, VerifyReport)}
    doctors = {c.provider for m, c, _ in portal.asked if isinstance(m, GetInbox)}
    assert doctors == {"chen", "morales", "singh"}
    assert reviewed == {f"{d}-{which}" for d in doctors for which in ("old", "child")}
    assert all(c.role is Role.PROVIDER for m, c, _ in portal.asked if isinstance(m, VerifyReport))


@pytest.mark.rule("R42", "R54", "S3")
async def test_the_mothers_three_children_are_connected_each_on_its_own_basis() -> None:
    portal = Portal()
    await portal.load()
    verified = {m.patient: m.contact for m, _, _ in portal.asked if isinstance(m, VerifyRelation)}
    assert set(verified) == {f"p-{mrn}" for mrn in CHILDREN}
    assert verified == {**dict.fromkeys(verified), "p-HV20015": "ngozi.okafor@mail.example"}
    agreed = {m.patient for m, _, _ in portal.asked if isinstance(m, AcceptAgreement)}
    assert agreed == {"p-HV20003", "p-HV20004"}


async def test_a_loaded_demo_is_not_loaded_again_on_a_later_day() -> None:
    portal = Portal()
    await portal.load()
    portal.taken.clear()
    portal.taken.append(b"")  # the index knows the patient
    who = await portal.load(NOW + timedelta(days=40))
    assert portal.taken == [b""]
    assert len(who) == 11


async def test_a_load_that_was_cut_off_is_finished_later_with_the_same_bytes() -> None:
    portal = Portal()
    with portal.cut_off_at(20):
        await portal.load()
    portal.taken.clear()
    await portal.load(NOW + timedelta(days=3))
    assert portal.taken == everything()


async def test_a_service_that_has_not_heard_the_practice_yet_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("portal.demo.asking.HEARING_PAUSE_SECONDS", 0)
    portal = Portal(deaf_for=3)
    await portal.load()
    assert portal.enrolled


async def test_a_practice_that_is_not_the_demos_is_left_alone() -> None:
    other = read_demo(TODAY, URL).profile.model_copy(update={"name": "Somebody Else"})
    portal = Portal(profile=other)
    assert await portal.load() == ()
    assert portal.taken == []
    assert "not loaded" in portal.said[0]


async def test_a_message_that_is_not_accepted_is_said_aloud() -> None:
    portal = Portal()

    async def refuse(message: bytes) -> bytes:
        await portal.take(message)
        return b"MSH|^~\\&|x\rMSA|AE|1\r"

    await load_demo(portal.send, refuse, portal.said.append, NOW, URL)
    assert any("DEMO-A04-" + ENROLLED in line for line in portal.said)
