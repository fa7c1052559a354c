"""What the tests of the release policy share: people, changes, and the steps of a set's life."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import sqlalchemy as sa

from contracts.common import Caller, Done, Role
from contracts.labs import (
    ApprovePolicy,
    DraftPolicy,
    DryRun,
    DryRunPolicy,
    GetPolicyVersion,
    GetResults,
    PolicyChange,
    PolicyVersionAnswer,
    PostAnswer,
    ResultsAnswer,
    VerifyReport,
)
from kernel.bus.requests import Reply
from kernel.projection import Ask
from kernel.store.schema import EVENT
from tests.unit.labs.house import ANA, INTEROP, LEE, House, report

TODAY = date(2026, 11, 24)
ANN = Caller(subject="u-ann", role=Role.POLICY, name="Ann Admin")
BOB = Caller(subject="u-bob", role=Role.POLICY, name="Bob Boss")
OFF = PolicyChange(kind="mode", category="hiv", mode="never", reason="the law changed")
OTHER_SALTS = PolicyChange(
    kind="add-codes", category="toxicology", codes=("2951-2",), reason="a trial"
)
SALTS = PolicyChange(kind="add-codes", category="hiv", codes=("2951-2",), reason="a trial")


async def verified(house: House, id: str, *values: Any, **more: Any) -> None:
    await house.get(report(id, *values, **more), INTEROP, PostAnswer)
    reply = await house.ask(VerifyReport(report=id, revision=1), LEE)
    assert reply.status == 201, reply.body


async def drafted(
    house: House, *changes: PolicyChange, effective: date = TODAY, draft: str | None = None
) -> str:
    command = DraftPolicy(draft=draft, title="A trial", effective=effective, changes=changes)
    return (await house.get(command, ANN, Done)).id


async def version(house: House, id: str, caller: Caller = ANN) -> PolicyVersionAnswer:
    return await house.get(GetPolicyVersion(version=id), caller, PolicyVersionAnswer)


async def rehearsed(house: House, id: str, revision: int = 1) -> DryRun:
    await house.get(DryRunPolicy(draft=id, revision=revision), ANN, Done)
    await house.settle()
    found = (await version(house, id)).dry_run
    assert found is not None
    assert found.finished is not None
    return found


async def approved(house: House, *changes: PolicyChange, effective: date = TODAY) -> str:
    id = await drafted(house, *changes, effective=effective)
    await rehearsed(house, id)
    await house.get(ApprovePolicy(draft=id, revision=1), BOB, Done)
    await house.settle()
    return id


async def listed(house: House, who: Caller = ANA) -> list[str]:
    answer = await house.get(GetResults(), who, ResultsAnswer)
    return sorted(row.report for row in answer.results)


def code_of(reply: Reply) -> str:
    """The refusal's code."""
    return str(json.loads(reply.body)["code"])


def told(house: House, kind: type) -> list[str]:
    return [e.report for e in house.published if isinstance(e, kind)]  # type: ignore[attr-defined]


def is_stuck(house: House, reaction: str) -> bool:
    """Has this reaction failed, and does it wait for another try?"""
    return any(each.held for each in house.service.reactors if each.name == reaction)


async def streams(house: House) -> dict[str, int]:
    """How long each stream is."""
    ask = Ask(
        sa.select(EVENT.c.stream, sa.func.max(EVENT.c.version).label("version")).group_by(
            EVENT.c.stream
        )
    )
    return {row["stream"]: row["version"] for row in await house.service.db.fetch(ask)}


async def events(house: House, kind: type) -> list[Any]:
    """The events of a type in the log."""
    records = await house.service.log.after(0, house.service.log.head)
    return [r.event for r in records if isinstance(r.event, kind)]
