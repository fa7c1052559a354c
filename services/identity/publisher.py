"""What identity tells the others about patients. Never an address, a name or a secret."""

from __future__ import annotations

from contracts import identity as contract
from kernel.publishing import Publisher
from services.identity.events import (
    access,
    account,
    connection,
    invitation,
    item,
    links,
    patient,
    registration,
    security,
)

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


@PUBLISHER.on(patient.PatientMerged)
def merged(event: patient.PatientMerged) -> contract.PatientMerged:
    """Whoever keeps something about the one that gave way moves it."""
    return contract.PatientMerged(patient=event.patient, into=event.into)


@PUBLISHER.on(invitation.InvitationIssued)
def issued(event: invitation.InvitationIssued) -> contract.InvitationIssued:
    """The notifier asks back for the address and the secrets (`MayNotify`)."""
    return contract.InvitationIssued(invitation=event.invitation, patient=event.patient)


@PUBLISHER.on(patient.PatientConnected)
def enrolled(event: patient.PatientConnected) -> contract.PatientEnrolled:
    """An account is connected to a chart (R51)."""
    return contract.PatientEnrolled(patient=event.patient, account=event.account)


@PUBLISHER.on(connection.PatientDisenrolled)
def disenrolled(event: connection.PatientDisenrolled) -> contract.PatientDisenrolled:
    """The account removed its connection (R33)."""
    return _disconnected(event)


@PUBLISHER.on(connection.RelationEnded)
def relation_ended(event: connection.RelationEnded) -> contract.PatientDisenrolled | None:
    """Staff ended it (S3); where nobody had enrolled yet, others never heard of it."""
    return _disconnected(event) if event.account else None


@PUBLISHER.on(connection.TurnedTwelve)
def turned_twelve(event: connection.TurnedTwelve) -> contract.TurnedTwelve:
    """The hidden years begin (R54)."""
    return contract.TurnedTwelve(patient=event.patient, on=event.on)


@PUBLISHER.on(connection.TurnedEighteen)
def turned_eighteen(event: connection.TurnedEighteen) -> contract.TurnedEighteen:
    """An adult."""
    return contract.TurnedEighteen(patient=event.patient, on=event.on)


def _disconnected(
    event: connection.PatientDisenrolled | connection.RelationEnded,
) -> contract.PatientDisenrolled:
    return contract.PatientDisenrolled(
        patient=event.patient, account=event.account, basis=event.basis
    )


@PUBLISHER.on(account.AccountNoticed)
def noticed(event: account.AccountNoticed) -> contract.AccountNotice:
    """The notifier asks back for the address and the link (`MayNotifyAccount`)."""
    return contract.AccountNotice(
        notice=event.notice, account=event.account, reference=event.reference
    )


PUBLISHER.private(
    patient.PatientCorrected,
    patient.PatientIdentified,
    patient.IdentifierReserved,
    connection.RelationVerified,
    connection.RelationConnected,
    connection.RelationConfirmed,
    connection.AgreementAccepted,
    connection.MailAddressSet,
    connection.BirthdayNear,
    item.ItemOpened,
    item.ItemTaken,
    item.ItemDone,
    item.ItemRejected,
    item.ItemOverdue,
    access.RecordOpened,
    access.GlassBroken,
    access.CoverBegan,
    access.CoverEnded,
    security.DeviceRemembered,
    security.DeviceUsed,
    security.DeviceForgotten,
    security.TotpOffered,
    security.TotpConfirmed,
    security.TotpUsed,
    security.FactorsRemoved,
    security.TotpRemoved,
    security.RecoveryCodesMade,
    security.RecoveryCodeUsed,
    security.PasskeyAdded,
    security.PasskeyUsed,
    security.PasskeyRemoved,
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
    account.PasswordFitted,
    account.SignedIn,
    account.PasswordChanged,
    account.ProxyAccountOpened,
    account.OwnRecordJoined,
    account.OwnRecordLeft,
    account.SessionsEnded,
    account.AccountClosed,
    account.EmailReleased,
    links.ResetRequested,
    links.ResetIssued,
    links.ResetUsed,
    links.AddressChangeRequested,
    links.AddressConfirmed,
    links.AddressChangeDone,
    links.EmailChanged,
)
