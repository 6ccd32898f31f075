"""A member of the company with the app's chat before them: what they do and what they see."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from tests.fakes.wecom.callbacks import Delivery, Tree
from tests.fakes.wecom.messages import Message

if TYPE_CHECKING:
    from tests.fakes.wecom_server import WecomServer

_NUMBERS = count(7_000_000_000_000_000_001)


class Member:
    def __init__(self, server: WecomServer, userid: str, name: str) -> None:
        self._server = server
        self.userid = userid
        self.name = name

    @property
    def messages(self) -> list[Message]:
        return self._server.chats.chats[self.userid.lower()]

    @property
    def last(self) -> Message:
        return self.messages[-1]

    async def say(self, text: str) -> Delivery:
        return await self._message("text", Content=text)

    async def photo(self, content: bytes) -> Delivery:
        media_id = self._server.cabinet.keep(content, "image.jpg")
        return await self._message("image", PicUrl="http://p.invalid/1", MediaId=media_id)

    async def send_file(self, kind: str, content: bytes, name: str = "") -> Delivery:
        """Send a `voice`, `video` or `file`."""
        media_id = self._server.cabinet.keep(content, name or kind)
        more = {"voice": {"Format": "amr"}, "video": {"ThumbMediaId": "t"}}
        named = {"FileName": name} if name else {}
        return await self._message(kind, MediaId=media_id, **more.get(kind, {}), **named)

    async def location(self, latitude: float, longitude: float, label: str = "") -> Delivery:
        return await self._message(
            "location", Location_X=latitude, Location_Y=longitude, Scale=16, Label=label
        )

    async def other(self, kind: str, **content: object) -> Delivery:
        """Send a message of any kind, such as a link, or one nobody knows."""
        return await self._message(kind, **content)

    async def tap(self, label: str) -> Delivery:
        """Press a button by its words, the newest one that has them."""
        for message in reversed(self.messages):
            for words, key in message.buttons:
                if words == label:
                    return await self.press(message, key)
        shown = [one.buttons for one in self.messages]
        raise AssertionError(f"no button {label!r}; there are {shown}")

    async def press(self, message: Message, key: str) -> Delivery:
        """Press a button by its key; the platform hands out a code with each press.

        The key of an entry of a list picks it and presses the button below.
        """
        code = self._server.chats.code(message)
        submit = message.card.get("submit_button", {}).get("key", "")
        if not submit:
            return await self.forge(message.task_id, key, code)
        picked = sorted(message.ticked) if key == submit else [key]
        return await self.forge(message.task_id, submit, code, picked)

    def tick(self, message: Message, entry: str) -> None:
        """Tick an entry of a list, or let it go; it is sent with the button below."""
        message.ticked ^= {entry}

    async def forge(
        self, task_id: str, key: str, code: str = "", picked: Sequence[str] = ()
    ) -> Delivery:
        """Send a press of a button that nobody showed."""
        options: list[Tree] = [{"OptionId": one} for one in picked]
        item: Tree = {"QuestionKey": "q", "OptionIds": options}
        return await self.event(
            "template_card_event",
            EventKey=key,
            TaskId=task_id,
            CardType="multiple_interaction" if picked else "button_interaction",
            ResponseCode=code,
            **({"SelectedItems": {"SelectedItem": item}} if picked else {}),
        )

    async def click(self, key: str) -> Delivery:
        """Choose an entry of the app's menu."""
        return await self.event("click", EventKey=key)

    async def event(self, name: str, **content: object) -> Delivery:
        return await self._deliver({"MsgType": "event", "Event": name, **content})

    async def again(self, delivery: Delivery) -> int:
        """Let the platform offer a message once more that was taken already."""
        return await self._server.callbacks.offer(delivery.xml)

    async def _message(self, kind: str, **content: object) -> Delivery:
        return await self._deliver({"MsgType": kind, **content, "MsgId": next(_NUMBERS)})

    async def _deliver(self, content: dict[str, object]) -> Delivery:
        return await self._server.callbacks.deliver(self.userid, content)
