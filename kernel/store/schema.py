"""The kernel's own tables. The event table is the truth; every other one can be explained by it.

They change only by Alembic (`migrations/`); views never migrate, they are folded anew.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")

EVENT = sa.Table(
    "event",
    METADATA,
    sa.Column("position", _BIG, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("version", _BIG, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("at", _BIG, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("trace", sa.Text),
    sa.Column("origin", sa.Text),
    sa.Column("topic", sa.Text),
    sa.Column("previous", _BIG),
    sa.Column("published", sa.Text),
    sa.Column("payload", sa.LargeBinary),
    sa.UniqueConstraint("stream", "version"),
    sa.Index("event_topic", "topic", "position"),
)
"""One event. `data` is sealed under `owner`'s key when there is one. `topic`, `previous` (the
position before it in the topic), `published` (the contract's name) and `payload` are what the
relay sends; all four are null when nothing is published. `origin` is the service it was heard from."""

LOG = sa.Table(
    "log",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("head", _BIG, nullable=False),
    sa.Column("fence", _BIG, nullable=False),
    sa.Column("incarnation", sa.Text, nullable=False),
    sa.Column("holder", sa.Text),
    sa.Column("until", _BIG, nullable=False),
)
"""One row: the last position, the writer's fencing number, which life of this log it is, the lease."""

COMMAND = sa.Table(
    "command",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("at", _BIG, nullable=False),
)
"""What was answered: `id` is (actor, command, key) hashed, `digest` the body's hash."""

HEARD = sa.Table(
    "heard",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("incarnation", sa.Text, nullable=False),
    sa.Column("position", _BIG, nullable=False),
)
"""The last position logged from each (source, topic), and of which life of the source's log."""

CHECKPOINT = sa.Table(
    "checkpoint",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", _BIG, nullable=False),
)
"""How far each view and each reaction has come."""

PARKED = sa.Table(
    "parked",
    METADATA,
    sa.Column("reaction", sa.Text, primary_key=True),
    sa.Column("position", _BIG, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", _BIG, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)
"""Work of a reaction that failed (`waiting` for its next try, or `parked` for a person)."""

TIMER = sa.Table(
    "timer",
    METADATA,
    sa.Column("reaction", sa.Text, primary_key=True),
    sa.Column("position", _BIG, primary_key=True, autoincrement=False),
    sa.Column("due", _BIG, primary_key=True, autoincrement=False, index=True),
)
"""Moments at which a reaction wants to look at an event again."""
