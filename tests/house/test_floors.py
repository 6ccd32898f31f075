"""Nothing below the top floor waits, the clock is read in one place, and nobody prints."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator

import pytest

from tests.house.sources import FLOORS, LOWER_FLOORS, Source, sources

CLOCK = "bot/clock.py"
WAITING = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
LOOPS = {"asyncio", "anyio", "trio", "uvloop", "aiohttp", "aiosqlite", "apscheduler"}
NOW = {"now", "utcnow", "today"}
NOW_OF = {"datetime", "date", "func"}
TIME = {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime"}


def waits(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, WAITING) or (isinstance(node, ast.comprehension) and node.is_async):
            yield getattr(node, "lineno", 0), "waits"
        for module in _imported(node):
            if module.partition(".")[0] in LOOPS:
                yield node.lineno, f"imports {module}"


def reads_clock(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            for name in node.names:
                if name.name in TIME:
                    yield node.lineno, f"imports time.{name.name}"
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, owner = node.func.attr, _last_name(node.func.value)
        if (name in NOW and owner in NOW_OF) or (name in TIME and owner == "time"):
            yield node.lineno, f"reads {owner}.{name}()"


def prints(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in {"print", "pprint"}:
            yield node.lineno, "prints"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


Check = Callable[[ast.Module], Iterator[tuple[int, str]]]


def found(check: Check, files: tuple[Source, ...]) -> list[str]:
    return [f"{one.name}:{line} {what}" for one in files for line, what in check(one.tree)]


def test_nothing_below_the_top_floor_waits() -> None:
    assert found(waits, sources(*LOWER_FLOORS)) == []


def test_the_wall_clock_is_read_in_one_module_only() -> None:
    files = tuple(one for one in sources(*FLOORS) if one.name != CLOCK)
    assert found(reads_clock, files) == []


def test_nobody_prints() -> None:
    assert found(prints, sources(*FLOORS)) == []


@pytest.mark.parametrize(
    ("check", "mistake"),
    [
        (waits, "async def f(): ..."),
        (waits, "def f():\n    import asyncio"),
        (waits, "from aiohttp import web"),
        (waits, "async def f():\n    return [x async for x in y]"),
        (reads_clock, "at = datetime.now(UTC)"),
        (reads_clock, "at = dt.datetime.utcnow()"),
        (reads_clock, "day = date.today()"),
        (reads_clock, "from time import time"),
        (reads_clock, "import time\ntime.time()"),
        (reads_clock, "select(func.now())"),
        (prints, "print('here')"),
    ],
)
def test_the_checks_bite(check: Check, mistake: str) -> None:
    assert list(check(ast.parse(mistake)))


@pytest.mark.parametrize(
    "harmless", ["now = clock.now()", "import time\ntime.monotonic()", "day = moment.today"]
)
def test_a_handed_in_clock_is_fine(harmless: str) -> None:
    assert not list(reads_clock(ast.parse(harmless)))


SILENCED = re.compile(r"#\s*(noqa|type:\s*ignore)")
WITH_CODE_AND_REASON = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z, -]+\])"
    r"\s+[-#:]*\s*[^\W\d]"
)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def comments(source: Source) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_a_silenced_check_has_its_code_and_its_reason() -> None:
    bare = [
        f"{one.name}:{line} {text}"
        for one in sources(*FLOORS, "tests")
        for line, text in comments(one)
        if SILENCED.search(text) and not WITH_CODE_AND_REASON.search(text)
    ]
    assert bare == []


def test_nothing_is_left_for_later() -> None:
    later = [
        f"{one.name}:{line} {text}"
        for one in sources(*FLOORS)
        for line, text in comments(one)
        if UNFINISHED.search(text)
    ]
    assert later == []
