"""LOINC numbers: their form and their check digit."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=8192)
def is_loinc(code: str) -> bool:
    """Is this a well-formed LOINC number (digits, a hyphen, the right check digit)?

    The check digit is the Luhn digit of the number. Passing it proves little: numbers are copied
    wrongly between systems, so the name beside it is read too.
    """
    number, hyphen, check = code.partition("-")
    if not (hyphen and number.isascii() and number.isdigit() and len(check) == 1):
        return False
    if not check.isdigit() or len(number) > 7:
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return (10 - total % 10) % 10 == int(check)
