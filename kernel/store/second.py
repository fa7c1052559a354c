"""A second process that only writes to a SQLite file, so that a long fold uses two processors.

In: marshalled batches of (SQL, rows), each after its length. Out: a byte for each one committed.
Synchronous NORMAL: the file cannot break, and all is durable with the asking process's next commit.
"""

from __future__ import annotations

import marshal
import sqlite3
import sys

PRAGMAS = (
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-32000",
)
LENGTH_BYTES = 8
DONE = b"."


def main(path: str) -> None:
    """Write until the input ends. Any error ends the process: nothing was acknowledged then."""
    connection = sqlite3.connect(path, isolation_level=None)
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    with open(0, "rb") as batches, open(1, "wb", buffering=0) as answers:
        while length := batches.read(LENGTH_BYTES):
            batch = batches.read(int.from_bytes(length))
            cursor.execute("BEGIN IMMEDIATE")
            for sql, rows in marshal.loads(batch):  # noqa: S302  # our own parent's words
                cursor.executemany(sql, rows)
            cursor.execute("COMMIT")
            answers.write(DONE)


if __name__ == "__main__":
    main(sys.argv[1])
