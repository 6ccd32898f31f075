"""The parameters of one call, whichever of the four ways they came in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.fakes.telegram.errors import bad

JSON_FIELDS = {
    "allowed_updates",
    "button",
    "caption_entities",
    "commands",
    "entities",
    "link_preview_options",
    "media",
    "menu_button",
    "message_ids",
    "reply_markup",
    "reply_parameters",
    "results",
    "scope",
}
NUMBERS = {"chat_id", "message_id", "user_id", "offset", "limit", "timeout", "cache_time"}


@dataclass(frozen=True)
class Upload:
    name: str
    mime: str
    content: bytes


@dataclass
class Params:
    """`raw` is what was sent, `values` the same with nested JSON and whole numbers decoded."""

    raw: dict[str, object]
    files: dict[str, Upload] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {name: _decoded(name, value) for name, value in self.raw.items()}

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number; like the platform, anything else counts as zero."""
        value = self.values.get(name)
        if value in (None, ""):
            return default
        try:
            return int(str(value))
        except ValueError:
            return 0

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "yes", "1")

    def json(self, name: str) -> object:
        """Return a nested value. Raises ApiError for what is not JSON."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object")
        return value

    def upload(self, name: str, value: object = None) -> Upload | None:
        """Return the file sent under `name`, or the one an `attach://` points at."""
        target = str(self.values.get(name, "") if value is None else value)
        if target.startswith("attach://"):
            return self.files.get(target.removeprefix("attach://"))
        return self.files.get(name) if value is None else None


def _decoded(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name in NUMBERS and value.lstrip("-").isdigit():
        return int(value)
    if name in JSON_FIELDS and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
