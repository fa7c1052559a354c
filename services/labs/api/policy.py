"""The release policy and its editor: draft, dry run, second person, rollback (S6)."""

from __future__ import annotations

from datetime import date

from contracts.common import Done, Role
from contracts.labs import (
    ApprovePolicy,
    CategoryAnswer,
    DiscardPolicy,
    DraftPolicy,
    DryRunPolicy,
    GetCategory,
    GetPolicies,
    GetPolicyVersion,
    PoliciesAnswer,
    PolicyVersionAnswer,
    RollBackPolicy,
)
from kernel.decider import Refused
from services.labs.api.base import API, LabsCall
from services.labs.decider import policy as rules
from services.labs.decider.changes import checked
from services.labs.decider.policy import BOOK, POLICY, Book
from services.labs.decider.rehearsal import REHEARSAL, Rehearsal, ask
from services.labs.judging import day_at, policy_on, policy_today, today
from services.labs.policy_rows import (
    category_answer,
    category_row,
    change_of,
    dry_run,
    policy_row,
    sets_of,
)
from services.labs.release.changes import policy_of
from services.labs.release.policy import Policy
from services.labs.renewing import begin_today
from services.labs.shapes import ChangeSet
from services.labs.views.policy import (
    APPROVED,
    FOUND_IN,
    ONE_SET,
    RUN_OF,
    SET,
    SETS,
    WRITTEN_BY,
)
from services.labs.views.reports import HOW_MANY
from services.labs.views.results import GATE


@API.query(GetPolicies, roles={Role.POLICY})
async def get_policies(query: GetPolicies, call: LabsCall) -> PoliciesAnswer:
    """The policy of today, and every set of changes."""
    policy, mine, day = await _policy(call), await _mine(call), await _today(call)
    return PoliciesAnswer(
        label=policy.version,
        categories=tuple(category_row(c) for c in policy.categories),
        versions=tuple(policy_row(row, mine, day) for row in await call.read(SETS)),
    )


@API.query(GetPolicyVersion, roles={Role.POLICY})
async def get_policy_version(query: GetPolicyVersion, call: LabsCall) -> PolicyVersionAnswer:
    """One set whole. A dry run of another revision, or on another policy, says nothing any more."""
    rows = await call.read(ONE_SET, policy=query.version)
    if not rows:
        raise rules.NOT_FOUND
    row, kept = rows[0], SET.validate_json(rows[0]["body"])
    runs = [r for r in await call.read(RUN_OF, policy=query.version)]
    counts = [r for r in runs if r["revision"] == row["revision"]]
    if row["state"] == "draft":
        basis = (await _policy(call, kept.effective)).version
        counts = [r for r in counts if r["basis"] == basis]
    found = await call.read(FOUND_IN, policy=query.version) if counts else ()
    return PolicyVersionAnswer(
        row=policy_row(row, await _mine(call), await _today(call)),
        changes=tuple(change_of(each) for each in kept.changes),
        dry_run=dry_run(counts[0], found) if counts else None,
    )


@API.query(GetCategory, roles={Role.POLICY})
async def get_category(query: GetCategory, call: LabsCall) -> CategoryAnswer:
    """One category with all its matchers."""
    category = (await _policy(call)).category(query.category)
    if category is None:
        raise Refused("not-found", "There is no such category.", 404)
    return category_answer(category)


@API.command(DraftPolicy, roles={Role.POLICY})
async def draft_policy(command: DraftPolicy, call: LabsCall) -> Done:
    """Write a set of changes, or write it anew."""
    turn = call.turn
    rules.check_date(command.effective, await today(turn))
    categories = {c.name for c in (await policy_today(turn, call.deps)).categories}
    changes = checked(command.changes, categories)
    book: Book = await turn.load(POLICY, BOOK)
    if command.draft is not None and command.draft not in book.entries:
        raise rules.NOT_FOUND
    id = command.draft or turn.new_id()
    drafted = ChangeSet(id, 0, command.title.strip(), command.effective, changes)
    turn.append(POLICY, BOOK, rules.draft(book, drafted, call.caller, turn.now))
    return Done(id=id)


@API.command(DryRunPolicy, roles={Role.POLICY})
async def dry_run_policy(command: DryRunPolicy, call: LabsCall) -> Done:
    """Ask for its dry run; a reaction judges everything stored, step by step."""
    turn = call.turn
    book: Book = await turn.load(POLICY, BOOK)
    draft = rules.drafted_as(book, command.draft, command.revision).drafted
    rules.check_date(draft.effective, await today(turn))
    basis = (await policy_on(turn, call.deps, draft.effective)).version
    state: Rehearsal = await turn.load(REHEARSAL, draft.policy)
    reports = (await turn.glance(HOW_MANY))[0]["reports"]
    events = ask(state, draft.policy, draft.revision, basis, reports, turn.now)
    turn.append(REHEARSAL, draft.policy, events)
    return Done(id=draft.policy)


@API.command(ApprovePolicy, roles={Role.POLICY})
async def approve_policy(command: ApprovePolicy, call: LabsCall) -> Done:
    """Another person agrees; the set counts from its day on."""
    turn = call.turn
    book: Book = await turn.load(POLICY, BOOK)
    draft = rules.drafted_as(book, command.draft, command.revision).drafted
    events = rules.approve(
        book,
        draft.policy,
        command.revision,
        await turn.load(REHEARSAL, draft.policy),
        (await policy_on(turn, call.deps, draft.effective)).version,
        call.caller,
        await today(turn),
        turn.now,
    )
    turn.append(POLICY, BOOK, events)
    return Done(id=draft.policy)


@API.command(DiscardPolicy, roles={Role.POLICY})
async def discard_policy(command: DiscardPolicy, call: LabsCall) -> Done:
    """Drop a draft."""
    book: Book = await call.turn.load(POLICY, BOOK)
    events = rules.discard(book, command.draft, call.caller, call.turn.now)
    call.turn.append(POLICY, BOOK, events)
    return Done(id=command.draft)


@API.command(RollBackPolicy, roles={Role.POLICY})
async def roll_back_policy(command: RollBackPolicy, call: LabsCall) -> Done:
    """Take an approved set back. A reaction judges everything again.

    That it was in force is noted before: reports may have been judged by it since its first moment.
    """
    await begin_today(call.turn, call.deps)
    book: Book = await call.turn.load(POLICY, BOOK)
    reason = command.reason.strip()
    events = rules.roll_back(book, command.version, reason, call.caller, call.turn.now)
    call.turn.append(POLICY, BOOK, events)
    return Done(id=command.version)


async def _policy(call: LabsCall, day: date | None = None) -> Policy:
    """The policy of a day, of today unless told otherwise, as a process without the log knows it."""
    approved = sets_of(await call.read(APPROVED))
    return policy_of(call.deps.rules, day or await _today(call), approved)


async def _today(call: LabsCall) -> date:
    return day_at(call.now, (await call.read(GATE, patient=""))[0])


async def _mine(call: LabsCall) -> set[str]:
    """The sets that the caller wrote on."""
    rows = await call.read(WRITTEN_BY, account=call.caller.subject)
    return {row["policy"] for row in rows}
