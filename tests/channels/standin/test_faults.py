"""Faults on demand: what the caller sees, and whether the effect was done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine

import aiohttp
import pytest

from tests.channels.standin.conftest import PNG, Api, later
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.faults import DOWNLOAD, NOT_POLLS, Fault
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer


async def send(api: Api, ann: Person, text: str = "x") -> tuple[int, str]:
    """Return the status and the body of one sendMessage."""
    params = {"chat_id": str(ann.id), "text": text}
    async with api.session.post(api.url("sendMessage"), data=params) as answer:
        return answer.status, await answer.text()


async def given_up(call: Coroutine[None, None, object], server: TelegramServer) -> None:
    """Make a call and give it up once the server holds it; return when that knows."""
    calling = asyncio.create_task(call)
    await server.until(lambda: server.held)
    calling.cancel()
    await asyncio.wait({calling})
    assert calling.cancelled()
    await server.until(lambda: not server.held)


class TestGivenAnAnswerIsWrong:
    @pytest.mark.parametrize(
        ("fault", "status"),
        [
            (Fault.ERROR, 500),
            (Fault.BAD_GATEWAY, 502),
            (Fault.CONFLICT, 409),
            (Fault.NOT_JSON, 200),
        ],
    )
    async def test_when_struck_then_no_effect_and_the_next_call_works(
        self, api: Api, ann: Person, server: TelegramServer, fault: Fault, status: int
    ) -> None:
        server.faults.add(fault, "sendMessage")
        code, body = await send(api, ann)
        assert code == status
        assert body.startswith("<html>") == (fault in (Fault.BAD_GATEWAY, Fault.NOT_JSON))
        assert ann.messages == []
        assert (await send(api, ann))[0] == 200
        assert server.faults.struck == {("sendMessage", fault): 1}

    async def test_when_truncated_then_the_effect_is_done(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.faults.add(Fault.TRUNCATED, "sendMessage")
        code, body = await send(api, ann)
        assert code == 200
        with pytest.raises(ValueError, match="line 1"):
            json.loads(body)
        assert ann.chat.texts == ["x"]


class TestGivenTheConnectionBreaks:
    @pytest.mark.parametrize(("fault", "effect"), [(Fault.RESET, []), (Fault.RESET_AFTER, ["x"])])
    async def test_when_before_or_after_then_the_effect_says_which(
        self, api: Api, ann: Person, server: TelegramServer, fault: Fault, effect: list[str]
    ) -> None:
        server.faults.add(fault, "sendMessage")
        with pytest.raises(aiohttp.ClientConnectionError):
            await send(api, ann)
        assert ann.chat.texts == effect

    async def test_when_the_confirming_poll_is_cut_then_it_has_confirmed(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        await ann.say("a")
        (update,) = await api.updates()
        server.faults.add(Fault.RESET_AFTER, "getUpdates")
        with pytest.raises(aiohttp.ClientConnectionError):
            await api.updates(offset=update["update_id"] + 1)
        assert not server.updates


class TestGivenSilence:
    async def test_when_the_caller_gives_up_then_no_effect(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.faults.add(Fault.SILENCE, "sendMessage")
        await given_up(send(api, ann), server)
        server.release()
        await api.ok("getMe")
        assert ann.messages == []

    async def test_when_released_then_the_call_goes_on(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.faults.add(Fault.SILENCE, "sendMessage")
        sending = asyncio.ensure_future(send(api, ann))
        await server.until(lambda: server.held)
        assert ann.messages == []
        server.release()
        assert (await sending)[0] == 200
        assert ann.chat.texts == ["x"]

    async def test_when_only_the_answer_is_held_then_the_effect_is_done(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.faults.add(Fault.SILENCE_AFTER, "sendMessage")
        await given_up(send(api, ann), server)
        assert ann.chat.texts == ["x"]


class TestGivenAFlood:
    async def test_when_told_to_wait_then_earlier_calls_are_counted(
        self, api: Api, ann: Person, server: TelegramServer, clock: SettableClock
    ) -> None:
        server.faults.add(Fault.FLOOD, "sendMessage", retry_after=3)
        refusal = await api.refused("sendMessage", chat_id=ann.id, text="x")
        assert (refusal.code, refusal.description, refusal.parameters) == (
            429,
            "Too Many Requests: retry after 3",
            {"retry_after": 3},
        )
        assert server.rates.undercut == 0
        later(clock, seconds=1)
        refusal = await api.refused("sendPhoto", chat_id=ann.id, photo=PNG)
        assert refusal.parameters == {"retry_after": 2}
        assert server.rates.undercut == 1
        later(clock, seconds=2)
        await api.ok("sendMessage", chat_id=ann.id, text="x")
        assert server.rates.undercut == 1

    async def test_when_one_chat_waits_then_others_and_edits_do_not(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="x")
        bob = server.person(7002, "李敏")
        await bob.start()
        server.faults.add(Fault.FLOOD, "sendMessage", retry_after=30)
        await api.refused("sendMessage", chat_id=ann.id, text="x")
        await api.ok("sendMessage", chat_id=bob.id, text="x")
        await api.ok("editMessageText", chat_id=ann.id, message_id=ann.last.id, text="y")


class TestGivenASeededShare:
    async def test_when_the_seed_is_the_same_then_the_same_calls_are_struck(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        outcomes = []
        for _ in range(2):
            server.faults.clear()
            server.faults.share(Fault.ERROR, 0.3, NOT_POLLS, seed=7)
            outcomes.append([(await send(api, ann))[0] for _ in range(40)])
            assert await api.updates() == []
        assert outcomes[0] == outcomes[1]
        assert set(outcomes[0]) == {200, 500}
        assert 6 <= outcomes[0].count(500) <= 18


class TestGivenAnOutage:
    async def test_when_refused_then_back_on_the_same_port_with_its_state(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        await send(api, ann)
        port = server.port
        await server.refuse()
        await ann.say("meanwhile")
        with pytest.raises(aiohttp.ClientConnectionError):
            await send(api, ann)
        await server.accept()
        assert server.port == port
        assert (await send(api, ann))[0] == 200
        assert ann.chat.texts == ["x", "x"]
        assert len(server.updates) == 1

    async def test_when_refused_in_the_middle_then_waiting_calls_break(
        self, api: Api, server: TelegramServer
    ) -> None:
        poll = asyncio.ensure_future(api.updates(timeout=50))
        await server.until(lambda: server.updates.polled)
        await server.refuse()
        with pytest.raises(aiohttp.ClientConnectionError):
            await poll

    async def test_when_stalled_then_answered_after_it_resumes(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.stall()
        await given_up(send(api, ann, "given up"), server)
        waiting = asyncio.ensure_future(send(api, ann))
        await server.until(lambda: server.held)
        server.resume()
        assert (await waiting)[0] == 200
        assert ann.chat.texts == ["x"]


class TestGivenADownload:
    async def _get(self, api: Api, path: str) -> tuple[int, bytes]:
        url = f"{api.server.base}/file/bot{api.server.token}/{path}"
        async with api.session.get(url) as answer:
            return answer.status, await answer.read()

    async def _path(self, api: Api, ann: Person) -> str:
        await ann.document(b"x" * 100_000, "合同.pdf")
        (update,) = await api.updates(offset=-1)
        file = await api.ok("getFile", file_id=update["message"]["document"]["file_id"])
        return str(file["file_path"])

    async def test_when_it_breaks_then_again_it_is_whole(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        path = await self._path(api, ann)
        for fault in (Fault.BROKEN, Fault.RESET, Fault.TRUNCATED):
            # aiohttp asks once more by itself when a kept connection breaks
            server.faults.add(fault, DOWNLOAD, times=2)
            with pytest.raises(aiohttp.ClientError):
                await self._get(api, path)
            server.faults.clear()
        assert await self._get(api, path) == (200, b"x" * 100_000)

    async def test_when_it_is_missing_then_404(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        path = await self._path(api, ann)
        server.faults.add(Fault.MISSING, DOWNLOAD)
        assert (await self._get(api, path))[0] == 404
        server.faults.add(Fault.BAD_GATEWAY, DOWNLOAD)
        assert (await self._get(api, path))[0] == 502
        assert (await self._get(api, "documents/nothing"))[0] == 404
