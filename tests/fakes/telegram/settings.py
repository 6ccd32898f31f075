"""What the bot says of itself and asks about chats: menus, descriptions, members."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.fakes.telegram import limits
from tests.fakes.telegram.chats import Chat, World
from tests.fakes.telegram.errors import bad
from tests.fakes.telegram.params import Params

Json = dict[str, object]
Method = Callable[[Params], object]

ACCEPTED = (
    "close",
    "logout",
    "setmydefaultadministratorrights",
    "setmydescription",
    "setmyname",
    "setmyshortdescription",
)
CHAT_SCOPES = {"chat", "chat_administrators", "chat_member"}
SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


class Settings:
    """Kept for the whole life of a server. `left`: the bot leaves a chat by itself."""

    def __init__(self, world: World, left: Callable[[Chat], None]) -> None:
        self._world = world
        self._left = left
        self._menus: dict[tuple[str, str], list[Json]] = {}
        self.menu_buttons: dict[int, object] = {}
        """By chat, 0 for all the others."""

    def table(self) -> dict[str, Method]:
        """Return the methods by their lower-case name."""
        return {name: lambda _: True for name in ACCEPTED} | {
            "getme": lambda _: self._world.bot,
            "setmycommands": self.set_my_commands,
            "getmycommands": self.get_my_commands,
            "deletemycommands": self.delete_my_commands,
            "setchatmenubutton": self.set_chat_menu_button,
            "getchat": self.get_chat,
            "getchatmember": self.get_chat_member,
            "leavechat": self.leave_chat,
        }

    def menu(self, chat_id: int, language: str = "") -> list[tuple[str, str]]:
        """Return the commands a person sees in that chat: the narrowest scope that has any."""
        general = "all_private_chats" if chat_id > 0 else "all_group_chats"
        own: Json = {"type": "chat", "chat_id": chat_id}
        scopes: tuple[Json, ...] = (own, {"type": general}, {"type": "default"})
        for scope in scopes:
            for tongue in dict.fromkeys((language, "")):
                found = self._menus.get((_key(scope), tongue))
                if found:
                    return [(str(one["command"]), str(one["description"])) for one in found]
        return []

    def set_my_commands(self, params: Params) -> bool:
        self._menus[self._scope(params)] = limits.commands(params.json("commands") or [])
        return True

    def get_my_commands(self, params: Params) -> list[Json]:
        return self._menus.get(self._scope(params), [])

    def delete_my_commands(self, params: Params) -> bool:
        self._menus.pop(self._scope(params), None)
        return True

    def _scope(self, params: Params) -> tuple[str, str]:
        scope = params.json("scope") or {"type": "default"}
        if not isinstance(scope, dict) or scope.get("type") not in SCOPES | CHAT_SCOPES:
            raise bad("can't parse BotCommandScope: Unsupported type specified")
        if scope["type"] in CHAT_SCOPES:
            chat = self._world.find(scope.get("chat_id"))
            scope = {**scope, "chat_id": chat.id}
        language = params.text("language_code")
        if language and not (len(language) == 2 and language.isascii() and language.islower()):
            raise bad("LANG_CODE_INVALID")
        return _key(scope), language

    def set_chat_menu_button(self, params: Params) -> bool:
        chat_id = params.integer("chat_id")
        if chat_id:
            self._world.find(chat_id)
        self.menu_buttons[chat_id] = params.json("menu_button")
        return True

    def get_chat(self, params: Params) -> Json:
        chat = self._world.find(params.values.get("chat_id"))
        return chat.wire() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(GIFTS, False),
        }

    def get_chat_member(self, params: Params) -> Json:
        chat = self._world.find(params.values.get("chat_id"))
        user_id = params.integer("user_id")
        if user_id == self._world.bot["id"]:
            return member(chat.bot, self._world.bot)
        user = self._world.users.get(user_id)
        if user is None:
            raise bad("user not found")
        own = chat.user is not None and chat.id == user_id
        return member("member" if own else chat.members.get(user_id, "left"), user.wire())

    def leave_chat(self, params: Params) -> bool:
        chat = self._world.writable(params.values.get("chat_id"))
        if chat.user is not None:
            raise bad("chat member status can't be changed in private chats")
        self._left(chat)
        return True


def member(status: str, user: Json) -> Json:
    """Return a ChatMember as the platform writes it."""
    if status == "kicked":
        return {"status": status, "user": user, "until_date": 0}
    if status == "creator":
        return {"status": status, "user": user, "is_anonymous": False}
    return {"status": status, "user": user}


def _key(scope: Json) -> str:
    return json.dumps(scope, sort_keys=True)
