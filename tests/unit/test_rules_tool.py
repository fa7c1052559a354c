"""The table of rules is evidence, so the tool that makes it is tested too."""

import tomllib

import pytest

from tests.rules import RULES, scan, table

SAMPLE = """
import pytest

pytestmark = pytest.mark.rule("R1")
CASES = [pytest.param(1, marks=pytest.mark.rule("R3")), 2]


@pytest.mark.rule("R2", "R1")
async def test_plain():
    pass


@pytest.mark.parametrize("n", CASES)
def test_cases(n):
    pass


@pytest.mark.rule("R4")
class TestGroup:
    pytestmark = [pytest.mark.browser, pytest.mark.rule("R5")]

    def test_inside(self):
        pass

    def helper(self):
        pass
"""
RULE_IDS = ["R1", "R2", "R3", "R4", "R5", "R6"]


def test_marks_are_found_wherever_pytest_allows_them() -> None:
    found = scan([("t.py", SAMPLE)], RULE_IDS)
    assert found.errors == []
    assert found.proofs == {
        "R1": ["t.py::test_plain", "t.py::test_cases", "t.py::TestGroup::test_inside"],
        "R2": ["t.py::test_plain"],
        "R3": ["t.py::test_cases"],
        "R4": ["t.py::TestGroup::test_inside"],
        "R5": ["t.py::TestGroup::test_inside"],
        "R6": [],
    }


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('@pytest.mark.rule("R99")\ndef test_a(): ...', "names R99"),
        ("@pytest.mark.rule(NUMBER)\ndef test_a(): ...", "plain string"),
        ('@pytest.mark.rule("R1")\ndef helper(): ...', "no test has this mark"),
    ],
)
def test_a_mark_that_proves_nothing_is_an_error(source: str, complaint: str) -> None:
    [error] = scan([("t.py", source)], RULE_IDS).errors
    assert complaint in error


def test_the_table_shows_rules_without_a_test() -> None:
    shown = table({"R1": "first", "R2": "second"}, {"R1": ["t.py::test_a"], "R2": []}).splitlines()
    assert shown == [
        "R1        first",
        "            t.py::test_a",
        "R2   NONE second",
        "1 of 2 rules have a test.",
    ]


def test_every_rule_has_a_title() -> None:
    titles = tomllib.loads(RULES.read_text())["rules"]
    assert list(titles) == [f"R{n}" for n in range(1, 66)] + [f"S{n}" for n in range(1, 18)]
