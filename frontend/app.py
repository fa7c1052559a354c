"""The application: pages, static files, and `/api` passed through, so that a browser sees one origin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

from frontend import errors, passing
from frontend.client import Gateway
from frontend.colours import theme_route
from frontend.guard import Guard
from frontend.pages import (
    access_log,
    agreement,
    connections,
    demo_mailbox,
    family,
    help,
    invitation,
    links,
    missing,
    operations,
    profile,
    public,
    registrations,
    requests,
    reset,
    results,
    second_factor,
    security,
    session,
    staff,
    staff_account,
    staff_correction,
    staff_cover,
    staff_draft,
    staff_explain,
    staff_glass,
    staff_held,
    staff_inbox,
    staff_invitations,
    staff_messages,
    staff_missing,
    staff_patients,
    staff_policy,
    staff_relations,
    staff_requests,
    staff_senders,
    staff_trail,
    staff_view,
)
from frontend.records import both
from frontend.static_files import CachedFiles

HERE = Path(__file__).parent
PAGES = (
    public,
    invitation,
    session,
    second_factor,
    security,
    reset,
    links,
    agreement,
    staff,
    registrations,
    staff_requests,
    staff_patients,
    staff_relations,
    staff_correction,
    staff_account,
    staff_invitations,
    staff_inbox,
    staff_cover,
    staff_view,
    staff_glass,
    staff_held,
    staff_draft,
    staff_policy,
    staff_explain,
    staff_missing,
    staff_trail,
    staff_messages,
    staff_senders,
    operations,
    demo_mailbox,
)
IN_A_RECORD = (missing, results, profile, access_log, connections, family, requests, help)
"""Pages that keep the record in view: each also stands under `/for/<patient>`. `missing` comes before
`results`, whose last route takes any name for a report's.
"""


def _now() -> datetime:
    return datetime.now(UTC)


def build(
    gateway_url: str,
    mailbox_url: str | None,
    transport: httpx2.AsyncBaseTransport | None = None,
    now: Callable[[], datetime] = _now,
) -> Starlette:
    """The frontend over a gateway. `mailbox_url` is the demo's mailbox; None: there is none.

    `transport` lets tests put a stub in the gateway's place; `now` is the demo's moved clock.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await app.state.gateway.close()

    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Guard)],
        exception_handlers=errors.HANDLERS,
        lifespan=lifespan,
    )
    app.state.gateway = Gateway(gateway_url, transport)
    app.state.mailbox_url = mailbox_url
    app.state.now = now
    return app


def _routes() -> list[BaseRoute]:
    """The routes of every page, and what is no page."""
    return [
        *(route for page in PAGES for route in page.routes),
        *both(route for page in IN_A_RECORD for route in page.routes),
        Route("/static/theme.css", theme_route),
        Mount("/static", CachedFiles(directory=HERE / "static")),
        Route("/api/{path:path}", passing.api, methods=passing.METHODS),
    ]
