"""Which test proves which rule: a table for people and `var/rules.json` for tools.

The tests are read, not run or imported, so this takes a moment and cannot fail for want of a
database or a browser. A test names its rules with `@pytest.mark.rule("R2", ...)`, on itself, on
its class, in a `pytestmark`, or on a `pytest.param`.
"""

import ast
import json
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "tests" / "rules.toml"
REPORT = ROOT / "var" / "rules.json"

NOTHING = ast.Constant(None)

Proofs = dict[str, list[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Scan:
    """What was found: the tests of each rule, and what is wrong with how they name it."""

    proofs: Proofs
    errors: list[str] = field(default_factory=list)


class Module:
    """One test file, with the names it gives to marks and parameter lists."""

    def __init__(self, source: str, name: str) -> None:
        self.name = name
        self.tree = ast.parse(source, filename=name)
        self.named = dict(_assignments(self.tree.body))

    def marks(self, node: ast.AST) -> Iterator[ast.Call]:
        """Every rule mark in an expression, looking through names such as `CASES`."""
        for part in ast.walk(node):
            if _is_rule_mark(part):
                yield part
            elif isinstance(part, ast.Name) and part.id in self.named:
                yield from (call for call in ast.walk(self.named[part.id]) if _is_rule_mark(call))

    def tests(self) -> Iterator[tuple[str, list[ast.Call]]]:
        """Every test as (node id, its rule marks)."""
        yield from self._tests_in(self.tree.body, self.name, [])

    def _tests_in(
        self, body: list[ast.stmt], prefix: str, outer: list[ast.Call]
    ) -> Iterator[tuple[str, list[ast.Call]]]:
        own = list(self.marks(dict(_assignments(body)).get("pytestmark", NOTHING)))
        for node in body:
            if not isinstance(node, Function | ast.ClassDef):
                continue
            decorated = [mark for expr in node.decorator_list for mark in self.marks(expr)]
            marks, node_id = [*outer, *own, *decorated], f"{prefix}::{node.name}"
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                yield from self._tests_in(node.body, node_id, marks)
            elif isinstance(node, Function) and node.name.startswith("test"):
                yield node_id, marks


def _assignments(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((to.id, node.value) for to in node.targets if isinstance(to, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _is_rule_mark(node: ast.AST) -> TypeGuard[ast.Call]:
    """Is this `pytest.mark.rule(...)` or `mark.rule(...)`?"""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    owner_name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return node.func.attr == "rule" and owner_name == "mark"


def scan(sources: Iterable[tuple[str, str]], rules: Iterable[str]) -> Scan:
    """Reads test files given as (path, text)."""
    found = Scan({rule: [] for rule in rules})
    for name, source in sources:
        module = Module(source, name)
        used: set[ast.Call] = set()
        for node_id, marks in module.tests():
            used.update(marks)
            _record(found, node_id, marks)
        for mark in ast.walk(module.tree):
            if _is_rule_mark(mark) and mark not in used:
                found.errors.append(f"{name}:{mark.lineno} marks a rule, but no test has this mark")
    return found


def _record(found: Scan, node_id: str, marks: list[ast.Call]) -> None:
    for argument in (argument for mark in marks for argument in mark.args):
        rule = argument.value if isinstance(argument, ast.Constant) else None
        if not isinstance(rule, str):
            found.errors.append(f"{node_id} names a rule by something else than a plain string")
        elif rule not in found.proofs:
            found.errors.append(f"{node_id} names {rule}, which is not in tests/rules.toml")
        elif node_id not in found.proofs[rule]:
            found.proofs[rule].append(node_id)


def table(titles: dict[str, str], proofs: Proofs) -> str:
    """Every rule with the tests below it; those without stand out."""
    lines: list[str] = []
    for rule, title in titles.items():
        lines.append(f"{rule:<4} {'    ' if proofs[rule] else 'NONE'} {title}")
        lines += [f"            {test}" for test in proofs[rule]]
    proved = sum(map(bool, proofs.values()))
    return "\n".join([*lines, f"{proved} of {len(titles)} rules have a test."])


def main() -> int:
    """Prints the table and writes the report. STRICT=1 makes a rule without a test an error."""
    titles: dict[str, str] = tomllib.loads(RULES.read_text())["rules"]
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    found = scan(((p.relative_to(ROOT).as_posix(), p.read_text()) for p in paths), titles)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(found.proofs, indent=1) + "\n")
    print(table(titles, found.proofs))
    for error in found.errors:
        print(f"error: {error}", file=sys.stderr)
    strict = os.environ.get("STRICT") == "1"
    return int(bool(found.errors) or (strict and not all(found.proofs.values())))


if __name__ == "__main__":
    sys.exit(main())
