"""What each acknowledged command must have left in the logs: exactly one of each, by domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contracts.catalog import OPERATIONS
from kernel.turn import command_id
from services.identity.events import connection, invitation, item, patient, registration
from services.interop.events.message import MessageReceived, MessageSettled
from services.labs.events.report import ReportPosted, ReportVerified
from services.labs.events.seen import ResultSeen
from tests.fault.clients import Acknowledged
from tests.fault.stores import Store

Effect = tuple[str, ...]
"""The name of an event, and what tells which command it answers."""

OWNERS = {o.message.__name__: o.service for o in OPERATIONS}
UNKEYED = frozenset({"mllp", "CompleteEnrolment"})
"""Not idempotent by key: a message by its bytes, an enrolment by its invitation."""

_READ: dict[type, Callable[[Any], tuple[str, ...]]] = {
    registration.RegistrationRequested: lambda e: (e.form.email,),
    registration.RegistrationTaken: lambda e: (e.registration,),
    registration.RegistrationRejected: lambda e: (e.registration,),
    invitation.InvitationIssued: lambda e: (e.email,),
    invitation.TermsAccepted: lambda e: (e.invitation,),
    invitation.HipaaAccepted: lambda e: (e.invitation,),
    invitation.InvitationCompleted: lambda e: (e.invitation,),
    patient.PatientIdentified: lambda e: (e.value,),
    connection.RelationVerified: lambda e: (e.email,),
    connection.RelationEnded: lambda e: (e.relation,),
    item.ItemOpened: lambda e: (e.asked.says,),
    ReportVerified: lambda e: (e.report, str(e.revision)),
    ReportPosted: lambda e: (_filler(e.report),),
    ResultSeen: lambda e: (e.report,),
    MessageReceived: lambda e: (e.message,),
    MessageSettled: lambda e: (e.message, e.outcome),
}
_OURS = ("@stranger.example", "@invited.example", "@enrolled.example", "@related.example")


def effects_in(stores: Iterable[Store]) -> Counter[Effect]:
    """Every effect that stands in the logs, counted."""
    return Counter(
        (type(record.event).__name__, *read(record.event))
        for store in stores
        for record in store.records
        if record.origin is None and (read := _READ.get(type(record.event)))
    )


def effects_of(ack: Acknowledged) -> list[Effect]:
    """The effects that one acknowledgement promises."""
    said = ack.effect
    match ack.command:
        case "RequestRegistration":
            return [("RegistrationRequested", said["email"])]
        case "SendInvitation":
            return [("InvitationIssued", said["email"])]
        case "TakeRegistration":
            return [("RegistrationTaken", said["registration"])]
        case "RejectRegistration":
            return [("RegistrationRejected", said["registration"])]
        case "AcceptDocument":
            name = "TermsAccepted" if said["document"] == "terms" else "HipaaAccepted"
            return [(name, said["invitation"])]
        case "CompleteEnrolment":
            return [("InvitationCompleted", said["invitation"])]
        case "VerifyRelation":
            return [("RelationVerified", said["email"]), ("InvitationIssued", said["email"])]
        case "EndRelation":
            return [("RelationEnded", said["relation"])]
        case "RequestCorrection":
            return [("ItemOpened", said["says"])]
        case "VerifyReport":
            return [("ReportVerified", said["report"], said["revision"])]
        case "MarkSeen":
            return [("ResultSeen", said["report"])]
    kept = said["message"]
    posted = ("ReportPosted", said["filler"]) if "filler" in said else None
    who = posted or ("PatientIdentified", said["mrn"])
    return [("MessageReceived", kept), ("MessageSettled", kept, "applied"), who]


def lost(acks: Iterable[Acknowledged], stores: Mapping[str, Store]) -> list[str]:
    """Acknowledged, and yet without its effect."""
    there = effects_in(stores.values())
    return [
        f"{ack.command} {ack.key} {ack.effect}"
        for ack in acks
        if not all(there[effect] for effect in effects_of(ack))
    ]


def unrecorded(acks: Iterable[Acknowledged], stores: Mapping[str, Store]) -> list[str]:
    """Acknowledged, and yet the log does not keep this very answer under its key."""
    return [f"{ack.command} {ack.key}" for ack in acks if not _recorded(ack, stores)]


def twice(acks: Iterable[Acknowledged], stores: Mapping[str, Store]) -> list[str]:
    """Effects that stand in the logs more than once: of the acknowledged, and of all that we sent
    under a name of its own.
    """
    there = effects_in(stores.values())
    promised = {effect for ack in acks for effect in effects_of(ack)}
    return [
        " ".join(effect)
        for effect, times in there.items()
        if times > 1 and (effect in promised or effect[1].endswith(_OURS))
    ]


def _recorded(ack: Acknowledged, stores: Mapping[str, Store]) -> bool:
    if ack.command in UNKEYED:
        return True
    kept = stores[OWNERS[ack.command]].answers
    return kept.get(command_id(ack.actor, ack.command, ack.key)) == (ack.status, ack.answer)


def _filler(report: str) -> str:
    """The filler order number inside a report's id (`<sender>.<number>-<mark>.<code>`)."""
    parts = report.split(".")
    return parts[1].rpartition("-")[0] if len(parts) > 1 else report
