"""What notifier tells the others about its e-mails."""

from __future__ import annotations

from contracts.notifier import EmailFailed, EmailSent
from kernel.publishing import Publisher
from services.notifier.events import (
    EmailDelivered,
    EmailDue,
    EmailRejected,
    EmailWithheld,
    NoticeDelivered,
    NoticeRejected,
    NoticeWithheld,
)

PUBLISHER = Publisher("notifier")


@PUBLISHER.on(EmailDelivered)
def delivered(event: EmailDelivered) -> EmailSent:
    """identity starts an invitation's 60 days from here (R56)."""
    return EmailSent(
        patient=event.patient, kind=event.kind, reference=event.reference, sent=event.sent
    )


@PUBLISHER.on(EmailRejected)
def rejected(event: EmailRejected) -> EmailFailed:
    """Staff see that the address does not work (S2)."""
    return EmailFailed(
        patient=event.patient, kind=event.kind, reference=event.reference, reason=event.reason
    )


# Why nothing may be sent to a patient, and what an account is told, concern nobody else.
PUBLISHER.private(EmailDue, EmailWithheld, NoticeDelivered, NoticeRejected, NoticeWithheld)
