"""The commands and queries that practice answers."""

from __future__ import annotations

import asyncio

from contracts.common import Caller, Done, Role
from contracts.practice import (
    ConfigurePractice,
    GetProfile,
    GetProviders,
    ListProvider,
    Profile,
    ProfileAnswer,
    Provider,
    ProvidersAnswer,
)
from kernel.api import Api, Call
from kernel.decider import Refused
from services.practice.decider.profile import PROFILE, THE_PRACTICE, configure
from services.practice.decider.provider import PROVIDER, enter
from services.practice.opening import holidays_of, support_opening
from services.practice.views import BY_NAME, OTHERS_WITH_NPI, PROFILE_IN_FORCE

API: Api[None, Caller] = Api("practice")
OPERATORS = {Role.SERVICE, Role.SRE}
OPERATOR = "operator"


async def know_region(command: ConfigurePractice, call: Call[None, Caller]) -> None:
    """Before the turn: refuse (422) a holiday region that nobody knows. Slow at its first use."""
    try:
        await asyncio.to_thread(holidays_of, command.profile.holiday_region, call.now.year)
    except LookupError as error:
        sentence = "No holidays are known for this region."
        fields = {"profile.holiday_region": sentence}
        raise Refused("unknown-region", sentence, status=422, fields=fields) from error


@API.command(ConfigurePractice, roles=OPERATORS, prepare=know_region)
async def configure_practice(command: ConfigurePractice, call: Call[None, Caller]) -> Done:
    """Set the profile (S16)."""
    _only_operators(call.caller)
    state = await call.turn.load(PROFILE, THE_PRACTICE)
    call.turn.append(PROFILE, THE_PRACTICE, configure(state, command.profile))
    return Done(id=THE_PRACTICE)


@API.command(ListProvider, roles=OPERATORS)
async def list_provider(command: ListProvider, call: Call[None, Caller]) -> Done:
    """Add or change one directory entry."""
    _only_operators(call.caller)
    entry = command.provider
    state = await call.turn.load(PROVIDER, entry.id)
    others = (
        await call.turn.read(OTHERS_WITH_NPI, npi=entry.npi, provider=entry.id) if entry.npi else ()
    )
    call.turn.append(PROVIDER, entry.id, enter(state, entry, npi_taken=bool(others)))
    return Done(id=entry.id)


@API.query(GetProfile, roles=None)
async def get_profile(query: GetProfile, call: Call[None, Caller]) -> ProfileAnswer:
    """The profile, and whether support reads its mail right now (R58).

    `support_opens_next` is ISO 8601 with the practice's own offset, None while it is open.
    """
    rows = await call.read(PROFILE_IN_FORCE)
    if not rows:
        raise Refused("not-configured", "This practice is not set up yet.", status=404)
    profile = Profile.model_validate_json(rows[0]["body"], extra="ignore")
    opening = support_opening(profile, call.now)
    return ProfileAnswer(
        profile=profile,
        support_open=opening.is_open,
        support_opens_next=opening.opens_next.isoformat() if opening.opens_next else None,
    )


@API.query(GetProviders, roles=None)
async def get_providers(query: GetProviders, call: Call[None, Caller]) -> ProvidersAnswer:
    """The directory by name; at most 2,000 entries."""
    rows = await call.read(BY_NAME)
    entries = (Provider.model_validate_json(row["body"], extra="ignore") for row in rows)
    return ProvidersAnswer(providers=tuple(entries))


def _only_operators(caller: Caller) -> None:
    # among the services only the command line of the operators may change who we are
    if caller.role is Role.SERVICE and caller.subject != OPERATOR:
        raise Refused("forbidden", "Only operators set up the practice.", status=403)
