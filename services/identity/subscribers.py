"""What identity hears: when its e-mails went out (R56), the practice's profile, and who of the staff
looked at results (S14).
"""

from __future__ import annotations

from contracts.labs import ChartAccessed, ChartExplained
from contracts.notifier import EmailFailed, EmailSent
from contracts.practice import PracticeConfigured
from kernel.bus.subscribe import Hears

HEARS = Hears("identity", EmailSent, EmailFailed, PracticeConfigured, ChartAccessed, ChartExplained)
