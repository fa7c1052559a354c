"""A process that appends until it is killed: `python -m tests.kernel.appender LOG KEYS ACKS NAME`.

Each acknowledged append is written to the file ACKS, one line, and that file synced, before the
next one begins: what stands there has been acknowledged for certain.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.kernel.ward_log import Place, WardLog, prepared

AT_ONCE = 5


async def append(place: Place, acks: int, name: str) -> None:
    """Never returns."""
    log = WardLog(place)
    await prepared(log)
    assert await log.take_over("test")

    async def ring(bell: str) -> None:
        count = 0
        while True:
            count += 1
            await log.ring(bell, key=f"{bell}:{count}")
            await log.take(f"{bell}:{count}", patient=f"{bell}:{count % 7}")
            os.write(acks, f"{bell} {count}\n".encode())
            os.fsync(acks)

    bells = (ring(f"{name}-{n}") for n in range(AT_ONCE))
    await asyncio.gather(log.committer.run(), *bells)


if __name__ == "__main__":
    kept = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    asyncio.run(append(Place(sys.argv[1], sys.argv[2], Path()), kept, sys.argv[4]))
