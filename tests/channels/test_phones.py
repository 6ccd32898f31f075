"""The phones page over real HTTP and WebSocket: what it keeps, and whom it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, FormData, WSServerHandshakeError

from bot.channels.base import OutFile
from bot.channels.phones.controls import BadTime, target
from bot.channels.phones.platform import MAX_FILE_BYTES
from handlers.conversation.messages import Card
from tests.fakes.desk import NINE, Desk
from tests.fakes.page import Page, new_key, open_page

ANN = "s1"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    opened = Desk(tmp_path)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def page(desk: Desk) -> AsyncIterator[Page]:
    async with open_page(desk, ANN) as opened:
        yield opened


class TestTicks:
    async def test_one_tick_when_kept_a_second_when_the_bot_took_it(self, page: Page) -> None:
        key = new_key()
        await page.say(t="send", account=ANN, key=key, text="hello")
        first = await page.heard("message")
        assert (first["message"]["key"], first["message"]["taken"]) == (key, False)
        await page.heard("kept", key=key)
        assert (await page.taken(key))["text"] == "hello"

    async def test_the_same_message_three_times_is_one(self, desk: Desk, page: Page) -> None:
        key = new_key()
        for _ in range(3):
            await page.send(ANN, "only once", key=key)
        await page.taken(key)
        chat = await page.chat(ANN)
        assert [one["text"] for one in chat["messages"] if one["mine"]] == ["only once"]
        assert len(desk.heard) == 1

    async def test_during_an_outage_messages_wait_with_one_tick_and_come_in_order(
        self, desk: Desk, page: Page
    ) -> None:
        await page.say(t="outage", minutes=120)
        down = await page.until(lambda w: w["t"] == "clock" and not w["up"] and not w["moving"])
        assert down["until"] == "2026-09-14T11:00:00"
        keys = [await page.send(ANN, text) for text in ("one", "two")]
        chat = await page.chat(ANN)
        assert [one["taken"] for one in chat["messages"]] == [False, False]
        await page.say(t="clock", step="to", to="2026-09-14T11:00")
        await page.heard("clock", up=True, moving=False)
        for key in keys:
            await page.taken(key)
        assert [one.text for one in desk.heard] == ["one", "two"]
        assert {one.at for one in desk.heard} == {NINE}

    async def test_after_a_restart_history_stands_and_what_was_not_taken_is_delivered(
        self, tmp_path: Path
    ) -> None:
        first = Desk(tmp_path)
        await first.start()
        async with open_page(first, ANN) as page:
            await page.taken(await page.send(ANN, "before"))
            await page.told("收到:before")
            first.broken = True
            await page.send(ANN, "lost?")
        await first.stop()
        second = Desk(tmp_path)
        await second.start()
        async with open_page(second, ANN) as page:
            async with asyncio.timeout(60):
                while not second.heard:
                    await page.chat(ANN)
            chat = await page.chat(ANN)
        await second.stop()
        assert [one["text"] for one in chat["messages"][:3]] == ["before", "收到:before", "lost?"]
        assert [one.text for one in second.heard] == ["lost?"]


class TestPages:
    async def test_two_pages_of_one_person_show_the_same(self, desk: Desk, page: Page) -> None:
        async with open_page(desk, ANN) as other:
            key = await other.send(ANN, "from the other page")
            assert (await page.taken(key))["text"] == "from the other page"

    async def test_unread_counts_reach_every_page_and_go_when_read(
        self, desk: Desk, page: Page
    ) -> None:
        async with open_page(desk) as other:
            ref = await desk.channel.send(ANN, Card("news"))
            assert (await other.heard("unread", account=ANN))["count"] == 1
            await page.say(t="read", account=ANN, upto=int(ref))
            assert (await other.heard("unread", account=ANN))["count"] == 0
            assert all(word["t"] != "message" for word in other.words)

    async def test_older_messages_come_when_asked_for(self, desk: Desk, page: Page) -> None:
        for number in range(70):
            await desk.channel.send(ANN, Card(f"{number}"))
        chat = await page.chat(ANN)
        assert (len(chat["messages"]), chat["more"]) == (60, True)
        await page.say(t="older", account=ANN, before=chat["messages"][0]["id"])
        older = await page.heard("older", account=ANN)
        assert [one["text"] for one in older["messages"]] == [str(n) for n in range(10)]
        assert not older["more"]

    async def test_a_refusal_pops_up_on_the_phone_that_tapped(self, page: Page) -> None:
        await page.send(ANN, "拜访")
        asked = await page.until(lambda w: w["t"] == "message" and bool(w["message"]["nav"]))
        key = await page.tap(ANN, asked["message"]["id"], "c.7.1.cancel")
        assert (await page.heard("alert"))["key"] == key
        await page.heard("tapped", key=key, taken=True)

    async def test_a_redraw_arrives_in_place(self, desk: Desk, page: Page) -> None:
        ref = await desk.channel.send(ANN, Card("old"))
        await page.told("old")
        await desk.channel.edit(ANN, ref, Card("new"))
        new = await page.told("new")
        assert (new["id"], new["redrawn"]) == (int(ref), 1)


class TestBadWords:
    @pytest.mark.parametrize(
        ("word", "reason"),
        [
            ({"t": "send", "text": " \n "}, "empty"),
            ({"t": "send", "text": "x" * 20_001}, "too_long"),
            ({"t": "send", "text": "x", "account": "nobody"}, "unknown"),
            ({"t": "send", "text": "x", "files": ["0" * 32]}, "lost_file"),
            ({"t": "send", "text": 5}, "not_understood"),
            ({"t": "send", "text": "x", "extra": 1}, "not_understood"),
            ({"t": "send", "place": {"latitude": 91, "longitude": 0}}, "not_understood"),
            ({"t": "tap", "card": 1, "choice": "<b>"}, "not_understood"),
            ({"t": "nonsense"}, "not_understood"),
        ],
    )
    async def test_each_is_refused_with_its_key_and_the_page_goes_on(
        self, desk: Desk, page: Page, word: dict[str, object], reason: str
    ) -> None:
        key = new_key()
        await page.say(**{"account": ANN, "key": key, **word})
        assert (await page.heard("refused", key=key))["reason"] == reason
        await page.taken(await page.send(ANN, "still here"))
        assert [one.text for one in desk.heard] == ["still here"]

    async def test_what_is_no_json_is_refused(self, page: Page) -> None:
        for data in ("", "{", "[]", '"x"', "null"):
            await page.socket.send_str(data)
            await page.heard("refused", reason="not_understood")

    async def test_control_characters_are_kept_but_what_no_store_holds(
        self, desk: Desk, page: Page
    ) -> None:
        await page.taken(await page.send(ANN, "a\0b\x07c\u202ed"))
        assert desk.heard[0].text == "a\ufffdb\x07c\u202ed"


class TestFiles:
    async def test_a_file_comes_back_as_it_was(self, page: Page) -> None:
        content = bytes(range(256)) * 5_000
        status, file = await page.upload(ANN, content)
        assert (status, file["kind"], file["size"]) == (200, "photo", len(content))
        answer = await page.session.get(f"{page.url}file/{file['ref']}")
        assert await answer.read() == content
        assert "sandbox" in answer.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("announced", [True, False])
    async def test_60_megabytes_are_refused_and_nothing_stays(
        self, desk: Desk, page: Page, announced: bool
    ) -> None:
        size = 3 * MAX_FILE_BYTES

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(60):
                yield bytes(size // 60)

        content = bytes(size) if announced else pieces()
        status, answer = await page.upload(ANN, content)
        assert (status, answer) == (413, {"reason": "too_large"})
        assert list(desk.platform.store.files.iterdir()) == []

    async def test_0_bytes_are_refused(self, desk: Desk, page: Page) -> None:
        assert await page.upload(ANN, b"") == (400, {"reason": "empty"})
        assert list(desk.platform.store.files.iterdir()) == []

    @pytest.mark.parametrize(
        "name",
        ["../../../etc/passwd", "a\r\nX-Evil: 1.pdf", "con.txt\0.exe", "图‮gpj.exe", "x" * 900, ""],
    )
    async def test_a_hostile_name_is_only_a_name(self, desk: Desk, page: Page, name: str) -> None:
        _, file = await page.upload(ANN, b"x", name=name, mime="text/html")
        await page.taken(await page.send(ANN, files=[file["ref"]]))
        assert len(desk.heard[0].files[0].name) <= 255
        assert [one.name for one in desk.platform.store.files.iterdir()] == [file["ref"]]
        answer = await page.session.get(f"{page.url}file/{file['ref']}")
        assert answer.status == 200
        assert "X-Evil" not in answer.headers
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Type"] == "application/octet-stream"

    async def test_a_file_of_another_phone_cannot_be_sent_on(self, page: Page) -> None:
        _, file = await page.upload("m1", b"x")
        key = new_key()
        await page.say(t="send", account=ANN, key=key, files=[file["ref"]])
        assert (await page.heard("refused", key=key))["reason"] == "lost_file"

    async def test_a_drawing_with_script_is_a_document(self, page: Page) -> None:
        _, file = await page.upload(ANN, b"<svg/>", name="a.svg", mime="image/svg+xml")
        assert file["kind"] == "document"
        answer = await page.session.get(f"{page.url}file/{file['ref']}")
        assert answer.headers["Content-Type"] == "application/octet-stream"

    async def test_what_was_attached_but_never_sent_is_gone_after_a_restart(
        self, tmp_path: Path
    ) -> None:
        first = Desk(tmp_path)
        await first.start()
        async with open_page(first, ANN) as page:
            await page.upload(ANN, b"never sent")
            _, sent = await page.upload(ANN, b"sent")
            await page.send(ANN, files=[sent["ref"]])
        await first.stop()
        second = Desk(tmp_path)
        await second.start()
        left = [one.name for one in second.platform.store.files.iterdir()]
        await second.stop()
        assert left == [sent["ref"]]

    async def test_a_file_of_the_bot_arrives_marked_as_protected(
        self, desk: Desk, page: Page
    ) -> None:
        file = OutFile("清单.pdf", "application/pdf", b"%PDF-1.4")
        await desk.channel.send(ANN, Card("the list", protect=True), (file,))
        told = await page.told("the list")
        assert told["protect"]
        assert told["files"][0]["name"] == "清单.pdf"


class TestStrangePages:
    async def test_a_foreign_name_is_refused(self, desk: Desk) -> None:
        async with ClientSession() as session:
            for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::2]:80"):
                for path in ("", "static/phones.js", "ws"):
                    answer = await session.get(desk.url + path, headers={"Host": host})
                    assert answer.status == 403, (host, path)

    async def test_its_own_names_are_served(self, desk: Desk) -> None:
        async with ClientSession() as session:
            for host in (f"localhost:{desk.port}", f"127.0.0.1:{desk.port}", "[::1]"):
                answer = await session.get(desk.url, headers={"Host": host})
                assert answer.status == 200, host

    @pytest.mark.parametrize(
        "origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "http://localhost"]
    )
    async def test_a_foreign_origin_gets_no_socket_and_cannot_upload(
        self, desk: Desk, origin: str | None
    ) -> None:
        headers = {"Origin": origin} if origin else {}
        async with ClientSession() as session:
            with pytest.raises(WSServerHandshakeError) as caught:
                await session.ws_connect(f"{desk.url}ws", headers=headers)
            assert caught.value.status == 403
            answer = await session.post(
                f"{desk.url}upload?account={ANN}", data=b"x", headers={**headers, "X-Phones": "1"}
            )
            assert answer.status == 403

    async def test_a_form_cannot_upload_even_from_its_own_origin(self, desk: Desk) -> None:
        origin = desk.url.split("/phones")[0]
        form = FormData({"file": "x"})
        async with ClientSession() as session:
            answer = await session.post(
                f"{desk.url}upload?account={ANN}", data=form, headers={"Origin": origin}
            )
            assert answer.status == 403

    async def test_every_answer_carries_the_policy_and_nothing_else_is_served(
        self, desk: Desk
    ) -> None:
        async with ClientSession() as session:
            for path in ("", "static/phones.js", "static/none.js", "static/..%2fserver.py"):
                answer = await session.get(desk.url + path)
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.status == (404 if "none" in path or ".." in path else 200), path


class TestClock:
    @pytest.mark.parametrize(
        ("step", "local"),
        [
            ("hour", "2026-09-14T10:00:00"),
            ("evening", "2026-09-14T18:00:00"),
            ("morning", "2026-09-15T09:00:00"),
            ("day", "2026-09-15T09:00:00"),
        ],
    )
    async def test_each_step_leads_where_it_says(
        self, desk: Desk, page: Page, step: str, local: str
    ) -> None:
        await page.say(t="clock", step=step)
        await page.heard("clock", local=local, moving=False)
        assert desk.now() > NINE

    @pytest.mark.parametrize(
        "to", ["", "soon", "2026-09-14T08:59", "2028-01-01T09:00", "2026-02-31T09:00"]
    )
    async def test_a_time_that_cannot_be_reached_is_refused(
        self, desk: Desk, page: Page, to: str
    ) -> None:
        await page.say(t="clock", step="to", to=to)
        await page.heard("refused", reason="bad_time")
        assert desk.now() == NINE

    async def test_a_reminder_comes_when_the_clock_has_come_so_far(
        self, desk: Desk, page: Page
    ) -> None:
        desk.reminders.append((NINE + timedelta(hours=9), ANN, "今天的拜访还没有记录"))
        await page.say(t="clock", step="evening")
        told = await page.told("今天的拜访还没有记录")
        assert told["at"] == "2026-09-14T18:00:00"

    def test_a_time_with_a_zone_of_its_own_is_that_instant(self) -> None:
        zone = NINE.tzinfo
        assert zone is not None
        assert target("to", "2026-09-14T10:00+08:00", NINE, zone) == NINE + timedelta(hours=1)
        with pytest.raises(BadTime):
            target("to", "2026-09-14T10:00+09:00", NINE + timedelta(hours=1), zone)
