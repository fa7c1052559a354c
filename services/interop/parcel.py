"""What a message asks for, once translated: a `Parcel`; and why it cannot be: `Unusable`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from contracts.identity import KnownPatient, RecordMerge, RecordPatient
from kernel.envelope import Command
from kernel.phi import Phi, PhiRepr

PENDING = "pending"
"""Stands for the patient in a translated command until identity has said who it is."""

Verdict = Literal["quarantined", "refused"]


class Unusable(Exception):
    """A message that must not be applied. Its text names no patient: it goes into ACKs and queues.

    `quarantined` = the content is wrong (AE); `refused` = it cannot be read or its kind is not
    taken here (AR). `code` is of HL7 table 0357; `where` the segment, such as `PID`.
    """

    def __init__(
        self, reason: str, *, code: str = "207", where: str = "", verdict: Verdict = "quarantined"
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.where = where
        self.verdict = verdict


@dataclass(frozen=True, slots=True, repr=False)
class Parcel(PhiRepr):
    """What one message asks for about one patient, in the message's order.

    `about` says who it is: by demographics, or only by numbers that must be known already; None when
    a message names nobody on purpose (a FHIR directory bundle). `merges` say it in its place. `commands`
    are for the services that own what they say, each with patient `PENDING`; those of a service that
    is not built yet are kept (`catalog.LATER`). `left` counts what was read and has no owner at all.
    """

    kind: str
    sender: str
    about: Phi[RecordPatient | KnownPatient | None]
    commands: Phi[tuple[Command, ...]] = ()
    merges: Phi[tuple[RecordMerge, ...]] = ()
    left: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """What an acknowledgement echoes of a message. Empty fields where the message had none."""

    kind: str = "unknown"
    sender: str = ""
    control: str = ""
    event: str = ""
    version: str = ""
    processing: str = ""
    sent_by: tuple[str, str] = ("", "")
    sent_to: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Translated:
    """One message of the bytes: its header, and a parcel or the reason why there is none."""

    header: Header
    parcel: Parcel | None = None
    problem: Unusable | None = None
