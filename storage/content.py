"""What a file really is, by its content: the name and type a phone announces prove nothing."""

from __future__ import annotations

import codecs

import filetype  # type: ignore[import-untyped]  # the library ships none

ZIP = "application/zip"
TEXT = "text/plain"

ALLOWED = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/heic",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "audio/ogg",
        "audio/mpeg",
        "audio/amr",
        "audio/mp4",
        "video/mp4",
        TEXT,
    }
)
"""What is kept."""

_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_SAME = {"video/x-m4v": "video/mp4", "audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4"}
_LOCAL_HEADER = b"PK\x03\x04"
_RUNS = (b"#!", b"<!doctype", b"<html", b"<script", b"<svg", b"<?php")
"""How text begins that a shell or a browser would run."""
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\f\r")) + b"\x7f"


def mime_of(head: bytes) -> str:
    """Return the type of a file that begins with `head` (a mebibyte is plenty); "" if unknown."""
    if head.startswith(_LOCAL_HEADER):
        return _zip_type(head)
    found: str | None = filetype.guess_mime(head)
    if found is not None:
        return _SAME.get(found, found)
    return TEXT if _is_text(head) else ""


def has_controls(piece: bytes) -> bool:
    """Return whether a piece of a file has bytes that no text has."""
    return len(piece.translate(None, _NO_TEXT)) != len(piece)


def _zip_type(head: bytes) -> str:
    """Office files are archives; office programs differ in what they put first."""
    names = set(_names(head))
    for prefix, mime in _OFFICE.items():
        if any(name.startswith(prefix) for name in names) and b"[Content_Types].xml" in names:
            return mime
    if b"mimetype" in names:  # OpenDocument: stored first and open, so it can be read here
        start = 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        declared = head[start : start + int.from_bytes(head[22:26], "little")]
        return declared[:80].decode("ascii", "replace")
    return ZIP


def _names(head: bytes) -> list[bytes]:
    names, at = [], 0
    while (at := head.find(_LOCAL_HEADER, at)) >= 0:
        length = int.from_bytes(head[at + 26 : at + 28], "little")
        names.append(head[at + 30 : at + 30 + length])
        at += 30
    return names


def _is_text(head: bytes) -> bool:
    begins = head[:200].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if has_controls(head) or begins.startswith(_RUNS):
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(head)  # may end inside a character
        except UnicodeDecodeError:
            continue
        return True
    return False
