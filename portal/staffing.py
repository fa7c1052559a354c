"""Operators' commands about the accounts of the practice's staff."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr, ValidationError

from contracts.common import Done
from contracts.identity import OpenStaffAccount, RemoveFactors
from kernel.decider import Refused
from kernel.envelope import Command
from portal.operator import Operator
from portal.places import running

PASSWORD_BYTES = 18


async def add(data: Path, email: str, name: str, role: str, provider: str | None) -> None:
    """Open an account with a password that is printed once; its owner changes it after signing in."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    await _send(
        data,
        lambda: OpenStaffAccount.model_validate(
            {
                "email": email,
                "name": name,
                "role": role,
                "provider": provider,
                "password": SecretStr(password),
            }
        ),
    )
    print(f"{email} signs in with {password}")
    print(
        "They set up a second factor at their first sign-in, and should change the password then."
    )


async def remove_factors(data: Path, email: str, evidence: str) -> None:
    """Somebody lost their authenticator; they set up another one at the next sign-in."""
    await _send(data, lambda: RemoveFactors(email=email, evidence=evidence))
    print(f"{email} signs in with the password alone, and must set up a second factor then.")


async def _send(data: Path, make: Callable[[], Command]) -> None:
    try:
        command = make()
    except ValidationError as error:
        fields = ", ".join(str(each["loc"][0]) for each in error.errors())
        raise SystemExit(f"This does not look right: {fields}.") from None
    operator = await Operator.reach(running(data))
    try:
        await operator.ask(command, Done, key=secrets.token_urlsafe())
    except Refused as refused:
        raise SystemExit(refused.detail) from None
    finally:
        await operator.close()
