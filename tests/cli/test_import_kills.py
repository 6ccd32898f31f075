"""An import that is killed goes on when it is started again: every row exactly once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Command

ROWS = 1500
SEED = 20260914


def _text() -> str:
    """Return customers with a number, without, with a phone, with neither, with a key."""
    lines = ["number,name,keeper,phone,key,contact"]
    for at in range(ROWS):
        kind = at % 5
        number = f"KH-2026-{at + 1:05}" if kind == 0 else ""
        phone = f"154{at:08}" if kind in (1, 3) else ""
        key = f"VIN{at}" if kind == 4 else ""
        name = f"瑞禾{at // 50}贸易" if kind in (1, 4) else f"鸿鑫{at}贸易"
        lines.append(f"{number},{name},1002,{phone},{key},陈先生")
    return "\n".join(lines) + "\n"


def _counted(database: Path) -> tuple[int, int, int]:
    """Return dossiers, different numbers, and dossiers without their index rows."""
    with sqlite3.connect(database) as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT number), sum(id NOT IN "
            "(SELECT dossier_id FROM dossier_gram INTERSECT SELECT dossier_id FROM dossier_key)) "
            "FROM dossier"
        ).fetchone()
    connection.close()
    dossiers, numbers, bare = found
    return int(dossiers), int(numbers), int(bare or 0)


def test_killed_again_and_again_it_ends_with_every_row_once(
    company: Path, dossierbot: Command, campaign: bool
) -> None:
    (company / "staff.csv").write_text("id,name,department\n1002,李晓梅,一部\n", "utf-8")
    dossierbot("staff", "import", company / "staff.csv")
    file = company / "dossiers.csv"
    file.write_text(_text(), "utf-8")
    database = company / "dossierbot.sqlite"
    tried = dossierbot("dossiers", "import", file, "--dry-run")
    assert f"导入 {ROWS}" in tried.out
    drawn = random.Random(SEED)
    at_most = 0
    for _ in range(20 if campaign else 4):
        # killed once so many more have been written: at any moment of a slice, of any slice
        at_most += drawn.randint(1, ROWS // (22 if campaign else 6))
        running = subprocess.Popen(
            [sys.executable, "-m", "bot", "dossiers", "import", str(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=company,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        while running.poll() is None and _counted(database)[0] < at_most:
            pass
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL, "it ended before it could be killed"
        dossiers, numbers, bare = _counted(database)
        assert at_most <= dossiers == numbers
        assert bare == 0
    ended = dossierbot("dossiers", "import", file)
    assert _counted(database) == (ROWS, ROWS, 0), ended.out
    again = dossierbot("dossiers", "import", file)
    assert f"已在册 {ROWS}" in again.out
    assert _counted(database) == (ROWS, ROWS, 0)
