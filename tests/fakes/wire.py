"""A wire between the bot and a PostgreSQL server that can be cut, held and listened to.

It runs on loopback in threads of its own. The trap it is for: a server that accepts and then
says nothing, and an answer to a commit that never arrives.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_COMMIT = b"COMMIT"


class Wire:
    """Hands on bytes between whoever connects to `port` and the server."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._flows = threading.Event()
        self._flows.set()
        self._changing = threading.Lock()
        self._commits_to_cut = 0
        self.commits_cut = threading.Event()
        self._pass_on = True
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Say nothing more in either direction, and accept connections all the same."""
        self._flows.clear()

    def release(self) -> None:
        self._flows.set()

    def cut(self) -> None:
        """Break every connection there is; new ones may come."""
        with self._changing:
            for pair in self._pairs:
                for one in pair:
                    _close(one)
            self._pairs = []

    def cut_next_commit(self, *, pass_on: bool) -> None:
        """Break the connection that next commits; `pass_on`: after the server heard of it."""
        self._pass_on = pass_on
        self._commits_to_cut = 1

    def close(self) -> None:
        self.release()
        _close(self._listening)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._server))
            except OSError:
                _close(near)
                continue
            with self._changing:
                self._pairs.append((near, far))
            threading.Thread(target=self._hand_on, args=(near, far), daemon=True).start()

    def _hand_on(self, near: socket.socket, far: socket.socket) -> None:
        try:
            with selectors.DefaultSelector() as ready:
                ready.register(near, selectors.EVENT_READ, far)
                ready.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in ready.select():
                        source, target = key.fileobj, key.data
                        assert isinstance(source, socket.socket)
                        data = source.recv(65536)
                        self._flows.wait()
                        if not data or (source is near and self._is_to_cut(data, far)):
                            return
                        target.sendall(data)
        except (OSError, ValueError):
            return
        finally:
            _close(near)
            _close(far)

    def _is_to_cut(self, data: bytes, far: socket.socket) -> bool:
        if not self._commits_to_cut or _COMMIT not in data:
            return False
        self._commits_to_cut -= 1
        if self._pass_on:
            far.sendall(data)
            far.recv(65536)  # the server's answer: it is kept by now
        self.commits_cut.set()
        return True


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def silent() -> Iterator[int]:
    """Give the port of a server that accepts and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
