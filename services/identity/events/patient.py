"""The patient index's private events: who a person is, and which record numbers mean them.

The names and fields of these classes are the storage format: only ever add to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from contracts.identity import Demographics
from kernel.phi import Phi, PhiRepr


@dataclass(frozen=True, slots=True, repr=False)
class PatientRecorded(PhiRepr):
    """A person is in the index for the first time. `at` is when the sender said so."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    demographics: Phi[Demographics]
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class DemographicsChanged(PhiRepr):
    """A sender stated something newer: `demographics` is the whole after it.

    `changed` names the fields that the sender's word moved.
    """

    OWNER: ClassVar[str] = "patient"
    patient: str
    demographics: Phi[Demographics]
    changed: tuple[str, ...]
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PatientCorrected(PhiRepr):
    """Which fields staff corrected with the change before, and how they knew (R59, S13)."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    fields: tuple[str, ...]
    evidence: Phi[str]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PatientIdentified(PhiRepr):
    """This record number of this authority means this patient."""

    OWNER: ClassVar[str] = "patient"
    patient: str
    authority: str
    value: Phi[str]


@dataclass(frozen=True, slots=True)
class PatientMerged:
    """Two index entries were one person: `patient` gives way to `into`. Published.

    It names its owner because what it publishes is about the one that stays.
    """

    OWNER: ClassVar[str] = "into"
    patient: str
    into: str
    by: str


@dataclass(frozen=True, slots=True)
class PatientConnected:
    """Enrolment: this account is connected to this patient's chart (R51).

    It names its owner because what it publishes is about the patient. `terms` and `hipaa` are the
    versions that were accepted with it.
    """

    OWNER: ClassVar[str] = "patient"
    patient: str
    account: str
    terms: str = ""
    hipaa: str = ""


@dataclass(frozen=True, slots=True)
class IdentifierReserved:
    """The stream `identifier-<hash>` belongs to one patient: two cannot hold one record number."""

    patient: str
