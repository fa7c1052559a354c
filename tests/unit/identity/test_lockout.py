"""Guessing is bounded, and cannot be used to lock somebody out (R45)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from contracts.identity import ChangePassword, EndDevice
from tests.unit.identity import steps
from tests.unit.identity.desk import PASSWORD, Desk
from tests.unit.identity.signing import caller_of, enter, maria, second_step, set_up_app, sign_in

NOBODY = "nobody@example.com"


async def known_browser(desk: Desk) -> str:
    """The value that the browser got in which Maria enrolled."""
    return str((await steps.enrol(desk, await desk.record()))["device"])


async def test_hours_of_guessing_elsewhere_do_not_lock_out_a_known_browser(desk: Desk) -> None:
    device = await known_browser(desk)
    for _ in range(60):
        for _ in range(6):
            await desk.reply(sign_in(password="guess"))
        desk.clock.move(timedelta(minutes=5))
        await desk.reply(sign_in(password="guess"))
        assert (await desk.reply(sign_in(device=device))).status == 200
    assert await desk.refused(sign_in()) == "sign-in-refused"  # a strange browser has to wait


async def test_a_known_browser_has_a_lock_of_its_own(desk: Desk) -> None:
    device = await known_browser(desk)
    for _ in range(5):
        await desk.reply(sign_in(password="wrong", device=device))
    assert await desk.refused(sign_in(device=device)) == "sign-in-refused"
    assert (await desk.reply(sign_in())).status == 200  # from elsewhere nobody has guessed
    desk.clock.move(timedelta(minutes=1))
    assert (await desk.reply(sign_in(device=device))).status == 200


@pytest.mark.parametrize("forged", ["", ".", "x", "01kjx6z4g07edqbvnjnay8qcny.00", "é.é"])
async def test_a_forged_value_is_a_strange_browser(desk: Desk, forged: str) -> None:
    device = await known_browser(desk)
    for _ in range(5):
        await desk.reply(sign_in(password="guess", device=forged or f"{device[:-1]}x"))
    assert await desk.refused(sign_in(device=forged)) == "sign-in-refused"
    assert (await desk.reply(sign_in(device=device))).status == 200


async def test_the_value_of_another_account_is_a_strange_browser(desk: Desk) -> None:
    await known_browser(desk)
    other = await desk.record("MRN-2", email="eva@example.com", phones=())
    theirs = (await steps.enrol(desk, other, "eva@example.com"))["device"]
    for _ in range(5):
        await desk.reply(sign_in(password="guess"))
    assert await desk.refused(sign_in(device=theirs)) == "sign-in-refused"


async def test_a_forgotten_browser_is_a_strange_one(desk: Desk) -> None:
    session = await steps.enrol(desk, await desk.record())
    device = session["device"].split(".")[0]
    caller = await caller_of(desk, session["cookie"])
    assert (await desk.reply(EndDevice(device=device), caller)).status == 201
    for _ in range(5):
        await desk.reply(sign_in(password="guess"))
    assert await desk.refused(sign_in(device=session["device"])) == "sign-in-refused"


async def test_the_second_step_of_a_known_browser_is_not_locked_by_others_either(
    desk: Desk,
) -> None:
    app = await set_up_app(desk, await maria(desk))
    first = (await enter(desk, sign_in()))["cookie"]
    device = json.loads((await second_step(desk, first, app.next_code())).body)["device"]
    for _ in range(5):
        await desk.reply(sign_in(password="guess"))
    waits = (await enter(desk, sign_in(device=device)))["cookie"]
    assert (await second_step(desk, waits, app.next_code())).status == 200


async def test_wrong_unknown_and_locked_get_one_answer_after_the_same_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await known_browser(desk)
    work: list[str] = []

    def counted(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            work.append(name)
            return await real(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    for owner, name in ((desk, "fetch"), (desk.deps.passwords, "fits"), (desk, "submit"),
                        (desk.committer, "state")):  # fmt: skip
        counted(owner, name)
    attempts = [sign_in(password="wrong"), sign_in(NOBODY), sign_in(password="w", device=device)]
    attempts += [sign_in(password="wrong")] * 4 + [sign_in(), sign_in(NOBODY, device=device)]
    seen = set()
    for attempt in attempts:
        work.clear()
        answer = await desk.reply(attempt)
        seen.add((answer.status, answer.body, tuple(work)))
    assert [(status, done) for status, _, done in seen] == [
        (401, ("fetch", "fits", "submit", "state", "state", "state"))
    ]


async def test_a_password_that_was_changed_under_way_does_not_enter(desk: Desk) -> None:
    caller = await maria(desk)
    changed = ChangePassword(
        current=SecretStr(PASSWORD), password=SecretStr("quiet meadow lantern seven")
    )
    real = desk.deps.passwords.fits

    async def fits_then_change(known: str | None, password: str) -> bool:
        desk.deps.passwords.fits = real  # type: ignore[method-assign]  # once
        fits = await real(known, password)
        assert (await desk.reply(changed, caller)).status == 200
        return fits

    desk.deps.passwords.fits = fits_then_change  # type: ignore[method-assign]  # meanwhile
    assert await desk.refused(sign_in()) == "sign-in-refused"
