"""A policy as it is written: files laid over one another, before anything is read from them.

`_base.toml` holds what every pack shares; a pack, or a company's own file, lies over it, overlays
lie over both. What was activated is this table, kept word for word, so that a later version of
the program cannot change a number that somebody approved.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from rules.errors import DomainError
from rules.schema import PolicyError, merge

BASE = "_base"
OVERLAY_KEY = "overlay"
OVER_KEY = "over"
"""Of a company's own file: the pack it lies over."""
_OVERLAY = re.compile(rf"^{OVERLAY_KEY} *=", re.MULTILINE)

LIKE_KEY = "like"
"""Of a row `[[handover]]`: id of the row above from which it has every key it does not say."""


class Written(msgspec.Struct, frozen=True):
    """One policy with all it lies over."""

    file: str
    """Names it in errors."""
    table: Mapping[str, Any]
    """As in TOML, merged."""
    overlays: tuple[str, ...] = ()
    origins: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Dotted key -> the overlay's file that it came from."""

    @property
    def body(self) -> str:
        """JSON with sorted keys: equal for files that say the same, comments and order aside."""
        whole = {"overlays": list(self.overlays), "policy": self.table}
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, default=_plain)

    @property
    def digest(self) -> str:
        """SHA-256 of the body, in hex."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def written(text: str, file: str, overlays: Sequence[str] = ()) -> Written:
    """Return what a policy's TOML text says over the base, with overlays of the package over it.

    Raises:
        PolicyError: not TOML, no such pack or overlay, or a row like one that is not there.
    """
    own = toml(text, file)
    table = toml(text_of(BASE), f"{BASE}.toml")
    if OVER_KEY in own:
        over = own.pop(OVER_KEY)
        if over not in available_packs():
            raise PolicyError(file, OVER_KEY, over, f"one of {', '.join(available_packs())}")
        merge(table, toml(text_of(over), f"{over}.toml"))
    merge(table, own)
    origins: dict[str, str] = {}
    for overlay in overlays:
        if overlay not in available_overlays():
            expected = f"one of {', '.join(available_overlays())}"
            raise PolicyError(f"{overlay}.toml", OVERLAY_KEY, overlay, expected)
        patch = toml(text_of(overlay), f"{overlay}.toml")
        for key in (OVERLAY_KEY, "schema"):
            patch.pop(key, None)
        merge(table, patch, f"{overlay}.toml", origins)
    if "handover" in table:
        table["handover"] = _in_full(table["handover"], file)
    return Written(file, table, tuple(overlays), origins)


def _in_full(rows: Any, file: str) -> Any:
    """Return rows `[[handover]]` with what they have from the row that they are like."""
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        return rows  # what is wrong with it is said when it is read
    known: dict[str, dict[str, Any]] = {}
    for at, row in enumerate(rows):
        own = dict(row)
        other = own.pop(LIKE_KEY, None)
        if other is not None and other not in known:
            above = ", ".join(known) or "none"
            raise PolicyError(file, f"handover[{at}].{LIKE_KEY}", other, f"a row above: {above}")
        full = {**known[other], **own} if other is not None else own
        known[str(full.get("id"))] = full
        rows[at] = full
    return rows


def kept(body: str, file: str) -> Written:
    """Return the policy that `Written.body` was kept of; keys since added come from the base.

    Raises:
        DomainError: it is no such body.
    """
    try:
        whole = json.loads(body)
        table = toml(text_of(BASE), f"{BASE}.toml")
        merge(table, whole["policy"])
        table["effective_from"] = date.fromisoformat(table["effective_from"])
        return Written(file, table, tuple(whole["overlays"]))
    except (ValueError, KeyError, TypeError) as error:
        raise DomainError(f"{file}: what was kept of this policy cannot be read") from error


def toml(text: str, file: str) -> dict[str, Any]:
    """Return the table of a TOML text.

    Raises:
        PolicyError: it is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(file, "", str(error), "valid TOML") from error


def available_packs() -> tuple[str, ...]:
    """Return the names of the packs in the package, sorted, overlays not included."""
    return tuple(name for name, overlay in _files().items() if not overlay)


def available_overlays() -> tuple[str, ...]:
    """Return the names of the overlays in the package, sorted."""
    return tuple(name for name, overlay in _files().items() if overlay)


def text_of(name: str) -> str:
    """Return the file of a pack, an overlay or the base as it is written, comments included."""
    return files("rules").joinpath("packs", f"{name}.toml").read_text("utf-8")


@lru_cache(maxsize=1)
def _files() -> dict[str, bool]:
    """Return by name whether a file is an overlay; only what a company lists is read as TOML."""
    folder = files("rules").joinpath("packs")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    stems = [name.removesuffix(".toml") for name in names if not name.startswith("_")]
    return {stem: _OVERLAY.search(text_of(stem)) is not None for stem in stems}


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
