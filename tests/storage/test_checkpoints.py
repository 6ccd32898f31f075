"""SQLite's log, folded in beside the writer; what the file alone holds shows that it was."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import insert

from storage import checkpoints
from storage.checkpoints import Checkpointer
from storage.database import Database
from storage.tables import counter

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def write(database: Database, checkpointer: Checkpointer, rows: int, year: int = 1) -> None:
    with database.write_connection() as connection:
        with connection.begin():
            for at in range(rows):
                connection.execute(insert(counter).values(kind=f"k{at}", year=year, last=at))
        checkpointer.wrote(connection)


def folded_in(database: Database, elsewhere: Path) -> int:
    """Return how many rows the database file has without its log."""
    shutil.copyfile(database.place, elsewhere)
    with sqlite3.connect(elsewhere) as alone:
        count: int = alone.execute("SELECT count(*) FROM counter").fetchone()[0]
    alone.close()
    return count


def test_much_that_was_written_is_folded_in_while_the_writer_goes_on(
    database: Database, tmp_path: Path
) -> None:
    checkpointer = Checkpointer(database)
    with patch.object(checkpoints, "ROWS", 50):
        write(database, checkpointer, 60)
        with database.write_connection() as going_on, going_on.begin():
            going_on.execute(insert(counter).values(kind="open", year=2, last=0))
            checkpointer.close()
            assert folded_in(database, tmp_path / "alone") == 60


def test_little_that_was_written_opens_no_connection(database: Database, tmp_path: Path) -> None:
    checkpointer = Checkpointer(database)
    write(database, checkpointer, 60)
    checkpointer.close()
    assert folded_in(database, tmp_path / "alone") == 0
