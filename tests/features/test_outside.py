"""Somebody from outside is to read: asked for by a colleague, on a credential, in the room."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from handlers.conversation.messages import FileKind
from rules.chains import ChainStep
from rules.completion import CONSENT
from rules.opening import GIVEN
from rules.policy import load_pack
from storage import accounts, dossier_fields, dossiers, outsiders
from storage import staff as people
from storage.tables import attachment, consultation
from storage.unit import Unit
from tests.features.council import COLLEAGUE, DIRECTOR, INFO, SALES, audited, council, states
from tests.features.desk import under
from tests.features.diary import at, rows
from tests.features.office import JPEG, Office, Shown, one_channel

KEEPER = "CY009"
"""The custodian."""
BERLIN = "KH-2021-0017"
"""Ungraded, kept by the salesperson."""
MOXIANG = "KH-2021-0007"
GRADED = "KH-2022-0050"
"""Confidential, kept by the salesperson."""
PHOTO = (JPEG, FileKind.PHOTO, "")


async def begin(office: Office, who: str = SALES, customer: str = BERLIN) -> Shown:
    await office[who].say(f"/find {customer}")
    return await office[who].tap("外来查阅")


async def papers(
    office: Office,
    who: str = SALES,
    *,
    credential: str = "介绍信",
    number: str = "第2026-018号",
    valid: str = "9月30日",
) -> Shown:
    """Say who comes, and show the credential."""
    me = office[who]
    await me.say("周明")
    await me.say("鹏程会计师事务所")
    await me.tap(credential)
    await me.say("鹏程会计师事务所")
    await me.say(number)
    await me.say(valid)
    await me.send(PHOTO)
    return await me.say("完成")


async def purpose(office: Office, who: str = SALES, last: str = "9月18日") -> Shown:
    await office[who].tap("审计检查")
    await office[who].say("年度审计，核对往来合同")
    return await office[who].say(last)


async def ask(office: Office, who: str = SALES, customer: str = BERLIN, **more: str) -> Shown:
    await begin(office, who, customer)
    await papers(office, who, **more)
    await purpose(office, who)
    return await office[who].tap("提交")


def manager(office: Office) -> None:
    """Give the manager of customer service the account of the director."""

    def bind(unit: Unit) -> None:
        accounts.unbind(unit, office.channel, office.account(DIRECTOR))
        accounts.bind(unit, office.channel, office.account(DIRECTOR), "CY005")

    council(office)
    office.change(bind)


def visit(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT visit, settled_by FROM outsider ORDER BY id")


def reading(office: Office) -> list[str]:
    return [one for (one,) in rows(office, "SELECT state FROM consultation ORDER BY id")]


@pytest.mark.rule("S2-INFO.18.4")
@pytest.mark.rule("C-05")
class TestGivenAVisitorWithALetter:
    async def test_when_granted_then_the_custodian_fixes_a_time_and_enters_the_visit(
        self, office: Office
    ) -> None:
        council(office)
        shown = await begin(office)
        assert "1. 客户信息主管：欧阳静怡 待审批（S2-INFO.18.4）" in shown
        assert "谁来查阅？" in shown
        await papers(office)
        review = await purpose(office)
        assert "鹏程会计师事务所" in review
        shown = await office[SALES].tap("提交")
        assert "外-2026-0001" in shown

        card = await office[INFO].see()
        assert "查阅 KH-2021-0017 深圳市柏林服饰有限公司" in card
        assert "来访人：周明（鹏程会计师事务所） · 鹏程会计师事务所介绍信" in card
        assert "编号第2026-018号，有效期至9月30日" in card
        assert "事由：审计检查，年度审计，核对往来合同" in card
        assert "期限：至9月18日" in card
        photo = await office[INFO].tap("查看")
        if office.channel == "phones":
            assert photo.files == 1
        assert "介绍信" in photo
        await office[INFO].tap("申请")
        assert "欧阳静怡 09:00 已同意" in await office[INFO].tap("同意")

        told = await office[SALES].see()
        assert "已批准周明（鹏程会计师事务所）查阅深圳市柏林服饰有限公司" in told
        assert "仅限阅览室内" in told
        assert visit(office) == [("expected", None)]
        card = await office[KEEPER].see()
        assert "外来查阅已批准" in card
        assert "时间未定" in card
        await office[KEEPER].tap("定时间")
        await office[KEEPER].say("9月16日 14:00 三楼")
        assert "9月16日 14:00 三楼" in await office[SALES].see()
        shown = await office[KEEPER].say("/visitors")
        await office[KEEPER].tap("周明（鹏程会计师事务所）")
        shown = await office[KEEPER].tap("已来，证已验")
        assert "已来访，证件已验。单志远 09:00 登记" in shown
        assert "已来访，证件已验" in await office[SALES].see()
        assert visit(office) == [("came", "CY009")]
        assert [one["staff_id"] for one in audited(office, "outsider.came")] == ["CY009"]
        assert "没有待登记的来访" in await office[KEEPER].say("来访登记")

    @one_channel
    async def test_then_nothing_opens_to_the_sponsor_or_in_the_log(self, office: Office) -> None:
        council(office)
        await ask(office, KEEPER, "KH-2025-0058")  # of the customer-care department
        await office[INFO].see()
        await office[INFO].tap("同意")
        opened = office.look(
            lambda unit: unit.session.execute(select(consultation.c.staff_id)).scalars().all()
        )
        assert opened == ["CY009"]
        facts = rows(office, "SELECT facts FROM audit")
        assert not [one for (one,) in facts if "周明" in one or "鹏程" in one]

    @one_channel
    async def test_when_the_photo_arrives_then_it_belongs_to_the_visitor(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)

        def kept(unit: Unit) -> list[tuple[object, ...]]:
            columns = attachment.c.subject_kind, attachment.c.subject_id, attachment.c.state
            return [tuple(row) for row in unit.session.execute(select(*columns))]

        (one,) = rows(office, "SELECT id FROM outsider")
        assert office.look(kept) == [("outsider", one[0], "kept")]

    async def test_when_refused_then_nobody_is_expected(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[INFO].see()
        await office[INFO].tap("拒绝")
        await office[INFO].tap("用途不明确")
        assert "您的申请未获批准" in await office[SALES].see()
        assert (states(office), reading(office)) == (["refused"], ["refused"])
        assert visit(office) == [("asked", None)]
        assert "没有待登记的来访" in await office[KEEPER].say("/visitors")

    @pytest.mark.rule("S2-INFO.18.4")
    async def test_q11_graded_papers_are_the_managers_to_decide(self, office: Office) -> None:
        manager(office)
        await begin(office, customer=GRADED)
        await papers(office, credential="工作证")
        await office[SALES].tap("只查阅")
        await purpose(office)
        shown = await office[SALES].tap("提交")
        assert "1. 客户服务部经理：梁思源 待审批" in shown
        card = await office[DIRECTOR].see()
        assert "（秘密）" in card
        assert "工作证" in card
        key, _ = office[DIRECTOR].key_of("同意")
        assert "没有这件申请" in await office[INFO].press(key)
        assert states(office) == ["pending"]

    @one_channel
    async def test_when_copies_leave_the_house_then_the_card_says_so(self, office: Office) -> None:
        manager(office)
        await begin(office, customer=GRADED)
        await papers(office)
        await office[SALES].tap("带走复印件")
        await purpose(office)
        shown = await office[SALES].tap("提交")
        assert "复印件或数据将带出公司" in shown
        assert "2. 客户信息主管 之后审批" in shown
        assert "3. 总经理 之后审批" in shown


@one_channel
@pytest.mark.rule("C-05")
class TestGivenACredentialThatIsNotGood:
    async def test_q09_when_there_is_none_then_there_is_no_card(self, office: Office) -> None:
        council(office)
        await begin(office)
        me = office[SALES]
        for words in ("周明", "鹏程会计师事务所"):
            await me.say(words)
        shown = await me.say("跳过")
        assert "介绍信" in shown.labels
        assert "委托书" not in shown.labels  # not of this policy
        assert states(office) == []

    async def test_when_it_has_run_out_then_it_is_not_taken(self, office: Office) -> None:
        await begin(office)
        me = office[SALES]
        for words in ("周明", "鹏程会计师事务所", "1", "鹏程会计师事务所", "18号"):
            await me.say(words)
        assert "证件已失效" in await me.say("9月11日")

    async def test_when_it_ends_before_the_visit_then_the_day_is_not_taken(
        self, office: Office
    ) -> None:
        await begin(office)
        await papers(office, valid="9月16日")
        assert "证件有效期只到" in await purpose(office, last="9月18日")

    async def test_when_it_runs_out_in_a_draft_then_no_card_goes_out(self, office: Office) -> None:
        await begin(office)
        await papers(office, valid="9月18日")
        await purpose(office)
        await office.until(at("09-21 09:00"))
        await office[SALES].see()
        shown = await office[SALES].say("提交")
        assert states(office) == []
        assert visit(office) == []
        assert shown.text

    async def test_when_the_letter_was_used_then_it_is_refused(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[INFO].see()
        await office[INFO].tap("同意")
        await office[SALES].see()
        await office[SALES].say(f"/find {MOXIANG}")
        await office[SALES].tap("外来查阅")
        await office[SALES].tap("外单位人员")
        await papers(office)
        await purpose(office)
        assert "一封介绍信只用于一次来访" in await office[SALES].tap("提交")
        assert states(office) == ["approved"]

    async def test_when_it_runs_out_before_the_visit_then_nobody_came_on_it(
        self, office: Office
    ) -> None:
        council(office)
        await begin(office)
        await papers(office, valid="9月16日")
        await purpose(office, last="9月16日")
        await office[SALES].tap("提交")
        await office[INFO].see()
        await office[INFO].tap("同意")
        await office[KEEPER].see()
        await office.until(at("09-17 09:00"))
        await office[KEEPER].see()
        shown = await office[KEEPER].press(f"f.visitors.came.{_visitor(office)}")
        assert "证件有效期只到9月16日" in shown
        assert visit(office) == [("expected", None)]
        await office[KEEPER].press(f"f.visitors.missed.{_visitor(office)}")
        assert visit(office) == [("missed", "CY009")]

    async def test_when_two_ask_on_one_letter_then_one_visit_is_granted(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await ask(office, KEEPER, "KH-2025-0058")
        await office[INFO].say("/ok 1")
        await office[KEEPER].see()
        await office[INFO].say("/ok 2")
        assert "或介绍信已用于另一次来访" in await office[KEEPER].see()
        assert reading(office) == ["granted", "lapsed"]
        assert visit(office) == [("expected", None), ("asked", None)]

    async def test_when_the_last_day_is_over_then_nobody_came_on_it(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[INFO].say("/ok 1")
        await office.until(at("09-21 09:00"))
        await office[KEEPER].see()
        shown = await office[KEEPER].press(f"f.visitors.came.{_visitor(office)}")
        assert "批准的来访到9月18日" in shown
        assert visit(office) == [("expected", None)]


def _visitor(office: Office) -> int:
    return int(rows(office, "SELECT max(id) FROM outsider")[0][0])


def custody(office: Office) -> None:
    """Let the rows of an agency that keeps personal files be in force, with one who decides."""
    step = ChainStep.parse(["info_supervisor"])
    rows = (
        replace(row, chain=(step,) if row.chain else ())
        for row in load_pack("file-custody").approval
    )
    under(office, approval=tuple(rows))


@one_channel
class TestGivenAnAgencyThatKeepsPersonalFiles:
    @pytest.mark.rule("S1-14.2", "S1-14.3")
    async def test_whose_own_file_it_is_shows_no_credential(self, office: Office) -> None:
        council(office)
        custody(office)
        shown = await begin(office)
        assert {"外单位人员", "本人", "受托人"} <= set(shown.labels)
        assert "《档案借(查)阅申请单》" in await office[SALES].tap("本人")
        assert "来访人查阅做什么用？" in await office[SALES].say("毛霞明")
        await purpose(office)
        await office[SALES].tap("提交")
        card = await office[INFO].see()
        assert "来访人：毛霞明（本人）" in card
        assert "此项不要求证件" in await office[INFO].tap("查看")
        await office[INFO].say("/ok 1")
        assert "毛霞明（本人）" in await office[KEEPER].see()

    @pytest.mark.rule("S1-14.3")
    async def test_a_proxy_shows_the_power_of_attorney(self, office: Office) -> None:
        council(office)
        custody(office)
        await begin(office)
        await office[SALES].tap("受托人")
        shown = await office[SALES].say("周明")
        assert "由哪个单位（或谁）出具？" in shown  # there is but one credential to show
        for words in ("毛霞明", "公证字第18号", "9月30日"):
            await office[SALES].say(words)
        await office[SALES].send(PHOTO)
        await office[SALES].say("完成")
        await purpose(office)
        await office[SALES].tap("提交")
        card = await office[INFO].see()
        assert "来访人：周明 · 毛霞明委托书，编号公证字第18号" in card

    @pytest.mark.rule("S1-14.4")
    async def test_an_organisation_hands_in_its_form(self, office: Office) -> None:
        council(office)
        custody(office)
        await begin(office)
        await office[SALES].tap("外单位人员")
        for words in ("周明", "鹏程会计师事务所", "鹏程会计师事务所", "18号", "9月30日"):
            await office[SALES].say(words)
        await office[SALES].send(PHOTO)
        await office[SALES].say("完成")
        await purpose(office)
        await office[SALES].tap("提交")
        assert "申请表" in await office[INFO].see()


@one_channel
@pytest.mark.rule("C-72")
class TestGivenThePrivacyOverlay:
    async def test_then_a_natural_persons_written_consent_is_asked_for(
        self, office: Office
    ) -> None:
        council(office)
        under(office, privacy=load_pack("customer-service", ("privacy",)).privacy)
        about = office.look(lambda unit: dossiers.by_number(unit.session, BERLIN)) or 0
        consent = {CONSENT: GIVEN}
        office.change(lambda unit: dossier_fields.write(unit, about, consent, "customer"))
        await begin(office)
        assert "请发送客户书面同意的照片" in await papers(office)
        await office[SALES].send(PHOTO)
        await office[SALES].say("完成")
        await purpose(office)
        await office[SALES].tap("提交")
        assert "附客户书面同意" in await office[INFO].see()


@pytest.mark.rule("C-05")
class TestGivenTwoDossiersOnOneVisit:
    async def test_then_the_papers_are_not_asked_for_again(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[INFO].see()
        await begin(office, customer=MOXIANG)
        shown = await office[SALES].tap("同次来访：周明（鹏程会计师事务所）")
        assert "来访人查阅做什么用？" in shown
        assert "证件有效期只到" in await purpose(office, last="10月8日")
        await office[SALES].say("9月18日")
        assert "外-2026-0002" in await office[SALES].tap("提交")
        assert len(visit(office)) == 1
        await office[INFO].see()
        await office[INFO].say("/ok 1")
        await office[INFO].say("/ok 2")
        await office[KEEPER].see()
        await office[KEEPER].press(f"f.visitors.open.{_visitor(office)}")
        shown = await office[KEEPER].press(f"f.visitors.open.{_visitor(office)}")
        assert f"{BERLIN}：至9月18日" in shown
        assert f"{MOXIANG}：至9月18日" in shown

    @one_channel
    async def test_when_asked_for_the_same_dossier_then_the_first_is_shown(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await begin(office)
        assert "外-2026-0001" in await office[SALES].tap("同次来访：周明（鹏程会计师事务所）")
        assert states(office) == ["pending"]

    @one_channel
    async def test_when_the_visit_is_over_then_a_later_approval_says_so(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await begin(office, customer=MOXIANG)
        await office[SALES].tap("同次来访：周明（鹏程会计师事务所）")
        await purpose(office)
        await office[SALES].tap("提交")
        await office[INFO].say("/ok 1")
        await office[KEEPER].press(f"f.visitors.came.{_visitor(office)}")
        await office[SALES].see()
        await office[INFO].say("/ok 2")
        assert "该次来访已登记结束" in await office[SALES].see()
        assert reading(office) == ["granted", "lapsed"]

    @one_channel
    async def test_when_the_visit_ends_meanwhile_then_nothing_is_sent(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[INFO].say("/ok 1")
        await begin(office, customer=MOXIANG)
        await office[SALES].tap("同次来访：周明（鹏程会计师事务所）")
        await purpose(office)
        await office[KEEPER].press(f"f.visitors.came.{_visitor(office)}")
        assert "请先出示：介绍信、工作证" in await office[SALES].tap("提交")
        assert states(office) == ["approved"]


@pytest.mark.rule("S1-07.3.3.2a")
class TestGivenSomebodyElse:
    @one_channel
    async def test_when_keys_are_forged_then_they_learn_nothing(self, office: Office) -> None:
        council(office)
        await ask(office)
        id_ = _visitor(office)
        about = office.look(lambda unit: dossiers.by_number(unit.session, BERLIN))
        secret = office.look(lambda unit: dossiers.by_number(unit.session, "KH-2026-0019"))
        for key in (
            f"f.credential.view.{id_}",
            f"f.visitors.came.{id_}",
            f"f.visitors.open.{id_}",
            f"f.outside.same.{about}.{id_}",
            f"f.outside.new.{secret}",
            f"f.outside.kind.{about}.insider",
            f"f.outside.kind.{about}",
        ):
            shown = await office[COLLEAGUE].press(key)
            assert "周明" not in shown
            assert "鹏程" not in shown
        assert visit(office) == [("asked", None)]
        assert len(audited(office, "case.press_refused")) == 1
        nothing = await office[COLLEAGUE].press(f"f.credential.view.{2**40}")
        assert (await office[COLLEAGUE].press(f"f.credential.view.{id_}")).text == nothing.text
        # the custodian neither, before it is granted
        assert "周明" not in await office[KEEPER].press(f"f.visitors.came.{id_}")
        assert "周明" not in await office[KEEPER].press(f"f.credential.view.{id_}")

    @one_channel
    async def test_who_sponsors_nobody_finds_no_button(self, office: Office) -> None:
        shown = await office["CY039"].say(f"/find {BERLIN}")
        assert "外来查阅" not in shown.labels
        about = office.look(lambda unit: dossiers.by_number(unit.session, BERLIN))
        await office["CY039"].press(f"f.outside.new.{about}")
        assert visit(office) == []


class TestGivenRepeatsAndARestart:
    async def test_when_entered_twice_then_once_and_the_second_sees_by_whom(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[INFO].see()
        await office[INFO].tap("同意")
        await office[KEEPER].see()
        await office[KEEPER].tap("未来访")
        await office[KEEPER].again()
        await office.restart()
        shown = await office[KEEPER].press(f"f.visitors.came.{_visitor(office)}")
        assert "未来访。单志远 09:00 登记" in shown
        assert visit(office) == [("missed", "CY009")]
        assert len(audited(office, "outsider.missed")) == 1
        assert audited(office, "outsider.came") == []

    @one_channel
    async def test_when_the_sponsor_has_left_then_the_request_is_withdrawn(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        office.change(lambda unit: people.deactivate(unit, SALES))
        await office.until(at("09-14 09:10"))
        assert (states(office), reading(office)) == (["withdrawn"], ["withdrawn"])
        assert office.look(lambda unit: outsiders.count_expected(unit.session)) == 0

    @one_channel
    async def test_today_counts_the_visitors_of_the_custodian(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[INFO].say("/ok 1")
        assert "待登记来访（1）" in await office[KEEPER].say("今日")
        assert "待登记来访" not in await office[SALES].say("今日")
