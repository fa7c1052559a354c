"""The policy of a day: that of the files, changed by every approved set that has begun (S6). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.labs.release.names import NameRule, phrase, plain, union
from services.labs.release.policy import Category, Policies, Policy
from services.labs.shapes import Change, ChangeSet

REMEMBERED = 16


def policy_of(rules: Policies, day: date, approved: Sequence[ChangeSet]) -> Policy:
    """The policy in force on a day. `approved` in the order in which they count.

    A set never changes once it is approved, so its id and revision say what the policy is.
    """
    base = rules.at(day)
    begun = [each for each in approved if each.effective <= day]
    if not begun:
        return base
    key = (base.version, *((each.policy, each.revision) for each in begun))
    found = rules.composed.get(key)
    if found is None:
        while len(rules.composed) >= REMEMBERED:
            rules.composed.pop(next(iter(rules.composed)))
        found = rules.composed[key] = compose(base, begun)
    return found


def compose(base: Policy, sets: Sequence[ChangeSet]) -> Policy:
    """The base under these sets, one after the other, by a name that says which and what they are."""
    policy = base
    for each in sets:
        policy = apply(policy, each.changes)
    return replace(policy, version=_label(base, sets))


def apply(policy: Policy, changes: Iterable[Change]) -> Policy:
    """The policy after these changes, in their order. One that says nothing new changes nothing."""
    for change in changes:
        policy = _APPLY[change.kind](policy, change)
    return policy


def ordered(sets: Iterable[ChangeSet]) -> tuple[ChangeSet, ...]:
    """Sets that come in the order of their approval, in the order in which they count."""
    return tuple(sorted(sets, key=lambda each: each.effective))


def next_start(rules: Policies, day: date) -> date | None:
    """The next day on which the files by themselves change."""
    coming = (c.effective_from for c in rules.categories if c.effective_from > day)
    return min(coming, default=None)


def _label(base: Policy, sets: Sequence[ChangeSet]) -> str:
    start, _, _ = base.version.partition(".")
    began = max(start, *(each.effective.isoformat() for each in sets))
    content = "\n".join((base.version, *map(repr, sets)))
    return f"{began}.{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _mode(policy: Policy, change: Change) -> Policy:
    return _with(policy, change.category, lambda c: replace(c, mode=change.mode))


def _add_codes(policy: Policy, change: Change) -> Policy:
    codes = frozenset(change.codes)
    return _with(policy, change.category, lambda c: replace(c, loinc=c.loinc | codes))


def _remove_codes(policy: Policy, change: Change) -> Policy:
    codes = frozenset(change.codes)
    return _with(policy, change.category, lambda c: replace(c, loinc=c.loinc - codes))


def _add_words(policy: Policy, change: Change) -> Policy:
    added = _flat(change.words)
    return _with(
        policy,
        change.category,
        lambda c: _worded(c, (*c.words, *added), _without(c.not_words, added)),
    )


def _remove_words(policy: Policy, change: Change) -> Policy:
    """A phrase that was added goes; one that the files' patterns hit is struck out before them."""
    taken = _flat(change.words)
    return _with(
        policy,
        change.category,
        lambda c: _worded(c, _without(c.words, taken), (*c.not_words, *taken)),
    )


def _allow(policy: Policy, change: Change) -> Policy:
    return replace(policy, allowed={**policy.allowed, **dict.fromkeys(change.codes, change.reason)})


def _disallow(policy: Policy, change: Change) -> Policy:
    left = {code: why for code, why in policy.allowed.items() if code not in change.codes}
    return replace(policy, allowed=left)


def _release_imaging(policy: Policy, change: Change) -> Policy:
    types = _types(change)
    return replace(
        policy,
        shown_imaging=policy.shown_imaging | types,
        hidden_imaging=policy.hidden_imaging - types,
    )


def _hide_imaging(policy: Policy, change: Change) -> Policy:
    types = _types(change)
    return replace(
        policy,
        shown_imaging=policy.shown_imaging - types,
        hidden_imaging=policy.hidden_imaging | types,
    )


_APPLY: dict[str, Callable[[Policy, Change], Policy]] = {
    "mode": _mode,
    "add-codes": _add_codes,
    "remove-codes": _remove_codes,
    "add-words": _add_words,
    "remove-words": _remove_words,
    "allow": _allow,
    "disallow": _disallow,
    "release-imaging": _release_imaging,
    "hide-imaging": _hide_imaging,
}


def _with(policy: Policy, name: str, change: Callable[[Category], Category]) -> Policy:
    categories = tuple(change(c) if c.name == name else c for c in policy.categories)
    return replace(policy, categories=categories)


def _worded(category: Category, words: Sequence[str], not_words: Sequence[str]) -> Category:
    """The category with these phrases, in names and in free texts alike (R30)."""
    words, not_words = tuple(dict.fromkeys(words)), tuple(dict.fromkeys(not_words))
    hits = union(tuple(phrase(each) for each in words))
    struck = union(tuple(phrase(each) for each in not_words))

    def ruled(rule: NameRule) -> NameRule:
        return replace(rule, words=hits, not_words=struck)

    return replace(
        category,
        words=words,
        not_words=not_words,
        names=ruled(category.names),
        mention=ruled(category.mention),
    )


def _flat(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(plain(each) for each in words)


def _without(words: Iterable[str], gone: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in words if each not in gone)


def _types(change: Change) -> frozenset[str]:
    """Imaging types as they are compared with an order's names and numbers."""
    return frozenset((*_flat(change.words), *change.codes))
