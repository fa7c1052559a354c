"""The one `API` that the modules beside this one add to."""

from __future__ import annotations

from contracts.common import Caller
from kernel.api import Api
from services.interop.policies import Deps

API: Api[Deps, Caller] = Api("interop")
