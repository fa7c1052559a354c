"""What interop hears: the practice's zone, in which dates without an offset are read."""

from __future__ import annotations

from contracts.practice import PracticeConfigured
from kernel.bus.subscribe import Hears

HEARS = Hears("interop", PracticeConfigured)
