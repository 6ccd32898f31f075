"""Heads of the audit trail kept outside the database: every kind of tampering shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from storage import audit, heads, occurrences
from storage.audit import Break, Fault
from storage.crypto import Vault
from storage.errors import FolderRefused
from storage.tables import audit as table
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.test_audit import entry

ROWS = 9
DAYS = {3: date(2026, 9, 14), 6: date(2026, 9, 15), 9: date(2026, 9, 16)}
"""After how many rows a head was kept, and on which day."""


@pytest.fixture
def kept(unit_factory: UnitFactory, vault: Vault, tmp_path: Path) -> Path:
    """Nine rows over three days, with the head of each day in the file."""
    path = heads.place(tmp_path)
    for number in range(1, ROWS + 1):
        with unit_factory() as unit:
            audit.append(unit, [entry(number, on_time=1)])
            if number in DAYS:
                heads.keep(path, vault, DAYS[number], audit.head(unit.session))
    return path


def verdict(unit: Unit, path: Path) -> audit.Verdict:
    found = heads.read(path, unit.vault)
    return audit.verify(unit.session, unit.vault, found.kept if found else ())


def edit(unit: Unit, seq: int) -> None:
    unit.session.execute(update(table).where(table.c.seq == seq).values(staff_id="9999"))


def remove(unit: Unit, seq: int) -> None:
    unit.session.execute(delete(table).where(table.c.seq == seq))


def close_up(unit: Unit, seq: int) -> None:
    """Take a row out and number those behind it anew."""
    remove(unit, seq)
    for later in range(seq + 1, ROWS + 1):
        unit.session.execute(update(table).where(table.c.seq == later).values(seq=later - 1))


def swap(unit: Unit, seq: int) -> None:
    """Exchange a row with its neighbour."""
    other = seq - 1 if seq == ROWS else seq + 1
    for old, new in ((seq, 0), (other, seq), (0, other)):
        unit.session.execute(update(table).where(table.c.seq == old).values(seq=new))


def put_in(unit: Unit, seq: int) -> None:
    """Put a copy of a row in before it, with those behind moved on."""
    row = dict(unit.session.execute(select(table).where(table.c.seq == seq)).mappings().one())
    for later in range(ROWS, seq - 1, -1):
        unit.session.execute(update(table).where(table.c.seq == later).values(seq=later + 1))
    unit.session.execute(insert(table).values(row | {"staff_id": "9999"}))


@pytest.mark.rule("S3-LOG.2.3c", "S3-LOG.1")
class TestGivenAChainWithKeptHeads:
    def test_when_nobody_touched_it_then_it_is_whole(
        self, unit_factory: UnitFactory, kept: Path
    ) -> None:
        with unit_factory() as unit:
            found = verdict(unit, kept)
            assert (found.breaks, found.count, found.head) == ((), ROWS, audit.head(unit.session))

    @pytest.mark.parametrize("seq", [1, 5, ROWS])
    @pytest.mark.parametrize("tamper", [edit, remove, close_up, swap, put_in])
    def test_when_a_row_is_tampered_with_then_it_shows_there(
        self,
        unit_factory: UnitFactory,
        kept: Path,
        tamper: Callable[[Unit, int], None],
        seq: int,
    ) -> None:
        with unit_factory() as unit:
            tamper(unit, seq)
            found = verdict(unit, kept)
        first = seq - 1 if tamper is swap and seq == ROWS else seq
        assert found.broken_at == first
        assert found.head.count == first - 1

    @pytest.mark.parametrize("seq", [1, 5, ROWS])
    def test_when_one_row_was_edited_then_no_other_is_named(
        self, unit_factory: UnitFactory, kept: Path, seq: int
    ) -> None:
        with unit_factory() as unit:
            edit(unit, seq)
            assert verdict(unit, kept).breaks == (Break(Fault.CHANGED, seq, seq),)

    @pytest.mark.parametrize("left", [0, 2, 4, 8])
    def test_when_the_end_is_cut_off_then_the_first_head_beyond_shows_it(
        self, unit_factory: UnitFactory, kept: Path, left: int
    ) -> None:
        with unit_factory() as unit:
            unit.session.execute(delete(table).where(table.c.seq > left))
            found = verdict(unit, kept)
        day = next(day for count, day in DAYS.items() if count > left)
        assert found.breaks == (Break(Fault.CUT, left + 1, ROWS, day),)
        assert found.head.count == left

    def test_when_it_was_cut_off_and_written_on_then_the_head_shows_it(
        self, unit_factory: UnitFactory, kept: Path
    ) -> None:
        with unit_factory() as unit:
            unit.session.execute(delete(table).where(table.c.seq > 4))
            audit.append(unit, [entry(number) for number in range(20, 30)])
            found = verdict(unit, kept)
        days = [DAYS[6], DAYS[9]]
        assert [(one.fault, one.day) for one in found.breaks] == [
            (Fault.REPLACED, day) for day in days
        ]

    def test_when_thousands_were_changed_then_the_first_places_are_named(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            audit.append(unit, [entry(number) for number in range(2500)])
            unit.session.execute(update(table).values(staff_id="9999"))
            walked: list[int] = []
            found = audit.verify(unit.session, unit.vault, (), walked.append)
        assert len(found.breaks) == audit.MOST_BREAKS
        assert walked == [1000, 2000, 2500]


class TestGivenTheFileOfHeads:
    def test_when_read_then_it_says_what_was_kept(self, kept: Path, vault: Vault) -> None:
        found = heads.read(kept, vault)
        assert found is not None
        assert [(one.head.count, one.day) for one in found.kept] == list(DAYS.items())
        assert found.damaged == ()
        assert kept.stat().st_mode & 0o777 == 0o600
        assert [one.name for one in kept.parent.glob("audit*")] == [kept.name]

    def test_when_there_is_none_then_said(self, vault: Vault, tmp_path: Path) -> None:
        assert heads.read(tmp_path / "none", vault) is None

    @pytest.mark.parametrize("number", [1, 2, 3])
    @pytest.mark.parametrize("how", ["edited", "garbled"])
    def test_when_a_line_is_changed_then_it_is_named(
        self, kept: Path, vault: Vault, number: int, how: str
    ) -> None:
        lines = kept.read_text().splitlines()
        line = lines[number - 1]
        lines[number - 1] = line.replace("2026", "2025") if how == "edited" else line[:20] + "\x00"
        kept.write_text("\n".join(lines) + "\n")
        found = heads.read(kept, vault)
        assert found is not None
        assert found.damaged[0] == number
        assert all(one.day in DAYS.values() for one in found.kept)

    @pytest.mark.parametrize("number", [1, 2])
    def test_when_a_line_is_taken_out_then_the_next_one_shows_it(
        self, kept: Path, vault: Vault, number: int
    ) -> None:
        lines = kept.read_text().splitlines()
        del lines[number - 1]
        kept.write_text("\n".join(lines) + "\n")
        found = heads.read(kept, vault)
        assert found is not None
        assert found.damaged == (number,)

    def test_when_its_last_line_is_torn_then_the_next_head_is_kept_behind_it(
        self, kept: Path, vault: Vault, unit_factory: UnitFactory
    ) -> None:
        kept.write_text(kept.read_text()[:-30])
        with unit_factory() as unit:
            head = audit.head(unit.session)
        heads.keep(kept, vault, date(2026, 9, 17), head)
        found = heads.read(kept, vault)
        assert found is not None
        assert found.damaged == (3,)
        assert [one.day.day for one in found.kept] == [14, 15, 17]

    def test_when_another_company_wrote_it_then_no_line_holds(
        self, kept: Path, tmp_path: Path
    ) -> None:
        found = heads.read(kept, Vault.create(tmp_path / "other"))
        assert found == heads.Heads((), (1, 2, 3))

    def test_when_it_cannot_be_written_then_it_stays_as_it_was(
        self, kept: Path, vault: Vault
    ) -> None:
        before = kept.read_bytes()
        kept.with_suffix(".new").mkdir()
        with pytest.raises(FolderRefused):
            heads.keep(kept, vault, date(2026, 9, 17), audit.Head(1, b"x"))
        assert kept.read_bytes() == before


def test_the_last_occasion_of_a_job_is_known(unit_factory: UnitFactory) -> None:
    with unit_factory(NOW + timedelta(days=1)) as unit:
        assert occurrences.latest(unit.session, heads.JOB) is None
        for day in ("2026-09-14", "2026-09-15"):
            assert occurrences.begin(unit, heads.JOB, day)
        assert occurrences.latest(unit.session, heads.JOB) == "2026-09-15"
        assert occurrences.done(unit.session, heads.JOB, "2026-09-14")
        assert not occurrences.done(unit.session, heads.JOB, "2026-09-16")
