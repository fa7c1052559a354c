"""The practice's profile as identity last heard it: zone, days, documents, hours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from functools import lru_cache

from contracts.practice import Profile
from kernel.decider import Refused
from kernel.projection import Row
from services.identity.ages import local_day
from services.identity.views.practice import PROFILE

# `turn.read`, `call.read` and `react.read` alike: a prepared question and its parameters.
Read = Callable[..., Awaitable[Sequence[Row]]]


async def profile_now(read: Read) -> Profile:
    """The profile; Refused `not-configured` (503) until the practice has been heard."""
    rows = await read(PROFILE)
    if not rows:
        raise Refused("not-configured", "The portal is not set up yet. Please try later.", 503)
    return _profile(rows[0]["body"])


@lru_cache(maxsize=4)
def _profile(body: str) -> Profile:
    """Read once: every exchange of a session for a token asks for the day and the documents."""
    return Profile.model_validate_json(body, extra="ignore")


def today(profile: Profile, now: datetime) -> date:
    """The calendar day at the practice."""
    return local_day(now, profile.zone)
