"""Ports for programs that a test starts, and for nobody else.

The trap: a port that the system gave out and took back may be the next one that a connection of
some other test gets. So these lie below those that it gives out, and each process of the tests
has a stretch of its own.
"""

from __future__ import annotations

import itertools
import os
import socket
from contextlib import suppress

FIRST, STRETCH, STRETCHES = 10_000, 100, 200
"""All below 32768, where Linux begins to give out its own."""

_NEXT = itertools.count()


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    for number in itertools.islice(_NEXT, STRETCH):
        port = FIRST + os.getpid() % STRETCHES * STRETCH + number % STRETCH
        with socket.socket() as trial, suppress(OSError):
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", port))
            return port
    raise AssertionError("all ports of this process are in use")
