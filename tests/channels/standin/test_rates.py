"""How much may be sent, when the rates are switched on."""

from __future__ import annotations

from tests.channels.standin.conftest import PNG, Api, later
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer


async def sent(api: Api, chat_id: int, tries: int) -> int:
    """Return how many of so many messages at one moment were taken."""
    taken = 0
    for _ in range(tries):
        answer = await api.call("sendMessage", {"chat_id": chat_id, "text": "x"})
        taken += bool(answer["ok"])
    return taken


class TestGivenRatesAreOn:
    async def test_when_a_private_chat_gets_a_burst_then_five_and_one_a_second(
        self, api: Api, ann: Person, server: TelegramServer, clock: SettableClock
    ) -> None:
        server.rates.on = True
        assert await sent(api, ann.id, 5) == 5
        refusal = await api.refused("sendMessage", chat_id=ann.id, text="x")
        assert refusal.parameters == {"retry_after": 1}
        later(clock, seconds=1)
        assert await sent(api, ann.id, 1) == 1
        assert server.rates.undercut == 0
        assert await sent(api, ann.id, 2) == 0
        assert server.rates.undercut == 1

    async def test_when_a_group_gets_twenty_then_one_in_three_seconds(
        self, api: Api, ann: Person, server: TelegramServer, clock: SettableClock
    ) -> None:
        group = server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        server.rates.on = True
        assert await sent(api, -500, 20) == 20
        refusal = await api.refused("sendMessage", chat_id=-500, text="x")
        assert refusal.parameters == {"retry_after": 3}
        later(clock, seconds=3)
        assert await sent(api, -500, 1) == 1

    async def test_when_many_chats_get_one_then_thirty_a_second(
        self, api: Api, server: TelegramServer, clock: SettableClock
    ) -> None:
        people = [server.person(8000 + number, "某人") for number in range(31)]
        for person in people:
            await person.start()
        server.rates.on = True
        assert sum([await sent(api, person.id, 1) for person in people]) == 30
        later(clock, seconds=1)
        assert await sent(api, people[-1].id, 1) == 1

    async def test_when_an_album_is_sent_then_each_picture_counts(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.rates.on = True
        media = [{"type": "photo", "media": "attach://a"}] * 4
        await api.ok("sendMediaGroup", chat_id=ann.id, media=media, a=PNG)
        assert await sent(api, ann.id, 2) == 1

    async def test_when_edited_or_answered_then_not_counted(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.rates.on = True
        assert await sent(api, ann.id, 5) == 5
        for number in range(10):
            await api.ok(
                "editMessageText", chat_id=ann.id, message_id=ann.last.id, text=str(number)
            )
        assert ann.last.edits == 10


async def test_when_rates_are_off_then_nothing_is_counted(api: Api, ann: Person) -> None:
    assert await sent(api, ann.id, 50) == 50
