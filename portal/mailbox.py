"""A local mailbox for the demo and the tests: takes any mail over SMTP, keeps it as files.

Nothing leaves the machine: it listens on loopback and relays nothing. The frontend's demo page
reads it through `mailbox_app`, a small JSON interface on its own loopback port.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.clock import Clock, from_micros, micros

LOOPBACK = "127.0.0.1"
KEPT = 500
LISTED = 100
_LINK = re.compile(r"https?://[^\s<>\"]+")
_NAME = re.compile(r"^\d{16,20}-\d{6}$")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the page shows it. `html` is for a sandboxed frame only; `links` are its URLs."""

    id: str
    to: str
    subject: str
    at: datetime
    text: str
    html: str
    links: tuple[str, ...]


class MailStore:
    """Mails as `.eml` files in one folder, named by time, the newest `kept` of them."""

    def __init__(self, folder: Path, clock: Clock, kept: int = KEPT) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._clock = clock
        self._kept = kept
        self._names = _names(folder)
        self._count = 0

    def keep(self, content: bytes) -> str:
        """Write a mail whole (a reader never sees half of one) and forget the oldest; its id."""
        self._count = (self._count + 1) % 1_000_000
        name = f"{micros(self._clock.now()):016d}-{self._count:06d}"
        part = self._folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(self._folder / f"{name}.eml")
        self._names.append(name)
        while len(self._names) > self._kept:
            (self._folder / f"{self._names.pop(0)}.eml").unlink(missing_ok=True)
        return name


def newest(folder: Path, limit: int = LISTED) -> list[Mail]:
    """The newest mails, newest first; none while the folder does not exist."""
    names = reversed(_names(folder)[-limit:]) if limit > 0 else ()
    return [mail for name in names if (mail := read(folder, name))]


def read(folder: Path, id: str) -> Mail | None:
    """One mail; None for an id that is not there, or is no id."""
    path = folder / f"{id}.eml"
    if not _NAME.match(id) or not path.is_file():
        return None
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    text = _body(message, "plain")
    return Mail(
        id=id,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        at=from_micros(int(id.partition("-")[0])),
        text=text,
        html=_body(message, "html"),
        links=tuple(dict.fromkeys(_LINK.findall(text))),
    )


def mailbox_app(folder: Path) -> Starlette:
    """GET /mail (newest 100; `?to=` one address) and GET /mail/{id}, as JSON."""

    def listing(request: Request) -> Response:
        wanted = request.query_params.get("to", "").casefold()
        mails = [m for m in newest(folder) if not wanted or m.to.casefold() == wanted]
        return JSONResponse({"mails": [_json(mail) for mail in mails]})

    def one(request: Request) -> Response:
        mail = read(folder, request.path_params["id"])
        return JSONResponse(_json(mail)) if mail else JSONResponse({}, status_code=404)

    return Starlette(routes=[Route("/mail", listing), Route("/mail/{id}", one)])


async def run_mailbox(
    smtp_port: int,
    http_port: int,
    folder: Path,
    clock: Clock,
    kept: int = KEPT,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Take mail and answer the page until SIGTERM or cancellation. `ready` is called when it does.

    Raises OSError when a port is taken.
    """
    smtp = await smtp_sink(smtp_port, MailStore(folder, clock, kept))
    try:
        config = uvicorn.Config(
            mailbox_app(folder),
            host=LOOPBACK,
            port=http_port,
            log_level="warning",
            access_log=False,
            lifespan="off",
        )
        ready()
        await uvicorn.Server(config).serve()
    finally:
        smtp.close()
        await smtp.wait_closed()


async def smtp_sink(port: int, store: MailStore) -> asyncio.Server:
    """Listen for mail on loopback (port 0: any free one)."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(_Keeper(store), hostname="localhost", enable_SMTPUTF8=True, loop=loop)

    return await loop.create_server(session, LOOPBACK, port)


class _Keeper:
    """What aiosmtpd calls when a message has arrived."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        # a write of a few KB to the page cache: quicker than a hop to a thread and back
        self._store.keep(content.encode() if isinstance(content, str) else content or b"")
        return "250 Kept"


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.eml") if _NAME.match(path.stem))


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""


def _json(mail: Mail) -> dict[str, Any]:
    return asdict(mail) | {"at": mail.at.isoformat(), "links": list(mail.links)}
