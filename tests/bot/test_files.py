from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import insert

from bot.channels.base import ChannelError, Outcome
from bot.files import TRIES, Fetcher
from bot.units import Units
from handlers.conversation.messages import InFile
from handlers.intake import Source
from storage import attachments
from storage.attachments import Attachment
from storage.crypto import Vault
from storage.errors import FolderRefused
from storage.folder import Folder
from storage.tables import staff
from storage.unit import Unit
from tests.conftest import NOW
from tests.fakes.channel import PHONE, RecordingChannel
from tests.fakes.clock import SettableClock

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(2000)


class Desk:
    """A fetcher that is sent round by hand."""

    def __init__(
        self, units: Units, clock: SettableClock, channel: RecordingChannel, folder: Folder
    ) -> None:
        self.units = units
        self.clock = clock
        self.channel = channel
        self.folder = folder
        self.told: list[tuple[str, str]] = []
        self.fetcher = Fetcher({"fake": channel}, units, folder, clock, self._tell)

    def _tell(self, _unit: Unit, row: Attachment) -> None:
        self.told.append((row.state, row.problem))

    async def announce(
        self, ref: str, *pieces: bytes | ChannelError, channel: str = "fake"
    ) -> int:
        """Note a file that the channel will stream so; without pieces it does not have it."""
        if pieces:
            self.channel.contents[ref] = list(pieces)
        source = msgspec.json.encode(Source(channel, "anna", ref)).decode()
        return await self.units.run(
            lambda unit: attachments.note_pending(
                unit, staff_id="S1", kind="photo", name="../../etc/passwd", source=source
            )
        )

    async def row(self, id: int) -> Attachment:
        row = await self.units.run(lambda unit: attachments.get(unit, id))
        assert row is not None
        return row

    async def later(self, **time: float) -> None:
        self.clock.advance(self.clock.now() + timedelta(**time))
        await self.fetcher.drain()


@pytest.fixture
async def desk(units: Units, clock: SettableClock, vault: Vault, tmp_path: Path) -> Desk:
    await units.run(
        lambda unit: unit.session.execute(
            insert(staff).values(id="S1", name="Anna", department="Sales", created_at=NOW)
        )
    )
    return Desk(units, clock, RecordingChannel(), Folder(tmp_path / "files", vault))


def left_behind(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "files" / "incoming").iterdir())


async def test_a_file_is_fetched_and_kept(desk: Desk) -> None:
    id = await desk.announce("photo", JPEG[:700], JPEG[700:])
    await desk.fetcher.drain()
    row = await desk.row(id)
    assert (row.state, row.mime, row.size) == ("kept", "image/jpeg", len(JPEG))
    assert row.address is not None
    assert desk.folder.read(row.address) == JPEG
    assert desk.told == []


@pytest.mark.parametrize(
    ("pieces", "problem"),
    [([b""], "empty"), ([b"MZ\x90\x00" + bytes(500)], "type"), ([JPEG, bytes(4000)], "size")],
)
async def test_a_file_we_do_not_keep_is_refused_and_told_once(
    desk: Desk, tmp_path: Path, pieces: list[bytes], problem: str
) -> None:
    desk.channel.capabilities = replace(PHONE, file_bytes_in=5000)
    id = await desk.announce("file", *pieces)
    await desk.fetcher.drain()
    await desk.later(days=1)
    assert (await desk.row(id)).state == "refused"
    assert desk.told == [("refused", problem)]
    assert left_behind(tmp_path) == []


async def test_a_file_the_platform_no_longer_has_is_lost_and_told(desk: Desk) -> None:
    id = await desk.announce("nowhere")
    await desk.fetcher.drain()
    assert (await desk.row(id)).state == "lost"
    assert desk.told == [("lost", "gone")]


async def test_a_broken_stream_is_fetched_again_from_the_start(desk: Desk, tmp_path: Path) -> None:
    broken = ChannelError(Outcome.RETRY_LATER, after=9)
    id = await desk.announce("photo", JPEG[:700], broken)
    await desk.fetcher.drain()
    assert (await desk.row(id)).state == "pending"
    assert left_behind(tmp_path) == []
    desk.channel.contents["photo"] = [JPEG]
    await desk.later(seconds=8)
    assert (await desk.row(id)).state == "pending"
    await desk.later(seconds=1)
    assert (await desk.row(id)).state == "kept"


async def test_one_that_never_comes_is_given_up_and_told_once(desk: Desk) -> None:
    id = await desk.announce("photo", ChannelError(Outcome.UNKNOWN))
    await desk.fetcher.drain()
    for _ in range(TRIES):
        await desk.later(hours=1)
    assert (await desk.row(id)).state == "lost"
    assert desk.told == [("lost", "unknown")]
    assert desk.channel.attempts == TRIES


async def test_a_full_disk_never_loses_a_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise FolderRefused("The disk that holds the attachments is full.")

    id = await desk.announce("photo", JPEG)
    with monkeypatch.context() as patched:
        patched.setattr(desk.folder, "begin", full)  # no disk can be filled in a test
        await desk.fetcher.drain()
        for _ in range(TRIES + 3):
            await desk.later(hours=1)
    assert (await desk.row(id)).state == "pending"
    await desk.later(hours=1)
    assert (await desk.row(id)).state == "kept"


async def test_a_file_of_a_channel_that_is_switched_off_waits(desk: Desk) -> None:
    id = await desk.announce("photo", JPEG, channel="elsewhere")
    await desk.fetcher.drain()
    assert (await desk.row(id)).state == "pending"
    assert desk.told == []


async def test_a_slow_file_holds_up_no_other(desk: Desk) -> None:
    slow, arrived = asyncio.Event(), asyncio.Event()
    plain = desk.channel.fetch
    kept: list[str] = []

    async def fetch(file: InFile) -> AsyncIterator[bytes]:
        if file.ref == "slow":
            await slow.wait()
        async for piece in plain(file):
            yield piece
        kept.append(file.ref)
        arrived.set()

    desk.channel.fetch = fetch  # type: ignore[method-assign]  # one file of it is slow
    first = await desk.announce("slow", JPEG)
    desk.fetcher.start()
    await desk.announce("quick", JPEG + b"2")
    desk.fetcher.wake()
    async with asyncio.timeout(30):
        await arrived.wait()
    assert kept == ["quick"]
    slow.set()
    await desk.fetcher.drain()
    await desk.fetcher.stop()
    assert (await desk.row(first)).state == "kept"


async def test_stopped_half_way_it_begins_anew(desk: Desk, tmp_path: Path) -> None:
    never, begun = asyncio.Event(), asyncio.Event()

    async def fetch(_file: InFile) -> AsyncIterator[bytes]:
        yield JPEG[:700]
        begun.set()
        await never.wait()

    plain = desk.channel.fetch
    desk.channel.fetch = fetch  # type: ignore[method-assign]  # its stream does not end
    id = await desk.announce("photo", JPEG)
    desk.fetcher.start()
    async with asyncio.timeout(30):
        await begun.wait()
    await desk.fetcher.stop()
    assert left_behind(tmp_path) == []
    desk.channel.fetch = plain  # type: ignore[method-assign]  # as it was
    again = Fetcher({"fake": desk.channel}, desk.units, desk.folder, desk.clock, desk._tell)
    await again.drain()
    assert (await desk.row(id)).state == "kept"
