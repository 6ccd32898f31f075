"""Every refusal of a command is one sentence and exit code 1, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.commands.shared import Refused
from bot.config import ConfigError
from bot.http import PortTaken
from bot.policies import PacksRefused
from rules.policy import PolicyError
from storage.errors import StorageError

REFUSALS = (
    ConfigError,
    PacksRefused,
    PolicyError,
    PortTaken,
    Refused,
    StorageError,
)


@contextmanager
def refusing() -> Iterator[None]:
    """End the process with the sentence of a refusal that comes out of the `with` block."""
    try:
        yield
    except REFUSALS as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(1)
