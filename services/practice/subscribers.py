"""practice hears nobody: it is where the others begin."""

from __future__ import annotations

from kernel.bus.subscribe import Hears

HEARS = Hears("practice")
