"""The way into the program: `run` is understood without what reads the other commands."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import config_of_run
from bot.loading import loading
from tests.cli.conftest import Command

ELSEWHERE = {"DOSSIERBOT_CONFIG": "/etc/dossierbot.toml"}


@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        (["run"], {}, "config.toml"),
        (["run"], {"DOSSIERBOT_CONFIG": ""}, "config.toml"),
        (["run"], ELSEWHERE, "/etc/dossierbot.toml"),
        (["run", "--config", "my.toml"], ELSEWHERE, "my.toml"),
        (["run", "-c", "my.toml"], {}, "my.toml"),
    ],
)
def test_run_in_plain_words(words: list[str], environment: dict[str, str], expected: str) -> None:
    assert config_of_run(words, environment) == Path(expected)


@pytest.mark.parametrize(
    "words",
    [[], ["run", "--help"], ["run", "--config"], ["run", "-c", "--help"], ["run", "x"], ["check"]],
)
def test_other_words_are_for_the_command_line(words: list[str]) -> None:
    assert config_of_run(words, ELSEWHERE) is None


@pytest.mark.parametrize("words", [("run", "--config", "x.toml"), ("run", "--config=x.toml")])
def test_both_ways_refuse_alike(
    dossierbot: Command, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "x.toml" in dossierbot(*words).refusal


def test_the_running_program_holds_nothing_that_only_commands_need() -> None:
    spare = {"typer", "pydantic", "alembic", "psycopg", "pypinyin", "python_calamine", "openpyxl"}
    program = (
        "import sys; from bot.commands import running;"
        f"print(*{spare} & {{one.partition('.')[0] for one in sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, [])


def test_the_collector_is_switched_on_again_after_loading() -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count()
    gc.unfreeze()
