"""Slash commands, told apart in the same way on every channel."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)


def split_command(text: str) -> tuple[str, str, str]:
    """Return the command in lower case, the bot it is addressed to, and what follows it.

    All three are empty where the text does not begin with a command.
    """
    found = _COMMAND.fullmatch(text)
    if found is None:
        return "", "", ""
    return found[1].lower(), found[2] or "", found[3] or ""
