"""What interop hears: nothing. It asks identity and labs, and waits for their answers."""

from __future__ import annotations

from kernel.bus.subscribe import Hears

HEARS = Hears("interop")
