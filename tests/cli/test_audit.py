"""`dossierbot audit`: a trail that is whole, one that is not, and what the operator is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bot.config import load
from bot.offline import opened
from storage import audit, heads, occurrences
from storage.tables import audit as table
from storage.unit import Unit
from tests.cli.conftest import Command, Ended

DAY = date(2026, 9, 14)
AT = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)


def change(company: Path, work: Callable[[Unit], object]) -> None:
    with opened(load(company / "config.toml", {})) as store:
        store.run(work)


def entry(number: int, action: str = "visit_note.read") -> audit.Entry:
    return audit.Entry(
        at=AT + timedelta(hours=number),
        staff_id=("operator", "0007")[number % 2],
        action=action,
        subject=f"visit_note:{number % 3}",
        channel="phones",
        rule="S3-LOG.1",
    )


@pytest.fixture
def trail(company: Path) -> Path:
    """Six entries, and the head of Monday after the fourth; returns the file of heads."""
    settings = load(company / "config.toml", {})
    path = heads.place(settings.storage.attachments)
    path.parent.mkdir(exist_ok=True)

    def fill(unit: Unit) -> None:
        unit.session.execute(delete(table))
        audit.append(unit, [entry(number) for number in range(1, 5)])
        heads.keep(path, unit.vault, DAY, audit.head(unit.session))
        occurrences.begin(unit, heads.JOB, DAY.isoformat())
        audit.append(unit, [entry(number) for number in range(5, 7)])

    change(company, fill)
    return path


def edit(seq: int) -> Callable[[Unit], object]:
    return lambda unit: unit.session.execute(
        update(table).where(table.c.seq == seq).values(staff_id="9999")
    )


def cut(left: int) -> Callable[[Unit], object]:
    return lambda unit: unit.session.execute(delete(table).where(table.c.seq > left))


def faults(ended: Ended) -> str:
    assert ended.code == 1, ended
    return ended.out


@pytest.mark.rule("S3-LOG.1", "S3-LOG.2.3c")
@pytest.mark.usefixtures("trail")
class TestGivenVerify:
    def test_when_it_is_whole_then_said_with_what_the_head_covers(
        self, dossierbot: Command
    ) -> None:
        ended = dossierbot("audit", "verify")
        assert ended.code == 0
        assert "档案日志完整，共 6 条" in ended.out
        assert "2026-09-14 留存的封条覆盖第 1 至 4 条，其后新增 2 条" in ended.out

    def test_when_an_entry_was_edited_then_it_is_named_with_what_still_holds(
        self, dossierbot: Command, company: Path
    ) -> None:
        change(company, edit(6))
        said = faults(dossierbot("audit", "verify"))
        assert "第 6 条与当初写入的不符" in said
        assert "2026-09-14 留存的封条仍覆盖前 4 条" in said
        assert "先各复制一份保存" in said

    def test_when_the_end_is_gone_then_the_head_shows_it(
        self, dossierbot: Command, company: Path
    ) -> None:
        change(company, cut(2))
        assert "末尾第 3 至 4 条缺失：2026-09-14" in faults(dossierbot("audit", "verify"))

    def test_when_the_heads_are_gone_as_well_then_a_copy_shows_it(
        self, dossierbot: Command, company: Path, trail: Path
    ) -> None:
        copy = company / "copy.txt"
        trail.rename(copy)
        change(company, cut(2))
        assert "不见了，而机器人在 2026-09-14" in faults(dossierbot("audit", "verify"))
        assert "第 3 至 4 条缺失" in faults(dossierbot("audit", "verify", "--heads", copy))

    def test_when_a_line_of_the_heads_was_changed_then_it_is_named(
        self, dossierbot: Command, trail: Path
    ) -> None:
        trail.write_text(trail.read_text().replace(" 4 ", " 3 "))
        said = faults(dossierbot("audit", "verify"))
        assert f"{trail}:1" in said
        assert "没有 2026-09-14 的封条" in said

    def test_when_the_copy_named_is_not_there_then_said(self, dossierbot: Command) -> None:
        assert "no file none.txt" in dossierbot("audit", "verify", "--heads", "none.txt").refusal


@pytest.mark.usefixtures("company")
def test_when_the_bot_never_ran_then_whole_but_without_a_head(dossierbot: Command) -> None:
    ended = dossierbot("audit", "verify")
    assert ended.code == 0
    assert "尚无留存的封条" in ended.out


@pytest.mark.rule("S3-LOG.2.4b", "S3-LOG.1")
@pytest.mark.usefixtures("trail")
class TestGivenShow:
    def test_when_shown_then_in_words_with_the_clause_and_the_query_is_in_it(
        self, dossierbot: Command
    ) -> None:
        ended = dossierbot("audit", "show", "--limit", "2")
        assert ended.code == 0
        first, second, count = ended.out.splitlines()
        assert first.startswith("6 · 9月14日 周一 15:00 ")
        assert "阅读了 visit_note:0（S3-LOG.1）" in first
        assert second.startswith("5 · ")
        assert count == "共 2 条，最新在前。"
        again = dossierbot("audit", "show", "--limit", "1")
        assert "7 · " in again.out
        assert "命令行 查询了日志（S3-LOG.2.4b）" in again.out
        assert dossierbot("audit", "verify").code == 0

    @pytest.mark.parametrize(
        ("words", "numbers"),
        [
            (("--staff", "operator"), [6, 4, 2]),
            (("--subject", "visit_note:1"), [4, 1]),
            (("--action", "visit_note.filed"), []),
            (("--since", "2026-09-14", "--until", "2026-09-14"), [6, 5, 4, 3, 2, 1]),
            (("--since", "2026-09-15", "--until", "2026-09-16"), []),
        ],
    )
    def test_when_asked_for_some_then_those(
        self, dossierbot: Command, words: tuple[str, ...], numbers: list[int]
    ) -> None:
        lines = dossierbot("audit", "show", *words).out.splitlines()[:-1]
        assert [int(line.split(" ")[0]) for line in lines] == numbers

    @pytest.mark.parametrize("option", ["--staff", "--subject"])
    def test_when_there_is_no_such_thing_then_refused_and_nothing_is_logged(
        self, dossierbot: Command, option: str
    ) -> None:
        assert "没有" in dossierbot("audit", "show", option, "KH-1").refusal
        assert "查询了日志" not in dossierbot("audit", "show").out
