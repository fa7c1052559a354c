"""What identity needs from outside, made once in `service.py` and passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.identity.invitation_secrets import InvitationSecrets
from services.identity.passwords import Passwords
from services.identity.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Deps:
    """`sign` makes a token over claims that is valid for some seconds."""

    sessions: Sessions
    passwords: Passwords
    secrets: InvitationSecrets
    sign: Callable[[dict[str, Any], int], str]
