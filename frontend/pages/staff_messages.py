"""Messages of other systems that wait for a person: see why, mend, take again, discard (S17)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Role
from contracts.interop import (
    DiscardMessage,
    GetMessage,
    GetQuarantine,
    MessageDetail,
    MessagePeopleAnswer,
    MessagePerson,
    OpenMessage,
    QuarantineAnswer,
    RetriedAnswer,
    RetryMessage,
    RetryMessages,
)
from frontend.client import Problem, gateway, now
from frontend.desk import refusal, show, staff
from frontend.forms import Form, posted
from frontend.presenters import messages as present
from frontend.presenters.people import spoken
from frontend.presenters.senders import address

AT = "/staff/messages"
ROLES = (Role.SRE, Role.SUPPORT, Role.POLICY)
MAY_MEND = (Role.SUPPORT, Role.POLICY)
SHORTEST = 3
NONE_LEFT = "Nothing of this sender can be taken again now."


async def queue(request: Request) -> Response:
    """What waits, newest first, narrowed by what the address says."""
    return await _queue(request, Form(), _filter(request.query_params))


async def retry_all(request: Request) -> Response:
    """Take all of one sender again; what is left of many stays in the queue."""
    form = await posted(request)
    sender = form.get("sender")
    call = gateway(request).call
    try:
        said = await call(
            request, RetryMessages, RetriedAnswer, {"sender": sender}, form.get("key")
        )
        if said.reopened:
            asked = urlencode({"sender": sender, "done": "retried-all"})
            return RedirectResponse(f"{AT}?{asked}", 303)
        form.errors = {"": NONE_LEFT}
    except Problem as problem:
        form.errors = refusal(problem)
    return await _queue(request, form, present.Filter(sender=sender))


async def detail(request: Request) -> Response:
    """One message: its way, the answer given, its structure with the content masked."""
    return await _detail(request, Form())


async def retry(request: Request) -> Response:
    """Take it again, after what was wrong is mended."""
    return await _act(request, await posted(request), RetryMessage, {}, "retried")


async def discard(request: Request) -> Response:
    """Nothing will be done with it, and why."""
    form = await posted(request)
    if not _says_why(form, "why"):
        return await _detail(request, form)
    fields = {"reason": form.get("why")}
    return await _act(request, form, DiscardMessage, fields, "discarded", {"reason": "why"})


async def open_people(request: Request) -> Response:
    """Whom it is about, on this one page: a reload asks again, and is kept again."""
    form = await posted(request)
    if not _says_why(form, "reason"):
        return await _detail(request, form)
    fields = {"message": _id(request), "reason": form.get("reason")}
    call = gateway(request).call
    try:
        said = await call(request, OpenMessage, MessagePeopleAnswer, fields, form.get("key"))
    except Problem as problem:
        form.errors = refusal(problem)
        return await _detail(request, form)
    return await _detail(request, form, said.people)


async def _act(
    request: Request,
    form: Form,
    command: type[Any],
    fields: Mapping[str, str],
    done: str,
    places: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """`places`: the fields of the form by those of the command, where they differ."""
    asked = {"message": _id(request), **fields}
    try:
        await gateway(request).call(request, command, Done, asked, form.get("key"))
    except Problem as problem:
        form.errors = {places.get(name, name): said for name, said in refusal(problem).items()}
        return await _detail(request, form)
    return RedirectResponse(f"{AT}/{_id(request)}?done={done}", 303)


async def _queue(request: Request, form: Form, chosen: present.Filter) -> Response:
    caller = await staff(request, *ROLES)
    asked = {"sender": chosen.sender} if chosen.sender else {}
    answer = await gateway(request).call(request, GetQuarantine, QuarantineAnswer, asked)
    listed = answer.messages
    return await show(
        request,
        "staff-messages.html",
        caller,
        rows=present.rows(listed, chosen, now(request)),
        listed=len(listed),
        waiting=present.waiting_of(answer, chosen.sender) if chosen.sender else answer.waiting,
        chosen=chosen,
        senders=present.senders(answer, chosen.sender),
        kinds=present.options("All kinds", (row.kind for row in listed), chosen.kind),
        reasons=present.options("All reasons", (row.reason for row in listed), chosen.reason),
        received=present.RECEIVED,
        tried=present.TRIED,
        errors=form.errors,
    )


async def _detail(
    request: Request, form: Form, people: tuple[MessagePerson, ...] | None = None
) -> Response:
    caller = await staff(request, *ROLES)
    asked = {"message": _id(request)}
    found = await gateway(request).call(request, GetMessage, MessageDetail, asked)
    row, is_discarded = found.row, present.is_discarded(found)
    return await show(
        request,
        "staff-message.html",
        caller,
        found=found,
        row=row,
        kind=present.kind(row.kind),
        means=present.means(row),
        counts=present.parts(found),
        sender_at=address(row.sender) if row.sender not in ("", present.UNKNOWN) else "",
        tag=("Discarded", "grey") if is_discarded else present.OUTCOMES[row.outcome],
        reason=present.reason(row),
        fault=present.fault(row),
        waits=row.outcome in present.WAITS,
        is_discarded=is_discarded,
        may_open=caller.role is Role.SUPPORT,
        may_mend=caller.role in MAY_MEND,
        ack=present.ack_lines(found.ack),
        size=present.size(found.size),
        steps=present.steps(found.steps),
        segments=present.segments(found.segments, found.format == "hl7v2"),
        people=people,
        spoken=spoken,
        form=form,
        errors=form.errors,
    )


def _filter(asked: Mapping[str, str]) -> present.Filter:
    names = ("sender", "kind", "reason", "received", "tried")
    return present.Filter(**{name: asked.get(name, "") for name in names})


def _says_why(form: Form, field: str) -> bool:
    if len(form.get(field)) < SHORTEST:
        form.errors[field] = "Say why"
    return not form.errors


def _id(request: Request) -> str:
    return str(request.path_params["message"])


routes = [
    Route(AT, queue),
    Route(f"{AT}/retry", retry_all, methods=["POST"]),
    Route(f"{AT}/{{message:id}}", detail, methods=["GET"]),
    Route(f"{AT}/{{message:id}}/retry", retry, methods=["POST"]),
    Route(f"{AT}/{{message:id}}/discard", discard, methods=["POST"]),
    Route(f"{AT}/{{message:id}}/open", open_people, methods=["POST"]),
]
