"""Names, streets and numbers as keys that survive spelling (R48). Pure."""

from __future__ import annotations

import re
import unicodedata

# Letters that do not come apart into a base letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_SUFFIXES = {
    "jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr",
    "ii": "ii", "2nd": "ii", "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv",
}  # fmt: skip
_STREETS = {
    "street": "st", "avenue": "ave", "av": "ave", "boulevard": "blvd", "road": "rd",
    "drive": "dr", "lane": "ln", "court": "ct", "place": "pl", "terrace": "ter",
    "highway": "hwy", "parkway": "pkwy", "circle": "cir", "square": "sq", "apartment": "apt",
    "unit": "apt", "suite": "ste", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip
# Each line is one name and its everyday forms. A form may be on several lines (Chris, Pat).
_NICKNAMES = tuple(
    frozenset(line.split())
    for line in (
        "alexander alex al sandy", "alexandra alex sandra sandy", "andrew andy drew",
        "anthony tony", "antonio tony", "barbara barb barbie", "benjamin ben",
        "catherine cathy kate",
        "charles charlie chuck", "christina chris tina", "christopher chris", "cynthia cindy",
        "daniel dan danny", "david dave", "deborah deb debbie debra", "donald don", "dorothy dot",
        "edward ed eddie ted", "elizabeth liz beth betty eliza lisa", "eugene gene",
        "francisco paco pancho", "frederick fred", "gerald gerry jerry", "gregory greg",
        "guadalupe lupe", "ignacio nacho", "isabel isa", "jacob jake", "james jim jimmy jamie",
        "jeffrey jeff", "jennifer jen jenny", "jesus chuy", "john johnny jack", "jonathan jon",
        "jose pepe", "joseph joe joey", "joshua josh", "katherine kathy kate katie",
        "kenneth ken kenny", "kimberly kim", "lawrence larry", "leonard len leo",
        "manuel manny manolo", "margaret maggie meg peggy", "matthew matt", "michael mike mick",
        "nancy nan", "nicholas nick", "pamela pam", "patricia pat patty trish", "patrick pat",
        "peter pete", "philip phil", "rebecca becky", "richard rich rick dick ricky",
        "robert rob bob bobby robbie", "ronald ron", "rosario charo", "samantha sam",
        "samuel sam sammy", "stephen steve", "steven steve", "susan sue susie",
        "theodore ted theo", "theresa terry tess", "thomas tom tommy", "timothy tim",
        "victoria vicky tori", "vincent vince", "walter walt", "william will bill billy liam",
    )
)  # fmt: skip
_PHONE_DIGITS = 10
_ZIP_DIGITS = 5


def plain(text: str) -> str:
    """Lower case without accents; words of letters and digits, one space apart."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    # An apostrophe or a full stop belongs to its word (O'Neil, Jr.); anything else divides words.
    joined = re.sub(r"['’`.]", "", bare)
    return " ".join(re.findall(r"[^\W_]+", joined))


def family_key(family: str) -> str:
    """Garcia-López, GARCIA LOPEZ and Garcia Lopez Jr. are one key: `garcialopez`."""
    words = plain(family).split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return "".join(words)


def given_key(given: str) -> str:
    """Mary-Ann, Mary Ann and Maryann are one key."""
    return plain(given).replace(" ", "")


def suffix_of(name: str) -> str:
    """`jr`, `iii` ... when a name ends so, else an empty text."""
    words = plain(name).split()
    return _SUFFIXES.get(words[-1], "") if len(words) > 1 else ""


def same_suffix(one: str, other: str) -> bool:
    """A suffix that only one of two names has says nothing; two different ones are two people."""
    a, b = suffix_of(one), suffix_of(other)
    return not a or not b or a == b


def same_given(one: str, other: str) -> bool:
    """The same given name: whole, by its first word, or by an everyday form of it."""
    a, b = _forms(one), _forms(other)
    if a & b:
        return True
    return any(a & line and b & line for line in _NICKNAMES)


def line_key(line: str) -> str:
    """`12 North Main Street, Apt. 4` and `12 N MAIN ST APT 4` are one key."""
    return " ".join(_STREETS.get(word, word) for word in plain(line).split())


def zip_key(code: str) -> str:
    """The first five digits, or nothing when there are fewer."""
    digits = re.sub(r"\D", "", code)
    return digits[:_ZIP_DIGITS] if len(digits) >= _ZIP_DIGITS else ""


def phone_key(phone: str) -> str:
    """The last ten digits, or nothing when there are fewer."""
    digits = re.sub(r"\D", "", phone)
    return digits[-_PHONE_DIGITS:] if len(digits) >= _PHONE_DIGITS else ""


def record_key(number: str) -> str:
    """A record number without spaces, dashes, case and leading zeros."""
    return re.sub(r"[\W_]", "", number).casefold().lstrip("0")


def _forms(given: str) -> frozenset[str]:
    words = plain(given).split()
    return frozenset({"".join(words), words[0]}) if words else frozenset()
