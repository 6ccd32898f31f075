"""`dossierbot check` finds what would only show in front of people, or never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.config import load
from bot.offline import opened
from storage import audit
from storage.folder import Room
from storage.unit import Unit
from tests.cli.conftest import Command

Change = Callable[[str, str], None]


@pytest.fixture
def change(company: Path) -> Change:
    """Replace words in the settings."""

    def replace(old: str, new: str) -> None:
        file = company / "config.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def append(change: Change, section: str) -> None:
    change("[retention]", f"{section}\n[retention]")


class TestGivenPorts:
    @pytest.mark.parametrize(
        ("old", "new", "named"),
        [
            ("# admin_port = 8081", "admin_port = 8080", "[http] port and [http] admin_port"),
            ("# admin_port = 8081", "admin_port = 8090", "[http] admin_port and [phones] port"),
            ("port = 8090", "port = 8080", "[http] port and [phones] port"),
        ],
    )
    def test_when_two_are_the_same_then_both_are_named(
        self, dossierbot: Command, change: Change, old: str, new: str, named: str
    ) -> None:
        change(old, new)
        ended = dossierbot("check")
        assert ended.code == 1
        assert f"mend  ports: {named}" in ended.out

    def test_when_the_platform_calls_then_it_needs_an_address(
        self, dossierbot: Command, change: Change
    ) -> None:
        append(change, '[telegram]\ntoken = "1:a"\nmode = "webhook"\n')
        assert "[http] public_url is missing" in dossierbot("check").out
        change("# public_url", "public_url")
        assert "note  ports: /healthz, /readyz and /metrics" in dossierbot("check").out
        change("# admin_port", "admin_port")
        assert "ok    ports" in dossierbot("check").out


class TestGivenSecrets:
    def test_when_others_can_read_them_then_said(
        self, dossierbot: Command, company: Path, change: Change
    ) -> None:
        append(change, '[telegram]\ntoken = "1:a-secret-token"\n')
        config = company / "config.toml"
        config.chmod(0o644)
        assert "note  secrets: others on this machine may read" in dossierbot("check").out
        config.chmod(0o600)
        assert "ok    secrets" in dossierbot("check").out

    def test_when_a_secret_has_a_file_of_its_own_then_that_one_counts(
        self, dossierbot: Command, company: Path, change: Change
    ) -> None:
        append(change, '[telegram]\ntoken_file = "token"\n')
        token = company / "token"
        token.write_text("1:a-secret-token\n", encoding="utf-8")
        token.chmod(0o640)
        (company / "config.toml").chmod(0o644)
        said = dossierbot("check").out
        assert f"chmod 600 {token}" in said
        assert "chmod 600 config.toml" not in said
        assert "a-secret" not in said


class TestGivenADatabase:
    def test_when_its_newest_entry_lies_ahead_then_the_clock_is_wrong(
        self, dossierbot: Command, company: Path
    ) -> None:
        ahead = SystemClock().now() + timedelta(hours=8)

        def enter(unit: Unit) -> None:
            audit.append(unit, [audit.Entry(ahead, "", "tested", "", "")])

        with opened(load(company / "config.toml", {})) as store:
            store.run(enter)
        assert "set the clock right" in dossierbot("check").out

    def test_when_its_disk_is_nearly_full_then_said(
        self, dossierbot: Command, company: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert company.is_dir()
        assert "are free" not in dossierbot("check").out
        monkeypatch.setattr("bot.commands.check.room", lambda _: Room(True, 5 * 2**20))
        said = dossierbot("check").out
        assert "note  database: 5 MiB are free" in said
        assert "note  attachments: 5 MiB are free" in said

    def test_when_it_answers_slowly_then_said(
        self, dossierbot: Command, company: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert company.is_dir()
        monkeypatch.setattr("bot.commands.check.SLOW_SECONDS", 0.0)
        assert "every message waits for it" in dossierbot("check").out


class TestGivenNoChineseFont:
    def test_then_said_with_the_cure(
        self, dossierbot: Command, company: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert company.is_dir()
        monkeypatch.setattr("bot.commands.check.font", lambda: None)
        ended = dossierbot("check")
        assert ended.code == 0
        assert "note  pictures: this machine has no font with Chinese characters" in ended.out
        assert "apt install fonts-noto-cjk" in ended.out
        monkeypatch.setattr("bot.commands.check.font", lambda: (Path("a.ttc"), 0))
        assert "ok    pictures" in dossierbot("check").out


class TestGivenAStaffList:
    def test_when_only_the_operator_is_on_it_then_that_is_said_and_no_roles_are_missed(
        self, dossierbot: Command, company: Path
    ) -> None:
        del company
        said = dossierbot("check").out
        assert "note  database: nobody is on the staff list yet" in said
        assert "nobody holds" not in said

    def test_when_roles_are_held_by_nobody_then_all_of_them_in_one_line(
        self, dossierbot: Command, company: Path
    ) -> None:
        file = company / "staff.csv"
        file.write_text("id,name,department,roles\n1,王建国,总部,总经理\n", encoding="utf-8")
        assert dossierbot("staff", "import", file).code == 0
        said = dossierbot("check").out
        assert "nobody is on the staff list" not in said
        (line,) = (one for one in said.splitlines() if "nobody holds" in one)
        assert "custodian (档案管理员)" in line
        assert "gm (总经理)" not in line
