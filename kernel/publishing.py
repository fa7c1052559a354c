"""From private event to published one: a pure decision per event type, made at append and stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kernel.envelope import PublishedEvent

E = TypeVar("E")
Translate = Callable[[Any], PublishedEvent | None]


class Publisher:
    """A service's decisions about publishing. Every private event type is in exactly one of both."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.translations: dict[type, Translate] = {}
        self.kept_private: set[type] = set()

    def on(
        self, *kinds: type
    ) -> Callable[[Callable[[E], PublishedEvent | None]], Callable[[E], PublishedEvent | None]]:
        """Register how events of these types are told to others (None: this one is not)."""

        def register(
            translate: Callable[[E], PublishedEvent | None],
        ) -> Callable[[E], PublishedEvent | None]:
            for kind in kinds:
                self.translations[kind] = translate
            return translate

        return register

    def private(self, *kinds: type) -> None:
        """Decide that events of these types are never published."""
        self.kept_private.update(kinds)

    def publish(self, event: Any) -> PublishedEvent | None:
        """The published form of a private event, if it has one."""
        translate = self.translations.get(type(event))
        return None if translate is None else translate(event)
