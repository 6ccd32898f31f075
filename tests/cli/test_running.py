"""The program as a process: it starts, says how it is, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cli.conftest import Command
from tests.fakes.ports import free_port
from tests.house.sources import ROOT

LIMIT = 120


@contextmanager
def started(*words: str | Path, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `dossierbot`; the block goes on when the first line is written."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *map(str, words)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """Read what the process says until a line has these words."""
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return line
    return pytest.fail(f"never said {words!r}:\n{''.join(said)}")


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urlopen(Request(url, headers=headers), timeout=LIMIT) as answer:  # noqa: S310 - http only
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=LIMIT)
    return process.returncode, said


@pytest.fixture
def trial(company: Path) -> tuple[Path, int, int]:
    """A company with the phones page on; its folder, the page's port, the port of health."""
    page, admin = free_port(), free_port()
    file = company / "config.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("port = 8080", f"port = {free_port()}")
    text = text.replace("[phones]\nport = 8090", f"[phones]\nport = {page}")
    text = text.replace("# admin_port = 8081", f"admin_port = {admin}")
    file.write_text(text, encoding="utf-8")
    return company, page, admin


class TestGivenACompanyOnThePhonesPage:
    def test_when_run_then_ready_and_when_told_then_it_ends_with_zero(
        self, trial: tuple[Path, int, int]
    ) -> None:
        company, page, admin = trial
        with started("run", cwd=company) as process:
            line_with(process, '"event": "started"')
            assert get(f"http://127.0.0.1:{admin}/healthz")[0] == 200
            assert get(f"http://127.0.0.1:{admin}/readyz")[0] == 200
            assert "<html" in get(f"http://127.0.0.1:{page}/")[1]
            code, said = end(process)
        assert code == 0
        assert [json.loads(line)["event"] for line in said.splitlines()][-1] == "stopped"

    def test_when_it_runs_then_a_second_one_is_refused_and_commands_work_beside(
        self, trial: tuple[Path, int, int], dossierbot: Command
    ) -> None:
        company, _, _ = trial
        with started("run", cwd=company) as process:
            line_with(process, '"event": "started"')
            assert "in use by another dossierbot" in dossierbot("run").refusal
            assert dossierbot("staff", "invite", "operator").code == 0
            assert end(process)[0] == 0

    def test_when_its_database_is_not_there_then_refused_and_no_empty_one_takes_its_place(
        self, trial: tuple[Path, int, int], dossierbot: Command
    ) -> None:
        company, _, _ = trial
        (company / "dossierbot.sqlite").rename(company / "elsewhere")
        assert "There is no database at" in dossierbot("run").refusal
        assert not (company / "dossierbot.sqlite").exists()

    def test_when_the_port_is_taken_then_one_sentence(self, trial: tuple[Path, int, int]) -> None:
        company, page, _ = trial
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", page))
            taken.listen()
            with started("run", cwd=company) as process:
                said, _ = process.communicate(timeout=LIMIT)
        assert process.returncode == 1
        assert f"Cannot listen on 127.0.0.1:{page}" in said.splitlines()[-1]
        assert "Traceback" not in said


class TestGivenTheDemo:
    def test_when_opened_then_the_page_is_there_and_nothing_stays(self, tmp_path: Path) -> None:
        port = free_port()
        with started("demo", "--port", str(port), cwd=tmp_path) as process:
            assert f"http://127.0.0.1:{port}/" in line_with(process, "sample company")
            status, page = get(f"http://127.0.0.1:{port}/")
            assert (status, "<html" in page) == (200, True)
            assert get(f"http://127.0.0.1:{port}/readyz")[0] == 200
            assert get(f"http://127.0.0.1:{port}/phones/", Host="example.com")[0] == 403
            assert end(process) == (0, "")
        assert list(tmp_path.iterdir()) == []

    def test_when_kept_then_it_is_found_again(self, tmp_path: Path) -> None:
        port = free_port()
        for _ in range(2):
            words = ("demo", "--port", str(port), "--data", tmp_path / "kept")
            with started(*words, cwd=tmp_path) as process:
                line_with(process, "sample company")
                assert end(process) == (0, "")
        assert (tmp_path / "kept" / "dossierbot.sqlite").exists()

    def test_when_the_folder_is_a_companys_own_then_refused(
        self, company: Path, dossierbot: Command
    ) -> None:
        assert "a company of its own" in dossierbot("demo", "--data", company).refusal

    def test_when_there_is_no_such_pack_then_the_others_are_named(
        self, dossierbot: Command
    ) -> None:
        assert "customer-service" in dossierbot("demo", "--policy", "nope").refusal
