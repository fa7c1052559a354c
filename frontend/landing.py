"""Where a person lands after signing in: where they wanted to go, or where their role begins."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.requests import Request

from contracts.common import Caller, Role

SIGN_IN = "/sign-in"
CODE = "/sign-in/code"
SET_UP = "/security/set-up"

_OWN = re.compile(r"(/[A-Za-z0-9._~:%-]+)+(\?[A-Za-z0-9._~:%=&+-]*)?", re.ASCII)
_LONGEST = 500
_STAFF = ("staff", "ops")
_BOTH = ("security",)
_NOWHERE = ("api", "static", "sign-in", "sign-out", "signed-out", "demo")


def asked_for(request: Request) -> str:
    """The address of a page that needs a session, to come back to it; empty for a posted form."""
    if request.method != "GET":
        return ""
    query = request.url.query
    return own(f"{request.url.path}?{query}" if query else request.url.path)


def own(path: str) -> str:
    """A path of this portal, as it came; empty for whatever could lead anywhere else."""
    if len(path) > _LONGEST or not _OWN.fullmatch(path) or _root(path) in _NOWHERE:
        return ""
    return path


def after(caller: Caller, wanted: str) -> str:
    """The page that was asked for, if it is one for this person; else where the role begins.

    Staff who must set up a second factor can do nothing before.
    """
    if caller.role is Role.ENROLLING:
        return SET_UP
    is_staff = caller.role is not Role.PATIENT
    path = own(wanted)
    if path and (_root(path) in _BOTH or (_root(path) in _STAFF) == is_staff):
        return path
    return "/staff" if is_staff else "/home"


def leading_to(address: str, wanted: str, **query: str) -> str:
    """A page on the way to the wanted one, which it keeps in mind."""
    asked = query | ({"next": wanted} if wanted else {})
    return f"{address}?{urlencode(asked, safe='/')}" if asked else address


def _root(path: str) -> str:
    return path.split("?")[0].split("/")[1]
