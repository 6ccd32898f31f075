"""Papers go into the archive: handed over, counted, signed, sent back, disputed, shelved."""

from __future__ import annotations

import asyncio

import pytest

from rules.checklists import checklist
from storage import accounts, documents, dossiers, handovers, staff
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.council import audited
from tests.features.diary import at, rows
from tests.features.handing import (
    GIVER,
    begun,
    count,
    filled,
    for_a_witness,
    gaps,
    hand,
    handed,
    legs,
    lends,
    line,
    note,
    now,
    sign,
    signed,
)
from tests.features.office import Office, one_channel
from tests.features.showroom import (
    ARCHIVE,
    CHIEF,
    DIRECTOR,
    SELLER,
    STRANGE,
    delivered,
    last,
    sells,
)

MISSING = {"state": "absent", "reason": "客户未取"}


@pytest.mark.rule("S1-09.4.1", "S1-09.5.1", "C-57", "C-58")
async def test_when_all_is_there_then_both_sign_on_one_list(office: Office) -> None:
    sells(office)
    await delivered(office)
    held = last(office)
    filled(office, held)
    await office[ARCHIVE].see()
    shown = await office[SELLER].press(f"f.sign.hand.{held.id}")
    assert "单志远签收后以此时间为准" in shown
    (leg,) = legs(office, held)
    assert (leg.state, leg.handed_by, leg.signed_at) == ("handed", GIVER, None)
    told = await office[ARCHIVE].see()
    assert f"{held.number} 已向您移交，请清点签收。" in told
    await office[ARCHIVE].tap("清点签收")
    shown = await office[ARCHIVE].press(f"f.sign.receive.{held.id}")
    assert "移交人董思敏。请当面逐项清点（S1-09.4.1）" in shown
    assert "1. 绿卡" in shown
    shown = await office[ARCHIVE].tap("相符，签收")
    assert "已签收：资料齐全（S1-09.4.1）" in shown
    after = now(office, held)
    assert (after.state, after.gaps) == ("complete", 0)
    (leg,) = legs(office, held)
    assert (leg.receiver, leg.complete, leg.state) == (ARCHIVE, True, "signed")
    assert leg.closed_at is not None
    assert "已签收：资料齐全" in await office[SELLER].see()
    assert [one["staff_id"] for one in audited(office, "handover.signed")] == [ARCHIVE]


class TestGivenPapersAreMissing:
    @pytest.mark.rule("S1-09.4.1", "C-16")
    async def test_when_noted_then_signed_with_owner_and_day(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        filled(office, held, purchase_invoice=MISSING)
        shown = await office[SELLER].press(f"f.sign.hand.{held.id}")
        assert "以下各项缺失或不符，仍将移交" in shown
        assert "2. 购车发票复印件" in shown
        await office[SELLER].tap("仍然移交")
        shown = await count(office, held)
        assert "客户未取" in shown
        assert "相符，签收" not in shown.labels
        shown = await office[ARCHIVE].tap("缺项签收")
        assert "由董思敏于9月17日 周四前补正（S1-09.5.10）" in shown
        shown = await office[ARCHIVE].tap("按缺项签收")
        assert "已缺项签收：缺1项" in shown
        (gap,) = gaps(office, held)
        assert (gap.owner, gap.kind, gap.opened_by) == (GIVER, "missing", GIVER)
        assert str(gap.due_on) == "2026-09-17"
        assert now(office, held).gaps == 1
        assert legs(office, held)[0].complete is False
        told = await office[SELLER].see()
        assert "有1项由您补正（S1-09.4.1）" in told

    @pytest.mark.rule("S1-09.5.2", "S1-09.5.5c", "S1-15.1.5")
    async def test_when_the_archive_finds_what_was_not_said_then_it_is_a_breach(
        self, office: Office
    ) -> None:
        held = await handed(office)
        await count(office, held)
        await note(office, held, "delivery_check", "nocustomer")
        shown = await note(office, held, "pdi", "unfit")
        assert "缺客户签字" in shown
        assert "字迹不清或书写材料不合要求" in shown
        await sign(office, held)
        found = gaps(office, held)
        assert [one.kind for one in found] == ["customer_signature", "wrong"]
        assert {str(one.due_on) for one in found} == {"2026-09-15"}
        assert len(breaches_of(office)) == 2

    @one_channel
    async def test_when_a_finding_was_a_mistake_then_it_is_taken_back(
        self, office: Office
    ) -> None:
        held = await handed(office)
        await note(office, held, "pdi", "nostaff")
        assert gaps(office, held, "noted")
        shown = await note(office, held, "pdi", "none")
        assert "相符，签收" in shown.labels
        assert gaps(office, held, "noted") == []
        await sign(office, held)
        assert now(office, held).gaps == 0

    @one_channel
    async def test_when_written_in_words_then_several_lines_at_once(self, office: Office) -> None:
        held = await handed(office)
        await count(office, held)
        await office[ARCHIVE].tap("写明出入")
        assert "清单上没有第44项" in await office[ARCHIVE].say("44 缺")
        assert "第2项哪里不符" in await office[ARCHIVE].say("2")
        assert "没有以序号开头" in await office[ARCHIVE].say("发票没有")
        shown = await office[ARCHIVE].say("2 缺; 5 客户签字有误; 8 11页")
        assert "实有11页" in shown
        found = gaps(office, held, "noted")
        assert [one.kind for one in found] == ["missing", "customer_signature", "pages"]

    @one_channel
    async def test_when_pages_differ_then_the_number_is_asked(self, office: Office) -> None:
        held = await handed(office)
        item = line(office, held, "sales_contract")
        shown = await office[ARCHIVE].press(f"f.sign.line.{item.id}")
        assert "缺客户签字" not in shown.labels
        await office[ARCHIVE].tap("页数不符")
        assert "实有1页" in await office[ARCHIVE].say("1")

    @one_channel
    async def test_when_lines_are_unanswered_then_it_cannot_be_handed_over(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        shown = await office[SELLER].press(f"f.sign.hand.{held.id}")
        assert "请先填写这些项：绿卡" in shown
        assert legs(office, held)[0].state == "open"


@one_channel
class TestGivenTheDeadline:
    @pytest.mark.rule("S1-09.5.1", "C-58")
    async def test_when_handed_over_in_time_and_signed_late_then_it_is_in_time(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        filled(office, held)
        office.clock.advance(at("09-17 23:59:58"))
        await office.hand_in(SELLER, choice=f"f.sign.hand.{held.id}", at=at("09-17 23:59:59"))
        await office.settle()
        office.clock.advance(at("09-18 10:00"))
        await sign(office, held)
        (leg,) = legs(office, held)
        assert leg.handed_at == at("09-17 23:59:59")
        assert not leg.late(office.clock.now())
        assert breaches_of(office) == []

    @pytest.mark.rule("S1-09.5.1")
    async def test_when_handed_over_at_midnight_then_it_is_late(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        filled(office, held)
        office.clock.advance(at("09-18 00:00"))
        await office.hand_in(SELLER, choice=f"f.sign.hand.{held.id}", at=at("09-18 00:00"))
        await office.settle()
        (leg,) = legs(office, held)
        assert leg.late(office.clock.now())
        await sign(office, held)
        assert [one[0] for one in breaches_of(office)] == [f"handover:{leg.id}"]


class TestGivenItGoesBack:
    @pytest.mark.rule("S1-15.1.5", "S4-LOAN.4.2c")
    async def test_when_illegible_then_sent_back_with_the_reason(self, office: Office) -> None:
        held = await handed(office)
        await count(office, held)
        await office[ARCHIVE].tap("退回补充")
        await office[ARCHIVE].tap("字迹墨水不合")
        shown = await office[ARCHIVE].say("第3项用圆珠笔填写")
        assert "已退回董思敏：字迹墨水不合：第3项用圆珠笔填写（S1-15.1.5）" in shown
        (leg,) = legs(office, held)
        assert (leg.state, leg.handed_at) == ("open", None)
        told = await office[SELLER].see()
        assert "第3项用圆珠笔填写" in told
        assert audited(office, "handover.sent_back")[0]["rule"] == "S1-15.1.5"
        await hand(office, held)
        await sign(office, held)
        assert now(office, held).state == "complete"

    @one_channel
    async def test_when_taken_back_then_all_is_as_before(self, office: Office) -> None:
        held = await handed(office)
        await office[ARCHIVE].see()
        shown = await office[SELLER].press(f"f.sign.back.{held.id}")
        assert "已撤回：未签收" in shown
        assert legs(office, held)[0].state == "open"
        assert "董思敏已撤回移交" in await office[ARCHIVE].see()
        shown = await office[ARCHIVE].press(f"f.sign.sign.{held.id}.{held.rev}")
        assert legs(office, held)[0].state == "open"


@one_channel
class TestGivenTheyCountDifferently:
    async def disputed(self, office: Office) -> handovers.Handover:
        held = await handed(office)
        await note(office, held, "sales_contract", "missing")
        await count(office, held)
        await office[ARCHIVE].tap("有争议")
        shown = await office[ARCHIVE].say("合同原件没有交来")
        assert "请顾怀瑾裁定" in shown
        assert legs(office, held)[0].state == "disputed"
        return held

    @pytest.mark.rule("S1-09.5.9")
    async def test_when_the_director_says_it_was_there_then_it_is_signed_so(
        self, office: Office
    ) -> None:
        held = await self.disputed(office)
        assert "对您的移交清单有异议" in await office[SELLER].see()
        told = await office[DIRECTOR].see()
        assert "双方清点不一致，请裁定（S1-09.5.9）" in told
        shown = await office[DIRECTOR].press(f"f.sign.settle.{held.id}")
        assert "合同原件没有交来" in shown
        assert "移交人清单：" in shown
        assert "3. 销售合同原件 · 原件 · 2 页 · 缺" in shown
        await office[DIRECTOR].tap("以移交人清单为准")
        assert legs(office, held)[0].state == "handed"
        await sign(office, held)
        after = now(office, held)
        assert (after.state, after.gaps) == ("complete", 0)

    async def test_when_the_archive_is_right_then_it_is_a_gap(self, office: Office) -> None:
        held = await self.disputed(office)
        await office[DIRECTOR].press(f"f.sign.settle.{held.id}")
        await office[DIRECTOR].tap("以接收人清点为准")
        await sign(office, held)
        assert [one.kind for one in gaps(office, held)] == ["missing"]

    async def test_when_it_was_not_handed_over_then_it_goes_back(self, office: Office) -> None:
        held = await self.disputed(office)
        await office[DIRECTOR].press(f"f.sign.settle.{held.id}")
        await office[DIRECTOR].tap("视为未移交")
        (leg,) = legs(office, held)
        assert (leg.state, leg.handed_at) == ("open", None)

    async def test_when_a_side_wants_to_settle_then_refused(self, office: Office) -> None:
        held = await self.disputed(office)
        rev = now(office, held).rev
        for who in (SELLER, ARCHIVE, STRANGE):
            await office[who].press(f"f.sign.decide.{held.id}.{rev}.giver")
        assert legs(office, held)[0].state == "disputed"


@one_channel
class TestGivenWhoMaySign:
    @pytest.mark.rule("S1-14.9")
    async def test_when_the_archivist_gives_then_a_head_signs(self, office: Office) -> None:
        sells(office)
        account = office.account("X002")

        def both(unit: Unit) -> None:
            roles = ("custodian", "archivist_full", "sales_consultant")
            staff.save(unit, StaffRow(ARCHIVE, "单志远", "客户服务部", roles, "CY005"))
            accounts.unbind(unit, office.channel, account)
            accounts.bind(unit, office.channel, account, "CY012")

        office.change(both)
        held = begun(office, "new_car", "auto-dealer", "沪A12345 王某", ARCHIVE, "")
        filled(office, held, ARCHIVE)
        await hand(office, held, ARCHIVE)
        await office[ARCHIVE].press(f"f.sign.sign.{held.id}")
        assert legs(office, held)[0].state == "handed"
        await sign(office, held, "X002")
        (leg,) = legs(office, held)
        assert (leg.state, leg.receiver) == ("signed", "CY012")

    async def test_when_two_archivists_sign_at_once_then_the_first_one_counts(
        self, office: Office
    ) -> None:
        held = await handed(office)
        account = office.account("CY016")

        def second(unit: Unit) -> None:
            staff.save(unit, StaffRow("CY016", "李志强", "客户服务部", ("custodian",), "CY005"))
            accounts.bind(unit, office.channel, account, "CY016")

        office.change(second)
        await office["CY016"].press(f"f.handover.card.{held.id}")
        rev = now(office, held).rev
        await asyncio.gather(
            office.hand_in(ARCHIVE, choice=f"f.sign.sign.{held.id}.{rev}"),
            office.hand_in("CY016", choice=f"f.sign.sign.{held.id}.{rev}"),
            office.hand_in(ARCHIVE, choice=f"f.sign.sign.{held.id}.{rev}"),
        )
        await office.settle()
        assert len(audited(office, "handover.signed")) == 1
        assert now(office, held).state == "complete"

    @pytest.mark.rule("S1-07.3.3.2a")
    async def test_when_it_is_no_concern_of_theirs_then_nothing_is_learned(
        self, office: Office
    ) -> None:
        held = await handed(office)
        for key in ("receive", "sign", "witness", "settle", "hand", "shelve", "return", "pass"):
            shown = await office[STRANGE].press(f"f.sign.{key}.{held.id}")
            assert "沪A12345" not in shown
            assert held.number not in shown
        assert legs(office, held)[0].state == "handed"

    async def test_when_restarted_in_between_then_it_goes_on(self, office: Office) -> None:
        held = await handed(office)
        await note(office, held, "pdi", "nostaff")
        await office.restart()
        sells(office)
        shown = await count(office, held)
        assert "缺内部签字" in shown

    async def test_when_an_old_card_is_tapped_then_what_is_so_is_shown(
        self, office: Office
    ) -> None:
        held = await handed(office)
        old = held.rev
        await note(office, held, "pdi", "nostaff")
        shown = await office[ARCHIVE].press(f"f.sign.sign.{held.id}.{old}")
        assert "情况已有变化" in shown
        assert legs(office, held)[0].state == "handed"

    @pytest.mark.rule("C-55")
    async def test_when_the_giver_leaves_then_who_is_named_hands_over(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        filled(office, held)
        account = office.account(CHIEF)

        def leave(unit: Unit) -> None:
            accounts.unbind(unit, office.channel, account)
            accounts.bind(unit, office.channel, account, "CY032")
            staff.deactivate(unit, GIVER)

        office.change(leave)
        shown = await office[CHIEF].press(f"f.handover.card.{held.id}")
        assert "改由他人移交" in shown.labels
        await office[CHIEF].press(f"f.sign.pass.{held.id}")
        shown = await office[CHIEF].say("唐小龙")
        assert "已将移交转由唐小龙办理" in shown
        assert legs(office, held)[0].giver == "CY035"
        assert "期限不变" in await office["CY035"].see()
        await hand(office, held, "CY035")
        await sign(office, held)
        assert now(office, held).state == "complete"


class TestGivenItIsShelved:
    @pytest.mark.rule(
        "S2-DOSS.6", "S2-DOSS.7", "S2-DOSS.17", "S4-LOAN.4.8", "S1-09.2.1", "S1-09.2.5"
    )
    async def test_when_there_is_no_dossier_then_it_is_opened_and_lendable(
        self, office: Office
    ) -> None:
        held = await signed(office, purchase_invoice=MISSING)
        me = office[ARCHIVE]
        shown = await me.press(f"f.sign.shelve.{held.id}")
        assert "这些资料归入哪份档案？" in shown
        dossier = active(office)
        await me.tap("关联已有档案")
        await me.say(dossier.name)
        assert now(office, held).dossier_id == dossier.id
        await me.press(f"f.sign.shelve.{held.id}")
        shown = await me.say("C柜1层16号")
        assert f"档号 {dossier.number}" in shown
        assert "2026年度 · 新车档案" in shown
        shown = await me.tap("上架")
        assert f"已上架（S1-09.4.1）：10件，档号{dossier.number}，存放C柜1层16号" in shown
        after = now(office, held)
        assert after.shelved_at is not None
        assert after.location == "C柜1层16号"
        every = office.look(lambda unit: documents.page(unit, dossier.id, ["none"], 100))
        contract = next(one for one in every if one.title == "销售合同原件")
        assert (contract.form, contract.pages) == ("original", 2)
        assert not any(one.title == "购车发票复印件" for one in every)
        shown = await me.tap("卷内目录")
        assert "卷内目录" in shown
        if office.channel != "narrow":  # which takes no files
            assert audited(office, "handover.contents_sent")
        assert audited(office, "handover.shelved")[0]["staff_id"] == ARCHIVE

    @one_channel
    @pytest.mark.rule("S1-01.2", "C-69")
    async def test_when_opened_anew_then_what_is_missing_is_asked_first(
        self, office: Office
    ) -> None:
        held = await signed(office)
        me = office[ARCHIVE]
        await me.press(f"f.sign.shelve.{held.id}")
        await me.tap("新建档案")
        await me.tap("单位")
        await me.say("远航汽车服务有限公司")
        await me.say("跳过")
        await me.say("跳过")
        shown = await me.tap("登记")
        assert "补齐以下内容后即可建档" in shown
        linked = now(office, held).dossier_id
        assert linked is not None
        dossier = office.look(lambda unit: dossiers.get(unit, linked))
        assert dossier is not None
        assert (dossier.state, dossier.keeper) == ("draft", GIVER)

    @one_channel
    async def test_when_shelved_twice_then_nothing_doubles(self, office: Office) -> None:
        held = await signed(office)
        dossier = active(office)
        office.change(lambda unit: linked(unit, held, dossier.id))
        await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
        await office[ARCHIVE].say("D柜2层")
        await office[ARCHIVE].tap("上架")
        shown = await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
        assert "资料存放在哪里" not in shown
        assert f"档号 {dossier.number}" in shown
        assert len(audited(office, "handover.shelved")) == 1
        every = office.look(lambda unit: documents.page(unit, dossier.id, ["none"], 100))
        assert len(every) == 11


class TestGivenDeeds:
    @pytest.mark.rule("S4-LOAN.5.2b", "S4-LOAN.5.4", "S4-LOAN.5.5")
    async def test_when_all_three_confirm_each_point_then_they_are_in(
        self, office: Office
    ) -> None:
        lends(office)
        held = begun(office, "deeds")
        filled(office, held, other_rights={"state": "present", "title": "鸿鑫"})
        await office[SELLER].press(f"f.sign.hand.{held.id}")
        shown = await office[SELLER].tap("名称相符")
        assert "☑ 名称相符（S4-LOAN.5.2b）" in shown
        assert legs(office, held)[0].state == "open"
        await office[SELLER].tap("证号相符")
        await office[SELLER].tap("数量相符")
        assert legs(office, held)[0].state == "handed"
        await office[ARCHIVE].press(f"f.sign.receive.{held.id}")
        shown = await office[ARCHIVE].tap("相符，签收")
        for point in ("名称相符", "证号相符"):
            await office[ARCHIVE].tap(point)
        shown = await office[ARCHIVE].tap("数量相符")
        assert "待罗建军签字后完成" in shown
        assert now(office, held).state == "open"
        shown = await office[CHIEF].press(f"f.sign.witness.{held.id}")
        assert "A-0091" in shown
        for point in ("名称相符", "证号相符", "数量相符"):
            shown = await office[CHIEF].tap(point)
        assert now(office, held).state == "complete"
        assert "已签收归档，请上架" in await office[ARCHIVE].see()
        dossier = active(office)
        office.change(lambda unit: linked(unit, held, dossier.id))
        await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
        shown = await office[ARCHIVE].tap("上架")
        assert "存放保险柜" in shown
        assert f"档号{dossier.number}" in shown
        every = office.look(lambda unit: documents.page(unit, dossier.id, ["none"], 100))
        (deed,) = [one for one in every if one.material == "deed"]
        assert deed.title == "他项权证原件 鸿鑫 A-0091"
        assert deed.location == "保险柜"


@one_channel
class TestGivenAWitness:
    @pytest.mark.rule("S1-12.4.4")
    async def test_when_the_witness_has_not_signed_then_it_stays_open(
        self, office: Office
    ) -> None:
        held = await for_a_witness(office)
        for one in checklist("public_documents").checks:
            assert legs(office, held)[0].signed_at is None
            await office[ARCHIVE].tap(one.zh if len(one.zh) <= 8 else f"{one.zh[:7]}…")
        assert now(office, held).state == "open"
        assert legs(office, held)[0].signed_at is not None
        shown = await office[CHIEF].press(f"f.sign.witness.{held.id}")
        assert "已签收：资料齐全" in shown
        (leg,) = legs(office, held)
        assert (leg.state, leg.witness) == ("signed", "CY034")
        assert now(office, held).state == "complete"


@one_channel
class TestGivenPapersOfATrip:
    def appoint(self, office: Office) -> None:
        sells(office, "corporate-archive")

        def change(unit: Unit) -> None:
            row = StaffRow("CY034", "罗建军", "汽车销售部", ("archivist_part",), "CY031")
            staff.save(unit, row)

        office.change(change)

    @pytest.mark.rule("S5-2.3")
    async def test_when_nothing_is_of_value_then_that_is_signed_and_gives_the_code(
        self, office: Office
    ) -> None:
        self.appoint(office)
        held = begun(office, "trip_papers", "corporate-archive", "广州展会", second="")
        shown = await office[SELLER].press(f"f.sign.hand.{held.id}")
        assert "请先填写这些项：具有保存价值的文件材料" in shown
        filled(office, held, nothing={"state": "present", "form": "original"})
        await hand(office, held)
        assert now(office, held).receipt_code == ""
        await sign(office, held, CHIEF)
        after = now(office, held)
        assert len(after.receipt_code) == 8
        assert after.shelved_at is not None
        assert after.receipt_code in await office[SELLER].see()


def active(office: Office) -> dossiers.Dossier:
    """Return a dossier of the sample without a place of its own that the archivist may see."""

    def look(unit: Unit) -> dossiers.Dossier:
        found = dossiers.get(unit, dossiers.by_number(unit.session, "YH-2019-0007") or 0)
        assert found is not None
        return found

    return office.look(look)


def linked(unit: Unit, held: handovers.Handover, dossier_id: int) -> None:
    found = handovers.get(unit, held.id)
    assert found is not None
    handovers.save(unit, found, dossier_id=dossier_id)


def breaches_of(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT duty, staff_id, due_on FROM breach ORDER BY duty, due_on")
