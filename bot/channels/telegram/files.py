"""Files of Telegram, both ways.

A self-hosted Bot API server names files by their path on its disk: such a path is read only
below the configured folder, whatever it says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from pathlib import Path

from telegram import (
    Bot,
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
)
from telegram.error import BadRequest

from bot.channels.base import OutFile
from bot.channels.telegram.outcomes import TOO_BIG, says
from bot.channels.telegram.request import PIECE_BYTES, FileGone, Request
from storage.errors import FileRefused

MIB = 2**20
PHOTO_BYTES = 10 * MIB
ALBUM = 10
"""Most files that are sent as one album."""

_PHOTO = frozenset({"image/jpeg", "image/png"})
_VIDEO = frozenset({"video/mp4"})
_VOICE = frozenset({"audio/ogg"})


async def fetch(
    bot: Bot, request: Request, file_id: str, files_root: Path | None
) -> AsyncIterator[bytes]:
    """Yield the content of a file that somebody sent.

    Raises:
        FileRefused: larger than the platform gives out.
        TelegramError: it cannot be had, now or ever.
    """
    try:
        found = await bot.get_file(file_id)
    except BadRequest as error:
        if says(error, TOO_BIG):
            raise FileRefused("size") from None
        raise FileGone("no such file") from None
    where = found.file_path or ""
    if where.startswith(bot.base_file_url):
        async for piece in request.stream(where, found.file_size):
            yield piece
        return
    path = _below(Path(where), files_root)
    source = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(source.read, PIECE_BYTES):
            yield piece
    finally:
        source.close()


def _below(path: Path, root: Path | None) -> Path:
    """Return the real path of a file that lies below `root`."""
    real = path.resolve()
    if root is None or not real.is_relative_to(root.resolve()) or not real.is_file():
        raise FileGone("not below files_root")
    return real


async def send(bot: Bot, chat: str, files: Sequence[OutFile], *, protect: bool) -> None:
    """Send files without words: pictures and videos as albums, then documents, then voices."""
    for kind, alike in groupby(sorted(files, key=_kind), key=_kind):
        ones = list(alike)
        if kind == "voice":
            for one in ones:
                await bot.send_voice(chat, _input(one), protect_content=protect)
            continue
        for at in range(0, len(ones), ALBUM):
            await _send_some(bot, chat, ones[at : at + ALBUM], protect=protect)


async def _send_some(bot: Bot, chat: str, files: list[OutFile], *, protect: bool) -> None:
    if len(files) > 1:
        await bot.send_media_group(chat, [_media(one) for one in files], protect_content=protect)
        return
    (one,) = files
    match _kind(one), one.mime:
        case "document", _:
            await bot.send_document(chat, _input(one), protect_content=protect)
        case _, mime if mime in _PHOTO:
            await bot.send_photo(chat, _input(one), protect_content=protect)
        case _:
            await bot.send_video(chat, _input(one), protect_content=protect)


def _kind(file: OutFile) -> str:
    """Return what a file is sent as; the names are in the order of sending."""
    if file.mime in _VOICE:
        return "voice"
    if file.mime in _VIDEO or (file.mime in _PHOTO and len(file.content) <= PHOTO_BYTES):
        return "album"
    return "document"


def _media(file: OutFile) -> InputMediaPhoto | InputMediaVideo | InputMediaDocument:
    if _kind(file) == "document":
        return InputMediaDocument(_input(file))
    return InputMediaPhoto(_input(file)) if file.mime in _PHOTO else InputMediaVideo(_input(file))


def _input(file: OutFile) -> InputFile:
    return InputFile(file.content, filename=file.name or None, attach=True)
