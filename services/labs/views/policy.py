"""The release policy as staff see it: every set of changes, its dry run, what began when (S6)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from pydantic import TypeAdapter

from kernel.clock import micros
from kernel.projection import Ask, Record, View, Write, delete, patch, upsert
from services.labs.events.policy import (
    DryRunAdvanced,
    DryRunAsked,
    DryRunFinished,
    DryRunFound,
    PolicyApproved,
    PolicyBegan,
    PolicyDiscarded,
    PolicyDrafted,
    PolicyRolledBack,
)
from services.labs.shapes import ChangeSet

POLICIES = View("policies", version=1)
SET = TypeAdapter(ChangeSet)
MOST_SETS = 500
MOST_FOUND = 200

policy = POLICIES.table(
    "policy",
    sa.Column("policy", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("effective", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("written", sa.Integer, nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("approved", sa.Integer),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended", sa.Integer),
    sa.Column("end_reason", sa.Text),
)
author = POLICIES.table(
    "author",
    sa.Column("policy", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True, index=True),
)
run = POLICIES.table(
    "run",
    sa.Column("policy", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("finished", sa.Integer),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("reveal", sa.Integer, nullable=False),
    sa.Column("hide", sa.Integer, nullable=False),
    sa.Column("waiting", sa.Integer, nullable=False),
)
found = POLICIES.table(
    "found",
    sa.Column("policy", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("report", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("matcher", sa.Text, nullable=False),
)
began = POLICIES.table(
    "began",
    sa.Column("label", sa.Text, primary_key=True),
    sa.Column("sets", sa.Text, nullable=False),
)

_put, _put_author, _put_began = upsert(policy), upsert(author), upsert(began)
_put_run, _put_found, _drop_found = upsert(run), upsert(found), delete(found, "policy")
_approved = patch(policy, "state", "position", "approved_by", "approved")
_ended = patch(policy, "state", "ended_by", "ended", "end_reason")
_advanced = patch(run, "done", "reveal", "hide", "waiting")
_finished = patch(run, "finished")

_is_policy = sa.bindparam("policy", type_=sa.Text)
SETS = Ask(sa.select(policy).order_by(policy.c.written.desc(), policy.c.policy).limit(MOST_SETS))
APPROVED = Ask(
    sa.select(policy.c.policy, policy.c.body)
    .where(policy.c.state == "approved")
    .order_by(policy.c.position)
    .limit(MOST_SETS)
)
ONE_SET = Ask(sa.select(policy).where(policy.c.policy == _is_policy).limit(1))
WRITTEN_BY = Ask(
    sa.select(author.c.policy)
    .where(author.c.account == sa.bindparam("account", type_=sa.Text))
    .limit(MOST_SETS)
)
RUN_OF = Ask(sa.select(run).where(run.c.policy == _is_policy).limit(1))
FOUND_IN = Ask(
    sa.select(found).where(found.c.policy == _is_policy).order_by(found.c.number).limit(MOST_FOUND)
)
BEGAN = Ask(
    sa.select(began.c.sets).where(began.c.label == sa.bindparam("label", type_=sa.Text)).limit(1)
)


@POLICIES.on(PolicyDrafted)
def drafted(event: PolicyDrafted, record: Record) -> Iterator[Write]:
    """A draft as it was written last."""
    yield _put(
        policy=event.policy,
        position=record.position,
        state="draft",
        effective=event.drafted.effective.isoformat(),
        revision=event.drafted.revision,
        body=SET.dump_json(event.drafted).decode(),
        by=event.by_name,
        written=micros(event.at),
        approved_by=None,
        approved=None,
        ended_by=None,
        ended=None,
        end_reason=None,
    )
    yield _put_author(policy=event.policy, account=event.by)


@POLICIES.on(PolicyApproved)
def approved(event: PolicyApproved, record: Record) -> Iterator[Write]:
    """From its date on it counts, after those that were approved before it."""
    yield _approved(
        policy=event.policy,
        state="approved",
        position=record.position,
        approved_by=event.by_name,
        approved=micros(event.at),
    )


@POLICIES.on(PolicyDiscarded)
def discarded(event: PolicyDiscarded, record: Record) -> Iterator[Write]:
    """Never counted."""
    yield _end(event, "discarded", "")


@POLICIES.on(PolicyRolledBack)
def rolled_back(event: PolicyRolledBack, record: Record) -> Iterator[Write]:
    """Counts no more."""
    yield _end(event, "rolled-back", event.reason)


@POLICIES.on(PolicyBegan)
def policy_began(event: PolicyBegan, record: Record) -> Iterator[Write]:
    """Which changes a ruling's policy had."""
    yield _put_began(label=event.label, sets=json.dumps(event.sets))


@POLICIES.on(DryRunAsked)
def asked(event: DryRunAsked, record: Record) -> Iterator[Write]:
    """Anew, from nothing."""
    yield _drop_found(policy=event.policy)
    yield _put_run(
        policy=event.policy,
        run=event.run,
        revision=event.revision,
        basis=event.basis,
        asked=micros(event.at),
        finished=None,
        done=0,
        of=event.of,
        reveal=0,
        hide=0,
        waiting=0,
    )


@POLICIES.on(DryRunAdvanced)
def advanced(event: DryRunAdvanced, record: Record) -> Iterator[Write]:
    """A page further."""
    yield _advanced(
        policy=event.policy,
        done=event.done,
        reveal=event.reveal,
        hide=event.hide,
        waiting=event.waiting,
    )


@POLICIES.on(DryRunFound)
def row_found(event: DryRunFound, record: Record) -> Iterator[Write]:
    """One report that changes."""
    yield _put_found(
        policy=event.policy,
        number=event.number,
        report=event.report,
        name=event.name,
        change=event.change,
        category=event.category,
        matcher=event.matcher,
    )


@POLICIES.on(DryRunFinished)
def finished(event: DryRunFinished, record: Record) -> Iterator[Write]:
    """The counts stand."""
    yield _finished(policy=event.policy, finished=micros(event.at))


def _end(event: PolicyDiscarded | PolicyRolledBack, state: str, reason: str) -> Write:
    return _ended(
        policy=event.policy,
        state=state,
        ended_by=event.by_name,
        ended=micros(event.at),
        end_reason=reason,
    )
