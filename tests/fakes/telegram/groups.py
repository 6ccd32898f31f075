"""Group chats: who brings the bot in, who throws it out, and the move to a supergroup."""

from __future__ import annotations

from tests.fakes.telegram.chats import Chat, Posted, User
from tests.fakes.telegram.people import Hand, Person, Platform, push_membership

Json = dict[str, object]


class Group:
    def __init__(self, platform: Platform, chat: Chat) -> None:
        self._platform = platform
        self.chat = chat

    @property
    def id(self) -> int:
        return self.chat.id

    @property
    def messages(self) -> list[Posted]:
        """What the bot wrote here."""
        return self.chat.messages

    async def add_bot(self, *, by: Person) -> None:
        old = self.chat.bot
        self.chat.bot = "member"
        self.chat.members[by.id] = "creator"
        push_membership(self._platform, self.chat, by.user, old, "member")
        bot = self._platform.world.bot
        short = {name: bot[name] for name in ("id", "is_bot", "first_name", "username")}
        self._service(
            by.user,
            {"new_chat_members": [short]},
        )

    async def remove_bot(self, *, by: Person, status: str = "kicked") -> None:
        old, self.chat.bot = self.chat.bot, status
        push_membership(self._platform, self.chat, by.user, old, status)

    def hand(self, person: Person) -> Hand:
        """Return everything `person` can do, in this group."""
        self.chat.members.setdefault(person.id, "member")
        return Hand(self._platform, person.user, self.chat)

    async def say(self, person: Person, text: str, *, reply_to: int = 0) -> Posted:
        return await self.hand(person).say(text, reply_to=reply_to)

    async def migrate(self) -> Group:
        """Become a supergroup: a new chat, and a service message in the old and in the new."""
        owner = next(
            user for user in self._platform.world.users.values() if user.id in self.chat.members
        )
        new = self._platform.world.upgrade(self.chat)
        self._service(owner, {"migrate_to_chat_id": new.id})
        moved = Group(self._platform, new)
        moved._service(owner, {"migrate_from_chat_id": self.chat.id})
        return moved

    def _service(self, by: User, fields: Json) -> None:
        posted = self._platform.world.post(self.chat, by.wire(), of_bot=False, **fields)
        self._platform.push("message", dict(posted.wire), ("chat", self.chat.id))
