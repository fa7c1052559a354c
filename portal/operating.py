"""Operators' commands beside `run`: rebuild a service's views, show parked work."""

from __future__ import annotations

from pathlib import Path

from contracts.catalog import SERVICES
from kernel.operations import GetParked, ParkedAnswer
from kernel.refold import fold_again
from kernel.settings import Settings
from portal.operator import Operator
from portal.places import hold, running


async def rebuild(data: Path, name: str) -> None:
    """Drop a stopped service's views and fold them from its log, with progress."""
    from portal.run import BUILDERS

    if name not in BUILDERS:
        raise SystemExit(f"There is no service {name}: one of {', '.join(BUILDERS)}.")
    hold(data)
    service = BUILDERS[name](Settings(service=name, data=data, demo=True))
    await service.open()
    if not await service.take_over():
        raise SystemExit(f"{name} is running elsewhere: stop it first.")
    count = await fold_again(
        service.log, service.views, lambda name, done, of: print(f"  {name}: {done} of {of} events")
    )
    print(f"{name}: {count} events folded into {len(service.views)} views.")
    await service.close()


async def show_parked(data: Path) -> None:
    """Print the work of all services that failed and waits."""
    operator = await Operator.reach(running(data))
    for service in SERVICES:
        answer = await operator.ask(GetParked(), ParkedAnswer, service=service)
        print(f"{service}: {len(answer.items)} waiting or parked")
        for item in answer.items:
            print(f"  {item.reaction} {item.event} at {item.position}: {item.state}, {item.error}")
    await operator.close()
