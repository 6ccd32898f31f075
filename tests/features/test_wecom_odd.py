"""What members of WeCom send that no form of ours asks for so: each is answered, none is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.features.diary import HONGXIN, SALES, rows
from tests.features.office import Office
from tests.features.wecom_hands import WecomHands

pytestmark = pytest.mark.parametrize("office", ["wecom"], indirect=True)

LONG = "长" * 10_000
ODD = {
    "a text of 10,000 characters": ("text", {"Content": LONG}),
    "emoji": ("text", {"Content": "👨‍👩‍👧‍👦🏽" * 500}),
    "a place without a name": (
        "location",
        {"Location_X": 23.1, "Location_Y": 113.3, "Scale": 16, "Label": ""},
    ),
    "a place with a long name": (
        "location",
        {"Location_X": 23.1, "Location_Y": 113.3, "Scale": 16, "Label": LONG},
    ),
    "a link with long words": ("link", {"Title": LONG, "Description": LONG, "Url": "x"}),
    "an empty link": ("link", {"Title": "", "Description": "", "Url": ""}),
    "a voice without a format": ("voice", {"MediaId": "gone"}),
    "a picture without a file": ("image", {"PicUrl": "http://p.invalid/1"}),
    "a file with a long name": ("file", {"MediaId": "gone", "FileName": f"{LONG}.pdf"}),
    "an unknown kind": ("mixed", {"Content": "x"}),
    "no kind": ("", {}),
}


def hands(office: Office, who: str = SALES) -> WecomHands:
    found = office[who]
    assert isinstance(found, WecomHands)
    return found


@pytest.mark.parametrize(("kind", "content"), ODD.values(), ids=list(ODD))
@pytest.mark.parametrize("within", ["", f"拜访 {HONGXIN}"])
async def test_then_it_is_answered(
    office: Office, kind: str, content: dict[str, object], within: str
) -> None:
    me = hands(office)
    if within:
        await me.say(within)
    sent = await me.member.other(kind, **content)
    assert sent.offers == 1
    await office.settle()
    assert (await me.see()).text
    assert rows(office, "SELECT count(*) FROM inbox WHERE state <> 'done'") == [(0,)]


@pytest.mark.parametrize("key", ["nonsense", "我的档案", "f.case.ok.1", "x" * 1024, "../..", "="])
async def test_when_a_menus_entry_is_not_ours_then_it_says_so(office: Office, key: str) -> None:
    me = hands(office)
    await me.member.click(key)
    await office.settle()
    assert f"没有“/{key[:32]}”这个命令" in await me.see()


@pytest.mark.parametrize(
    "key", ["nonsense", "-", "=", "c.1.1.submit=", "f.case.ok.99", "x" * 1024, "#", "你好", "f..x"]
)
@pytest.mark.parametrize("picked", [(), ("a",), tuple(map(str, range(50)))], ids=["0", "1", "50"])
async def test_when_a_cards_button_is_not_ours_then_it_says_so(
    office: Office, key: str, picked: tuple[str, ...]
) -> None:
    me = hands(office)
    await me.member.forge("no-such-card", key, "a-code", picked)
    await office.settle()
    shown = (await me.see()).text
    assert any(one in shown for one in ("按钮已停用", "表单已结束", "没有这件申请"))
    assert rows(office, "SELECT count(*) FROM inbox WHERE state <> 'done'") == [(0,)]


async def test_when_a_member_is_deleted_and_comes_again_then_they_are_reached_again(
    office: Office,
) -> None:
    me = hands(office)
    me.block()
    await me.member.event("unsubscribe", EventKey="")
    await office.settle()
    gone = "SELECT count(*) FROM account WHERE unreachable_since IS NOT NULL"
    assert rows(office, gone) == [(1,)]
    me.block(False)
    office.clock.advance(office.clock.now() + timedelta(minutes=1))
    await me.member.event("subscribe", EventKey="")
    await office.settle()
    assert rows(office, gone) == [(0,)]
    assert "等您处理" in (await me.say("今日")).text
