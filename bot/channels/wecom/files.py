"""What kind of message a file is sent as."""

from __future__ import annotations

from bot.channels.base import UTF8_BYTES, ChannelError, Outcome, OutFile

MIB = 2**20
SMALLEST = 6
"""Bytes; smaller files are not taken."""

_KINDS = (
    ("image", ("image/jpeg", "image/png"), 10 * MIB),
    ("voice", ("audio/amr",), 2 * MIB),
    ("video", ("video/mp4",), 10 * MIB),
)
_ENDINGS = {
    "image/jpeg": ".jpg", "image/png": ".png", "audio/amr": ".amr", "video/mp4": ".mp4",
}  # fmt: skip
LARGEST = 20 * MIB
"""Bytes of a file that is sent as such."""
NAME_BYTES, ENDING_BYTES = 200, 20
"""Longest name, and longest ending of one that is kept when it is cut."""
_UNSAFE = frozenset('"\\/')

_GUARDED = (
    "image/", "text/", "application/pdf", "application/msword", "application/vnd.",
)  # fmt: skip
"""Beginnings of the types whose files can be kept from being passed on."""


def kind_of(file: OutFile) -> str:
    """Return what the file is sent as. Raises ChannelError: REJECTED, the platform takes none."""
    size = len(file.content)
    if not SMALLEST <= size <= LARGEST:
        raise ChannelError(Outcome.REJECTED, f"a file of {size} bytes")
    fitting = (kind for kind, types, most in _KINDS if file.mime in types and size <= most)
    return next(fitting, "file")


def guarded(kind: str, file: OutFile) -> bool:
    """Whether the platform can keep such a file from being passed on."""
    return kind in ("image", "video") or (kind == "file" and file.mime.startswith(_GUARDED))


def name_of(kind: str, file: OutFile) -> str:
    """Return the name to send the file under: the platform tells pictures and films by its end."""
    name, ending = _harmless(file.name), _ENDINGS.get(file.mime, "")
    if kind == "file" or name.lower().endswith((ending, ".jpeg")):
        return name or "file"
    return f"{name or kind}{ending}"


def _harmless(name: str) -> str:
    """Return a name, which may come from anybody's phone, so that it ends no line and no quotes
    of the request that it is in, and nobody reads another ending than it has."""
    shown = "".join(one if one.isprintable() and one not in _UNSAFE else "_" for one in name)
    stem, dot, ending = shown.rpartition(".")
    if not stem or len(ending.encode()) > ENDING_BYTES:
        return UTF8_BYTES.cut(shown, NAME_BYTES)
    tail = f"{dot}{ending}"
    return UTF8_BYTES.cut(stem, NAME_BYTES - len(tail.encode())) + tail
