"""What labs hears: birth dates for the age gate, the directory and the profile of the practice."""

from __future__ import annotations

from contracts.identity import PatientMerged, PatientRecorded
from contracts.practice import PracticeConfigured, ProviderListed
from kernel.bus.subscribe import Hears

HEARS = Hears("labs", PatientRecorded, PatientMerged, PracticeConfigured, ProviderListed)
