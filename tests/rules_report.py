"""Count which rules of the catalogue are enforced, tested, merely mentioned, or missing.

Run it as `python tests/rules_report.py [--missing] [--root DIR]`. It reads the sources without
importing them: `@pytest.mark.rule("...")` in tests/ (on functions, classes, or as `pytestmark`),
`Rule:` lines of docstrings, the policy packs, and the `treat` of every clause. Always exits 0.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODE = ("rules", "storage", "handlers", "bot")
COLUMNS = ("enforced+tested", "mentioned only", "prompt", "state", "missing")
RULE_LINE = re.compile(r"^\s*Rule:\s*(.+?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
RULE_ID = re.compile(r"\b(?:S\d-[A-Z0-9]+\.[A-Za-z0-9.]*[A-Za-z0-9]|C-\d\d)\b")


@dataclass(frozen=True)
class Report:
    """What was found, by rule id."""

    treat: dict[str, str]
    """Every clause with its treatment: enforce, prompt, state."""
    tested: frozenset[str]
    mentioned: frozenset[str]
    """In docstrings or packs."""

    def column(self, rule: str) -> str:
        """Return the column a clause counts in; a tested rule counts whatever its treatment."""
        if rule in self.tested:
            return "enforced+tested"
        if self.treat[rule] != "enforce":
            return self.treat[rule]
        return "mentioned only" if rule in self.mentioned else "missing"

    @property
    def unknown(self) -> list[str]:
        """Ids used somewhere that no clause has; conflict ids (C-26) are not clauses."""
        used = self.tested | self.mentioned
        return sorted(rule for rule in used - self.treat.keys() if not rule.startswith("C-"))


def clauses(root: Path) -> dict[str, str]:
    """Return rule id -> treatment from the clause files."""
    found: dict[str, str] = {}
    for file in sorted((root / "rules" / "clauses").glob("*.toml")):
        rows = tomllib.loads(file.read_text("utf-8"))["clause"]
        found |= {row["id"]: row["treat"] for row in rows}
    return found


def tested(root: Path) -> Iterator[str]:
    """Yield the rule ids of all test markers; one may carry several."""
    for file in sorted((root / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
                yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def mentioned(root: Path) -> Iterator[str]:
    """Yield the rule ids of docstrings and packs."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for file in (path for top in CODE for path in sorted((root / top).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, documented):
                for line in RULE_LINE.findall(ast.get_docstring(node) or ""):
                    yield from RULE_ID.findall(line)
    for file in sorted((root / "rules" / "packs").glob("*.toml")):
        yield from _pack_rules(tomllib.loads(file.read_text("utf-8")))


def _pack_rules(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _pack_rules(item)
    elif isinstance(value, list):
        for item in value:
            yield from _pack_rules(item)
    elif isinstance(value, str) and RULE_ID.fullmatch(value):
        yield value


def collect(root: Path) -> Report:
    """Return the report for a checkout."""
    return Report(clauses(root), frozenset(tested(root)), frozenset(mentioned(root)))


def lines(report: Report, missing: bool) -> Iterator[str]:
    """Yield the lines to print: a table per regulation, then what is unknown or missing."""
    counts: dict[str, Counter[str]] = {}
    for rule in report.treat:
        counts.setdefault(rule.partition(".")[0], Counter())[report.column(rule)] += 1
    yield "  ".join(["regulation", *COLUMNS, "rules"])
    for name, row in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        cells = [f"{row[column]:>{len(column)}}" for column in COLUMNS]
        yield "  ".join([f"{name:<10}", *cells, f"{row.total():>5}"])
    for rule in report.unknown:
        yield f"unknown rule id: {rule}"
    if missing:
        for rule in report.treat:
            if report.column(rule) == "missing":
                yield f"missing: {rule}"
            elif report.column(rule) == "mentioned only":
                yield f"not tested: {rule}"


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--missing", action="store_true", help="list the ids, too")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    options = parser.parse_args()
    for line in lines(collect(options.root), options.missing):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
