"""Invitations, from the staff's side and from behind the e-mailed link (R51, R52, R56, S2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from contracts.common import Email, HumanName, Id, ShortText
from kernel.envelope import Answer, Command, Contract, Query
from kernel.phi import Phi


class SendInvitation(Command):
    """Clinic or support invites a patient at an address (R52); an earlier one becomes void."""

    service: ClassVar[str] = "identity"
    patient: Id
    email: Phi[Email]


class ResendInvitation(Command):
    """Void this one and send a new one to the same address."""

    service: ClassVar[str] = "identity"
    invitation: Id


class RevokeInvitation(Command):
    """Void this one."""

    service: ClassVar[str] = "identity"
    invitation: Id


class Invitations(Query):
    """The newest invitations, or those of one patient (S2). Never shows code or link."""

    service: ClassVar[str] = "identity"
    patient: Id | None = None


InvitationState = Literal[
    "created", "sent", "failed", "opened", "completed", "void", "burned", "expired"
]


class InvitationRow(Contract):
    """What staff see of an invitation."""

    invitation: Id
    patient: Id
    name: HumanName
    email: Phi[str]
    state: InvitationState
    created: datetime
    sent: datetime | None
    expires: datetime | None
    steps: tuple[str, ...] = ()


class InvitationsAnswer(Answer):
    """Newest first, at most 100."""

    invitations: tuple[InvitationRow, ...]


class OpenInvitation(Query):
    """What the page behind the e-mailed link shows. Asked by POST only; consumes nothing (R51)."""

    service: ClassVar[str] = "identity"
    link: SecretStr


class InvitationAnswer(Answer):
    """`open` with the steps still to do, or why it is not: `expired`, `void`, `used`, `unknown`.

    `for_another`: a parent or caregiver enrols; the date of birth asked for is the patient's.
    """

    state: Literal["open", "expired", "void", "used", "unknown"]
    terms_accepted: bool = False
    hipaa_accepted: bool = False
    for_another: bool = False


class AcceptDocument(Command):
    """Accept one version of `terms` or `hipaa`; `hipaa` only after `terms` (R51)."""

    service: ClassVar[str] = "identity"
    link: SecretStr
    document: Literal["terms", "hipaa"]
    version: ShortText


class CompleteEnrolment(Command):
    """The invitation code with the date of birth, and a password of 15 characters or more; where the
    address signs in already, the password that it has (R35).

    Five wrong tries burn the invitation (decision m). Refusals: `wrong-code`, `wrong-password`, `burned`,
    `order` (documents not accepted yet), `weak-password`, `expired`, `void`, `used`. The gateway adds
    `device` and `label` as in `SignIn`.
    """

    service: ClassVar[str] = "identity"
    link: SecretStr
    code: SecretStr
    born: Phi[date]
    password: SecretStr = Field(min_length=1, max_length=200)
    device: SecretStr = SecretStr("")
    label: ShortText = ""


class RenewInvitation(Command):
    """The expired page's button: a new invitation goes to the same address (R56)."""

    service: ClassVar[str] = "identity"
    link: SecretStr
