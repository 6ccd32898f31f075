"""Masked fields in full for a minute: what for is asked, the look kept, the message taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from storage import dossiers
from storage import tables as t
from storage.unit import Unit
from tests.fakes.narrow import NARROW, Narrow
from tests.features.conftest import OPERATOR
from tests.features.diary import MANAGER, SALES, at, rows
from tests.features.office import Office

SERVICE = "CY035"
PHONE, STREET, IDENTITY = "15402569624", "青石巷", "110101199003071234"
SHOW = "显示 60 秒"
LOOKS = "SELECT staff_id, by_right, purpose FROM look WHERE way = 'reveal' ORDER BY id"


@pytest.fixture
def tingtao(office: Office) -> int:
    """The dossier of 听涛, with a proof of identity in it."""

    def prove(unit: Unit) -> int:
        found = dossiers.by_number(unit.session, "KH-2022-0044")
        assert found is not None
        fields = unit.seal("dossier.fields", found, f'{{"identity_proof": "{IDENTITY}"}}')
        query = t.dossier.update().where(t.dossier.c.id == found).values(fields=fields)
        unit.session.execute(query)
        return found

    return office.change(prove)


def chat(office: Office) -> str:
    """Return all that stands in the salesperson's chat now."""
    me = office[SALES]
    match office.channel:
        case "narrow":
            return "\n".join(one.text for one in me._phone.messages)
        case "wecom":
            return "\n".join(one.text for one in me.member.messages)
        case "telegram":
            return "\n".join(one.text for one in me.person.messages)
    messages = me._platform.store.chat(SALES, 100).messages
    return "\n".join(one.content.text for one in messages)


async def minute(office: Office) -> None:
    await office.until(office.clock.now() + timedelta(seconds=61))
    await office.settle()


@pytest.mark.rule("S3-SPEC1.1.3", "S3-SPEC2.4.1a", "S5-4.2")
class TestGivenMaskedFields:
    @pytest.mark.usefixtures("tingtao")
    async def test_when_a_purpose_is_tapped_then_they_are_shown_for_a_minute(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say("/find 听涛")
        assert "110****34" in shown
        assert STREET not in shown.text
        asked = await me.tap(SHOW)
        assert "电话、地址、身份证明" in asked
        assert "无法收回" not in asked
        assert PHONE not in chat(office)
        assert rows(office, LOOKS) == []
        shown = await me.tap("联系客户")
        assert "60 秒后收回" in shown
        for value in (PHONE, STREET, IDENTITY):
            assert value in shown.text
        assert rows(office, LOOKS) == [(SALES, "keeper", "call")]
        await minute(office)
        for value in (PHONE, STREET, IDENTITY):
            assert value not in chat(office)
        assert "听涛" in chat(office)
        facts = rows(office, "SELECT facts FROM audit WHERE action = 'dossier.revealed'")
        assert facts == [('{"by": "keeper", "purpose": "call"}',)]

    async def test_when_another_purpose_is_written_then_it_is_kept_sealed(
        self, office: Office, tingtao: int
    ) -> None:
        me = office[SALES]
        await me.press(f"f.reveal.ask.{tingtao}")
        assert "要用来做什么" in await me.tap("其他用途")
        shown = await me.say("给客户寄合同")
        assert "用途：给客户寄合同" in shown
        assert PHONE in shown.text
        ((who, right, code, sealed),) = rows(
            office, "SELECT staff_id, by_right, purpose, purpose_text FROM look"
        )
        assert (who, right, code) == (SALES, "keeper", "other")
        assert "合同".encode() not in bytes(sealed)
        await minute(office)
        assert PHONE not in chat(office)

    async def test_when_the_bot_was_down_meanwhile_then_it_is_taken_back_when_it_is_back(
        self, office: Office, tingtao: int
    ) -> None:
        me = office[SALES]
        await me.press(f"f.reveal.show.{tingtao}.check")
        assert PHONE in chat(office)
        await office.app.stop()
        office.clock.advance(at("09-14 15:00"))
        await office.app.start()
        await office.settle()
        assert PHONE not in chat(office)

    async def test_when_it_was_days_then_it_is_redrawn_where_it_can_no_longer_be_deleted(
        self, office: Office, tingtao: int
    ) -> None:
        if office.channel != "telegram":
            pytest.skip("a limit of Telegram")
        await office[SALES].press(f"f.reveal.show.{tingtao}.check")
        await office.app.stop()
        office.clock.advance(at("09-18 09:00"))
        await office.app.start()
        await office.settle()
        assert PHONE not in chat(office)
        assert "已收回" in chat(office)

    async def test_when_wecom_takes_nothing_back_any_more_then_the_operators_are_told(
        self, office: Office, tingtao: int
    ) -> None:
        if office.channel != "wecom":
            pytest.skip("a limit of WeCom, which cannot redraw a text either")
        await office[SALES].press(f"f.reveal.show.{tingtao}.check")
        await office.app.stop()
        office.clock.advance(at("09-15 10:00"))
        await office.app.start()
        await office.settle()
        await office.until(at("09-15 11:30"))
        assert PHONE in chat(office)
        assert "平台拒收 1 条" in await office[OPERATOR].see()

    async def test_when_somebody_is_not_entitled_then_there_is_neither_button_nor_value(
        self, office: Office, tingtao: int
    ) -> None:
        other = office[SERVICE]
        assert SHOW not in (await other.say("/find 听涛")).labels
        for key in (f"ask.{tingtao}", f"other.{tingtao}", f"show.{tingtao}.call", "show.7.x"):
            shown = await other.press(f"f.reveal.{key}")
            assert PHONE not in shown.text
            assert "听涛" not in shown.text
        assert rows(office, LOOKS) == []

    async def test_when_above_the_ceiling_then_nothing_is_revealed(
        self, office: Office, tingtao: int
    ) -> None:
        query = t.dossier.update().where(t.dossier.c.id == tingtao).values(grade="top_secret")
        office.change(lambda unit: unit.session.execute(query))
        assert SHOW not in (await office[SALES].say("/find 听涛")).labels
        shown = await office[SALES].press(f"f.reveal.show.{tingtao}.call")
        assert PHONE not in shown.text

    async def test_when_the_superior_asks_then_by_that_right(
        self, office: Office, tingtao: int
    ) -> None:
        assert PHONE in (await office[MANAGER].press(f"f.reveal.show.{tingtao}.control")).text
        assert rows(office, LOOKS) == [(MANAGER, "superior", "control")]


@pytest.mark.rule("S3-SPEC1.1.3")
@pytest.mark.parametrize("office", ["narrow"], indirect=True)
async def test_when_the_messenger_takes_nothing_back_then_it_says_so_before(
    office: Office, tingtao: int
) -> None:
    channel = office.app._channels["narrow"]
    assert isinstance(channel, Narrow)
    channel.capabilities = replace(NARROW, deletes=False)
    asked = await office[SALES].press(f"f.reveal.ask.{tingtao}")
    assert "无法收回消息：看过后请自行删除" in asked
    await office[SALES].tap("核对资料")
    await minute(office)
    assert PHONE in chat(office)
