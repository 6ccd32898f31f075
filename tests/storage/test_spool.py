"""What is kept beside the store is whole or not there, sealed, and comes out in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.crypto import Vault
from storage.errors import FolderRefused, SealBroken
from storage.spool import NAME, Spool
from tests.conftest import NOW


@pytest.fixture
def spool(tmp_path: Path, vault: Vault) -> Spool:
    return Spool(tmp_path / "attachments", vault)


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "attachments" / NAME).iterdir())


def test_texts_come_out_in_order_also_to_another_process(
    spool: Spool, tmp_path: Path, vault: Vault
) -> None:
    assert spool.waiting() == ()
    for text in ("一", "二", "三"):
        spool.keep(text, NOW)
    other = Spool(tmp_path / "attachments", vault)
    numbers = other.waiting()
    assert [other.read(one) for one in numbers] == ["一", "二", "三"]
    other.done(numbers[0])
    assert spool.read(numbers[0]) is None
    spool.done(numbers[0])
    assert spool.waiting() == numbers[1:]


def test_nobody_else_can_read_them(spool: Spool, tmp_path: Path) -> None:
    spool.keep("机密", NOW)
    (file,) = files(tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    assert "机密".encode() not in file.read_bytes()


def test_what_was_half_written_is_not_there_and_takes_no_number(
    spool: Spool, tmp_path: Path
) -> None:
    spool.keep("a", NOW)
    (first,) = files(tmp_path)
    first.rename(first.with_suffix(".part"))
    assert spool.waiting() == ()
    spool.keep("b", NOW)
    assert [spool.read(one) for one in spool.waiting()] == ["b"]


def test_what_somebody_else_laid_there_is_passed_over(spool: Spool, tmp_path: Path) -> None:
    spool.keep("a", NOW)
    (file,) = files(tmp_path)
    for name in ("1 (copy).msg", "x.msg", "-1.msg", ".msg"):
        file.with_name(name).write_bytes(file.read_bytes())
    assert [spool.read(one) for one in spool.waiting()] == ["a"]


@pytest.mark.parametrize("size", [0, 1, 20, -1])
def test_one_that_was_cut_off_does_not_open(spool: Spool, tmp_path: Path, size: int) -> None:
    spool.keep("a", NOW)
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:size])
    (number,) = spool.waiting()
    with pytest.raises(SealBroken):
        spool.read(number)


def test_one_that_cannot_be_read_is_said_to(spool: Spool, tmp_path: Path) -> None:
    spool.keep("a", NOW)
    (file,) = files(tmp_path)
    file.unlink()
    file.mkdir()  # for whom nothing is forbidden, too
    with pytest.raises(FolderRefused):
        spool.read(spool.waiting()[0])


def test_one_that_was_moved_or_changed_does_not_open(spool: Spool, tmp_path: Path) -> None:
    spool.keep("a", NOW)
    (file,) = files(tmp_path)
    file.rename(file.with_stem(str(int(file.stem) + 1)))
    (number,) = spool.waiting()
    with pytest.raises(SealBroken):
        spool.read(number)
    spool.set_aside(number)
    assert spool.waiting() == ()


def test_a_disk_that_refuses_is_said_to(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "attachments").write_text("a file")
    with pytest.raises(FolderRefused):
        Spool(tmp_path / "attachments", vault).keep("a", NOW)
