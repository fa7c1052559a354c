"""The first form of the kernel's tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create every table and the one row of the log."""
    op.create_table(
        "event",
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
    )
    op.create_index("event_topic", "event", ["topic", "position"])
    log = op.create_table(
        "log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("head", _BIG, nullable=False),
        sa.Column("fence", _BIG, nullable=False),
        sa.Column("incarnation", sa.Text, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("until", _BIG, nullable=False),
    )
    op.bulk_insert(log, [{"id": 1, "head": 0, "fence": 0, "incarnation": "", "until": 0}])
    op.create_table(
        "command",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("at", _BIG, nullable=False),
    )
    op.create_table(
        "heard",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("incarnation", sa.Text, nullable=False),
        sa.Column("position", _BIG, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", _BIG, nullable=False),
    )
    _reaction_tables()


def _reaction_tables() -> None:
    op.create_table(
        "parked",
        sa.Column("reaction", sa.Text, primary_key=True),
        sa.Column("position", _BIG, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", _BIG, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_table(
        "timer",
        sa.Column("reaction", sa.Text, primary_key=True),
        sa.Column("position", _BIG, primary_key=True, autoincrement=False),
        sa.Column("due", _BIG, primary_key=True, autoincrement=False),
    )
    op.create_index("timer_due", "timer", ["due"])
