"""One patient's connections in any order of what can happen to them, against a plain model (R33, S3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from kernel.decider import Refused
from services.identity.access import Documents
from services.identity.decider import connection
from services.identity.events import connection as events

TODAY = Documents("t1", "h1")


class Connections(RuleBasedStateMachine):
    """Any order of verifying, connecting, checking, leaving and ending, against a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.state: connection.Relations = {}
        self.model: dict[str, str] = {}  # live relation -> account ("" while an invitation waits)
        self.number = 0
        self.now = datetime(2026, 3, 4, tzinfo=UTC)

    def apply(self, done: list[Any]) -> None:
        for event in done:
            self.state = connection.evolve(self.state, event)

    def some(self, data: Any) -> Iterator[str]:
        if self.state:
            yield data.draw(st.sampled_from(sorted(self.state)))

    @rule(basis=st.sampled_from(["parent", "caregiver"]))
    def verify(self, basis: Any) -> None:
        self.number += 1
        name = f"r{self.number}"
        self.apply(
            [
                events.RelationVerified(
                    "p", name, basis, "evidence", "a@b.example", "A", self.now.date(), None, "",
                    "ann", self.now,
                )
            ]
        )  # fmt: skip
        self.model[name] = ""

    @rule(data=st.data(), account=st.sampled_from(["a1", "a2"]))
    def connect(self, data: Any, account: str) -> None:
        waiting = [r for r, holder in self.model.items() if not holder]
        if waiting and account not in self.model.values():
            chosen = data.draw(st.sampled_from(waiting))
            self.apply(connection.connect(self.state, "p", chosen, account, TODAY))
            self.model[chosen] = account

    @rule(data=st.data())
    def end(self, data: Any) -> None:
        for relation in self.some(data):
            self.apply(connection.end(self.state, "p", relation, "ann", "over", self.now))
            self.model.pop(relation, None)

    @rule(account=st.sampled_from(["a1", "a2"]))
    def leave(self, account: str) -> None:
        held = [r for r, holder in self.model.items() if holder == account]
        try:
            self.apply(connection.disenrol(self.state, "p", account, self.now))
        except Refused:
            assert not held
        else:
            assert len(held) == 1
            del self.model[held[0]]

    @invariant()
    def what_lives_is_what_the_model_says(self) -> None:
        living = {r.relation: r.account for r in self.state.values() if not r.ended}
        assert living == self.model


@pytest.mark.rule("R33", "S3")
def test_connections_follow_the_model_in_any_order() -> None:
    run_state_machine_as_test(
        Connections, settings=settings(max_examples=80, stateful_step_count=30, deadline=None)
    )
