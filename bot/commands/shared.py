"""What all commands share: how they read the settings, what they say, and how they say no."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bot.config import load
from bot.settings import Settings

DEFAULT_CONFIG = Path("config.toml")
CONFIG_VARIABLE = "DOSSIERBOT_CONFIG"
"""The environment variable that names another one."""


class Refused(Exception):
    """A command that cannot be carried out; the sentence says why and what to do."""


def settings_of(config: Path) -> Settings:
    """Return the settings of the file and the environment.

    Raises:
        ConfigError: names every problem.
    """
    return load(config, os.environ)


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
