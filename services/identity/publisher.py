"""What identity tells the others about patients. Never an address, a name or a secret."""

from __future__ import annotations

from contracts import identity as contract
from kernel.publishing import Publisher
from services.identity.events import account, invitation, patient, registration

PUBLISHER = Publisher("identity")


@PUBLISHER.on(patient.PatientRecorded)
def recorded(event: patient.PatientRecorded) -> contract.PatientRecorded:
    """Consumers need the birth date for the age rules (R54)."""
    return contract.PatientRecorded(patient=event.patient, born=event.demographics.born)


@PUBLISHER.on(patient.DemographicsChanged)
def born_changed(event: patient.DemographicsChanged) -> contract.PatientRecorded | None:
    """Only a changed birth date concerns others."""
    if "born" not in event.changed:
        return None
    return contract.PatientRecorded(patient=event.patient, born=event.demographics.born)


@PUBLISHER.on(invitation.InvitationIssued)
def issued(event: invitation.InvitationIssued) -> contract.InvitationIssued:
    """The notifier asks back for the address and the secrets (`MayNotify`)."""
    return contract.InvitationIssued(invitation=event.invitation, patient=event.patient)


@PUBLISHER.on(patient.PatientConnected)
def enrolled(event: patient.PatientConnected) -> contract.PatientEnrolled:
    """An account is connected to a chart (R51)."""
    return contract.PatientEnrolled(patient=event.patient, account=event.account)


@PUBLISHER.on(account.AccountNoticed)
def noticed(event: account.AccountNoticed) -> contract.AccountNotice:
    """The notifier asks back for the address and the link (`MayNotifyAccount`)."""
    return contract.AccountNotice.model_validate(
        {"notice": event.notice, "account": event.account, "reference": event.reference}
    )


PUBLISHER.private(
    patient.PatientIdentified,
    patient.PatientMerged,
    patient.IdentifierReserved,
    registration.RegistrationRequested,
    registration.RegistrationMatched,
    registration.RegistrationUnmatched,
    registration.RegistrationOverdue,
    registration.RegistrationSetAside,
    registration.SupportItemOpened,
    registration.RegistrationTaken,
    registration.RegistrationVerified,
    registration.RegistrationRejected,
    invitation.InvitationSent,
    invitation.InvitationFailed,
    invitation.TermsAccepted,
    invitation.HipaaAccepted,
    invitation.WrongCodeTried,
    invitation.InvitationBurned,
    invitation.InvitationVoided,
    invitation.InvitationCompleted,
    account.AccountOpened,
    account.StaffAccountOpened,
    account.EmailReserved,
    account.SignInFailed,
    account.SignedIn,
    account.ProxyAccountOpened,
    account.OwnRecordJoined,
    account.OwnRecordLeft,
    account.SessionsEnded,
    account.AccountClosed,
    account.EmailReleased,
)
