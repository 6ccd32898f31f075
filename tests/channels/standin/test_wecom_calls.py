"""WeCom's stand-in refuses what the platform refuses, with its codes: calls, menu, directory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from tests.channels.standin.conftest import NINE
from tests.fakes.clock import SettableClock
from tests.fakes.wecom_server import AGENT_ID, CORP_ID, LASTS, SECRET, SEEN_FROM, WecomServer

Json = dict[str, Any]
KEYS = {"corpid": CORP_ID, "corpsecret": SECRET}
AGENT = {"agentid": str(AGENT_ID)}
TEXT = {"touser": "Ann", "msgtype": "text", "agentid": AGENT_ID, "text": {"content": "你好"}}


@dataclass
class Caller:
    """Calls the platform as a program does, with nothing of ours in between."""

    server: WecomServer
    clock: SettableClock
    session: aiohttp.ClientSession
    token: str = ""

    async def get(self, method: str, **query: str) -> Json:
        return await self._call("GET", method, query)

    async def post(self, method: str, body: Json | bytes, **query: str) -> Json:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return await self._call("POST", method, query, raw)

    async def code(self, method: str, **query: str) -> int:
        return int((await self.get(method, **query))["errcode"])

    async def send(self, **changed: object) -> Json:
        kept = {one: TEXT[one] for one in TEXT if one != "text" or "msgtype" not in changed}
        return await self.post("message/send", kept | changed)

    async def fetch_token(self) -> Json:
        got = await self.get("gettoken", **KEYS)
        self.token = got.get("access_token", self.token)
        return got

    def wait(self, seconds: float) -> None:
        self.clock.advance(self.clock.now() + timedelta(seconds=seconds))

    async def _call(self, verb: str, method: str, query: Json, raw: bytes = b"") -> Json:
        with_token = query if method == "gettoken" else {"access_token": self.token} | query
        url = f"{self.server.base}/cgi-bin/{method}"
        async with self.session.request(verb, url, params=with_token, data=raw) as answer:
            assert answer.status == 200
            return json.loads(await answer.text())


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    clock = SettableClock(NINE)
    async with WecomServer(now=clock.now) as server, aiohttp.ClientSession() as session:
        server.member("Ann", "安")
        caller = Caller(server, clock, session)
        await caller.fetch_token()
        yield caller


class TestGivenTheToken:
    async def test_when_a_setting_is_wrong_then_its_code(self, call: Caller) -> None:
        assert await call.code("gettoken", **KEYS | {"corpid": "ww0"}) == 40013
        assert await call.code("gettoken", **KEYS | {"corpsecret": "x"}) == 40001

    async def test_then_it_lasts_as_long_as_it_says(self, call: Caller) -> None:
        assert (await call.fetch_token())["expires_in"] == LASTS
        call.server.lasts = 60
        assert (await call.fetch_token())["expires_in"] == 60
        call.wait(59)
        assert await call.code("agent/get", **AGENT) == 0
        call.wait(1)
        assert await call.code("agent/get", **AGENT) == 42001

    @pytest.mark.parametrize(("token", "code"), [("", 41001), ("x", 40014)])
    async def test_when_there_is_none_or_no_such_then_refused(
        self, call: Caller, token: str, code: int
    ) -> None:
        call.token = token
        assert await call.code("agent/get", **AGENT) == code

    @pytest.mark.parametrize("code", [42001, 40014])
    async def test_when_it_is_taken_back_early_then_refused_and_a_fresh_one_is_good(
        self, call: Caller, code: int
    ) -> None:
        call.server.spoil(code)
        assert await call.code("agent/get", **AGENT) == code
        await call.fetch_token()
        assert await call.code("agent/get", **AGENT) == 0


class TestGivenAnyCall:
    async def test_when_the_address_is_not_trusted_then_it_is_told(self, call: Caller) -> None:
        call.server.trusted = False
        refused = await call.get("agent/get", **AGENT)
        assert refused["errcode"] == 60020
        assert f"from ip: {SEEN_FROM}" in refused["errmsg"]

    async def test_when_the_app_has_no_right_then_refused(self, call: Caller) -> None:
        call.server.forbidden.add("user/get")
        assert await call.code("user/get", userid="Ann") == 48002
        assert await call.code("agent/get", **AGENT) == 0

    async def test_when_it_is_called_too_often_then_refused_for_a_minute(
        self, call: Caller
    ) -> None:
        call.server.most_a_minute["agent/get"] = 2
        codes = [await call.code("agent/get", **AGENT) for _ in range(4)]
        assert codes == [0, 0, 45009, 45009]
        assert await call.code("user/get", userid="Ann") == 0  # each method for itself
        call.wait(59)
        assert await call.code("agent/get", **AGENT) == 45009
        call.wait(1)
        assert await call.code("agent/get", **AGENT) == 0

    async def test_when_it_is_asked_for_tokens_too_often_then_refused(self, call: Caller) -> None:
        call.server.most_a_minute["gettoken"] = 1
        codes = [(await call.fetch_token())["errcode"] for _ in range(2)]
        assert codes == [0, 45009]

    async def test_when_posted_what_is_to_be_asked_then_refused(self, call: Caller) -> None:
        assert (await call.post("agent/get", {}, **AGENT))["errcode"] == 43001
        assert await call.code("message/send") == 43002

    @pytest.mark.parametrize(
        ("body", "code"),
        [(b"{", 47001), (b"[]", 47001), (b"\xff", 47001), (json.dumps(TEXT).encode(), 40033)],
    )
    async def test_when_the_body_is_no_json_or_has_escapes_then_refused(
        self, call: Caller, body: bytes, code: int
    ) -> None:
        assert (await call.post("message/send", body))["errcode"] == code

    async def test_when_the_app_is_disabled_then_nothing_is_sent(self, call: Caller) -> None:
        call.server.suspended = True
        assert (await call.send())["errcode"] == 50003
        assert (await call.get("agent/get", **AGENT))["close"] == 1


class TestGivenAMessage:
    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"agentid": "1000002"}, 40056),
            ({"agentid": 7}, 301002),
            ({"msgtype": "voicemail"}, 40008),
            ({"text": {"content": ""}}, 44004),
            ({"touser": ""}, 82001),
            ({"touser": "Nobody|Other"}, 81013),
            ({"msgtype": "template_card", "safe": 1}, 40074),
            ({"safe": "1"}, 40035),
            ({"touser": "|".join(["Ann"] * 1001)}, 40035),
            ({"enable_duplicate_check": 1, "duplicate_check_interval": 14401}, 40035),
            ({"enable_duplicate_check": 2}, 40035),
        ],
    )
    async def test_when_it_is_wrong_then_its_code(
        self, call: Caller, changed: Json, code: int
    ) -> None:
        assert (await call.send(**changed))["errcode"] == code
        assert call.server.member("Ann").messages == []

    async def test_when_some_are_out_of_sight_then_they_are_named_in_lower_case(
        self, call: Caller
    ) -> None:
        sent = await call.send(touser="ANN|Nobody")
        assert (sent["errcode"], sent["invaliduser"]) == (0, "nobody")
        assert [one.text for one in call.server.member("Ann").messages] == ["你好"]

    async def test_when_it_is_the_31st_of_a_minute_then_it_is_dropped_without_a_word(
        self, call: Caller
    ) -> None:
        codes = [(await call.send())["errcode"] for _ in range(31)]
        assert codes == [0] * 31
        assert len(call.server.member("Ann").messages) == 30
        assert len(call.server.chats.dropped) == 1

    async def test_when_a_field_is_none_it_knows_then_that_cannot_hide(self, call: Caller) -> None:
        assert (await call.send(to_user="Ann"))["errcode"] == 0
        assert call.server.chats.mistakes == ["a message has no to_user"]
        call.server.chats.mistakes.clear()


CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "借阅申请"},
    "task_id": "borrow-1-1",
    "button_list": [{"text": "同意", "style": 1, "key": "a"}],
}


class TestGivenACardThatIsToChange:
    async def sent(self, call: Caller) -> Json:
        """Return what is changed by the code that came with the card."""
        sent = await call.send(msgtype="template_card", template_card=CARD)
        return {"agentid": AGENT_ID, "response_code": sent["response_code"], "userids": ["Ann"]}

    async def test_then_its_button_is_grey_and_the_code_is_spent(self, call: Caller) -> None:
        change = await self.sent(call) | {"button": {"replace_name": "已同意"}}
        codes = [
            (await call.post("message/update_template_card", change))["errcode"] for _ in range(2)
        ]
        assert codes == [0, 42015]
        assert call.server.member("Ann").last.replaced == "已同意"

    async def test_when_it_is_three_days_old_then_refused(self, call: Caller) -> None:
        change = await self.sent(call) | {"button": {"replace_name": "已同意"}}
        call.wait(72 * 3600 + 1)
        await call.fetch_token()
        refused = await call.post("message/update_template_card", change)
        assert refused["errcode"] == 42015

    @pytest.mark.parametrize(
        ("what", "code"),
        [
            ({}, 40035),
            ({"button": {}}, 40035),
            ({"button": {"replace_name": "已同意"}, "template_card": CARD}, 40035),
            ({"template_card": CARD}, 42014),
            ({"button": {"replace_name": "已同意"}, "userids": ["Bob"]}, 42015),
            ({"button": {"replace_name": "已同意"}, "agentid": 7}, 301002),
        ],
    )
    async def test_when_it_is_wrong_then_its_code_and_the_card_stays(
        self, call: Caller, what: Json, code: int
    ) -> None:
        change = await self.sent(call) | what
        assert (await call.post("message/update_template_card", change))["errcode"] == code
        assert call.server.member("Ann").last.edits == 0

    async def test_when_a_task_id_was_used_before_then_refused(self, call: Caller) -> None:
        await self.sent(call)
        again = await call.send(msgtype="template_card", template_card=CARD)
        assert again["errcode"] == 42014


class TestGivenAFile:
    async def upload(self, call: Caller, kind: str, name: str, content: bytes) -> Json:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("media", BytesIO(content), filename=name)
        url = f"{call.server.base}/cgi-bin/media/upload"
        query = {"access_token": call.token, "type": kind}
        async with call.session.post(url, params=query, data=form) as answer:
            return json.loads(await answer.text())

    @pytest.mark.parametrize(
        ("kind", "name", "content", "code"),
        [
            ("file", "清单.xlsx", b"123456", 0),
            ("song", "a.mp3", b"123456", 40004),
            ("file", "a.txt", b"12345", 40006),
            ("image", "a.gif", b"123456", 301017),
            ("voice", "a.mp3", b"123456", 301017),
            ("image", "a.png", bytes(10 * 2**20 + 1), 40009),
        ],
    )
    async def test_then_kind_name_and_size_are_checked(
        self, call: Caller, kind: str, name: str, content: bytes, code: int
    ) -> None:
        assert (await self.upload(call, kind, name, content))["errcode"] == code

    async def test_when_three_days_are_over_then_it_is_gone(self, call: Caller) -> None:
        media = {"media_id": (await self.upload(call, "file", "a", b"123456"))["media_id"]}
        call.wait(3 * 24 * 3600 + 1)
        await call.fetch_token()
        assert await call.code("media/get", **media) == 40007
        assert (await call.send(msgtype="file", file=media))["errcode"] == 40007


def menu(**changed: object) -> Json:
    entry = {"type": "click", "name": "写拜访记录", "key": "visit"}
    return {"button": [{"name": "写", "sub_button": [entry | changed]}]}


class TestGivenTheMenu:
    async def test_then_it_is_made_shown_and_taken_away(self, call: Caller) -> None:
        assert await call.code("menu/get", **AGENT) == 46003
        assert (await call.post("menu/create", menu(), **AGENT))["errcode"] == 0
        assert (await call.get("menu/get", **AGENT))["button"] == menu()["button"]
        assert await call.code("menu/delete", **AGENT) == 0
        assert await call.code("menu/get", **AGENT) == 46003

    async def test_when_it_is_another_apps_then_refused(self, call: Caller) -> None:
        for method in ("menu/get", "menu/delete"):
            assert await call.code(method, agentid="7") == 40056
        assert (await call.post("menu/create", menu(), agentid="7"))["errcode"] == 40056

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, 40016),
            ({"button": []}, 40016),
            ({"button": menu()["button"] * 4}, 40016),
            ({"button": [{"name": "写", "type": "shout", "key": "a"}]}, 40017),
            ({"button": [{"name": "写", "type": "click", "key": "a" * 129}]}, 40019),
            ({"button": [{"name": "写", "type": "view", "url": ""}]}, 40020),
            ({"button": [menu()["button"][0] | {"name": "六个汉字名称"}]}, 40018),
            ({"button": [menu()["button"][0] | {"type": "click"}]}, 40017),
            ({"button": [{"name": "写", "sub_button": menu()["button"] * 6}]}, 40023),
            (menu(sub_button=[{}]), 40022),
            (menu(type="shout"), 40024),
            (menu(name="长" * 14), 40025),
            (menu(key=""), 40026),
            (menu(type="view", url="x" * 1025), 40027),
        ],
    )
    async def test_when_it_is_wrong_then_its_code_and_the_old_one_stays(
        self, call: Caller, body: Json, code: int
    ) -> None:
        await call.post("menu/create", menu(), **AGENT)
        assert (await call.post("menu/create", body, **AGENT))["errcode"] == code
        assert call.server.menus.shown == menu()


class TestGivenTheDirectory:
    @pytest.fixture(autouse=True)
    def filled(self, call: Caller) -> None:
        directory = call.server.directory
        directory.departments |= {1: 0, 2: 1, 5: 0}
        directory.placed |= {"ann": 2, "bob": 1}
        directory.leaders |= {"ann": "Bob"}
        call.server.member("Bob", "鲍")
        call.server.member("Eve", "夏")

    async def test_then_the_app_is_told_its_range(self, call: Caller) -> None:
        app = await call.get("agent/get", **AGENT)
        assert app["allow_partys"] == {"partyid": [1, 5]}
        assert app["allow_userinfos"] == {"user": [{"userid": "Eve"}]}
        assert await call.code("agent/get", agentid="7") == 301002

    async def test_then_a_member_comes_without_telephone_and_with_the_superior(
        self, call: Caller
    ) -> None:
        ann = await call.get("user/get", userid="ANN")
        assert (ann["userid"], ann["name"], ann["department"]) == ("Ann", "安", [2])
        assert ann["direct_leader"] == ["Bob"]
        assert not ann.keys() & {"mobile", "email", "biz_mail", "gender", "avatar", "address"}
        call.server.see("Bob", False)
        assert (await call.get("user/get", userid="ann"))["direct_leader"] == []

    async def test_when_a_member_is_unknown_or_out_of_sight_then_each_has_its_code(
        self, call: Caller
    ) -> None:
        assert await call.code("user/get", userid="nobody") == 60111
        call.server.see("Ann", False)
        assert await call.code("user/get", userid="Ann") == 60011

    @pytest.mark.parametrize("method", ["user/simplelist", "user/list"])
    async def test_then_a_department_lists_its_own_members_only(
        self, call: Caller, method: str
    ) -> None:
        listed = await call.get(method, department_id="1")
        assert [one["userid"] for one in listed["userlist"]] == ["Bob"]
        assert ("status" in listed["userlist"][0]) == (method == "user/list")
        assert await call.code(method, department_id="9") == 60003

    async def test_then_departments_come_with_all_below_them(self, call: Caller) -> None:
        for method, name in (
            ("department/simplelist", "department_id"),
            ("department/list", "department"),
        ):
            some = (await call.get(method, id="1"))[name]
            assert [(one["id"], one["parentid"]) for one in some] == [(1, 0), (2, 1)]
            assert len((await call.get(method))[name]) == 3
            assert await call.code(method, id="9") == 60003

    async def test_then_one_department_is_described(self, call: Caller) -> None:
        found = (await call.get("department/get", id="2"))["department"]
        assert (found["id"], found["parentid"], found["department_leader"]) == (2, 1, [])
        assert await call.code("department/get", id="x") == 60003

    async def test_when_everybody_is_asked_for_at_once_then_that_is_for_no_app(
        self, call: Caller
    ) -> None:
        asked = {"cursor": "", "limit": 10}
        assert (await call.post("user/list_id", asked))["errcode"] == 48002
