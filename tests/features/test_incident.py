"""Something happened: reported in half a minute, heard by all at once, confirmed one by one."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from handlers.conversation.messages import FileKind
from storage import incidents
from storage.tables import dossier
from storage.unit import Unit
from tests.features.diary import at
from tests.features.guard import (
    ALL,
    ARCHIVIST,
    COLLEAGUE,
    INFO,
    MANAGER,
    NAMES,
    OFFICE,
    ORDINARY,
    SALES,
    SECRET,
    acts,
    guard,
    leak,
    reminded,
    report,
    told,
)
from tests.features.office import JPEG, OGG, Office, one_channel

REMINDER = "事-2026-0001（泄密）还没有您的确认"


@pytest.mark.rule("C-06")
@pytest.mark.rule("S2-INFO.27")
@pytest.mark.rule("S2-SECR.13")
@pytest.mark.rule("S2-SECR.16.1")
class TestGivenALeak:
    async def test_when_reported_then_burden_and_remedies_are_shown_and_all_three_hear_at_once(
        self, office: Office
    ) -> None:
        guard(office)
        me = office[SALES]
        shown = await me.say("泄密")
        assert "不能证明未被不应知悉者知悉" in shown
        assert "S2-SECR.16" in shown.text
        await me.tap("超出限定范围")
        await me.say(ORDINARY)
        shown = await me.say("报价表发错了群")
        assert "S2-INFO.27" in shown.text
        await me.tap("撤回已发内容")
        await me.tap("完成")
        shown = await me.tap("上报")
        assert "事-2026-0001" in shown
        assert "下列人员已同时收到通知" in shown
        assert "情形：超出限定范围（S2-SECR.16.1）" in shown
        assert "· 撤回已发内容（张晓雯 09:00）" in shown
        assert "尚未：收回资料" in shown
        for name in (
            "欧阳静怡（客户信息主管）",
            "梁思源（客户服务部经理）",
            "邱嘉宁（总经理办公室）",
        ):
            assert f"{name}：尚未确认" in shown
        for who in ALL:
            card = await office[who].see()
            assert "报价表发错了群" in card
            assert "上报：张晓雯（销售一部）" in card
            assert ORDINARY in card.text
            assert (NAMES[ORDINARY] in card.text) is (who != OFFICE)  # no reader of dossiers
            assert "已收到" in card.labels
        assert {one for one in acts(office) if one[1] == "incident.told"} == {
            ("CY015", "incident.told", "S2-INFO.27")
        }

    async def test_when_one_confirms_then_the_others_are_told_again_until_they_do(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        for who in (SALES, *ALL):
            await office[who].see()
        shown = await office[INFO].tap("已收到")
        assert "已确认收到" in shown
        assert "欧阳静怡（客户信息主管）：09:00 已收到" in shown
        assert "欧阳静怡（客户信息主管）：09:00 已收到" in await office[SALES].see()
        await office.until(at("09-14 11:01"))
        assert REMINDER not in await office[INFO].see()
        for who in (MANAGER, OFFICE):
            assert REMINDER in await office[who].see()
        await office[MANAGER].tap("已收到")
        await office[OFFICE].see()
        await office.until(at("09-14 13:01"))
        assert REMINDER not in await office[MANAGER].see()
        assert REMINDER in await office[OFFICE].see()
        await office[OFFICE].tap("已收到")
        await office.until(at("09-15 20:00"))
        assert reminded(office) == ["CY003", "CY005", "CY003"]
        assert told(office) == [
            ("CY006", "know", "yes"), ("CY005", "know", "yes"), ("CY003", "know", "yes"),
        ]  # fmt: skip

    async def test_when_measures_are_added_and_it_is_closed_then_all_hear_it(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        me = office[MANAGER]
        await me.see()
        await me.tap("补救措施")
        await me.tap("保全证据")
        shown = await me.tap("完成")
        assert "保全证据（梁思源 09:0" in shown
        await me.tap("补救措施")
        await me.say("跳过")
        shown = await me.say("已请群主撤回并说明")
        assert "已请群主撤回并说明（梁思源" in shown
        for who in (SALES, INFO, OFFICE):
            await office[who].see()
        await me.tap("结案")
        shown = await me.say("群内二人已删除并书面确认")
        assert "泄密，梁思源" in shown
        assert "结案报告：群内二人已删除并书面确认" in shown
        assert "结案" not in shown.labels
        for who in (SALES, INFO, OFFICE):
            heard = await office[who].see()
            assert "梁思源已结案。群内二人已删除并书面确认" in heard
        await office.until(at("09-15 12:00"))
        assert reminded(office) == []
        assert ("CY005", "incident.closed", "S2-INFO.27") in acts(office)
        assert "没有未结的事故" in await me.say("事故清单")


@pytest.mark.rule("C-06")
@one_channel
class TestGivenTheNight:
    async def test_then_nothing_waits_for_the_morning(self, office: Office) -> None:
        guard(office)
        await office.until(at("09-14 23:00"))
        for who in ALL:
            await office[who].see()
        await leak(office)
        for who in ALL:
            assert "报价表发错了群" in await office[who].see()
        await office[INFO].tap("已收到")
        await office[MANAGER].tap("已收到")
        await office.until(at("09-15 03:01"))
        assert reminded(office) == ["CY003", "CY003"]
        assert (await office[OFFICE].see()).text.count(REMINDER) == 2

    async def test_when_the_service_was_down_then_one_reminder_says_so(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        for who in ALL:
            await office[who].see()
        await office.app.stop()
        office.clock.advance(at("09-15 02:30"))
        await office.app.start()
        await office.until(at("09-15 02:31"))
        shown = await office[OFFICE].see()
        assert shown.text.count(REMINDER) == 1
        assert "7" in shown.text


@pytest.mark.rule("S2-DOSS.23b")
@one_channel
class TestGivenALossTheftOrFire:
    @pytest.mark.parametrize("kind", ["丢失", "损坏", "盗窃", "火灾"])
    async def test_then_the_archivist_is_to_count_at_once(self, office: Office, kind: str) -> None:
        guard(office)
        await report(office, kind)
        me = office[ARCHIVIST]
        shown = await me.see()
        assert "单志远（档案管理员）：须立即清点（S2-DOSS.23b）" in shown
        await me.tap("清点")
        shown = await me.tap("账物相符")
        assert "单志远（档案管理员）：09:0" in shown
        assert "· 账物相符（单志远" in shown
        assert ("CY009", "check", "yes") in told(office)
        assert ("CY006", "know", "no") in told(office)

    async def test_when_the_count_differs_then_all_hear_of_it(self, office: Office) -> None:
        guard(office)
        await report(office, "盗窃")
        me = office[ARCHIVIST]
        for who in (ARCHIVIST, SALES, *ALL):
            await office[who].see()
        await me.tap("清点")
        await me.tap("有出入")
        shown = await me.say("B柜4层少一册")
        assert "有出入：B柜4层少一册" in shown
        for who in (SALES, *ALL):
            heard = await office[who].see()
            assert "清点发现有出入（S2-DOSS.23b）" in heard
            assert "B柜4层少一册" in heard

    async def test_when_nobody_counts_then_reminded(self, office: Office) -> None:
        guard(office)
        await report(office)
        await office[ARCHIVIST].see()
        await office.until(at("09-14 11:01"))
        assert "还没有收到清点结果（S2-DOSS.23b）" in await office[ARCHIVIST].see()
        await office[ARCHIVIST].tap("清点")
        await office[ARCHIVIST].tap("账物相符")
        await office.until(at("09-14 13:01"))
        assert reminded(office).count("CY009") == 1

    async def test_when_a_leak_or_an_account_then_nothing_is_counted(self, office: Office) -> None:
        guard(office)
        await leak(office)
        assert [task for _, task, _ in told(office)] == ["know"] * 3

    async def test_when_the_archivist_reports_it_then_the_count_is_theirs_all_the_same(
        self, office: Office
    ) -> None:
        guard(office)
        shown = await report(office, who=ARCHIVIST)
        assert "清点" in shown.labels
        assert ("CY009", "check", "no") in told(office)
        assert ("CY009", "know", "no") not in told(office)


@pytest.mark.rule("S1-07.3.3.2b")
@pytest.mark.rule("S2-SECR.12b")
@pytest.mark.rule("C-62")
@one_channel
async def test_a_shared_account_is_reported_in_facts_and_concerns_no_dossier(
    office: Office,
) -> None:
    guard(office)
    me = office[SALES]
    await me.say("事故")
    shown = await me.tap("账号外借")
    assert "只写事实" in shown
    await me.say("同事借用我的手机看了客户卡片")
    await me.tap("上报")
    assert [who for who, _, _ in told(office)] == ["CY006", "CY005", "CY003", "CY039"]
    assert "账号外借，未结案" in await office[OFFICE].see()


@one_channel
class TestGivenWhatIsSent:
    async def test_when_words_follow_the_command_then_one_tap_and_it_is_ready(
        self, office: Office
    ) -> None:
        guard(office)
        me = office[SALES]
        await me.say("/incident 档案室漏水, 三柜进水")
        shown = await me.tap("损坏")
        assert "档案室漏水" in shown
        assert "事-2026-0001" in await me.tap("上报")

    async def test_when_cancelled_at_once_then_nothing_had_been_entered(
        self, office: Office
    ) -> None:
        guard(office)
        await office[SALES].say("/leak")
        shown = await office[SALES].say("取消")
        assert "还没有填写任何内容" in shown
        assert "没有提交" not in shown

    async def test_when_words_follow_leak_then_only_the_case_is_asked(
        self, office: Office
    ) -> None:
        guard(office)
        me = office[SALES]
        shown = await me.say("/leak 报价表发错了群")
        assert "S2-SECR.16" in shown.text
        shown = await me.tap("尚不清楚")
        assert "报价表发错了群" in shown
        assert "情形：尚不清楚（S2-SECR.16）" in await me.tap("上报")

    async def test_when_only_a_photo_comes_then_it_is_enough_and_those_told_can_see_it(
        self, office: Office
    ) -> None:
        guard(office)
        me = office[SALES]
        await me.say("/incident")
        await me.tap("损坏")
        await me.say("跳过")
        await me.send((JPEG, FileKind.PHOTO, ""), (OGG, FileKind.VOICE, ""))
        await me.say("跳过")
        shown = await me.tap("上报")
        assert "附件：2 个" in shown
        await office[INFO].see()
        assert "事-2026-0001 · 附件：2 个" in await office[INFO].tap("附件")
        assert acts(office)[-1] == ("CY006", "incident.files_read", "")

    async def test_when_nothing_was_said_then_asked_again_and_nothing_is_kept(
        self, office: Office
    ) -> None:
        guard(office)
        me = office[SALES]
        await me.say("/incident")
        await me.tap("损坏")
        await me.say("跳过")
        await me.say("跳过")
        shown = await me.tap("上报")
        assert "还没有内容" in shown
        assert told(office) == []
        await me.tap("经过")
        await me.say("封皮撕裂")
        assert "事-2026-0001" in await me.tap("上报")

    async def test_when_the_name_of_a_customer_is_long_then_it_is_shown_whole(
        self, office: Office
    ) -> None:
        guard(office)
        long = "深圳" + "长" * 196 + "公司"

        def rename(unit: Unit) -> None:
            unit.session.execute(
                update(dossier).where(dossier.c.number == ORDINARY).values(name=long)
            )

        office.change(rename)
        shown = await report(office, customer=ORDINARY)
        assert long in shown.text
        assert long in (await office[INFO].see()).text


@pytest.mark.rule("C-01")
@pytest.mark.rule("S2-SECR.11")
class TestGivenASecretDossier:
    async def test_then_nobody_reads_what_they_may_not(self, office: Office) -> None:
        guard(office)
        await leak(office, SECRET, "启邦的底价被转发")
        card = await office[OFFICE].see()
        assert "事-2026-0001" in card
        for word in (NAMES[SECRET], SECRET, "底价"):
            assert word not in card.text
        assert "具体内容不在此聊天中显示" in card
        assert "客户" not in card.labels
        card = await office[MANAGER].see()
        assert SECRET in card.text
        assert ("底价" in card.text) is (office.channel in ("phones", "wecom"))  # their ceiling

    @one_channel
    @pytest.mark.rule("S2-DOSS.23b")
    async def test_when_it_is_closed_then_nobody_is_to_count_at_once_any_more(
        self, office: Office
    ) -> None:
        guard(office)
        await report(office)
        open_ = await office[INFO].see()
        assert "须立即清点" in open_
        await office[INFO].tap("结案")
        shown = await office[INFO].say("已找到")
        assert "须立即清点" not in shown
        assert "未清点" in shown

    async def test_when_it_is_closed_then_the_words_are_for_whom_it_is_open(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office, SECRET, "启邦的底价被转发")
        for who in ALL:
            await office[who].see()
        await office[MANAGER].tap("结案")
        await office[MANAGER].say("启邦已确认")
        for who in (INFO, OFFICE):
            heard = await office[who].see()
            assert "梁思源已结案。" in heard
            entitled = who == INFO and office.channel in ("phones", "wecom")  # their ceiling
            assert ("启邦已确认" in heard.text) is entitled
            assert entitled or "启邦" not in heard.text

    @one_channel
    async def test_when_somebody_may_not_know_of_it_then_they_cannot_name_it(
        self, office: Office
    ) -> None:
        guard(office)
        me = office[COLLEAGUE]
        await me.say("/incident")
        await me.tap("丢失")
        assert "没有找到" in await me.say(SECRET)


@pytest.mark.rule("S1-07.3.3.2a")
@one_channel
class TestGivenSomebodyElse:
    async def test_when_a_button_is_forged_then_nothing_is_learned_and_it_is_logged(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        id_ = office.look(lambda unit: incidents.by_number(unit.session, "事-2026-0001"))
        for verb in ("open", "seen", "files", "measure", "count", "close"):
            for word in (str(id_), "7", "x", str(2**63 - 1)):
                shown = await office[COLLEAGUE].press(f"f.incident.{verb}.{word}")
                assert "没有这起事故" in shown
                assert "泄密" not in shown.text
        refused = [who for who, what, _ in acts(office) if what == "incident.press_refused"]
        assert refused == ["CY016"] * 6

    async def test_when_who_reported_presses_what_is_for_others_then_told(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        id_ = office.look(lambda unit: incidents.by_number(unit.session, "事-2026-0001"))
        me = office[SALES]
        assert "由其他人确认" in await me.press(f"f.incident.seen.{id_}")
        assert "由收到通知的人结案" in await me.press(f"f.incident.close.{id_}")
        assert "没有等您清点" in await me.press(f"f.incident.count.{id_}")
        assert "附件：0" in await me.press(f"f.incident.files.{id_}")
