"""A company whose database is on a PostgreSQL server: the commands serve it as they do a file."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import load
from bot.settings import passwords_in, without_password
from tests.cli.conftest import Command
from tests.cli.test_config import SMALLEST, Folder
from tests.cli.test_imports import DOSSIERS, STAFF
from tests.cli.test_imports import Company as Sheets
from tests.cli.test_running import end, get, line_with, started
from tests.conftest import copied
from tests.fakes.ports import free_port
from tests.fakes.postgres import PASSWORD, Server

HIDDEN = "p%40ss w0rd/planted"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """Of an empty database, owned by a user who comes with a password."""
    with copied(server, "template0") as name, server.connect() as admin:
        admin.execute(f"CREATE ROLE {name}_owner LOGIN PASSWORD '{PASSWORD}'")
        admin.execute(f"ALTER DATABASE {name} OWNER TO {name}_owner")
        yield server.tcp_url(name, f"{name}_owner").replace("@", f":{PASSWORD}@")
        server.drop(name)
        admin.execute(f"DROP ROLE {name}_owner")


@pytest.fixture
def company(
    dossierbot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> Path:
    folder = tmp_path / "company"
    ended = dossierbot("init", folder, "--name", "鸿远商贸", "--database", address)
    assert ended.code == 0, ended
    assert PASSWORD not in ended.out
    monkeypatch.chdir(folder)
    return folder


class TestGivenInit:
    def test_then_the_address_is_in_the_settings_and_the_password_beside_them(
        self, company: Path, address: str
    ) -> None:
        assert not (company / "dossierbot.sqlite").exists()
        assert PASSWORD not in (company / "config.toml").read_text()
        kept = company / "database.password"
        assert kept.read_text() == PASSWORD
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        storage = load(company / "config.toml", {}).storage
        assert (storage.url, storage.secret()) == (without_password(address), PASSWORD)

    def test_when_the_server_refuses_then_nothing_is_left(
        self, dossierbot: Command, tmp_path: Path, address: str
    ) -> None:
        wrong = address.replace(PASSWORD, "falsch-geraten")
        said = dossierbot("init", tmp_path / "new", "--database", wrong).refusal
        assert "does not take the user and password" in said
        assert "falsch-geraten" not in said
        assert list((tmp_path / "new").iterdir()) == []
        assert dossierbot("init", tmp_path / "new", "--database", address).code == 0

    def test_when_it_is_no_address_then_nothing_is_left(
        self, dossierbot: Command, tmp_path: Path
    ) -> None:
        said = dossierbot("init", tmp_path, "--database", f"mysql://u:{PASSWORD}@h/d").refusal
        assert "postgresql://user@host:5432/name" in said
        assert PASSWORD not in said
        assert list(tmp_path.iterdir()) == []


class TestGivenACompany:
    def test_then_the_commands_serve_it(self, company: Path, dossierbot: Command) -> None:
        sheets = Sheets(company, dossierbot)
        assert "新增 2" in sheets.take("staff", STAFF).out
        assert "李晓梅" in sheets.staff_list()
        assert "导入 2" in sheets.take("dossiers", DOSSIERS).out
        assert "导入 2" not in sheets.take("dossiers", DOSSIERS).out
        assert dossierbot("staff", "invite", "1002").code == 0
        assert dossierbot("inbox", "list").code == 0
        assert dossierbot("policy", "check").code == 0
        checked = dossierbot("check")
        assert checked.code == 0, checked
        assert "ok    database" in checked.out

    def test_then_two_run_on_it_at_once(self, company: Path) -> None:
        ports = [free_port() for _ in range(4)]
        text = (company / "config.toml").read_text()
        for number, (http, phones) in enumerate((ports[:2], ports[2:])):
            mine = text.replace("port = 8080", f"port = {http}")
            mine = mine.replace("port = 8090", f"port = {phones}")
            (company / f"{number}.toml").write_text(mine)
        with started("run", "--config", "0.toml", cwd=company) as first:
            line_with(first, '"started"')  # the page of phones is made by one of them
            with started("run", "--config", "1.toml", cwd=company) as second:
                line_with(second, '"started"')
                for process, port in ((first, ports[0]), (second, ports[2])):
                    assert get(f"http://127.0.0.1:{port}/readyz")[0] == 200
                    code, said = end(process)
                    assert code == 0, said
                    assert PASSWORD not in said


class TestGivenSettings:
    def test_when_the_password_comes_from_the_environment_then_taken(self, folder: Folder) -> None:
        text = SMALLEST + '[storage]\nurl = "postgresql://bot@db:5432/dossiers"'
        storage = folder.load(text, DOSSIERBOT_STORAGE_PASSWORD=HIDDEN).storage
        assert storage.secret() == HIDDEN
        assert HIDDEN not in repr(storage)

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://bot:p%40ss w0rd@db/dossiers",
            "postgresql+psycopg://bot@db/dossiers?password=p%40ss w0rd",
        ],
    )
    def test_when_it_is_in_the_address_then_the_log_hides_it(
        self, folder: Folder, url: str
    ) -> None:
        settings = folder.load(SMALLEST + f'[storage]\nurl = "{url}"')
        assert set(settings.secrets()) == {"p%40ss w0rd", "p@ss w0rd"}

    def test_when_it_names_no_host_then_the_socket_of_this_machine_is_meant(
        self, folder: Folder
    ) -> None:
        text = SMALLEST + '[storage]\nurl = "postgresql:///x"'
        assert folder.load(text).storage.url == "postgresql:///x"

    @pytest.mark.parametrize("url", ["postgresql://bot:planted@db", "postgres://bot:planted@db/x"])
    def test_when_the_address_is_wrong_then_it_is_shown_without_the_password(
        self, folder: Folder, url: str
    ) -> None:
        (said,) = folder.problems(SMALLEST + f'[storage]\nurl = "{url}"')
        assert "planted" not in said
        assert '"postgresql://user@host:5432/name"' in said

    def test_then_an_address_without_a_password_stays(self) -> None:
        for url in ("sqlite:///a@b", "postgresql://bot@db/x", "postgresql://db:5432/x"):
            assert passwords_in(url) == ()
            assert without_password(url) == url
