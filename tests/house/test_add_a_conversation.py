"""What docs/add-a-conversation.md says is done to a copy of the program, and works there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.features.office import CHANNELS
from tests.house.sources import ROOT

PAGE = ROOT / "docs" / "add-a-conversation.md"
PARTS = ("bot", "handlers", "storage", "rules", "tests")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_page_adds_a_conversation_that_runs(tmp_path: Path) -> None:
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "browser", "chaos")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    module, name, test = blocks("python")
    (tmp_path / "handlers" / "satisfaction.py").write_text(module, "utf-8")
    with (tmp_path / "handlers" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write(f"\nfrom handlers import satisfaction\n{name}")
    words = tmp_path / "handlers" / "locales" / "zh_CN" / "LC_MESSAGES" / "dossierbot.po"
    with words.open("a", encoding="utf-8") as file:
        file.write("\n" + blocks("po")[0])
    path = tmp_path / "tests" / "features" / "test_satisfaction.py"
    path.write_text(test, "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"\b{len(CHANNELS)} passed", done.stdout)
