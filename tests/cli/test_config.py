"""Broken settings stop the start, and every problem is named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import ConfigError, load
from bot.settings import Secret, Settings

SMALLEST = """
[company]
name = "鸿远商贸"
[[company.packs]]
pack = "customer-service"
"""
TELEGRAM = '[telegram]\ntoken = "123456789:planted-secret-planted-secret-1234"\n'


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, text: str, **environment: str) -> Settings:
        file = self.path / "config.toml"
        file.write_text(text, encoding="utf-8")
        return load(file, environment)

    def problems(self, text: str, **environment: str) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as refused:
            self.load(text, **environment)
        return refused.value.problems


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


class TestGivenASoundFile:
    def test_then_paths_start_at_its_folder(self, folder: Folder) -> None:
        storage = folder.load(SMALLEST).storage
        assert storage.url == f"sqlite:///{folder.path}/dossierbot.sqlite"
        assert storage.attachments == folder.path / "attachments"
        assert storage.key_file == folder.path / "dossierbot.key"

    def test_then_an_absolute_path_stays(self, folder: Folder) -> None:
        text = SMALLEST + '[storage]\nurl = "sqlite:////srv/d.sqlite"\nkey_file = "/srv/key"'
        storage = folder.load(text).storage
        assert (storage.url, storage.key_file) == ("sqlite:////srv/d.sqlite", Path("/srv/key"))

    def test_then_sections_that_are_not_there_have_defaults(self, folder: Folder) -> None:
        settings = folder.load(SMALLEST)
        assert settings.telegram is None
        assert settings.retention.bodies_days == 90

    def test_then_a_byte_order_mark_of_an_editor_does_no_harm(self, folder: Folder) -> None:
        assert folder.load("\ufeff" + SMALLEST).company.name == folder.load(SMALLEST).company.name

    def test_then_the_environment_goes_first(self, folder: Folder) -> None:
        text = SMALLEST + "[http]\nport = 8080"
        assert folder.load(text, DOSSIERBOT_HTTP_PORT="9001").http.port == 9001

    def test_then_other_variables_are_nobodys_business(self, folder: Folder) -> None:
        folder.load(SMALLEST, DOSSIERBOT_CONFIG="x", PATH="/bin")


class TestGivenSecrets:
    def test_when_shown_then_hidden(self, folder: Folder) -> None:
        settings = folder.load(SMALLEST + TELEGRAM)
        assert "planted" not in repr(settings)
        assert settings.secrets() == ("123456789:planted-secret-planted-secret-1234",)

    def test_then_the_password_of_a_proxy_is_one(self, folder: Folder) -> None:
        proxy = 'proxy = "http://ann:planted%21@127.0.0.1:7890"\n'
        settings = folder.load(f'{SMALLEST}[telegram]\ntoken = "1:a"\n{proxy}')
        assert set(settings.secrets()) == {"1:a", "planted%21", "planted!"}

    def test_when_from_a_file_then_without_its_line_end(self, folder: Folder) -> None:
        (folder.path / "token").write_text("abc\n")
        settings = folder.load(SMALLEST + '[telegram]\ntoken_file = "token"')
        assert settings.telegram
        assert settings.telegram.token == Secret("abc")

    def test_when_from_the_environment_then_it_goes_first(self, folder: Folder) -> None:
        settings = folder.load(SMALLEST + TELEGRAM, DOSSIERBOT_TELEGRAM_TOKEN="other")
        assert settings.secrets() == ("other",)

    def test_when_a_file_is_named_by_the_environment_then_it_is_read(self, folder: Folder) -> None:
        (folder.path / "token").write_text("abc")
        settings = folder.load(SMALLEST, DOSSIERBOT_TELEGRAM_TOKEN_FILE="token")
        assert settings.secrets() == ("abc",)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ('token_file = "none"', "cannot be read: No such file"),
            ('token_file = "empty"', "the file is empty"),
            ("token_file = 3", "expected a path"),
            ('token = "a"\ntoken_file = "empty"', "not both"),
        ],
    )
    def test_when_the_file_is_no_use_then_said(self, folder: Folder, line: str, said: str) -> None:
        (folder.path / "empty").touch()
        problems = folder.problems(f"{SMALLEST}[telegram]\n{line}")
        assert said in problems[0]

    def test_when_the_value_is_wrong_then_it_is_not_shown(self, folder: Folder) -> None:
        (problem,) = folder.problems(SMALLEST + "[telegram]\ntoken = 20202020")
        assert "20202020" not in problem


class TestGivenMistakes:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[http]\nport = 99999", "[http] port = 99999: expected a port number"),
            ("[http]\nport = true", "[http] port = True: expected a port number"),
            ('[http]\nport = "80"', '[http] port = "80": expected a port number'),
            ("[http]\nprot = 80", "[http] prot: there is no such key; did you mean port?"),
            ("[htpp]\nport = 80", "htpp: there is no such key; did you mean http?"),
            ('[log]\nlevel = "loud"', '[log] level = "loud": expected "debug"'),
            ('[storage]\nurl = "mysql://h"', '[storage] url = "mysql://h": expected "sqlite:///"'),
            ("log = 3", "log: expected a table [log]"),
            ("[wecom]\nagent_id = 0", "[wecom] corp_id: missing"),
            ('[wecom]\nproxy = "10.0.0.1:80"', "begins with https:// or http://"),
            ('[wecom]\ncallback_path = "wecom"', 'begins with /, as "/callback"'),
            ("[retention]\nbodies_days = 0", "expected a number of days from 1 to 3650"),
            ("[telegram.limits]\nenabled = 1", "[telegram.limits] enabled = 1: expected true or"),
        ],
    )
    def test_then_key_value_and_what_was_expected_are_named(
        self, folder: Folder, text: str, said: str
    ) -> None:
        before, after = ("", text) if text.startswith("[") else (text + "\n", "")
        problems = folder.problems(before + SMALLEST + after)
        assert any(said in one for one in problems), problems

    def test_then_all_are_named_at_once(self, folder: Folder) -> None:
        text = '[company]\nname = ""\nlocale = "fr"\n[http]\nport = 0\n'
        assert len(folder.problems(text, DOSSIERBOT_LOG_LEVEL="loud")) == 5

    def test_when_a_pack_is_unsound_then_its_place_is_named(self, folder: Folder) -> None:
        text = SMALLEST + "[[company.packs]]\npack = 7\n"
        (problem,) = folder.problems(text)
        assert problem.startswith("[company.packs 2] pack = 7")

    def test_when_there_is_no_company_then_said(self, folder: Folder) -> None:
        assert folder.problems("") == ("[company]: this section is missing",)

    def test_when_a_variable_is_misspelt_then_named(self, folder: Folder) -> None:
        (problem,) = folder.problems(SMALLEST, DOSSIERBOT_HTTP_PROT="80")
        assert "did you mean DOSSIERBOT_HTTP_PORT?" in problem


class TestGivenNoSettings:
    def test_when_the_file_is_missing_then_init_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="dossierbot init"):
            load(tmp_path / "config.toml", {})

    def test_when_it_is_a_folder_then_said(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            load(tmp_path, {})

    def test_when_it_is_not_toml_then_the_line_is_named(self, folder: Folder) -> None:
        assert "line 2" in folder.problems("[company]\nname = 鸿远\n")[0]

    def test_when_it_is_not_utf8_then_said(self, folder: Folder) -> None:
        file = folder.path / "config.toml"
        file.write_bytes('name = "鸿远"'.encode("gb18030"))
        with pytest.raises(ConfigError, match="UTF-8"):
            load(file, {})
