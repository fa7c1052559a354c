"""The content gates of one report: each value released, blocked or held, and why (R22-R31, S5).

The order of matching is that of the policy: numbers and classes on the order and on every value,
the section, the specimen, then names. A hit on the order itself hides all of it. What nothing
knows is held, never shown (decision j).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.labs.release.names import plain
from services.labs.release.orderer import Ordered
from services.labs.release.policy import NO_CATEGORY, Hit, Policy
from services.labs.shapes import Code, Judgement, Observation, Ruling, ValueRuling

RELEASE = Ruling("release")
UNKNOWN = Ruling("hold", "", "unknown code")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged of a report. `collected` says whether its collection time is known (R54)."""

    sender: str
    codes: tuple[Code, ...]
    section: str
    specimen: str
    observations: tuple[Observation, ...]
    note: str
    collected: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What the gates are told besides: staff's mappings, released imaging types, the orderer."""

    mapped: Mapping[str, str]
    released_radiology: tuple[str, ...]
    ordered: Ordered


def code_key(sender: str, code: Code) -> str:
    """What a staff mapping (S5) is stored under: one sender's code, or its text without one."""
    return "|".join((sender, code.system, code.code or plain(code.text)))


def judge(subject: Subject, given: Given, policy: Policy) -> Judgement:
    """Rule on a whole report. Pure: the same arguments always rule the same."""
    bench = _Bench(subject, given, policy)
    found = bench.order()
    order = _first_hold(found, subject, given)
    values = tuple(
        ValueRuling(o.key, _strictest(order, ruling), bool(o.note and policy.mentions(o.note)))
        for o, ruling in zip(subject.observations, bench.values(found), strict=True)
    )
    hidden = any(v.ruling.verdict != "release" for v in values)
    return Judgement(
        policy=policy.version,
        order=order,
        values=values,
        # A remark on the whole report may speak of the member that is hidden.
        hide_note=hidden or order.verdict != "release" or policy.mentions(subject.note) is not None,
        standing=given.ordered.standing,
        provider=given.ordered.provider,
        ordered_by=given.ordered.name,
        reasons=_reasons(order, values, subject, given),
        unknown=bench.unknown(order, values),
        radiology=bench.radiology,
    )


class _Bench:
    """One sitting over one report."""

    def __init__(self, subject: Subject, given: Given, policy: Policy) -> None:
        self.subject, self.given, self.policy = subject, given, policy
        texts = [plain(c.text) for c in subject.codes] + [c.code.lower() for c in subject.codes]
        shown = (*given.released_radiology, *policy.shown_imaging)
        hidden = any(_names_type(t, texts) for t in policy.hidden_imaging)
        self._released = not hidden and any(_names_type(t, texts) for t in shown)
        self.radiology = self._released

    def order(self) -> Ruling:
        """The ruling on the order itself: its codes, section and specimen."""
        hit = self._blocking(self.subject.codes) or self._section() or self._specimen()
        if hit is not None:
            return Ruling("block", hit.category.name, hit.matcher)
        if self._released or not any(c.code or c.text for c in self.subject.codes):
            return RELEASE
        return RELEASE if self._known(self.subject.codes) else UNKNOWN

    def values(self, order: Ruling) -> list[Ruling]:
        """The rulings on the values by themselves, with companions (HPV within a Pap order)."""
        rulings = [self._value(o, order) for o in self.subject.observations]
        present = {r.category for r in (*rulings, order) if r.verdict == "block"}
        for place, observation in enumerate(self.subject.observations):
            if rulings[place].verdict != "block":
                for hit in self._hits(observation.codes):
                    if hit.category.mode.removeprefix("with ") in present:
                        rulings[place] = Ruling("block", hit.category.name, hit.matcher)
        return rulings

    def unknown(self, order: Ruling, values: tuple[ValueRuling, ...]) -> tuple[Code, ...]:
        """The codes that somebody should map, each once."""
        found = dict.fromkeys(self.subject.codes if order.matcher == UNKNOWN.matcher else ())
        held = {v.key for v in values if v.ruling.matcher == UNKNOWN.matcher}
        for observation in self.subject.observations:
            if observation.key in held and not self._known(observation.codes):
                found.update(dict.fromkeys(observation.codes))
        return tuple(found)

    def _value(self, observation: Observation, order: Ruling) -> Ruling:
        hit = self._blocking(observation.codes) or next(
            filter(None, map(self.policy.mentions, (observation.range_text, observation.unit))),
            None,
        )
        if hit is None and observation.number is None:
            hit = self.policy.mentions(observation.value)
        if hit is not None:
            return Ruling("block", hit.category.name, hit.matcher)
        if self._released or self._known(observation.codes):
            return RELEASE
        named = any(c.code or c.text for c in self.subject.codes)
        if order.verdict == "release" and named and self._is_part(observation):
            return RELEASE
        return UNKNOWN

    def _is_part(self, observation: Observation) -> bool:
        """A comment or a line without a code belongs to its order."""
        said = [c for c in observation.codes if c.code or c.text]
        return not said or any(self.policy.is_generic(c) for c in said)

    def _known(self, codes: tuple[Code, ...]) -> bool:
        """Is one of them known, or mapped to what does not block here (it was asked before)?"""
        mapped = (self.given.mapped.get(code_key(self.subject.sender, c), "") for c in codes)
        if any(m == NO_CATEGORY or self.policy.category(m) is not None for m in mapped):
            return True
        return any(self.policy.knows(c) for c in codes)

    def _hits(self, codes: tuple[Code, ...]) -> list[Hit]:
        hits = [hit for code in codes for hit in self.policy.code_hits(code)]
        for code in codes:
            name = self.given.mapped.get(code_key(self.subject.sender, code), NO_CATEGORY)
            if (category := self.policy.category(name)) is not None:
                hits.append(Hit(category, f"mapped:{code.code or code.text}"))
        return hits

    def _blocking(self, codes: tuple[Code, ...]) -> Hit | None:
        return next((hit for hit in self._hits(codes) if self._blocks(hit)), None)

    def _blocks(self, hit: Hit) -> bool:
        if hit.category.mode == "unless released":
            self.radiology = True
            return not self._released
        return hit.category.mode == "always"

    def _section(self) -> Hit | None:
        section = self.subject.section.strip().upper()
        for category in self.policy.categories:
            hit = Hit(category, f"section:{section}")
            if section in category.sections and self._blocks(hit):
                return hit
        return None

    def _specimen(self) -> Hit | None:
        """The specimen blocks, unless the order is known to look for something else in it."""
        words = plain(self.subject.specimen)
        tokens = set(re.split(r"[^A-Z0-9]+", self.subject.specimen.upper()))
        for category in self.policy.categories:
            named = category.specimen_words and category.specimen_words.search(words)
            hit = Hit(category, f"specimen:{self.subject.specimen[:40]}")
            if (named or tokens & category.specimens) and not self._excused(hit):
                return hit if self._blocks(hit) else None
        return None

    def _excused(self, hit: Hit) -> bool:
        pattern, codes = hit.category.specimen_excuse, self.subject.codes
        if any(c.code in self.policy.allowed for c in codes):
            return True
        if pattern is None:
            return False
        return any(pattern.search(plain(c.text)) for c in codes) or any(
            self.policy.class_of.get(c.code) in ("MICRO", "ABXBACT") for c in codes
        )


def _names_type(released: str, texts: list[str]) -> bool:
    """Does a type that the practice releases (`DEXA`, a LOINC number) name this order?"""
    wanted = plain(released)
    return bool(wanted) and any(
        re.search(rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])", text) for text in texts
    )


def _first_hold(order: Ruling, subject: Subject, given: Given) -> Ruling:
    """What hides the whole report: its category, a foreign orderer, or something not known."""
    if order.verdict == "block":
        return order
    if given.ordered.standing == "external":
        return Ruling("block", "external", given.ordered.matcher)
    if order.verdict == "hold":
        return order
    if given.ordered.standing == "unknown":
        return Ruling("hold", "", given.ordered.matcher)
    return order if subject.collected else Ruling("hold", "", "collection time not known")


def _strictest(order: Ruling, own: Ruling) -> Ruling:
    if order.verdict == "block":
        return order
    if own.verdict == "block":
        return own
    if own.matcher == UNKNOWN.matcher:
        return own
    return order if order.verdict == "hold" else own


def _reasons(
    order: Ruling, values: tuple[ValueRuling, ...], subject: Subject, given: Given
) -> tuple[str, ...]:
    """Why staff must look. A report that is blocked whole needs nobody."""
    if order.verdict == "block":
        return ()
    unknown = (order, *(v.ruling for v in values))
    found = {
        "code": any(r.matcher == UNKNOWN.matcher for r in unknown),
        "orderer": given.ordered.standing == "unknown",
        "collection-time": not subject.collected,
    }
    return tuple(reason for reason, holds in found.items() if holds)
