"""Pictures that were sent together: the platform brings them one by one and does not say so.

Without this each of nine photos of a shelf would be asked about by itself.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from handlers.conversation.messages import FileKind, Inbound

GAP = timedelta(seconds=5)
"""Longest time between two pictures of one album."""
KEPT = 1000
_PICTURES = (FileKind.PHOTO, FileKind.VIDEO)


class _Last(msgspec.Struct, frozen=True):
    album: str
    at: datetime


class Albums:
    """The last picture of each account, in this process."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def marked(self, inbound: Inbound) -> Inbound:
        """Return a picture with the mark of its album, named by the first one's key."""
        if not inbound.files or inbound.files[0].kind not in _PICTURES:
            return inbound
        last = self._last.pop(inbound.account, None)
        goes_on = last is not None and abs(inbound.at - last.at) <= GAP
        album = last.album if last is not None and goes_on else inbound.key
        self._last[inbound.account] = _Last(album, inbound.at)
        if len(self._last) > KEPT:
            self._last.popitem(last=False)
        return replace(inbound, album=album)
