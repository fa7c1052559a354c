"""Link, code and password: derived, compared and judged (decision m, reliability §3.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decider import Refused
from services.identity.invitation_secrets import InvitationSecrets
from services.identity.passwords import Passwords, check_strength

OURS = InvitationSecrets(b"a" * 32)
THEIRS = InvitationSecrets(b"b" * 32)


@pytest.mark.rule("R51")
def test_a_link_finds_its_invitation_and_no_other_secret_makes_it() -> None:
    assert OURS.invitation(OURS.link("inv-1")) == "inv-1"
    assert OURS.invitation(THEIRS.link("inv-1")) is None
    assert OURS.link("inv-1") != OURS.link("inv-2")
    assert len(OURS.link("inv-1").split(".")[1]) == 27  # 160 bits


@pytest.mark.rule("R51")
@given(st.text(max_size=80))
def test_no_text_but_the_link_opens_anything(text: str) -> None:
    assert OURS.invitation(text) is None


@pytest.mark.rule("R51")
@given(st.integers(min_value=0, max_value=10**9))
def test_a_code_is_ten_letters_that_survive_typing(number: int) -> None:
    code = OURS.code(f"inv-{number}")
    assert len(code) == 11
    assert code[5] == "-"
    assert set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")
    for typed in (code.lower(), code.replace("-", ""), f" {code} ", code.replace("-", " – ")):
        assert OURS.is_code(f"inv-{number}", typed)
    assert not THEIRS.is_code(f"inv-{number}", code)
    assert not OURS.is_code(f"inv-{number}", code[:-1])


def test_link_and_code_say_nothing_about_each_other() -> None:
    assert OURS.code("x").replace("-", "") not in OURS.link("x").upper()


@pytest.mark.parametrize(
    "password",
    ["", "short", "fourteen chars", "a" * 200, "qwertyuiopasdfgh", "password12345678",
     "mariagarciamaria"],
)  # fmt: skip
def test_short_or_easy_passwords_are_refused_with_a_sentence(password: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_strength(password, ["maria.garcia@example.com"])
    assert refusal.value.status == 422
    assert refusal.value.fields["password"].endswith(".")


@pytest.mark.parametrize("password", ["violet harbour tractor nine", "k7#qPz!x29vLm@w4"])
def test_long_unrelated_words_are_good(password: str) -> None:
    check_strength(password, ["maria@example.com"])


async def test_argon2id_with_a_dummy_for_nobody() -> None:
    passwords = Passwords()
    known = await passwords.hash("one two three")
    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.fits(known, "one two three")
    assert not await passwords.fits(known, "one two four")
    assert not await passwords.fits(None, "nobody has this password")
    assert not await passwords.fits("not a hash", "x")
    passwords.close()
