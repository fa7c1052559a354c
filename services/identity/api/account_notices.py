"""Before each letter to an account the notifier asks whether, where to, and for the link in it."""

from __future__ import annotations

from typing import Final

from contracts.common import Caller, Role
from contracts.identity import MayNotifyAccount, MayNotifyAnswer
from kernel.api import Call
from kernel.clock import micros
from kernel.projection import Row
from services.identity import addresses
from services.identity.api.base import API, only
from services.identity.api.grants import connections_of, the_day
from services.identity.api.links import CHANGES, RESETS, standing
from services.identity.deps import Deps
from services.identity.views.accounts import ACCOUNT_BY_ADDRESS, ACCOUNT_BY_ID
from services.identity.views.connections import CONTACT_OF_OTHERS, OF_ACCOUNT
from services.identity.views.links import LINK_BY_REFERENCE

_WITH_LINK: Final = RESETS + CHANGES
_BIRTHDAYS: Final = ("turns-12-soon", "turned-12", "turns-18-soon", "turned-18")
"""Letters about a patient, who is their `reference`."""
_ACTS: Final = ("open", "agreement-due", "grown-up")
"""Who acts for the patient, or did up to the 18th birthday."""


@API.query(MayNotifyAccount, roles={Role.SERVICE})
async def may_notify_account(query: MayNotifyAccount, call: Call[Deps, Caller]) -> MayNotifyAnswer:
    """The address, or why there is none. Nobody is written to whose account is closed (R34)."""
    only(call.caller, "notifier")
    rows = await call.read(ACCOUNT_BY_ID, account=query.account)
    if not rows or rows[0]["closed"]:
        return _no("no such account any more")
    if query.notice in _WITH_LINK:
        return await _with_link(query, rows[0], call)
    if query.notice in _BIRTHDAYS and not await _gets_mail_about(query, rows[0], call):
        return _no("not connected")
    return _letter(rows[0])


async def _with_link(
    query: MayNotifyAccount, account: Row, call: Call[Deps, Caller]
) -> MayNotifyAnswer:
    """A link that is not open any more is not sent."""
    found = await call.read(LINK_BY_REFERENCE, reference=query.reference)
    if not found or found[0]["account"] != query.account:
        return _no("no such link")
    if standing(found[0], micros(call.now)) != "open":
        return _no("the link is not open")
    link = call.deps.links.link(query.notice, query.reference)
    if query.notice in ("password-reset", "address-old"):
        return _letter(account, link)
    return await _to_new_address(query, found[0], link, call)


async def _to_new_address(
    query: MayNotifyAccount, asked: Row, link: str, call: Call[Deps, Caller]
) -> MayNotifyAnswer:
    """Without a name: until it is confirmed, it may be anybody's. Somebody's own is not written to
    (R44), nor is any about a patient who is not theirs any more (R34).
    """
    key = addresses.key(asked["email"])
    holders = await call.read(ACCOUNT_BY_ADDRESS, address=key)
    if any(row["account"] != query.account or asked["patient"] for row in holders):
        return _no("the address cannot be used")
    if asked["patient"]:
        if await call.read(CONTACT_OF_OTHERS, contact_key=key, patient=asked["patient"]):
            return _no("the address cannot be used")
        theirs = await call.read(OF_ACCOUNT, account=query.account)
        if all(row["patient"] != asked["patient"] for row in theirs):
            return _no("not connected")
    return MayNotifyAnswer(address=asked["email"], link=link)


async def _gets_mail_about(query: MayNotifyAccount, account: Row, call: Call[Deps, Caller]) -> bool:
    """Only on a relation that is good today, or was until the 18th birthday (R34, S3). Whoever left
    the portal themself gets no mail about the others (decision i).
    """
    if account["left"]:
        return False
    found = await connections_of(call.read, query.account, await the_day(call.read, call.now))
    return any(each.patient == query.reference and each.state in _ACTS for each in found)


def _letter(account: Row, link: str = "") -> MayNotifyAnswer:
    given = str(account["name"]).partition(" ")[0]
    return MayNotifyAnswer(address=account["email"], given=given, link=link)


def _no(reason: str) -> MayNotifyAnswer:
    return MayNotifyAnswer(address=None, reason=reason)
