"""The command line as an operator has it, inside the test's process."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.__main__ import main


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """What was said no with: one sentence and no traceback."""
        assert self.code == 1, self
        assert "Traceback" not in self.err
        return self.err or self.out


Command = Callable[..., Ended]


@pytest.fixture
def dossierbot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `dossierbot` with these words and return how it ended."""

    def command(*words: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["dossierbot", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        gc.unfreeze()  # this process goes on to other tests
        said = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else int(bool(code)), said.out, said.err)

    return command


@pytest.fixture
def company(dossierbot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company as `dossierbot init` leaves it; the working folder is there."""
    folder = tmp_path / "company"
    assert dossierbot("init", folder, "--name", "鸿远商贸").code == 0
    monkeypatch.chdir(folder)
    return folder
