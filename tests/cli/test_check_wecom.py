"""`dossierbot check` asks WeCom for the app and says where in the console to mend it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.channels.wecom.callback import Callback
from bot.company import Company
from bot.config import load
from bot.http import Server
from bot.offline import opened
from bot.settings import Secret
from storage import accounts, staff
from tests.cli.conftest import Command
from tests.conftest import NOW
from tests.fakes.proxy import ADDRESS, Proxy
from tests.fakes.serving import Serving
from tests.fakes.wecom.callbacks import Callbacks
from tests.fakes.wecom.crypto import Keys
from tests.fakes.wecom.errors import Errcode
from tests.fakes.wecom_server import AES_KEY, AGENT_ID, CORP_ID, SECRET, SEEN_FROM, WecomServer

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def server() -> Iterator[WecomServer]:
    """The platform, in a loop of its own, for the command has one."""
    loop = asyncio.new_event_loop()
    made = WecomServer(now=lambda: NOW)
    loop.run_until_complete(made.__aenter__())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made.member("ZhangSan")
    made._loop = loop
    yield made
    asyncio.run_coroutine_threadsafe(made.__aexit__(None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def configured(company: Path, server: WecomServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    section = {
        "CORP_ID": CORP_ID,
        "AGENT_ID": AGENT_ID,
        "SECRET": SECRET,
        "TOKEN": "t",
        "ENCODING_AES_KEY": AES_KEY,
        "API_BASE": server.base,
    }
    for key, value in section.items():
        monkeypatch.setenv(f"DOSSIERBOT_WECOM_{key}", str(value))
    monkeypatch.setenv("DOSSIERBOT_HTTP_PUBLIC_URL", f"{NOWHERE}/")
    return company


@pytest.fixture
def callback(server: WecomServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """What answers at the callback's address, in the platform's loop."""
    loop = server._loop
    serving = Serving("*")
    asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result()
    monkeypatch.setenv("DOSSIERBOT_HTTP_PUBLIC_URL", serving.url)
    yield serving
    asyncio.run_coroutine_threadsafe(serving.__aexit__(), loop).result()


@pytest.mark.usefixtures("configured")
class TestGivenAnApp:
    def test_when_all_is_well_then_the_callback_is_named(self, dossierbot: Command) -> None:
        ended = dossierbot("check")
        assert ended.code == 0
        assert "note  wecom: the app is 档案助手" in ended.out
        assert f"messages are expected at {NOWHERE}/wecom/callback" in ended.out
        assert f"{NOWHERE}/wecom/callback gave no answer here" in ended.out
        assert "the platform calls" in ended.out
        assert f"note  wecom: WeCom sees calls come from {SEEN_FROM}, and takes them" in ended.out
        assert "wecom_refused" not in ended.out + ended.err

    def test_when_blanks_were_copied_along_then_they_do_no_harm(
        self, dossierbot: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for key, value in (
            ("CORP_ID", CORP_ID),
            ("SECRET", SECRET),
            ("ENCODING_AES_KEY", AES_KEY),
        ):
            monkeypatch.setenv(f"DOSSIERBOT_WECOM_{key}", f"\u3000{value} \n")
        assert "note  wecom: the app is 档案助手" in dossierbot("check").out

    @pytest.mark.parametrize("key", ["CORP_ID", "SECRET", "TOKEN"])
    @pytest.mark.parametrize("value", ["  ", "ab\ncd", "ab\u200bcd", "秘密"])
    def test_when_they_are_within_it_then_it_is_not_one(
        self, dossierbot: Command, monkeypatch: pytest.MonkeyPatch, key: str, value: str
    ) -> None:
        monkeypatch.setenv(f"DOSSIERBOT_WECOM_{key}", value)
        said = f"[wecom] {key.lower()} is not one: it has a blank, a line end or a sign within it"
        assert f"mend  channels: {said}" in dossierbot("check").out
        assert said in dossierbot("run").refusal

    def test_when_the_address_is_not_trusted_then_it_is_named(
        self, dossierbot: Command, server: WecomServer
    ) -> None:
        server.trusted = False
        ended = dossierbot("check")
        assert ended.code == 1
        assert f"mend  wecom: WeCom does not trust the address {SEEN_FROM} (60020)" in ended.out

    def test_when_calls_go_through_a_proxy_then_its_address_is_named(
        self,
        dossierbot: Command,
        server: WecomServer,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        server.only_from = ADDRESS
        assert "does not trust the address 127.0.0.1 (60020)" in dossierbot("check").out
        proxy, loop = Proxy(server._listener.port, tmp_path, "egress:geheim-42"), server._loop
        asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result()
        monkeypatch.setenv("DOSSIERBOT_WECOM_PROXY", proxy.url)
        said = dossierbot("check").out
        way = proxy.url.replace(":geheim-42", "")
        assert f"WeCom sees calls come from {ADDRESS} through {way}, and takes them" in said
        assert "geheim" not in said
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(), loop).result()

    def test_when_it_is_not_trusted_yet_then_the_callback_is_tried_all_the_same(
        self, dossierbot: Command, server: WecomServer, callback: Serving
    ) -> None:
        """The console takes a trusted address only once the callback is saved."""
        server.trusted = False
        callback.handle = Callback(server.settings(token=Secret("t"))).answer
        said = dossierbot("check").out
        assert "which takes it once the callback is saved" in said
        assert f"note  wecom callback: {callback.url}/wecom/callback answers as" in said

    def test_when_the_secret_is_not_of_an_app_then_that_is_said(
        self, dossierbot: Command, server: WecomServer
    ) -> None:
        server.forbidden.add("agent/get")
        assert (
            f"(48002) to a call from {SEEN_FROM}: that secret may not ask"
            in dossierbot("check").out
        )

    def test_when_calls_came_too_often_then_to_wait(
        self, dossierbot: Command, server: WecomServer
    ) -> None:
        server.most_a_minute["gettoken"] = 0
        assert (
            f"(45009) to a call from {SEEN_FROM}: calls came too often" in dossierbot("check").out
        )

    def test_when_it_says_what_nobody_knows_then_where_that_is_explained(
        self, dossierbot: Command, server: WecomServer
    ) -> None:
        def refuse(_body: object, _query: object) -> dict[str, object]:
            raise Errcode(41064, "what is this")

        server._methods["agent/get"] = refuse
        said = dossierbot("check").out
        assert f"(41064) to a call from {SEEN_FROM}: what it means stands at https://" in said
        assert "query?e=41064" in said

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            (40014, "another program may use the same secret"),
            (42001, "another program may use the same secret"),
            (41001, "the token did not arrive"),
            (40056, "agent_id is not this app's"),
            (40091, "the secret is not one of this app"),
            (50001, "网页授权及JS-SDK"),
            (50003, "switch it on in the console"),
            (60011, "put it there"),
            (81013, "wecom_userid is not their 账号"),
        ],
    )
    def test_when_it_refuses_the_app_then_cause_cure_and_address(
        self, dossierbot: Command, server: WecomServer, code: int, said: str
    ) -> None:
        def refuse(_body: object, _query: object) -> dict[str, object]:
            raise Errcode(code, "no")

        server._methods["agent/get"] = refuse
        ended = dossierbot("check")
        assert ended.code == 1
        (line,) = [one for one in ended.out.splitlines() if one.startswith("mend  wecom:")]
        assert f"WeCom says no ({code}) to a call from {SEEN_FROM}: " in line
        assert said in line

    def test_when_an_operator_is_out_of_its_sight_then_that_is_said(
        self, dossierbot: Command, server: WecomServer, configured: Path
    ) -> None:
        with opened(load(configured / "config.toml", os.environ)) as store:
            people = [one for one in store.read(staff.everybody) if "operator" in one.roles]
            store.run(lambda unit: accounts.bind(unit, "wecom", "zhangsan", people[0].id))
        assert "gets nothing here" not in dossierbot("check").out
        server.see("ZhangSan", False)
        said = "note  wecom: the operator zhangsan gets nothing here "
        assert f"{said}(60011): it is not in the app's visible range" in dossierbot("check").out
        del server._members["zhangsan"]
        assert f"{said}(60111): there is no such 账号" in dossierbot("check").out

    @pytest.mark.parametrize("key", [f"{AES_KEY[:9]} {AES_KEY[9:]}", AES_KEY[:-1], f"{AES_KEY}="])
    def test_when_the_key_is_not_one_then_said_once_and_nothing_is_tried_with_it(
        self, dossierbot: Command, monkeypatch: pytest.MonkeyPatch, key: str
    ) -> None:
        monkeypatch.setenv("DOSSIERBOT_WECOM_ENCODING_AES_KEY", key)
        ended = dossierbot("check")
        assert ended.code == 1
        assert "mend  channels: [wecom] encoding_aes_key is not one" in ended.out
        assert "note  wecom callback: it cannot be tried before" in ended.out
        assert key not in ended.out + ended.err

    def test_when_there_is_no_public_address_then_said_once(
        self, dossierbot: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DOSSIERBOT_HTTP_PUBLIC_URL")
        said = dossierbot("check").out
        assert "[http] public_url is missing: WeCom posts messages to this server" in said
        assert "expected at" not in said

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("SECRET", "another", f"(40001) to a call from {SEEN_FROM}: the secret"),
            ("CORP_ID", "ww0", f"(40013) to a call from {SEEN_FROM}: corp_id"),
            ("AGENT_ID", "7", f"(301002) to a call from {SEEN_FROM}: agent_id and secret"),
        ],
    )
    def test_when_a_setting_is_wrong_then_it_is_said_where_the_right_one_stands(
        self,
        dossierbot: Command,
        monkeypatch: pytest.MonkeyPatch,
        key: str,
        value: str,
        said: str,
    ) -> None:
        monkeypatch.setenv(f"DOSSIERBOT_WECOM_{key}", value)
        ended = dossierbot("check")
        assert ended.code == 1
        assert f"mend  wecom: WeCom says no {said}" in ended.out
        assert SECRET not in ended.out + ended.err

    def test_when_nobody_can_see_it_or_it_is_suspended_then_said(
        self, dossierbot: Command, server: WecomServer
    ) -> None:
        server.see("ZhangSan", False)
        server.suspended = True
        said = dossierbot("check").out
        assert "it is suspended" in said
        assert "nobody is in its visible range" in said

    def test_when_nobody_is_bound_then_said_how_they_are(
        self, dossierbot: Command, configured: Path
    ) -> None:
        listed = staff.StaffRow("2001", "李晓梅", "销售部", ("salesperson",))
        with opened(load(configured / "config.toml", os.environ)) as store:
            store.run(lambda unit: staff.save(unit, listed))
        assert "note  database: nobody is bound on WeCom yet" in dossierbot("check").out
        with opened(load(configured / "config.toml", os.environ)) as store:
            store.run(lambda unit: accounts.bind(unit, "wecom", "zhangsan", listed.id))
        assert "bound on WeCom" not in dossierbot("check").out

    def test_when_there_is_no_answer_then_the_network(
        self, dossierbot: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DOSSIERBOT_WECOM_API_BASE", "http://127.0.0.1:1")
        assert "mend  wecom: http://127.0.0.1:1 gave no usable answer" in dossierbot("check").out


@pytest.mark.usefixtures("configured")
class TestGivenTheCallbackAsTheConsoleSavesIt:
    def test_when_the_program_answers_then_it_can_be_saved(
        self, dossierbot: Command, server: WecomServer, callback: Serving
    ) -> None:
        callback.handle = Callback(server.settings(token=Secret("t"))).answer
        ended = dossierbot("check")
        assert ended.code == 0
        it = f"wecom callback: {callback.url}/wecom/callback"
        assert f"note  {it} answers as the console" in ended.out

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"token": Secret("u")}, "answers 403, so the console cannot save it: the program"),
            ({"encoding_aes_key": Secret("B" * 43)}, "answers 403"),
            ({"corp_id": "ww0"}, "answers 403"),
        ],
    )
    def test_when_the_program_there_has_other_values_then_said(
        self,
        dossierbot: Command,
        server: WecomServer,
        callback: Serving,
        changed: dict[str, object],
        said: str,
    ) -> None:
        right = {"token": Secret("t")}
        callback.handle = Callback(server.settings(**(right | changed))).answer
        ended = dossierbot("check")
        assert ended.code == 1
        assert said in ended.out

    @pytest.mark.parametrize(
        ("status", "text", "said"),
        [
            (404, "", "mend  {it} answers 404, so the console cannot save it: nothing"),
            (405, "", "mend  {it} answers 405"),
            (302, "", "mend  {it} answers 302, so the console cannot save it: something"),
            (200, "{}", "mend  {it} answers with something else"),
            (502, "", "note  {it} has nothing behind it (502): the program has to run"),
        ],
    )
    def test_when_something_else_answers_then_said(
        self, dossierbot: Command, callback: Serving, status: int, text: str, said: str
    ) -> None:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=status, text=text, headers={"Location": "/other"})

        callback.handle = answer
        it = f"wecom callback: {callback.url}/wecom/callback"
        assert said.format(it=it) in dossierbot("check").out

    def test_when_there_is_no_tls_where_there_should_be_then_said(
        self, dossierbot: Command, monkeypatch: pytest.MonkeyPatch, callback: Serving
    ) -> None:
        monkeypatch.setenv("DOSSIERBOT_HTTP_PUBLIC_URL", callback.url.replace("http", "https"))
        ended = dossierbot("check")
        assert ended.code == 1
        assert "does not speak TLS" in ended.out


@pytest.mark.usefixtures("configured")
async def test_the_program_answers_at_the_callbacks_address(company: Path) -> None:
    """The check of the address and nothing else, also before it has started."""
    program = Company(load(company / "config.toml", os.environ))
    callbacks = Callbacks(Keys("t", AES_KEY, CORP_ID), AGENT_ID, NOW.timestamp, lambda: None, 5.0)
    serving = Server()
    await serving.listen(program.sites[0].application, "127.0.0.1", 0)
    callbacks.url = f"http://127.0.0.1:{serving.ports[0]}/wecom/callback"
    await callbacks.begin()
    try:
        assert await callbacks.verify("7") == (200, "7")
        assert await callbacks.offer(callbacks.xml("a", {"MsgType": "text", "MsgId": 1})) == 503
        async with aiohttp.ClientSession() as session:
            page = await session.get(f"{callbacks.url}/notice")
            assert (page.status, "聊天里查看" in await page.text()) == (200, True)
        callbacks.url += "/other"
        assert (await callbacks.verify())[0] == 404
    finally:
        await callbacks.end()
        await serving.stop()
