"""All private events of identity under their registered names."""

from __future__ import annotations

from kernel.codec import Codec
from services.identity.events import account, invitation, patient, registration

CODEC = Codec(
    {
        "PatientRecorded": patient.PatientRecorded,
        "DemographicsChanged": patient.DemographicsChanged,
        "PatientIdentified": patient.PatientIdentified,
        "PatientMerged": patient.PatientMerged,
        "PatientConnected": patient.PatientConnected,
        "IdentifierReserved": patient.IdentifierReserved,
        "RegistrationRequested": registration.RegistrationRequested,
        "RegistrationMatched": registration.RegistrationMatched,
        "RegistrationUnmatched": registration.RegistrationUnmatched,
        "RegistrationOverdue": registration.RegistrationOverdue,
        "RegistrationSetAside": registration.RegistrationSetAside,
        "SupportItemOpened": registration.SupportItemOpened,
        "RegistrationTaken": registration.RegistrationTaken,
        "RegistrationVerified": registration.RegistrationVerified,
        "RegistrationRejected": registration.RegistrationRejected,
        "InvitationIssued": invitation.InvitationIssued,
        "InvitationSent": invitation.InvitationSent,
        "InvitationFailed": invitation.InvitationFailed,
        "TermsAccepted": invitation.TermsAccepted,
        "HipaaAccepted": invitation.HipaaAccepted,
        "WrongCodeTried": invitation.WrongCodeTried,
        "InvitationBurned": invitation.InvitationBurned,
        "InvitationVoided": invitation.InvitationVoided,
        "InvitationCompleted": invitation.InvitationCompleted,
        "AccountOpened": account.AccountOpened,
        "StaffAccountOpened": account.StaffAccountOpened,
        "EmailReserved": account.EmailReserved,
        "SignInFailed": account.SignInFailed,
        "SignedIn": account.SignedIn,
        "ProxyAccountOpened": account.ProxyAccountOpened,
        "OwnRecordJoined": account.OwnRecordJoined,
        "OwnRecordLeft": account.OwnRecordLeft,
        "SessionsEnded": account.SessionsEnded,
        "AccountClosed": account.AccountClosed,
        "AccountNoticed": account.AccountNoticed,
        "EmailReleased": account.EmailReleased,
    }
)
