"""What notifier hears: the events that it writes about, and how the practice is called."""

from __future__ import annotations

from contracts.identity import AccountNotice, InvitationIssued
from contracts.labs import LabReleased, LabVerified, MissingAnswered
from contracts.practice import PracticeConfigured
from kernel.bus.subscribe import Hears

HEARS = Hears(
    "notifier",
    InvitationIssued,
    AccountNotice,
    LabVerified,
    LabReleased,
    MissingAnswered,
    PracticeConfigured,
)
