"""The command line."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path


def main() -> None:
    """Read the command and do it; imports only what that command needs."""
    parser = argparse.ArgumentParser(prog="python -m portal")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="the whole portal on this machine, with the demo practice")
    one = commands.add_parser("serve", help="one part in a process of its own")
    one.add_argument("part")
    take = commands.add_parser("import", help="read HL7 v2 and FHIR files into the portal")
    take.add_argument("paths", nargs="+", type=Path)
    users = commands.add_parser("permissions", help="a NATS user per part, from the contracts")
    users.add_argument("folder", type=Path)
    again = commands.add_parser("rebuild", help="fold a stopped service's views anew")
    again.add_argument("service")
    commands.add_parser("parked", help="work that failed and waits")
    staff = commands.add_parser("staff", help="accounts of the practice's staff")
    _staff(staff.add_subparsers(dest="what", required=True))
    given = parser.parse_args()
    data = Path(os.environ.get("PORTAL_DATA", "var"))
    if given.command == "run":
        from portal.run import run

        run()
    elif given.command == "serve":
        from portal.serve import serve

        serve(given.part)
    elif given.command == "import":
        from portal.importing import take_paths

        asyncio.run(take_paths(data, given.paths))
    elif given.command == "permissions":
        from portal.permissions import write

        print(f"wrote {write(given.folder)}")
    elif given.command == "rebuild":
        from portal.operating import rebuild

        asyncio.run(rebuild(data, given.service))
    elif given.command == "staff":
        from portal import staffing

        if given.what == "add":
            work = staffing.add(data, given.email, given.name, given.role, given.provider)
        else:
            work = staffing.remove_factors(data, given.email, given.evidence)
        asyncio.run(work)
    else:
        from portal.operating import show_parked

        asyncio.run(show_parked(data))


def _staff(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    add = what.add_parser("add", help="open an account; its first password is printed once")
    add.add_argument("email")
    add.add_argument("name")
    add.add_argument("role", choices=("provider", "support", "clinic", "billing", "policy", "sre"))
    add.add_argument("--provider", help="the id in the provider directory")
    lost = what.add_parser(
        "lost-factor", help="remove the second factors of somebody who lost them"
    )
    lost.add_argument("email")
    lost.add_argument("evidence", help="how it was checked who they are")
