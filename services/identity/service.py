"""Composition root of identity."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any

from contracts.common import Caller
from kernel.projection import Record
from kernel.service import Service, Settings
from services.identity.account_secrets import AccountSecrets
from services.identity.api import API
from services.identity.bucket import JetStreamBucket
from services.identity.challenges import Challenges
from services.identity.deps import Deps
from services.identity.events import CODEC, connection, invitation, item, registration
from services.identity.invitation_secrets import InvitationSecrets
from services.identity.link_secrets import LinkSecrets
from services.identity.passwords import Passwords
from services.identity.policies import POLICIES
from services.identity.publisher import PUBLISHER
from services.identity.sessions import Sessions
from services.identity.subscribers import HEARS
from services.identity.views import VIEWS

_QUEUE_MOVES = (
    registration.RegistrationUnmatched,
    registration.SupportItemOpened,
    registration.RegistrationTaken,
    registration.RegistrationVerified,
    registration.RegistrationRejected,
)
_INVITATION_MOVES = (
    invitation.InvitationIssued,
    invitation.InvitationSent,
    invitation.InvitationFailed,
    invitation.TermsAccepted,
    invitation.HipaaAccepted,
    invitation.InvitationBurned,
    invitation.InvitationVoided,
    invitation.InvitationCompleted,
)


_ITEM_MOVES = (item.ItemOpened, item.ItemTaken, item.ItemDone, item.ItemRejected)
_CONNECTION_MOVES = (
    connection.RelationConnected,
    connection.RelationConfirmed,
    connection.RelationEnded,
    connection.PatientDisenrolled,
    connection.TurnedTwelve,
    connection.TurnedEighteen,
)


def live(event: Any, record: Record) -> Iterable[str]:
    """Open pages hear that their queue, list or record has moved, and nothing else."""
    if isinstance(event, _QUEUE_MOVES + _ITEM_MOVES):
        return ("staff.support",)
    if isinstance(event, _CONNECTION_MOVES):
        return (f"patient.{event.patient}",)
    if isinstance(event, _INVITATION_MOVES):
        return ("staff.support", "staff.clinic")
    return ()


def build(settings: Settings) -> Service[Deps]:
    """identity, ready to start."""
    bucket = JetStreamBucket()
    deps = Deps(
        sessions=Sessions(bucket, secrets.token_bytes),
        passwords=Passwords(),
        secrets=InvitationSecrets(settings.secret),
        links=LinkSecrets(settings.secret),
        account_secrets=AccountSecrets(settings.secret),
        challenges=Challenges(bucket, secrets.token_bytes),
        random=secrets.token_bytes,
        second_factor_required=not settings.demo,
        sign=settings.sign,
    )

    async def use_bus(service: Service[Deps]) -> None:
        """Sessions live on the service's own connection; the threads end with the service."""
        bucket.bind(service.nats)
        try:
            await asyncio.Event().wait()
        finally:
            deps.passwords.close()

    return Service(
        name="identity",
        settings=settings,
        codec=CODEC,
        publisher=PUBLISHER,
        hears=HEARS,
        views=VIEWS,
        policies=POLICIES,
        api=API,
        deps=deps,
        caller=Caller,
        background=(use_bus,),
        live=live,
    )
