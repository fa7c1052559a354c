"""The verdict: figures from the stores, the clients' own books and the mail server's memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.catalog import HEARD
from tests.fault.clients import Acknowledged, read_books
from tests.fault.effects import lost, twice, unrecorded
from tests.fault.emails import Mail, compare
from tests.fault.stores import Store, read_stores

SHOWN = 5


@dataclass
class Figures:
    """What `var/fault.json` holds. All must be 0 but the first three, and `emails_twice`: those
    that the mail server took and the notifier could not note down before it was killed.

    Beside commands, views and e-mails: `unrecorded` counts answers that the log does not keep,
    `heard_mismatch` published events that a hearer's log lacks, has twice or in another order,
    `bus_mismatch` those that the drained bus lacks or has twice, `holes` the positions missing in
    a log and the breaks in a topic's chain.
    """

    seed: int
    faults: int
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    view_mismatch: int = 0
    emails_missing: int = 0
    emails_twice: int = 0
    unrecorded: int = 0
    heard_mismatch: int = 0
    bus_mismatch: int = 0
    holes: int = 0
    examples: dict[str, Sequence[str]] = field(default_factory=dict)

    def wrong(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        free = ("seed", "faults", "acknowledged", "emails_twice", "examples")
        return {name: n for name, n in vars(self).items() if name not in free and n}


async def check(
    figures: Figures,
    folder: Path,
    mails: Sequence[Mail],
    bus: Mapping[str, Sequence[int]],
) -> Figures:
    """Read everything and fill the figures in. `folder` holds `data` and the clients' `books`."""
    acks = read_books(folder / "books")
    stores = await read_stores(folder / "data", folder / "copy")
    records = {name: store.records for name, store in stores.items()}
    sent = compare(mails, records["identity"], records["labs"], records["notifier"])
    found: dict[str, Sequence[str]] = {
        "lost": lost(acks, stores),
        "twice": [*twice(acks, stores), *_again(sent.again, sent.unexpected)],
        "view_mismatch": [f"{s.name} {table}" for s in stores.values() for table in s.views_apart],
        "emails_missing": sent.missing,
        "unrecorded": unrecorded(acks, stores),
        "heard_mismatch": _heard_apart(stores),
        "bus_mismatch": _bus_apart(stores, bus),
        "holes": _holes(stores),
    }
    for name, things in found.items():
        setattr(figures, name, len(things))
    figures.acknowledged = len(acks)
    figures.emails_twice = sent.twice
    figures.examples = {name: things[:SHOWN] for name, things in found.items() if things}
    return figures


def by_command(acks: Sequence[Acknowledged]) -> Counter[str]:
    """How many of each command were acknowledged."""
    return Counter(ack.command for ack in acks)


def _again(again: Sequence[str], unexpected: Sequence[str]) -> list[str]:
    return [
        *(f"e-mail {id} sent again after it was recorded as sent" for id in again),
        *(f"e-mail {id} answers no event" for id in unexpected),
    ]


def _heard_apart(stores: Mapping[str, Store]) -> list[str]:
    """Each topic heard whole, once, in order: what the hearer logged against what was published."""
    apart: list[str] = []
    for consumer, contracts in HEARD.items():
        logged: dict[tuple[str, str], list[int]] = defaultdict(list)
        topics = {f"{c.service}.{c.__name__}": c.topic for c in contracts}
        for record in stores[consumer].records:
            if record.origin is not None:
                topic = topics.get(record.name) or record.stream.split(":")[2]
                logged[record.origin, topic].append(record.version)
        for source, topic in dict.fromkeys((c.service, c.topic) for c in contracts):
            published = [p.position for p in stores[source].published if p.topic == topic]
            apart += _apart(f"{consumer} of {source} {topic}", published, logged[source, topic])
    return apart


def _bus_apart(stores: Mapping[str, Store], bus: Mapping[str, Sequence[int]]) -> list[str]:
    apart: list[str] = []
    for source, positions in bus.items():
        published = [p.position for p in stores[source].published]
        apart += _apart(f"stream of {source}", published, positions)
    return apart


def _apart(what: str, wanted: Sequence[int], there: Sequence[int]) -> list[str]:
    """What is missing, what is there too often; where neither, whether the order is right."""
    if list(wanted) == list(there):
        return []
    missing, surplus = Counter(wanted) - Counter(there), Counter(there) - Counter(wanted)
    return [
        *(f"{what}: {position} is missing" for position in missing.elements()),
        *(f"{what}: {position} once too often" for position in surplus.elements()),
    ] or [f"{what}: not in order"]


def _holes(stores: Mapping[str, Store]) -> list[str]:
    """Positions count from 1 without a gap, and each topic's events name the one before them."""
    holes: list[str] = []
    for store in stores.values():
        for expected, record in enumerate(store.records, 1):
            if record.position != expected:
                holes.append(f"{store.name}: {record.position} where {expected} should be")
                break
        last: dict[str, int] = {}
        for told in store.published:
            if told.previous != last.get(told.topic, 0):
                holes.append(f"{store.name} {told.topic}: a break before {told.position}")
            last[told.topic] = told.position
    return holes
