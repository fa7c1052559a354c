"""Which spellings of an e-mail address are one mailbox (R44)."""

from __future__ import annotations

import pytest

from services.identity.addresses import key, normal


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria@Example.com", "maria@example.COM"),
        (" maria@example.com ", "maria@example.com"),
        ("maria+portal@example.com", "maria@example.com"),
        ("m.a.ria@gmail.com", "maria@googlemail.com"),
        ("maria@bücher.example", "maria@xn--bcher-kva.example"),
        ("maria@example.com.", "maria@example.com"),
    ],
)
def test_one_mailbox_has_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("maria@example.com", "mario@example.com"),
        ("m.aria@example.com", "maria@example.com"),
        ("maria@example.com", "maria@example.org"),
        ("+1@example.com", "+2@example.com"),
    ],
)
def test_different_mailboxes_have_different_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_a_domain_that_dns_does_not_know_is_its_own_spelling() -> None:
    assert normal(f"a@{'x' * 70}.example") == f"a@{'x' * 70}.example"
