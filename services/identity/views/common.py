"""What the read models share."""

from __future__ import annotations

import sqlalchemy as sa


def is_(column: sa.Column[str]) -> sa.ColumnElement[bool]:
    """The column equals the parameter of its own name."""
    return column == sa.bindparam(column.name)
