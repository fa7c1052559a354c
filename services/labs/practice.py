"""The practice's profile as labs last heard it: hours, days off, phones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache

from contracts.practice import Profile
from kernel.decider import Refused
from kernel.projection import Row
from services.labs.views.missing import PROFILE

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
    return Profile.model_validate_json(body, extra="ignore")
