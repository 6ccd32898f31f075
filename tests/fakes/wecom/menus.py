"""The menu under the app's chat: one for all, as a whole made, shown and taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fakes.wecom.errors import Errcode

Json = dict[str, Any]
Ask = Callable[[Json, dict[str, str]], Json]

TOPS, BELOW = 3, 5
TOP_BYTES, ENTRY_BYTES = 16, 40
KEY_BYTES, URL_BYTES = 128, 1024
KEYED = frozenset(
    {"click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album",
     "pic_weixin", "location_select"}
)  # fmt: skip
LEADING = frozenset({"view", "view_miniprogram"})


class Menus:
    def __init__(self, agent_id: int) -> None:
        self.shown: Json | None = None
        self._agent_id = str(agent_id)

    @property
    def methods(self) -> dict[str, Ask]:
        return {"menu/create": self._create, "menu/get": self._get, "menu/delete": self._delete}

    def _create(self, body: Json, query: dict[str, str]) -> Json:
        self._check_agent(query)
        tops = body.get("button")
        if not isinstance(tops, list) or not 1 <= len(tops) <= TOPS:
            raise Errcode(40016, "invalid button size")
        for top in tops:
            _check_name(top, TOP_BYTES, 40018)
            below = top.get("sub_button", [])
            if not below:
                _check_entry(top, (40017, 40019, 40020))
                continue
            if len(below) > BELOW:
                raise Errcode(40023, "invalid sub button size")
            if top.keys() - {"name", "sub_button"}:
                raise Errcode(40017, "a button with others below it has a name only")
            for one in below:
                if one.get("sub_button"):
                    raise Errcode(40022, "invalid sub menu level")
                _check_name(one, ENTRY_BYTES, 40025)
                _check_entry(one, (40024, 40026, 40027))
        self.shown = body
        return {}

    def _get(self, _body: Json, query: dict[str, str]) -> Json:
        self._check_agent(query)
        if self.shown is None:
            raise Errcode(46003, "no menu")
        return self.shown

    def _delete(self, _body: Json, query: dict[str, str]) -> Json:
        self._check_agent(query)
        self.shown = None
        return {}

    def _check_agent(self, query: dict[str, str]) -> None:
        if query.get("agentid") != self._agent_id:
            raise Errcode(40056, "invalid agentid")


def _check_name(one: Json, most: int, code: int) -> None:
    if not 1 <= len(str(one.get("name", "")).encode()) <= most:
        raise Errcode(code, "invalid button name size")


def _check_entry(one: Json, codes: tuple[int, int, int]) -> None:
    """`codes`: of a wrong kind, key and address."""
    kind = one.get("type")
    if kind in KEYED:
        if not 1 <= len(str(one.get("key", "")).encode()) <= KEY_BYTES:
            raise Errcode(codes[1], "invalid button key size")
    elif kind in LEADING:
        name = "url" if kind == "view" else "pagepath"
        if not 1 <= len(str(one.get(name, "")).encode()) <= URL_BYTES:
            raise Errcode(codes[2], "invalid button url size")
    else:
        raise Errcode(codes[0], "invalid button type")
