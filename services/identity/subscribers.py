"""What identity hears: when its e-mails went out (R56), and the practice's profile."""

from __future__ import annotations

from contracts.notifier import EmailFailed, EmailSent
from contracts.practice import PracticeConfigured
from kernel.bus.subscribe import Hears

HEARS = Hears("identity", EmailSent, EmailFailed, PracticeConfigured)
