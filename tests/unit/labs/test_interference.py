"""Two worlds, one with a hidden value and one without: no patient can tell which they live in (R30)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import Refused
from services.labs.decider import report as rules
from services.labs.decider.report import Report, evolve
from services.labs.decider.shown import row
from services.labs.events.report import ResultAppeared, ResultReleased, ResultWithdrawn
from services.labs.shapes import Observation
from tests.unit.labs.making import HIV, NA, NOW, K, posted, ruling, value

NEWS = (ResultAppeared, ResultReleased, ResultWithdrawn)
STATUSES = ("preliminary", "final", "corrected")

plain = st.builds(
    lambda one, text, status: replace(one, value=text, number=float(text), status=status),
    st.sampled_from((NA, K)), st.sampled_from(("140", "150")), st.sampled_from(STATUSES),
)  # fmt: skip
hidden = st.builds(
    lambda text, status, note: value("h", HIV, text, status=status, note=note),
    st.sampled_from(("Reactive", "Negative")),
    st.sampled_from((*STATUSES, "wrong")),
    st.sampled_from(("", "repeated")),
)
version = st.tuples(
    st.lists(plain, min_size=1, max_size=2, unique_by=lambda o: o.key),
    st.one_of(st.none(), hidden),
    st.sampled_from(("final", "final", "final", "wrong")),
)
step = st.one_of(st.just("verify"), version)


class World:
    """One report and all that its patient has noticed of it."""

    def __init__(self) -> None:
        self.state = Report()
        self.news: list[str] = []
        self.changes = 0

    def comes(self, observations: list[Observation], status: Any, hours: int) -> None:
        at = NOW + timedelta(hours=hours)
        new = posted(*observations, status=status, reported=at)
        if not rules.is_unchanged(self.state, new):
            self._fold(rules.post(self.state, new, ruling(new), True, at))

    def verify(self) -> None:
        revision = self.state.posted.revision if self.state.posted else 0
        try:
            self._fold(rules.verify(self.state, revision, (), "u", "Dr", True, NOW))
        except Refused as refused:
            assert refused.code in ("already", "not-found")  # noqa: PT017
        assert not self.state.waiting

    def _fold(self, events: list[Any]) -> None:
        before = self.state.patient_sees
        for event in events:
            self.state = evolve(self.state, event)
        self.news += [type(e).__name__ for e in events if isinstance(e, NEWS)]
        self.changes += self.state.patient_sees is not before


@pytest.mark.rule("R30", "R19", "S4")
@settings(max_examples=300, deadline=None)
@given(st.lists(step, min_size=1, max_size=9))
def test_whatever_becomes_of_a_hidden_value_the_rest_behaves_as_if_there_were_none(
    steps: list[Any],
) -> None:
    with_it, without = World(), World()
    for hours, one in enumerate(steps):
        if one == "verify":
            with_it.verify()
            without.verify()
        else:
            shown, more, status = one
            with_it.comes([*shown, more] if more else shown, status, hours)
            without.comes(shown, status, hours)
        assert row(with_it.state.patient_sees) == row(without.state.patient_sees)
        assert (with_it.news, with_it.changes) == (without.news, without.changes)
