"""The one `API` that the modules beside this one add to, and what they share."""

from __future__ import annotations

from contracts.common import Caller, Role
from kernel.api import Api
from kernel.decider import Refused
from services.identity.deps import Deps

API: Api[Deps, Caller] = Api("identity")


def only(caller: Caller, service: str) -> None:
    """Refuse every service but this one: a key that leaks elsewhere opens nothing here."""
    if caller.role is not Role.SERVICE or caller.subject != service:
        raise Refused("forbidden", "This is not for you.", 403)
