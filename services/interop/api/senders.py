"""Who sends to us, and what is different about each."""

from __future__ import annotations

from contracts.common import Caller, Done, Role
from contracts.interop import GetSenders, MapSender, SenderProfile, SenderRow, SendersAnswer
from kernel.api import Call
from kernel.clock import from_micros
from services.interop.api.base import API
from services.interop.decider.sender import SENDER, map_sender, sender_id
from services.interop.policies import Deps
from services.interop.views import messages, senders

MOST = 500


@API.command(MapSender, roles={Role.POLICY, Role.SUPPORT})
async def map_a_sender(command: MapSender, call: Call[Deps, Caller]) -> Done:
    """Say how a sender is read. Refused `zone`, `charset`, `kind`, `authority`."""
    id = sender_id(command.profile.sender)
    state = await call.turn.load(SENDER, id)
    call.turn.append(SENDER, id, map_sender(state, command.profile))
    return Done(id=id)


@API.query(GetSenders, roles={Role.POLICY, Role.SUPPORT, Role.SRE})
async def get_senders(query: GetSenders, call: Call[Deps, Caller]) -> SendersAnswer:
    """Everybody who sent anything or of whom anything is known, by name."""
    profiles = {
        row["sender"]: SenderProfile.model_validate_json(row["body"])
        for row in await call.read(senders.PROFILES)
    }
    heard = {row["sender"]: row for row in await call.read(senders.HEARD)}
    waiting = {row["sender"]: row["n"] for row in await call.read(messages.WAITING)}
    rows = []
    for sender in sorted({*profiles, *heard})[:MOST]:
        came = heard.get(sender)
        rows.append(
            SenderRow(
                profile=profiles.get(sender) or SenderProfile(sender=sender),
                messages=came["messages"] if came else 0,
                waiting=waiting.get(sender, 0),
                last=from_micros(came["last"]) if came else None,
            )
        )
    return SendersAnswer(senders=tuple(rows))
