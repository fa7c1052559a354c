"""The published language: what it says today is what was committed, and nobody is broken by it."""

from __future__ import annotations

import copy
import json
import typing
from typing import Any

import pytest

from contracts.catalog import HEARD, OPERATIONS, PUBLISHED, SERVICES, UNHEARD, Door
from contracts.snapshot import EXAMPLES, SCHEMAS, contracts, files, new_examples, schema
from kernel.api import Api
from kernel.envelope import Command, Query
from kernel.publishing import Publisher
from services.identity.api import API as IDENTITY_API
from services.identity.events import CODEC as IDENTITY
from services.identity.publisher import PUBLISHER as IDENTITY_PUBLISHER
from services.identity.subscribers import HEARS as IDENTITY_HEARS
from services.interop.api import API as INTEROP_API
from services.interop.events import CODEC as INTEROP
from services.interop.publisher import PUBLISHER as INTEROP_PUBLISHER
from services.interop.subscribers import HEARS as INTEROP_HEARS
from services.labs.api import API as LABS_API
from services.labs.events import CODEC as LABS
from services.labs.publisher import PUBLISHER as LABS_PUBLISHER
from services.labs.subscribers import HEARS as LABS_HEARS
from services.notifier.api import API as NOTIFIER_API
from services.notifier.events import CODEC as NOTIFIER
from services.notifier.publisher import PUBLISHER as NOTIFIER_PUBLISHER
from services.notifier.subscribers import HEARS as NOTIFIER_HEARS
from services.practice.api import API as PRACTICE_API
from services.practice.events import CODEC as PRACTICE
from services.practice.publisher import PUBLISHER as PRACTICE_PUBLISHER
from services.practice.subscribers import HEARS as PRACTICE_HEARS
from tests.contract.compare import breaks

CODECS = {
    "identity": IDENTITY, "interop": INTEROP, "labs": LABS, "notifier": NOTIFIER,
    "practice": PRACTICE,
}  # fmt: skip
PUBLISHERS: dict[str, Publisher] = {
    "identity": IDENTITY_PUBLISHER, "interop": INTEROP_PUBLISHER, "labs": LABS_PUBLISHER,
    "notifier": NOTIFIER_PUBLISHER, "practice": PRACTICE_PUBLISHER,
}  # fmt: skip
APIS: dict[str, Api[Any, Any]] = {
    "identity": IDENTITY_API, "interop": INTEROP_API, "labs": LABS_API, "notifier": NOTIFIER_API,
    "practice": PRACTICE_API,
}  # fmt: skip
SUBSCRIBERS = {
    "identity": IDENTITY_HEARS, "interop": INTEROP_HEARS, "labs": LABS_HEARS,
    "notifier": NOTIFIER_HEARS, "practice": PRACTICE_HEARS,
}  # fmt: skip


def test_the_committed_snapshots_are_what_the_contracts_say() -> None:
    for path, text in files():
        assert path.exists(), f"{path.name} is missing: run `make contracts`"
        assert path.read_text() == text, f"{path.name} is old: run `make contracts`"
    assert not list(new_examples()), "an event has no golden example: run `make contracts`"


@pytest.mark.parametrize("name", sorted(contracts()))
def test_no_change_breaks_those_who_use_a_committed_contract(name: str) -> None:
    model = contracts()[name]
    committed = json.loads((SCHEMAS / f"{name}.json").read_text())
    read_by_others = not issubclass(model, Command | Query)
    assert breaks(committed, schema(model), read_by_others) == []


def test_a_breaking_change_is_found() -> None:
    event = json.loads((SCHEMAS / "labs.LabVerified.json").read_text())
    without = copy.deepcopy(event)
    del without["properties"]["report"]
    assert breaks(event, without, read_by_others=True) == ["report: removed"]
    other = copy.deepcopy(event)
    other["properties"]["report"] = {"type": "integer"}
    assert breaks(event, other, read_by_others=True) == ["report: another type"]
    command = json.loads((SCHEMAS / "labs.VerifyReport.json").read_text())
    demanding = copy.deepcopy(command)
    demanding["properties"]["why"] = {"type": "string"}
    demanding["required"].append("why")
    assert breaks(command, demanding, read_by_others=False) == ["why: newly required"]


def test_every_golden_example_ever_published_is_still_read() -> None:
    by_name = {f"{event.service}.{event.__name__}": event for event in PUBLISHED}
    kept = list(EXAMPLES.glob("*.json"))
    assert len(kept) >= len(PUBLISHED)
    for path in kept:
        event = by_name[path.name.rsplit(".", 2)[0]]
        event.model_validate_json(path.read_text())


@pytest.mark.parametrize("service", SERVICES)
def test_every_private_event_has_a_decision_about_publishing(service: str) -> None:
    publisher, private = PUBLISHERS[service], set(CODECS[service].events.values())
    told, kept = set(publisher.translations), publisher.kept_private
    assert told | kept == private
    assert not told & kept


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_publishes_is_in_the_catalog(service: str) -> None:
    listed = {event for event in PUBLISHED if event.service == service}
    publisher = PUBLISHERS[service]
    told = {hint for translate in publisher.translations.values() for hint in _returned(translate)}
    assert told == listed


def test_nobody_subscribes_to_nothing_and_every_event_has_a_reader_or_a_reason() -> None:
    heard = {event for events in HEARD.values() for event in events}
    assert heard <= set(PUBLISHED)
    assert set(PUBLISHED) == heard | set(UNHEARD)
    assert not heard & set(UNHEARD)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_what_the_catalog_says(service: str) -> None:
    assert set(SUBSCRIBERS[service].contracts) == set(HEARD.get(service, ()))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_every_operation_of_the_catalog_and_no_other(service: str) -> None:
    listed = {o.message.__name__ for o in OPERATIONS if o.service == service}
    assert set(APIS[service].endpoints) == listed


def test_success_has_the_status_that_the_catalog_and_so_the_openapi_document_say() -> None:
    for operation in OPERATIONS:
        endpoint = APIS[operation.service].endpoints[operation.message.__name__]
        assert endpoint.status == operation.status, operation.message.__name__


def test_what_is_about_the_record_in_view_says_so_in_the_catalog_and_in_its_service() -> None:
    for operation in OPERATIONS:
        endpoint = APIS[operation.service].endpoints[operation.message.__name__]
        assert endpoint.chart == operation.chart, operation.message.__name__


def test_a_door_without_a_session_has_no_role_and_every_other_one_has() -> None:
    for operation in OPERATIONS:
        roles = APIS[operation.service].endpoints[operation.message.__name__].roles
        if operation.door in (Door.PUBLIC, Door.COOKIE):
            assert roles is None, operation.message.__name__


def _returned(translate: object) -> set[type]:
    """The contracts that a translation may return, from its annotation."""
    hint = typing.get_type_hints(translate)["return"]
    return {kind for kind in typing.get_args(hint) or (hint,) if kind is not type(None)}
