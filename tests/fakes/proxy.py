"""A forward proxy on the loopback: hands requests on and opens tunnels, from its own address.

At the end of a tunnel it speaks TLS as the platform would, for a host that only it knows: who
reaches that host has come through it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

HOST = "qyapi.invalid"
ADDRESS = "127.0.0.2"
"""From which it calls."""
_HEAD_END = b"\r\n\r\n"


class Proxy:
    def __init__(self, platform: int, folder: Path, account: str = "") -> None:
        """`platform`: port that HOST stands for; `account`: `user:password` that it wants."""
        self.asked: list[str] = []
        """Method and target of each request."""
        self.refuses = False
        """True: it reaches nobody."""
        self.certificate = folder / "certificate.pem"
        self._platform = platform
        self._account = account
        self._folder = folder
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._tls = _tls(self.certificate, self._folder / "private.pem")
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def url(self) -> str:
        account = f"{self._account}@" if self._account else ""
        return f"http://{account}127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._hand_on(reader, writer)
        finally:
            writer.close()
            self._open.discard(task)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(_HEAD_END)).decode("latin-1")
        method, target, _ = head.split("\r\n")[0].split(" ")
        self.asked.append(f"{method} {target.partition('?')[0]}")
        if self._account and b64encode(self._account.encode()).decode() not in head:
            await _answer(writer, "407 Proxy Authentication Required")
        elif self.refuses:
            await _answer(writer, "502 Bad Gateway")
        elif method == "CONNECT":
            assert target == f"{HOST}:443"
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._tls)
            await self._between(reader, writer, b"")
        else:
            there = re.fullmatch(r"http://[^/]+(/.*)", target)
            assert there is not None
            lines = [
                f"{method} {there[1]} HTTP/1.1",
                *(one for one in head.split("\r\n")[1:-2] if not _between_two(one)),
                "Connection: close",
            ]
            await self._between(reader, writer, "\r\n".join(lines).encode("latin-1") + _HEAD_END)

    async def _between(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes
    ) -> None:
        far_reader, far = await asyncio.open_connection(
            "127.0.0.1", self._platform, local_addr=(ADDRESS, 0)
        )
        try:
            far.write(first)
            there = asyncio.create_task(_pump(reader, far))
            await _pump(far_reader, writer)
            there.cancel()
        finally:
            far.close()


def _between_two(line: str) -> bool:
    """Whether a header concerns the way to the proxy alone."""
    return line.lower().startswith(("proxy-", "connection:"))


async def _answer(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


def _tls(certificate: Path, private: Path) -> ssl.SSLContext:
    """Return what speaks TLS as HOST, with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context
