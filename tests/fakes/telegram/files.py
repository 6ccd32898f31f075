"""Files the platform keeps: what people and the bot sent, by identifier."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.telegram.errors import ApiError, bad
from tests.fakes.telegram.limits import Sizes
from tests.fakes.telegram.params import Params, Upload

Json = dict[str, object]

FOLDERS = {
    "photo": ("photos", "jpg", "image/jpeg"),
    "document": ("documents", "bin", "application/octet-stream"),
    "video": ("videos", "mp4", "video/mp4"),
    "voice": ("voice", "oga", "audio/ogg"),
    "audio": ("music", "mp3", "audio/mpeg"),
    "sticker": ("stickers", "webp", "image/webp"),
    "animation": ("animations", "mp4", "video/mp4"),
    "video_note": ("video_notes", "mp4", "video/mp4"),
}
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF", b"BM")
PHOTO_SIZES = ((90, 67), (320, 240), (1280, 960))


@dataclass(frozen=True)
class Stored:
    """One file; `size` may be larger than the content kept for it, for tests of limits."""

    id: str
    unique_id: str
    kind: str
    name: str
    mime: str
    content: bytes
    size: int
    path: str

    def wire(self) -> Json:
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_size": self.size,
        }


class Cabinet:
    """Every file of a server. `root`: as a local Bot API server, with paths on this machine."""

    def __init__(self, sizes: Sizes, root: Path | None = None) -> None:
        self.sizes = sizes
        self.root = root
        self._numbers = itertools.count()
        self._by_id: dict[str, Stored] = {}
        self._by_path: dict[str, Stored] = {}

    def keep(
        self, kind: str, content: bytes, name: str = "", mime: str = "", size: int | None = None
    ) -> Stored:
        number = next(self._numbers)
        folder, ending, usual = FOLDERS[kind]
        ending = name.rpartition(".")[2] if kind == "document" and "." in name else ending
        path = f"{folder}/file_{number}.{ending}"
        if self.root is not None:
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            path = str(target)
        stored = Stored(
            id=f"AgACAgUAAx-{kind}-{number:06}",
            unique_id=f"AQAD{number:08}",
            kind=kind,
            name=name,
            mime=mime or usual,
            content=content,
            size=len(content) if size is None else size,
            path=path,
        )
        self._by_id[stored.id] = self._by_path[path] = stored
        return stored

    def by_path(self, path: str) -> Stored | None:
        return None if self.root is not None else self._by_path.get(path)

    def file(self, file_id: str) -> Json:
        """Answer getFile. Raises ApiError for unknown files and, if not local, for large ones."""
        if not file_id:
            raise bad("file_id not specified")
        stored = self._by_id.get(file_id)
        if stored is None:
            raise bad("invalid file_id")
        if self.root is None and stored.size > self.sizes.download:
            raise bad("file is too big")
        return {**stored.wire(), "file_path": stored.path}

    def take(self, params: Params, kind: str, value: object = None) -> Stored:
        """Return the file of a sending call: uploaded, or known by its identifier."""
        upload = params.upload(kind, value)
        if upload is not None:
            return self._uploaded(kind, upload)
        known = str(params.values.get(kind, "") if value is None else value)
        if not known:
            raise bad(f"there is no {kind.replace('_', ' ')} in the request")
        stored = self._by_id.get(known)
        if stored is None:
            raise bad("wrong file identifier/HTTP URL specified")
        return stored

    def _uploaded(self, kind: str, upload: Upload) -> Stored:
        size = len(upload.content)
        if not size:
            raise bad("file must be non-empty")
        if self.root is None and size > self.sizes.upload:
            raise ApiError(413, "Request Entity Too Large")
        if kind == "photo":
            if size > self.sizes.photo:
                raise bad(
                    f"file of size {size} bytes is too big for a photo; the maximum "
                    f"size is {self.sizes.photo} bytes"
                )
            if not upload.content.startswith(PICTURES):
                raise bad("IMAGE_PROCESS_FAILED")
        return self.keep(kind, upload.content, upload.name, upload.mime)

    def described(self, stored: Stored) -> tuple[str, object]:
        """Return the message field of a file and its value, as the platform shapes it."""
        if stored.kind == "photo":
            return "photo", self._photo(stored)
        wire = stored.wire()
        match stored.kind:
            case "document":
                wire |= {"file_name": stored.name or "file", "mime_type": stored.mime}
            case "video" | "animation":
                wire |= {"width": 640, "height": 480, "duration": 3, "mime_type": stored.mime}
            case "video_note":
                wire |= {"length": 240, "duration": 3}
            case "voice" | "audio":
                wire |= {"duration": 3, "mime_type": stored.mime}
            case "sticker":
                wire |= {
                    "type": "regular",
                    "width": 512,
                    "height": 512,
                    "is_animated": False,
                    "is_video": False,
                    "emoji": "👍",
                }
        return stored.kind, wire

    def _photo(self, stored: Stored) -> list[Json]:
        """Three sizes, smallest first; each downloads the same bytes, the last is the picture."""
        sizes = []
        for width, height in PHOTO_SIZES[:-1]:
            small = Stored(
                f"{stored.id}-{width}",
                f"{stored.unique_id}{width}",
                "photo",
                stored.name,
                stored.mime,
                stored.content,
                min(stored.size, width * height // 8),
                stored.path,
            )
            self._by_id[small.id] = small
            sizes.append({**small.wire(), "width": width, "height": height})
        width, height = PHOTO_SIZES[-1]
        return [*sizes, {**stored.wire(), "width": width, "height": height}]
