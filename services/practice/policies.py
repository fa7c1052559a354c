"""practice reacts to nothing: what follows from a changed profile is for its hearers to do."""

from __future__ import annotations

from kernel.policy import Policies

POLICIES: Policies[None] = Policies("practice")
