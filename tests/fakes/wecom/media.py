"""Files at the platform: uploaded by the app or sent by a member, for three days."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.wecom.errors import Errcode

DAYS_3 = 3 * 24 * 3600
MIB = 2**20
MOST = {"image": 10 * MIB, "voice": 2 * MIB, "video": 10 * MIB, "file": 20 * MIB}
ENDINGS = {"image": (".jpg", ".jpeg", ".png"), "voice": (".amr",), "video": (".mp4",)}
AT_ONCE = 20 * MIB


@dataclass(frozen=True)
class Stored:
    content: bytes
    name: str
    at: float


class Cabinet:
    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._stored: dict[str, Stored] = {}

    def keep(self, content: bytes, name: str) -> str:
        media_id = secrets.token_urlsafe(40)
        self._stored[media_id] = Stored(content, name, self._seconds())
        return media_id

    def upload(self, kind: str, content: bytes, name: str) -> str:
        if kind not in MOST:
            raise Errcode(40004, "invalid media type")
        if len(content) <= 5:
            raise Errcode(40006, "too small")
        if len(content) > MOST[kind]:
            raise Errcode(40009 if kind == "image" else 45001, "too large")
        if kind in ENDINGS and not name.lower().endswith(ENDINGS[kind]):
            raise Errcode(301017, f"not the name of a {kind}: {name}")
        return self.keep(content, name)

    def get(self, media_id: str) -> Stored:
        found = self._stored.get(media_id)
        if found is None or self._seconds() - found.at > DAYS_3:
            raise Errcode(40007, "invalid media_id")
        return found
