"""The baseline: one FastAPI app over SQLAlchemy and aiosqlite, as one is written today.

It does the same work for the same request: checks the session against its table, validates with
pydantic, keeps an event, the answer under the idempotency key, and the changed row, in one commit
with the same durability (WAL, synchronous=FULL). Writers take turns in the process: waiting for
SQLite's own lock would be slower. Started by `python -m bench.baselines.crud DATABASE SOCKET`, the
number of an open, listening socket.
"""

import asyncio
import json
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Cookie, Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON")


class Base(DeclarativeBase):
    """The tables."""


class Login(Base):
    """A signed-in browser."""

    __tablename__ = "login"
    cookie: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str]
    expires: Mapped[datetime]


class Result(Base):
    """A verified result, as the list shows it."""

    __tablename__ = "result"
    report: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    collected: Mapped[datetime]
    reported: Mapped[datetime]
    verified: Mapped[datetime]
    abnormal: Mapped[bool]
    being_corrected: Mapped[bool]
    seen: Mapped[bool]


class Event(Base):
    """What happened."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    report: Mapped[str] = mapped_column(ForeignKey("result.report"), index=True)
    name: Mapped[str]
    data: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]


class Answered(Base):
    """What was answered under an idempotency key."""

    __tablename__ = "answered"
    key: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[int]
    body: Mapped[str]


class MarkSeen(BaseModel):
    """The patient has opened this result."""

    report: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]


class Done(BaseModel):
    """It took effect."""

    id: str


class ResultRow(BaseModel):
    """One result in the list."""

    report: str
    name: str
    collected: datetime
    reported: datetime
    verified: datetime
    abnormal: bool
    being_corrected: bool
    is_new: bool


class Results(BaseModel):
    """The caller's results, newest first."""

    results: list[ResultRow]


def application(database: str) -> FastAPI:
    """The app over one database file."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}")
    event.listen(engine.sync_engine, "connect", _pragmas)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    writing = asyncio.Lock()
    app = FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    Db = Annotated[AsyncSession, Depends(session)]

    async def signed_in(db: Db, sid: Annotated[str | None, Cookie()] = None) -> Login:
        login = await db.get(Login, sid) if sid else None
        if login is None or login.expires < datetime.now(UTC).replace(tzinfo=None):
            raise HTTPException(401, "Please sign in.")
        return login

    Caller = Annotated[Login, Depends(signed_in)]

    @app.post("/results/seen", status_code=201)
    async def mark_seen(
        command: MarkSeen, db: Db, caller: Caller, idempotency_key: Annotated[str, Header()]
    ) -> Done:
        key = f"{caller.patient}|{idempotency_key}"
        async with writing:
            before = await db.get(Answered, key)
            if before is not None:
                return Done.model_validate_json(before.body)
            result = await db.get(Result, command.report)
            if result is None or result.patient != caller.patient:
                raise HTTPException(404, "There is no such result here.")
            result.seen = True
            done = Done(id=command.report)
            data = json.dumps({"report": command.report, "patient": caller.patient})
            now = datetime.now(UTC).replace(tzinfo=None)
            db.add(Event(report=command.report, name="ResultSeen", data=data,
                         actor=caller.patient, at=now))  # fmt: skip
            db.add(Answered(key=key, status=201, body=done.model_dump_json()))
            await db.commit()
        return done

    @app.get("/results")
    async def results(db: Db, caller: Caller) -> Results:
        question = (
            select(Result)
            .where(Result.patient == caller.patient)
            .order_by(Result.collected.desc())
            .limit(1000)
        )
        rows = (await db.scalars(question)).all()
        return Results(results=[_row(row) for row in rows])

    return app


def _row(row: Result) -> ResultRow:
    return ResultRow(
        report=row.report,
        name=row.name,
        collected=row.collected,
        reported=row.reported,
        verified=row.verified,
        abnormal=row.abnormal,
        being_corrected=row.being_corrected,
        is_new=not row.seen,
    )


def _pragmas(connection: Any, record: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def new_cookie() -> str:
    """A session's secret."""
    return uuid.uuid4().hex


if __name__ == "__main__":
    config = uvicorn.Config(
        application(sys.argv[1]), log_config=None, access_log=False, lifespan="off"
    )
    uvicorn.Server(config).run([socket.socket(fileno=int(sys.argv[2]))])
