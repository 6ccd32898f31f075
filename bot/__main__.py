"""The command `dossierbot`, also as `python -m bot`.

The trap: what reads the words of all commands takes 10 MiB, and the program that runs for months
would hold them as long. So its own command is understood here when it is written plainly.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.loading import loading


def main() -> None:
    """Run the command line and end the process."""
    with loading():
        config = config_of_run(sys.argv[1:], os.environ)
        if config is None:
            from bot import cli
        else:
            from bot.commands import refusals, running
    if config is None:
        cli.main()
    else:
        with refusals.refusing():
            sys.exit(running.run(config))


def config_of_run(words: Sequence[str], environment: Mapping[str, str]) -> Path | None:
    """Return which settings `dossierbot run` is to use; None: the words say something else."""
    from bot.commands.shared import CONFIG_VARIABLE, DEFAULT_CONFIG

    match words:
        case ["run"]:
            return Path(environment.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)
        case ["run", "--config" | "-c", path] if path and not path.startswith("-"):
            return Path(path)
    return None


if __name__ == "__main__":
    main()
