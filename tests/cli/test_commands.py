"""The commands: what they write and say, and how they say no."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.commands.channels import require_channels
from bot.commands.shared import Refused
from bot.config import load
from bot.offline import opened
from storage import accounts
from storage.database import Database
from storage.tables import meta
from storage.unit import Unit
from tests.cli.conftest import Command
from tests.house.sources import ROOT

WECOM = '[wecom]\ncorp_id = "c"\nagent_id = 1\nsecret = "s"\ntoken = "t"\n'
CODE = re.compile(r"/start ([A-Z2-7]{26})\n")


def change(company: Path, work: Callable[[Unit], object]) -> None:
    with opened(load(company / "config.toml", {})) as store:
        store.run(work)


def bind_operator(unit: Unit) -> None:
    accounts.bind(unit, "telegram", "7", "operator")
    unit.session.execute(meta.insert().values(key=accounts.TELEGRAM_NAME, value="cheng_bot"))


def forbid_phones(company: Path) -> None:
    file = company / "config.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[phones]\nport", "# [phones]\n# port"), encoding="utf-8")


class TestGivenAnEmptyFolder:
    def test_when_init_then_the_company_can_begin(
        self, dossierbot: Command, tmp_path: Path
    ) -> None:
        ended = dossierbot("init", tmp_path / "new", "--name", '鸿远 "商贸"')
        assert ended.code == 0
        assert CODE.search(ended.out)
        settings = load(tmp_path / "new" / "config.toml", {})
        assert settings.company.name == '鸿远 "商贸"'
        assert [one.pack for one in settings.company.packs] == ["customer-service"]
        assert stat.S_IMODE(settings.storage.key_file.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "new" / "config.toml").stat().st_mode) == 0o600

    def test_when_something_is_in_the_way_then_nothing_is_written(
        self, dossierbot: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "dossierbot.key").touch()
        assert "dossierbot.key" in dossierbot("init", tmp_path).refusal
        assert [one.name for one in tmp_path.iterdir()] == ["dossierbot.key"]

    def test_when_the_database_on_a_server_is_taken_then_said_and_nothing_is_written(
        self, dossierbot: Command, tmp_path: Path, postgresql_url: str
    ) -> None:
        ended = dossierbot("init", tmp_path / "new", "--database", postgresql_url)
        assert CODE.search(ended.out)
        ended = dossierbot("init", tmp_path / "second", "--database", postgresql_url)
        assert "There is a company in the database" in ended.refusal
        assert not list((tmp_path / "second").iterdir())

    def test_when_the_folder_cannot_be_made_then_said(
        self, dossierbot: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        assert "cannot be written" in dossierbot("init", tmp_path / "file" / "new").refusal

    def test_when_run_without_settings_then_init_is_named(
        self, dossierbot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert "dossierbot init" in dossierbot("run").refusal


def test_the_example_is_what_init_writes() -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    assert example == (ROOT / "bot" / "config.example.toml").read_text(encoding="utf-8")


def test_every_key_of_the_example_is_right_with_its_mark_taken_off(tmp_path: Path) -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    file = tmp_path / "config.toml"
    file.write_text(re.sub(r"(?m)^# (?=\[|\w+ = )", "", example), encoding="utf-8")
    settings = load(file, {})
    assert settings.wecom
    assert settings.wecom.aibot
    assert settings.telegram
    assert settings.phones


class TestGivenACompany:
    def test_when_checked_without_a_channel_then_it_says_what_to_configure(
        self, dossierbot: Command, company: Path
    ) -> None:
        assert dossierbot("check").code == 0
        forbid_phones(company)
        ended = dossierbot("check")
        assert ended.code == 1
        assert "mend  channels: No channel is configured" in ended.out
        assert "ok    key" in ended.out

    def test_when_run_without_a_channel_then_refused(
        self, dossierbot: Command, company: Path
    ) -> None:
        forbid_phones(company)
        assert "[phones]" in dossierbot("run").refusal

    @pytest.mark.parametrize(
        ("section", "sentence"),
        [
            (f'{WECOM}encoding_aes_key = "{"A" * 42} "', "encoding_aes_key is not one"),
            (f'{WECOM}encoding_aes_key = "{"A" * 43}"', "public_url is missing"),
            (
                f'{WECOM}encoding_aes_key = "k"\n[wecom.aibot]\nbot_id = "b"\nsecret = "s"',
                "aibot cannot be served",
            ),
            ('[telegram]\ntoken = "1:a"\nmode = "webhook"', "public_url is missing"),
            ('[telegram]\ntoken = "1:a"\nwebhook_secret = "密码"', "webhook_secret is not one"),
        ],
    )
    def test_when_a_channel_cannot_be_served_then_refused_not_ignored(
        self, dossierbot: Command, company: Path, section: str, sentence: str
    ) -> None:
        with (company / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{section}\n")
        assert sentence in dossierbot("run").refusal
        assert f"mend  channels: {section.splitlines()[0]}" in dossierbot("check").out

    @pytest.mark.parametrize(
        ("url", "api_base", "served"),
        [
            ("http://bot.example.com", "", False),
            ("https://bot.example.com:8080", "", False),
            ("https://bot.example.com:99999", "", False),
            ("https://bot.example.com", "", True),
            ("https://bot.example.com:8443", "", True),
            ("http://10.0.0.5:8080", 'api_base = "http://10.0.0.6:8081"\n', True),
        ],
    )
    def test_when_telegram_would_not_post_there_then_refused(
        self,
        company: Path,
        monkeypatch: pytest.MonkeyPatch,
        url: str,
        api_base: str,
        *,
        served: bool,
    ) -> None:
        monkeypatch.setenv("DOSSIERBOT_HTTP_PUBLIC_URL", url)
        with (company / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[telegram]\ntoken = "1:a"\nmode = "webhook"\n{api_base}')
        settings = load(company / "config.toml", os.environ)
        if served:
            require_channels(settings)
            return
        with pytest.raises(Refused, match="where Telegram does not post: it wants https://"):
            require_channels(settings)

    def test_when_the_key_is_gone_then_one_sentence(
        self, dossierbot: Command, company: Path
    ) -> None:
        (company / "dossierbot.key").unlink()
        assert "dossierbot.key" in dossierbot("run").refusal
        assert "mend  key" in dossierbot("check").out

    def test_when_the_key_is_open_to_others_then_one_sentence(
        self, dossierbot: Command, company: Path
    ) -> None:
        (company / "dossierbot.key").chmod(0o644)
        assert "dossierbot.key" in dossierbot("run").refusal

    def test_when_another_program_has_the_database_then_one_sentence(
        self, dossierbot: Command, company: Path
    ) -> None:
        other = Database.open(f"sqlite:///{company}/dossierbot.sqlite", upgrade=False)
        assert "in use by another dossierbot" in dossierbot("run").refusal
        other.close()

    def test_when_the_pack_is_not_there_then_the_others_are_named(
        self, dossierbot: Command, company: Path
    ) -> None:
        file = company / "config.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('"customer-service"', '"custommer"'), encoding="utf-8")
        assert "customer-service" in dossierbot("run").refusal

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ('[[company.packs]]\npack = "auto-dealer"\n', "both govern the whole company"),
            ('[[company.packs]]\npack = "log"\ndepartments = ["一部"]\n', "departments"),
        ],
    )
    def test_when_packs_do_not_go_together_then_said(
        self, dossierbot: Command, company: Path, more: str, said: str
    ) -> None:
        with (company / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{more}")
        assert said in dossierbot("run").refusal


class TestGivenThePolicies:
    def test_when_listed_then_packs_and_overlays_are_there(self, dossierbot: Command) -> None:
        out = dossierbot("policy", "list").out
        assert "customer-service" in out
        assert re.search(r"privacy +overlay", out)

    def test_when_shown_then_each_value_has_its_rule(self, dossierbot: Command) -> None:
        assert "S2-DOSS.3.3" in dossierbot("policy", "show", "customer-service").out

    def test_when_there_is_none_of_that_name_then_said(self, dossierbot: Command) -> None:
        assert "customer-service" in dossierbot("policy", "show", "nope").refusal

    def test_when_checked_then_roles_nobody_holds_are_named(
        self, dossierbot: Command, company: Path
    ) -> None:
        assert company.is_dir()
        ended = dossierbot("policy", "check")
        assert ended.code == 0
        assert "approved_by is gm (总经理), whom nobody is" in ended.out


class TestGivenFailedMessages:
    def test_when_there_is_none_then_said(self, dossierbot: Command, company: Path) -> None:
        assert company.is_dir()
        assert "No message failed" in dossierbot("inbox", "list").out
        assert "0 to be handled again" in dossierbot("inbox", "retry").out

    def test_when_the_reference_is_unknown_then_said(
        self, dossierbot: Command, company: Path
    ) -> None:
        assert company.is_dir()
        assert "ABCD" in dossierbot("inbox", "retry", "ABCD").refusal


class TestGivenStaff:
    def test_when_invited_then_a_new_code_each_time(
        self, dossierbot: Command, company: Path
    ) -> None:
        assert company.is_dir()
        codes = {CODE.findall(dossierbot("staff", "invite", "operator").out)[0] for _ in "ab"}
        assert len(codes) == 2

    def test_when_nobody_has_the_number_then_said(
        self, dossierbot: Command, company: Path
    ) -> None:
        assert company.is_dir()
        assert "not on the staff list" in dossierbot("staff", "invite", "9999").refusal

    def test_when_listed_then_everybody_is_there(self, dossierbot: Command, company: Path) -> None:
        assert company.is_dir()
        assert "operator" in dossierbot("staff", "list").out

    def test_when_cut_off_then_chats_and_invites_are_named(
        self, dossierbot: Command, company: Path
    ) -> None:
        dossierbot("staff", "invite", "operator")
        change(company, bind_operator)
        said = dossierbot("staff", "invite", "operator").out
        assert "https://t.me/cheng_bot?start=" in said
        assert "Used on telegram, it replaces the account bound there since" in said
        assert "not bound to any chat on wecom" in (
            dossierbot("staff", "unbind", "operator", "--channel", "wecom").out
        )
        said = dossierbot("staff", "unbind", "operator").out
        assert "unbound from telegram, bound since" in said
        assert "Open invites closed: 0" in said
        change(company, lambda unit: accounts.invite(unit, "operator", "X" * 26, unit.now))
        assert "Open invites closed: 1" in dossierbot("staff", "unbind", "operator").out
        assert "not on the staff list" in dossierbot("staff", "unbind", "9999").refusal

    def test_when_somebody_leaves_and_returns_then_once_each(
        self, dossierbot: Command, company: Path
    ) -> None:
        assert company.is_dir()
        assert "has no access any more" in dossierbot("staff", "deactivate", "operator").out
        assert "has left already" in dossierbot("staff", "deactivate", "operator").refusal
        assert "has left" in dossierbot("staff", "invite", "operator").refusal
        assert "has access again" in dossierbot("staff", "reactivate", "operator").out
        assert "has access already" in dossierbot("staff", "reactivate", "operator").refusal
