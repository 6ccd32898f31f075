"""An installed program has everything that a checkout has."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.house.sources import FLOORS, ROOT


def test_every_file_that_is_not_python_is_packed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packed: dict[str, list[str]] = project["tool"]["setuptools"]["package-data"]
    missing = [
        path.relative_to(ROOT).as_posix()
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".pyc")
        and not any(_fits(path.relative_to(ROOT / floor), one) for one in packed[floor])
    ]
    assert missing == []


def _fits(path: Path, pattern: str) -> bool:
    return len(path.parts) == pattern.count("/") + 1 and path.match(pattern)
