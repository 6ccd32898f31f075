"""What all commands share: how they read the settings, and how they say no."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.config import load
from bot.settings import Settings

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        envvar="DOSSIERBOT_CONFIG",
        help="The settings of the company.",
        show_default=True,
    ),
]
DEFAULT_CONFIG = Path("config.toml")


class Refused(Exception):
    """A command that cannot be carried out; the sentence says why and what to do."""


def settings_of(config: Path) -> Settings:
    """Return the settings of the file and the environment.

    Raises:
        ConfigError: names every problem.
    """
    return load(config, os.environ)


def say(line: str = "") -> None:
    typer.echo(line)
