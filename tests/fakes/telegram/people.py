"""What a person does: everything a hand can do in the client, in a private chat or a group."""

from __future__ import annotations

from typing import Protocol

from tests.fakes.telegram.chats import Chat, Posted, User, World
from tests.fakes.telegram.files import Cabinet
from tests.fakes.telegram.limits import START_PAYLOAD
from tests.fakes.telegram.markup import typed
from tests.fakes.telegram.questions import Inline, Questions, Tap
from tests.fakes.telegram.settings import member
from tests.fakes.telegram.updates import Update

Json = dict[str, object]


class Platform(Protocol):
    """What the hands need of the server."""

    world: World
    cabinet: Cabinet
    questions: Questions

    def push(self, kind: str, content: Json, queue: tuple[str, int]) -> Update | None: ...
    def reads(self, posted: Posted) -> bool: ...
    def menu(self, chat_id: int, language: str = "") -> list[tuple[str, str]]: ...


class Hand:
    """One person in one chat. Everything returns once the platform has it, not the bot."""

    def __init__(self, platform: Platform, user: User, chat: Chat) -> None:
        self._platform = platform
        self.user = user
        self.chat = chat

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def messages(self) -> list[Posted]:
        """What the bot has in this chat, oldest first."""
        return self.chat.messages

    def newest(self, count: int) -> list[Posted]:
        """Return the last messages of the bot in this chat, oldest first."""
        return self.chat.newest(count)

    @property
    def last(self) -> Posted:
        """The newest message of the bot in this chat. Raises LookupError when there is none."""
        return self.chat.last

    async def say(self, text: str, *, reply_to: int = 0) -> Posted:
        entities = typed(text)
        fields: Json = {"text": text} | ({"entities": entities} if entities else {})
        return self._post(fields, reply_to=reply_to)

    async def command(self, name: str, words: str = "") -> Posted:
        return await self.say(f"/{name} {words}".strip())

    async def edit(self, message: int | Posted, text: str) -> Posted:
        """Change one's own words; a caption where there is a picture."""
        posted = self._own(message)
        field = "caption" if posted.media else "text"
        self._reword(posted, field, text)
        posted.edits += 1
        posted.wire["edit_date"] = self._platform.world.seconds()
        self._tell("edited_message", posted)
        return posted

    async def delete(self, message: int | Posted) -> None:
        """Take a message out of the chat; the bot is not told."""
        self._message(message).deleted = True

    async def tap(
        self, message: int | Posted, data: str = "", *, label: str = "", forge: bool = False
    ) -> Tap:
        """Press the button with this data or label. `forge`: as a tampered client can.

        Raises LookupError for a button that is not there.
        """
        posted = self._message(message)
        data = posted.data(label) if label else data
        if not forge and data not in (target for _, target in posted.buttons):
            raise LookupError(f"no button with {data!r} under {posted!r}")
        tap = self._platform.questions.new_tap(data)
        query: Json = {
            "id": tap.id,
            "from": self.user.wire(),
            "message": posted.wire,
            "chat_instance": str(-(self.chat.id << 20)),
            "data": data,
        }
        self._platform.push("callback_query", query, ("tap", self.user.id))
        return tap

    async def photo(self, content: bytes, caption: str = "", *, album: str = "") -> Posted:
        return self._send_file("photo", content, caption, album=album)

    async def album(self, contents: list[bytes], caption: str = "") -> list[Posted]:
        """Send several photos together; the caption is the first one's."""
        album = self._platform.world.album()
        return [
            self._send_file("photo", content, "" if number else caption, album=album)
            for number, content in enumerate(contents)
        ]

    async def voice(self, content: bytes = b"OggS", caption: str = "") -> Posted:
        return self._send_file("voice", content, caption)

    async def video(self, content: bytes = b"mp4", caption: str = "") -> Posted:
        return self._send_file("video", content, caption)

    async def document(
        self,
        content: bytes,
        name: str = "file.pdf",
        caption: str = "",
        *,
        mime: str = "application/pdf",
        size: int | None = None,
    ) -> Posted:
        """Send a file; `size` says how large it is when its content is only hinted at."""
        return self._send_file("document", content, caption, name=name, mime=mime, size=size)

    async def sticker(self) -> Posted:
        return self._send_file("sticker", b"RIFF", "")

    async def location(self, latitude: float, longitude: float) -> Posted:
        return self._post({"location": {"latitude": latitude, "longitude": longitude}})

    async def venue(self, latitude: float, longitude: float, title: str, address: str) -> Posted:
        place = {"latitude": latitude, "longitude": longitude}
        return self._post(
            {"location": place, "venue": {"location": place, "title": title, "address": address}}
        )

    async def contact(self, phone: str, name: str) -> Posted:
        return self._post({"contact": {"phone_number": phone, "first_name": name}})

    async def poll(self, question: str, *options: str) -> Posted:
        choices = [
            {"persistent_id": str(number), "text": text, "voter_count": 0}
            for number, text in enumerate(options)
        ]
        poll = {
            "id": self._platform.world.album(),
            "question": question,
            "options": choices,
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
        return self._post({"poll": poll})

    async def forward(self, what: str | Posted, *, sender: str = "某人") -> Posted:
        """Forward a text of somebody, or a message of this server. Refused when protected."""
        origin: Json = {
            "type": "hidden_user",
            "sender_user_name": sender,
            "date": self._platform.world.seconds() - 60,
        }
        if isinstance(what, str):
            return self._post({"text": what, "forward_origin": origin})
        if what.protect_content:
            raise PermissionError("a protected message can't be forwarded")
        kept = ("text", "entities", "caption", "caption_entities", what.media)
        content = {name: value for name, value in what.wire.items() if name in kept}
        origin = {
            "type": "user",
            "sender_user": what.wire["from"],
            "date": what.wire["date"],
        }
        return self._post(content | {"forward_origin": origin})

    async def inline(self, query: str, offset: str = "") -> Inline:
        """Type after the bot's name, and return what it offers. Raises TimeoutError."""
        asked = self._platform.questions.new_inline(query, offset)
        content: Json = {
            "id": asked.id,
            "from": self.user.wire(),
            "query": query,
            "offset": offset,
            "chat_type": "sender" if self.chat.user is not None else self.chat.kind,
        }
        self._platform.push("inline_query", content, ("inline", self.user.id))
        return await asked.wait()

    async def choose(self, offered: Inline, result_id: str) -> Posted:
        """Send one of the offered results to this chat, as the client does after a tap."""
        result = next(one for one in offered.results if one["id"] == result_id)
        content = result.get("input_message_content")
        if not isinstance(content, dict) or "message_text" not in content:
            raise NotImplementedError("only results that are texts can be sent here")
        chosen: Json = {
            "result_id": result_id,
            "from": self.user.wire(),
            "query": offered.query,
        }
        self._platform.push("chosen_inline_result", chosen, ("chosen", self.user.id))
        words = {"text": content["message_text"], "via_bot": self._platform.world.bot}
        return self._post(words)

    def _send_file(
        self,
        kind: str,
        content: bytes,
        caption: str,
        *,
        album: str = "",
        name: str = "",
        mime: str = "",
        size: int | None = None,
    ) -> Posted:
        stored = self._platform.cabinet.keep(kind, content, name, mime, size)
        field, wire = self._platform.cabinet.described(stored)
        fields: Json = {field: wire}
        if caption:
            fields["caption"] = caption
        if album:
            fields["media_group_id"] = album
        return self._post(fields)

    def _post(self, fields: Json, *, reply_to: int = 0) -> Posted:
        if reply_to:
            wire = self._message(reply_to).wire
            fields["reply_to_message"] = {k: v for k, v in wire.items() if k != "reply_to_message"}
        posted = self._platform.world.post(self.chat, self.user.wire(), of_bot=False, **fields)
        self._tell("message", posted)
        return posted

    def _tell(self, kind: str, posted: Posted) -> None:
        if self._platform.reads(posted):
            self._platform.push(kind, dict(posted.wire), ("chat", self.chat.id))

    def _reword(self, posted: Posted, field: str, text: str) -> None:
        entities = typed(text)
        posted.wire[field] = text
        name = "entities" if field == "text" else "caption_entities"
        posted.wire.pop(name, None)
        if entities:
            posted.wire[name] = entities

    def _message(self, message: int | Posted) -> Posted:
        number = message if isinstance(message, int) else message.id
        return self.chat.posted[number]

    def _own(self, message: int | Posted) -> Posted:
        posted = self._message(message)
        if posted.of_bot or posted.wire["from"] != self.user.wire():
            raise PermissionError(f"{posted!r} is not of {self.user.name}")
        return posted


class Person(Hand):
    """A person in the private chat with the bot."""

    async def start(self, payload: str = "") -> Posted:
        """Open the chat, or use a deep link: `/start payload`. Ends a block, as a client does."""
        if payload and not START_PAYLOAD.fullmatch(payload):
            raise ValueError(f"no deep link can carry {payload!r}")
        if self.user.blocked:
            await self.unblock()
        self.user.started = True
        return await self.command("start", payload)

    async def block(self) -> None:
        self.user.blocked = True
        self._membership("member", "kicked")

    async def unblock(self) -> None:
        self.user.blocked = False
        self._membership("kicked", "member")

    def deactivate(self) -> None:
        """Delete the account; the bot is not told."""
        self.user.deactivated = True

    @property
    def menu(self) -> list[tuple[str, str]]:
        """The commands shown in this chat: (command, description)."""
        return self._platform.menu(self.chat.id, self.user.language)

    def _post(self, fields: Json, *, reply_to: int = 0) -> Posted:
        if self.user.blocked:
            raise PermissionError("nobody can write to a bot they blocked")
        self.user.started = True
        return super()._post(fields, reply_to=reply_to)

    def _membership(self, old: str, new: str) -> None:
        push_membership(self._platform, self.chat, self.user, old, new)


def push_membership(platform: Platform, chat: Chat, by: User, old: str, new: str) -> None:
    """Tell the bot that its own status in a chat changed."""
    bot = platform.world.bot
    content: Json = {
        "chat": chat.wire(),
        "from": by.wire(),
        "date": platform.world.seconds(),
        "old_chat_member": member(old, bot),
        "new_chat_member": member(new, bot),
    }
    platform.push("my_chat_member", content, ("membership", chat.id))
