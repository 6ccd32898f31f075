"""Accounts that nobody has vouched for: they can redeem an invite, and learn nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot import sample
from handlers.conversation.messages import FileKind, InFile, Place
from storage import accounts, dossiers, staff
from storage import tables as t
from tests.features.office import JPEG, Office, Shown

STRANGER, OTHER, SALES = "X001", "X002", "CY015"
LATE = "CY017"
"""Somebody of the company without an account so far."""
HOUR = timedelta(hours=1)
CODE = "ABCDEFGHIJKLMNOPQRSTUVWXY2"


def invited(office: Office, staff_id: str = LATE, code: str = CODE) -> str:
    office.change(lambda unit: accounts.invite(unit, staff_id, code, unit.now))
    return code


def owner(office: Office, account: str = STRANGER) -> str | None:
    mine = office.account(account)
    person = office.look(lambda unit: staff.by_account(unit.session, office.channel, mine))
    return person.id if person else None


async def everything(office: Office, account: str = STRANGER) -> list[Shown]:
    """Send every kind of message, each an hour after the one before, so that all are answered."""
    hands = office[account]
    shown = []
    for what in (
        {"text": "你好"}, {"text": "佛山市顺德区鸿鑫贸易商行"}, {"text": "0042"},
        {"text": "拜访 佛山市顺德区鸿鑫贸易商行 谈订单"}, {"text": "1"}, {"text": "今日"},
        {"command": "today"}, {"command": "find", "text": "鸿鑫"}, {"command": "start"},
        {"command": "start", "text": "张晓雯"}, {"command": "nonsense"}, {"command": "help"},
        {"command": "settings"}, {"choice": "f.today.open"}, {"choice": "f.find.card.1"},
        {"choice": "c.1.1.submit"}, {"choice": "f.team.list", "card": "1"},
        {"files": (InFile(hands.plant(JPEG), FileKind.PHOTO, "a.jpg", len(JPEG)),)},
        {"files": (InFile("none", FileKind.DOCUMENT, "b", 0),), "album": "x"},
        {"place": Place(22.5, 114.0, "某处")}, {"text": "转发", "forwarded": True},
        {"text": "x" * 10_000}, {"text": "\ud800"}, {},
    ):  # fmt: skip
        await office.hand_in(account, **what)
        await office.settle()
        shown.append(await hands.see())
        office.clock.advance(office.clock.now() + HOUR)
    return shown


class TestGivenAStranger:
    async def test_when_anything_is_sent_then_nothing_of_the_company_is_said(
        self, office: Office
    ) -> None:
        def known(unit):
            people = staff.everybody(unit.session)
            rows = unit.session.execute(select(t.dossier)).mappings()
            words = {one.name for one in people} | {one.department for one in people}
            words |= {one.id for one in people} | {sample.COMPANY}
            for row in rows:
                words |= {row["name"], row["number"]}
                opened = dossiers.get(unit, row["id"])
                words |= {opened.phone, opened.contact, opened.address}
            return {one for one in words if one and len(one) > 1}

        words = office.look(known)
        assert len(words) > 1000
        shown = await everything(office)
        texts = {one.text.strip() for one in shown}
        assert len(texts) == 1, texts
        (said,) = texts
        assert said
        assert [word for word in words if word in said] == []
        assert all(not one.labels and not one.files for one in shown)

    async def test_when_many_messages_come_within_an_hour_then_one_is_answered(
        self, office: Office
    ) -> None:
        hands = office[STRANGER]
        answers = [(await hands.say(f"第{n}条")).text.strip() for n in range(12)]
        assert len([one for one in answers if one]) == 1
        assert (await office[OTHER].say("在吗")).text.strip()
        office.clock.advance(office.clock.now() + HOUR)
        assert (await hands.say("又来了")).text.strip()

    async def test_when_anything_is_sent_then_no_content_is_kept(self, office: Office) -> None:
        await everything(office)

        def kept(unit):
            rows = unit.session.execute(
                select(t.inbox.c.body).where(t.inbox.c.account == office.account(STRANGER))
            ).all()
            outside = [
                unit.session.execute(select(table)).all() for table in (t.loose, t.attachment)
            ]
            seen = unit.session.execute(
                select(t.stranger.c.seen).where(t.stranger.c.account == office.account(STRANGER))
            ).scalar()
            return rows, outside, seen

        rows, outside, seen = office.look(kept)
        assert len(rows) == 24
        assert {row.body for row in rows} == {None}
        assert outside == [[], []]
        assert seen >= 23

    async def test_when_it_is_not_known_here_then_there_is_no_menu(self, office: Office) -> None:
        await office[STRANGER].say("/start")
        assert owner(office) is None


class TestGivenAnInvite:
    async def test_when_started_with_it_then_the_account_is_bound_and_welcomed(
        self, office: Office
    ) -> None:
        shown = await office[STRANGER].say(f"/start {invited(office)}")
        assert "刘洋" in shown.text
        assert owner(office) == LATE
        shown = await office[STRANGER].say("/today")
        assert "刘洋" in shown.text

    async def test_when_typed_from_paper_or_without_the_command_then_it_is_taken(
        self, office: Office
    ) -> None:
        code = invited(office)
        spaced = " ".join(code[at : at + 4].lower() for at in range(0, len(code), 4))
        await office[STRANGER].say(f"/start {spaced}")
        assert owner(office) == LATE
        await office[OTHER].say(invited(office, "CY018", CODE.replace("2", "3")))
        assert owner(office, OTHER) == "CY018"

    async def test_when_used_a_second_time_then_refused_like_any_wrong_code(
        self, office: Office
    ) -> None:
        code = invited(office)
        await office[STRANGER].say(f"/start {code}")
        used = await office[OTHER].say(f"/start {code}")
        assert owner(office, OTHER) is None
        office.clock.advance(office.clock.now() + HOUR)
        wrong = await office[OTHER].say(f"/start {code[::-1]}")
        assert used.text == wrong.text != ""
        assert "刘洋" not in used.text

    async def test_when_expired_or_replaced_or_the_person_left_then_refused(
        self, office: Office
    ) -> None:
        old = invited(office)
        new = invited(office, code=CODE.replace("2", "4"))
        await office[STRANGER].say(f"/start {old}")
        assert owner(office) is None
        office.clock.advance(office.clock.now() + accounts.INVITE_LIFE)
        await office[STRANGER].say(f"/start {new}")
        assert owner(office) is None
        newest = invited(office, code=CODE.replace("2", "5"))
        office.change(lambda unit: staff.deactivate(unit, LATE))
        await office[STRANGER].say(f"/start {newest}")
        assert owner(office) is None

    async def test_when_five_wrong_codes_came_then_the_right_one_waits_an_hour(
        self, office: Office
    ) -> None:
        code, hands = invited(office), office[STRANGER]
        for n in range(5):
            await hands.say(f"/start {'WRONGCODE' * 3}{n}")
        await hands.say(f"/start {code}")
        assert owner(office) is None
        await office[OTHER].say("/start nothing")  # another account is not slowed
        office.clock.advance(office.clock.now() + HOUR)
        await hands.say(f"/start {code}")
        assert owner(office) == LATE

    async def test_when_somebody_bound_sends_it_then_it_is_neither_used_nor_moves_anything(
        self, office: Office
    ) -> None:
        code = invited(office)
        await office[SALES].say(f"/start {code}")
        assert owner(office, SALES) == SALES
        await office[STRANGER].say(f"/start {code}")
        assert owner(office) == LATE

    async def test_when_the_account_was_a_leavers_then_a_new_person_can_have_it(
        self, office: Office
    ) -> None:
        office.change(lambda unit: staff.deactivate(unit, SALES))
        await office[SALES].say(f"/start {invited(office)}")
        assert owner(office, SALES) == LATE
        shown = await office[SALES].say("/today")
        assert "刘洋" in shown.text
        assert "张晓雯" not in shown.text

    async def test_when_bound_then_the_act_is_audited_without_the_code(
        self, office: Office
    ) -> None:
        code = invited(office)
        await office[STRANGER].say(f"/start {code}")
        rows = office.look(
            lambda unit: (
                unit.session.execute(select(t.audit).where(t.audit.c.action == "account.bound"))
                .mappings()
                .all()
            )
        )
        (row,) = rows
        assert (row["staff_id"], row["subject"]) == (LATE, f"staff:{LATE}")
        assert code not in str(dict(row))
