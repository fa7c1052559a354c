"""What identity needs from outside, made once in `service.py` and passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.identity.account_secrets import AccountSecrets
from services.identity.challenges import Challenges
from services.identity.invitation_secrets import InvitationSecrets
from services.identity.link_secrets import LinkSecrets
from services.identity.passwords import Passwords
from services.identity.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Deps:
    """`sign` makes a token over claims that is valid for some seconds; `random` that many bytes.

    `second_factor_required`: staff must have one (everywhere but in the demo).
    """

    sessions: Sessions
    passwords: Passwords
    secrets: InvitationSecrets
    links: LinkSecrets
    account_secrets: AccountSecrets
    challenges: Challenges
    random: Callable[[int], bytes]
    second_factor_required: bool
    sign: Callable[[dict[str, Any], int], str]
