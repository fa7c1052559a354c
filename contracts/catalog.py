"""Who says what to whom. Streams, consumers, permissions, HTTP routes, docs and the contract
tests are all made from this file; nothing about the bus is declared anywhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts import billing, identity, interop, labs, notifier, practice, records, scheduling
from contracts.common import Done, Nothing
from kernel.envelope import Answer, Command, PublishedEvent, Query


class Door(StrEnum):
    """Through which door an operation is reached.

    `public`: over HTTP without a session. `session`: over HTTP by a signed-in caller (the service
    still checks the role). `cookie`: the gateway itself handles the session cookie.
    `internal`: services and operators only.
    """

    PUBLIC = "public"
    SESSION = "session"
    COOKIE = "cookie"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Operation:
    """One command or query: its shape, its answer, its door, and the services that send it.

    `posted` marks a query that carries a secret: POST, so that it never stands in a URL. `success`
    is the status of success where it is neither 201 (a durable command) nor 200 (a query). `chart`
    marks what is about the record in view, which the header `X-Patient` chooses.
    """

    message: type[Command] | type[Query]
    answer: type[Answer]
    door: Door
    senders: tuple[str, ...] = ()
    posted: bool = False
    success: int | None = None
    chart: bool = False

    @property
    def status(self) -> int:
        return self.success or (201 if self.is_command else 200)

    @property
    def service(self) -> str:
        return self.message.service

    @property
    def is_command(self) -> bool:
        return issubclass(self.message, Command)

    @property
    def subject(self) -> str:
        """`cmd.<service>.<Name>` or `qry.<service>.<Name>`."""
        kind = "cmd" if self.is_command else "qry"
        return f"{kind}.{self.service}.{self.message.__name__}"

    @property
    def path(self) -> str:
        """`/api/v1/<service>/<name>`: a query loses its `Get`, words are parted by hyphens."""
        name = self.message.__name__.removeprefix("Get")
        return f"/api/v1/{self.service}/" + re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()

    @property
    def method(self) -> str:
        return "POST" if self.is_command or self.posted else "GET"


SERVICES: Final = ("practice", "identity", "labs", "notifier", "interop")

PUBLISHED: Final[tuple[type[PublishedEvent], ...]] = (
    practice.PracticeConfigured,
    practice.ProviderListed,
    identity.PatientRecorded,
    identity.PatientMerged,
    identity.InvitationIssued,
    identity.PatientEnrolled,
    identity.PatientDisenrolled,
    identity.TurnedTwelve,
    identity.TurnedEighteen,
    identity.AccountNotice,
    labs.LabVerified,
    labs.LabReleased,
    labs.LabWithdrawn,
    labs.ChartAccessed,
    labs.ChartExplained,
    labs.MissingAnswered,
    notifier.EmailSent,
    notifier.EmailFailed,
)

HEARD: Final[dict[str, tuple[type[PublishedEvent], ...]]] = {
    "identity": (
        practice.PracticeConfigured,
        notifier.EmailSent,
        notifier.EmailFailed,
        labs.ChartAccessed,
        labs.ChartExplained,
    ),
    "interop": (practice.PracticeConfigured,),
    "labs": (
        practice.PracticeConfigured,
        practice.ProviderListed,
        identity.PatientRecorded,
        identity.PatientMerged,
    ),
    "notifier": (
        practice.PracticeConfigured,
        identity.InvitationIssued,
        identity.AccountNotice,
        labs.LabVerified,
        labs.LabReleased,
        labs.MissingAnswered,
    ),
}

UNHEARD: Final[dict[type[PublishedEvent], str]] = {
    identity.PatientEnrolled: "for analytics and for the services of later issues",
    identity.PatientDisenrolled: "every letter asks identity first; later services drop reminders",
    identity.TurnedTwelve: "labs reads the birth date itself; for the services of later issues",
    identity.TurnedEighteen: "labs reads the birth date itself; for the services of later issues",
    labs.LabWithdrawn: "open pages are told by a live hint; the record keeps it for others",
}

LATER: Final[tuple[type[Command], ...]] = (
    scheduling.PostVisit,
    records.PostAllergies,
    records.PostProblem,
    records.PostMedication,
    records.PostImmunisation,
    records.PostProcedure,
    records.PostVitals,
    records.PostDocument,
    billing.PostCharges,
)
"""Commands of services that are not built yet: interop keeps the messages that ask for them, and hands
them over once their service is in `SERVICES` and answers them."""

_P, _S, _C, _I = Door.PUBLIC, Door.SESSION, Door.COOKIE, Door.INTERNAL

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(practice.ConfigurePractice, Done, _I),
    Operation(practice.ListProvider, Done, _I),
    Operation(practice.GetProfile, practice.ProfileAnswer, _P),
    Operation(practice.GetProviders, practice.ProvidersAnswer, _S),
    Operation(identity.RecordPatient, identity.PatientAnswer, _I, ("interop",)),
    Operation(identity.RecordMerge, identity.PatientAnswer, _I, ("interop",)),
    Operation(identity.KnownPatient, identity.PatientAnswer, _I, ("interop",)),
    Operation(identity.FindPatients, identity.PatientsAnswer, _S),
    Operation(identity.GetPatient, identity.PatientsAnswer, _S),
    Operation(identity.GetPatients, identity.PatientsAnswer, _S),
    Operation(identity.MergePatient, Done, _S),
    Operation(identity.RequestRegistration, Nothing, _P, success=202),
    Operation(identity.TakeRegistration, Done, _S),
    Operation(identity.VerifyRegistration, Done, _S),
    Operation(identity.RejectRegistration, Done, _S),
    Operation(identity.RegistrationQueue, identity.RegistrationsAnswer, _S),
    Operation(identity.GetRegistration, identity.RegistrationAnswer, _S),
    Operation(identity.SendInvitation, Done, _S),
    Operation(identity.ResendInvitation, Done, _S),
    Operation(identity.RevokeInvitation, Done, _S),
    Operation(identity.Invitations, identity.InvitationsAnswer, _S),
    Operation(identity.OpenInvitation, identity.InvitationAnswer, _P, posted=True),
    Operation(identity.AcceptDocument, Done, _P),
    Operation(identity.CompleteEnrolment, identity.SessionAnswer, _C, success=200),
    Operation(identity.RenewInvitation, Nothing, _P),
    Operation(identity.SignIn, identity.SessionAnswer, _C, success=200),
    Operation(identity.ConfirmSecondFactor, identity.SessionAnswer, _C, success=200),
    Operation(identity.BeginPasskeySignIn, identity.PasskeyOptions, _P, posted=True),
    Operation(identity.SignInWithPasskey, identity.SessionAnswer, _C, success=200),
    Operation(identity.SignOut, Nothing, _C, success=200),
    Operation(identity.Exchange, identity.ExchangeAnswer, _I, ("gateway",)),
    Operation(identity.OpenStaffAccount, Done, _I),
    Operation(identity.GetSecurity, identity.SecurityAnswer, _S),
    Operation(identity.ChangePassword, Done, _S, success=200),
    Operation(identity.BeginTotp, identity.TotpOffer, _S, success=200),
    Operation(identity.ConfirmTotp, identity.RecoveryCodes, _S, success=200),
    Operation(identity.NewRecoveryCodes, identity.RecoveryCodes, _S, success=200),
    Operation(identity.RemoveTotp, Done, _S, success=200),
    Operation(identity.BeginPasskey, identity.PasskeyOptions, _S, success=200),
    Operation(identity.AddPasskey, Done, _S, success=200),
    Operation(identity.RemovePasskey, Done, _S, success=200),
    Operation(identity.RemoveFactors, Done, _S),
    Operation(identity.EndDevice, Done, _S),
    Operation(identity.SignOutEverywhere, Done, _S),
    Operation(identity.RequestReset, Nothing, _P, success=202),
    Operation(identity.OpenLink, identity.LinkAnswer, _P, posted=True),
    Operation(identity.ResetPassword, Done, _P, success=200),
    Operation(identity.ChangeEmail, Nothing, _S, success=200),
    Operation(identity.ConfirmAddress, identity.LinkAnswer, _P, success=200),
    Operation(identity.GetConnections, identity.ConnectionsAnswer, _S),
    Operation(identity.Disenrol, Done, _S),
    Operation(identity.AcceptAgreement, Done, _S),
    Operation(identity.RequestRelation, Nothing, _S),
    Operation(identity.SetMailAddress, Nothing, _S),
    Operation(identity.RequestCorrection, Done, _S, chart=True),
    Operation(identity.GetMyRequests, identity.MyRequestsAnswer, _S),
    Operation(identity.GetAccessLog, identity.AccessLogAnswer, _S, chart=True),
    Operation(identity.GetItems, identity.ItemsAnswer, _S),
    Operation(identity.GetItem, identity.ItemAnswer, _S),
    Operation(identity.TakeItem, Done, _S),
    Operation(identity.CloseItem, Done, _S),
    Operation(identity.VerifyRelation, Done, _S),
    Operation(identity.ConfirmRelation, Done, _S),
    Operation(identity.EndRelation, Done, _S),
    Operation(identity.PreviewCorrection, identity.Consequences, _S),
    Operation(identity.CorrectPatient, Done, _S),
    Operation(identity.GetPatientAccount, identity.PatientAccountAnswer, _S),
    Operation(identity.BreakGlass, Done, _S),
    Operation(identity.CoverColleague, Done, _S),
    Operation(identity.EndCover, Done, _S),
    Operation(identity.GetCovers, identity.CoversAnswer, _S),
    Operation(identity.MayNotify, identity.MayNotifyAnswer, _I, ("notifier",)),
    Operation(identity.MayNotifyAccount, identity.MayNotifyAnswer, _I, ("notifier",)),
    Operation(labs.PostReport, labs.PostAnswer, _I, ("interop",)),
    Operation(labs.PostOrder, Done, _I, ("interop",)),
    Operation(labs.GetResults, labs.ResultsAnswer, _S, chart=True),
    Operation(labs.GetResult, labs.ResultAnswer, _S, chart=True),
    Operation(labs.MarkSeen, Done, _S, chart=True),
    Operation(labs.ViewResults, labs.ResultsAnswer, _S),
    Operation(labs.ViewResult, labs.ResultAnswer, _S),
    Operation(labs.GetInbox, labs.InboxAnswer, _S),
    Operation(labs.GetReport, labs.ReportAnswer, _S),
    Operation(labs.VerifyReport, Done, _S),
    Operation(labs.GetHeld, labs.HeldAnswer, _S),
    Operation(labs.MapCode, Done, _S),
    Operation(labs.MapOrderer, Done, _S),
    Operation(labs.ResolveOrderer, Done, _S),
    Operation(labs.GetPolicies, labs.PoliciesAnswer, _S),
    Operation(labs.GetPolicyVersion, labs.PolicyVersionAnswer, _S),
    Operation(labs.GetCategory, labs.CategoryAnswer, _S),
    Operation(labs.DraftPolicy, Done, _S),
    Operation(labs.DryRunPolicy, Done, _S),
    Operation(labs.ApprovePolicy, Done, _S),
    Operation(labs.DiscardPolicy, Done, _S),
    Operation(labs.RollBackPolicy, Done, _S),
    Operation(labs.ExplainReport, labs.ExplainAnswer, _S),
    Operation(labs.ReportMissing, Done, _S, chart=True),
    Operation(labs.GetMyMissing, labs.MyMissingAnswer, _S, chart=True),
    Operation(labs.GetMissingTickets, labs.MissingTicketsAnswer, _S),
    Operation(labs.TakeMissing, Done, _S),
    Operation(labs.AnswerMissing, Done, _S),
    Operation(labs.GetTrail, labs.TrailAnswer, _S),
    Operation(notifier.GetEmails, notifier.EmailsAnswer, _S),
    Operation(interop.TakeMessages, interop.TakenAnswer, _I, success=200),
    Operation(interop.TakePart, interop.MessageAnswer, _I, success=200),
    Operation(interop.GetQuarantine, interop.QuarantineAnswer, _S),
    Operation(interop.GetMessage, interop.MessageDetail, _S),
    Operation(interop.OpenMessage, interop.MessagePeopleAnswer, _S, success=200),
    Operation(interop.RetryMessage, Done, _S),
    Operation(interop.RetryMessages, interop.RetriedAnswer, _S),
    Operation(interop.DiscardMessage, Done, _S),
    Operation(interop.MapSender, Done, _S),
    Operation(interop.GetSenders, interop.SendersAnswer, _S),
    Operation(interop.GetSummary, interop.SummaryAnswer, _S),
)


def operations_of(service: str) -> tuple[Operation, ...]:
    """The commands and queries that a service answers."""
    return tuple(o for o in OPERATIONS if o.service == service)


def stream_of(service: str) -> str:
    """The JetStream stream that holds what a service publishes."""
    return f"EVT_{service.upper()}"


def durable_of(consumer: str, source: str, topic: str) -> str:
    """The durable consumer through which one service takes one topic whole."""
    return f"{consumer}-{source}-{topic}"
