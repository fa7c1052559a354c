"""Made-up patients with accounts, reports and sessions, through the portal's own commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from nats.aio.client import Client
from pydantic import SecretStr

from bench.load import Asker
from bench.panels import TSH, Panel, post_report
from bench.portal import Portal
from contracts.catalog import SERVICES
from contracts.common import Caller, Done, HumanName, Role
from contracts.identity import (
    AcceptDocument,
    Demographics,
    Identifier,
    MayNotify,
    MayNotifyAnswer,
    PatientAnswer,
    RecordPatient,
    SendInvitation,
)
from contracts.labs import VerifyReport
from kernel.bus.connect import connect
from kernel.bus.requests import Reply, send, subject_of
from kernel.envelope import Answer, Command
from kernel.operations import GetHealth, HealthAnswer
from kernel.settings import Settings
from portal.operator import Operator

T = TypeVar("T")
R = TypeVar("R")
OPERATOR = Caller(subject="operator", role=Role.SERVICE)
INTEROP = Caller(subject="interop", role=Role.SERVICE)
NOTIFIER = Caller(subject="notifier", role=Role.SERVICE)
ANYONE = Caller(subject="anonymous", role=Role.ANONYMOUS)
SUPPORT = Caller(subject="bench-support", role=Role.SUPPORT)
DOCTOR = Caller(subject="bench-chen", role=Role.PROVIDER, provider="chen", name="Alice Chen, MD")
TOKEN_SECONDS = 30
AT_ONCE = 64
PASSWORD = "granite-teapot-over-nine-rivers"
BORN = date(1980, 5, 17)
LOOK_SECONDS = 0.05
LONGEST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in patient: the chart, the e-mail address, the cookie."""

    patient: str
    email: str
    cookie: str


class Backstage:
    """The operator's door into one portal."""

    def __init__(self, portal: Portal, client: Client) -> None:
        self._portal = portal
        self._operator = Operator(portal.places, client)
        self._client = client
        self._tokens: dict[str, tuple[str, float]] = {}

    @classmethod
    async def open(cls, portal: Portal) -> Backstage:
        """Connect."""
        credential = portal.places.credential
        settings = Settings(service="operator", data=portal.data, nats_credential=credential)
        return cls(portal, await connect(portal.places.nats, "operator", settings.credential))

    async def close(self) -> None:
        """Disconnect."""
        await self._operator.close()

    async def record_patients(self, prefix: str, count: int) -> list[str]:
        """So many adults in the index; their patient ids."""

        async def record(number: int) -> str:
            answer = await self._operator.ask(
                RecordPatient(
                    identifiers=(Identifier(authority="HVMG", value=f"{prefix}{number}"),),
                    demographics=Demographics(
                        name=HumanName(family=f"{prefix}{_word(number)}", given="Bench"), born=BORN
                    ),
                    source="adt",
                    at=datetime.now(UTC),
                ),
                PatientAnswer,
                INTEROP,
                f"bench-record-{prefix}-{number}",
            )
            return answer.patient

        return await in_parallel(record, range(count), 8)

    async def post(
        self, prefix: str, patients: Sequence[str], count: int, panels: Sequence[Panel] = (TSH,)
    ) -> list[tuple[str, str]]:
        """So many reports, in turn for these patients: (report, patient)."""

        async def post(number: int) -> tuple[str, str]:
            report, patient = f"bench:{prefix}:{number}", patients[number % len(patients)]
            panel = panels[number % len(panels)]
            message = post_report(report, patient, number % 10_000, panel)
            await self._command(message, INTEROP, f"post-{report}")
            return report, patient

        return await in_parallel(post, range(count), AT_ONCE)

    async def verify(self, reports: Sequence[tuple[str, str]]) -> None:
        """The provider reviews them all."""

        async def verify(each: tuple[str, str]) -> None:
            await self._command(VerifyReport(report=each[0], revision=1), DOCTOR, f"v-{each[0]}")

        await in_parallel(verify, reports, AT_ONCE)

    async def enrol(self, prefix: str, patients: Sequence[str]) -> list[User]:
        """Accounts for them, each through the whole enrolment, the last step over HTTP."""

        async def enrol(number: int) -> User:
            patient, email = patients[number], f"{prefix}{number}@bench.example".lower()
            return await self._enrol(patient, email)

        return await in_parallel(enrol, range(len(patients)), 4)

    async def settled(self) -> None:
        """Wait until every service has sent, heard and reacted to everything."""
        async with asyncio.timeout(LONGEST_SECONDS):
            before: list[int] = []
            while True:
                healths = [
                    await self._operator.ask(GetHealth(), HealthAnswer, service=name)
                    for name in SERVICES
                ]
                heads = [health.head for health in healths]
                behind = sum(h.outbox + sum(r.lag for r in h.reactions) for h in healths)
                if not behind and heads == before:
                    return
                before = heads
                await asyncio.sleep(LOOK_SECONDS)

    async def _enrol(self, patient: str, email: str) -> User:
        ask = self._operator.ask
        invited = await ask(
            SendInvitation(patient=patient, email=email), Done, SUPPORT, f"invite-{patient}"
        )
        question = MayNotify(kind="invitation", patient=patient, reference=invited.id)
        leave = await ask(question, MayNotifyAnswer, NOTIFIER)
        link = leave.link.rsplit("/", 1)[-1]
        for document in ("terms", "hipaa"):
            accept = AcceptDocument.model_validate(
                {"link": SecretStr(link), "document": document, "version": "1"}
            )
            await ask(accept, Answer, ANYONE, f"accept-{document}-{patient}")
        body = {
            "link": link,
            "code": leave.code,
            "born": BORN.isoformat(),
            "password": PASSWORD,
        }
        asker = await Asker().connect(self._portal.places.gateway)
        cookie = await asker.opened("/api/v1/identity/complete-enrolment", body)
        asker.close()
        return User(patient, email, cookie)

    async def sign_in(self, email: str) -> str:
        """The session of one of the demo's accounts."""
        asker = await Asker().connect(self._portal.places.gateway)
        body = {"email": email, "password": self._portal.passwords[email]}
        cookie = await asker.opened("/api/v1/identity/sign-in", body)
        asker.close()
        return cookie

    async def _command(self, message: Command, caller: Caller, key: str) -> None:
        body = message.model_dump_json().encode()
        subject = subject_of(type(message))
        reply: Reply = await send(self._client, subject, body, self._token(caller), key)
        if reply.status != 201:
            raise SystemExit(f"{subject}: {reply.status} {reply.body.decode()}")

    def _token(self, caller: Caller) -> str:
        """Signed as the operators' door does, and kept for half its life."""
        token, until = self._tokens.get(caller.subject, ("", 0.0))
        if time.monotonic() > until:
            issuer = caller.subject if caller.role is Role.SERVICE else "identity"
            settings = Settings(service=issuer, data=self._portal.data, demo=True)
            token = settings.sign(caller.model_dump(mode="json"), TOKEN_SECONDS)
            self._tokens[caller.subject] = (token, time.monotonic() + TOKEN_SECONDS / 2)
        return token


async def in_parallel(
    work: Callable[[T], Awaitable[R]], items: Sequence[T], at_once: int
) -> list[R]:
    """Do it for all items, so many at once; answers in the items' order."""
    found: dict[int, R] = {}
    numbered = iter(enumerate(items))

    async def worker() -> None:
        for number, item in numbered:
            found[number] = await work(item)

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return [found[number] for number in range(len(items))]


def _word(number: int) -> str:
    """A number as letters: names have no digits."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))
