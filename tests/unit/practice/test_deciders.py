"""What may stand in the profile and in the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from functools import reduce
from typing import Any

import pytest

from contracts.practice import (
    Affiliation,
    Hours,
    Phone,
    PracticeConfigured,
    Profile,
    Provider,
    ProviderListed,
    Terms,
)
from kernel.decider import Refused
from services.practice.decider import profile as profiles
from services.practice.decider import provider as providers
from services.practice.events import CODEC
from services.practice.events.profile import ProfileSet
from services.practice.events.provider import ProviderEntered
from services.practice.publisher import PUBLISHER

TERMS = Terms(document="terms", version="1", title="T", text="Be kind.", effective=date(2026, 1, 1))
PROFILE = Profile(
    name="Harbor View",
    zone="America/Los_Angeles",
    support_email="portal@harborview.example",
    portal_url="http://localhost:8080",
    phones=(Phone(purpose="help", number="1-866-917-1690"),),
    support_hours=(Hours(weekday=0, opens=time(8, 30), closes=time(17, 30)),),
    terms=(TERMS,),
)
CHEN = Provider(id="chen", name="Alice Chen, MD", npi="9000000017")


def given_profiles(*events: Any) -> profiles.State:
    return reduce(profiles.evolve, events, profiles.PROFILE.initial)


def given_entries(*events: Any) -> providers.State:
    return reduce(providers.evolve, events, providers.PROVIDER.initial)


def changed(**changes: Any) -> Profile:
    return PROFILE.model_copy(update=changes)


@pytest.mark.rule("S16")
def test_the_profile_is_set_whole() -> None:
    assert profiles.configure(given_profiles(), PROFILE) == [ProfileSet(PROFILE)]


@pytest.mark.rule("S16")
def test_the_same_profile_again_changes_nothing() -> None:
    assert profiles.configure(given_profiles(ProfileSet(PROFILE)), PROFILE) == []


@pytest.mark.rule("S16")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"zone": "Mars/Olympus"}, "unknown-zone"),
        ({"zone": "America"}, "unknown-zone"),
        ({"zone": "../etc/passwd"}, "unknown-zone"),
        ({"support_hours": (Hours(weekday=0, opens=time(9), closes=time(9)),)}, "bad-hours"),
        ({"phones": PROFILE.phones * 2}, "two-phones"),
        ({"terms": (TERMS, TERMS)}, "two-versions"),
    ],
)
def test_a_profile_that_cannot_work_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        profiles.configure(given_profiles(), changed(**changes))
    assert (refusal.value.code, refusal.value.status) == (code, 422)


@pytest.mark.rule("S16")
def test_a_document_that_people_accepted_keeps_its_text() -> None:
    state = given_profiles(ProfileSet(PROFILE), ProfileSet(changed(terms=())))
    other = TERMS.model_copy(update={"text": "Be quick."})
    with pytest.raises(Refused, match="new version"):
        profiles.configure(state, changed(terms=(other,)))
    newer = other.model_copy(update={"version": "2"})
    assert profiles.configure(state, changed(terms=(TERMS, newer)))


def test_an_entry_is_listed_and_again_changes_nothing() -> None:
    assert providers.enter(given_entries(), CHEN, npi_taken=False) == [ProviderEntered(CHEN)]
    assert providers.enter(given_entries(ProviderEntered(CHEN)), CHEN, npi_taken=False) == []


def test_an_npi_means_one_provider() -> None:
    with pytest.raises(Refused) as refusal:
        providers.enter(given_entries(), CHEN, npi_taken=True)
    assert refusal.value.code == "npi-taken"


@pytest.mark.parametrize(
    "stretches",
    [
        [(date(2020, 1, 1), date(2019, 1, 1))],
        [(date(2020, 1, 1), date(2020, 1, 1))],
        [(date(2020, 1, 1), None), (date(2021, 1, 1), None)],
        [(date(2021, 1, 1), None), (date(2020, 1, 1), date(2021, 1, 2))],
    ],
)
def test_affiliations_run_forward_and_do_not_overlap(
    stretches: Sequence[tuple[date, date | None]],
) -> None:
    affiliations = tuple(Affiliation(since=a, until=b) for a, b in stretches)
    with pytest.raises(Refused) as refusal:
        providers.enter(
            given_entries(), CHEN.model_copy(update={"affiliations": affiliations}), npi_taken=False
        )
    assert refusal.value.status == 422


def test_a_provider_may_leave_and_come_back_on_the_same_day() -> None:
    stretches = (
        Affiliation(since=date(2020, 1, 1), until=date(2021, 1, 1)),
        Affiliation(since=date(2021, 1, 1)),
    )
    entry = CHEN.model_copy(update={"affiliations": stretches})
    assert providers.enter(given_entries(), entry, npi_taken=False) == [ProviderEntered(entry)]


def test_both_events_are_published_whole() -> None:
    assert PUBLISHER.publish(ProfileSet(PROFILE)) == PracticeConfigured(profile=PROFILE)
    assert PUBLISHER.publish(ProviderEntered(CHEN)) == ProviderListed(provider=CHEN)


def test_what_is_stored_reads_back_as_it_was() -> None:
    for event in (ProfileSet(PROFILE), ProviderEntered(CHEN)):
        stored = CODEC.encode(event)
        assert stored.owner is None
        assert CODEC.decode(stored.name, stored.data) == event
