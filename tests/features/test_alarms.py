"""Trouble of the program reaches its operators once, by a messenger that works."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.app import App
from bot.channels.base import Outcome, OutFile, Watched
from bot.channels.telegram.channel import Telegram
from bot.demo import OPENS, settings_for
from bot.offline import opened
from bot.settings import Secret
from bot.settings import Telegram as TelegramSettings
from handlers import alarms
from handlers.alarms import Line, Signs, Verdict, judge, ways
from handlers.conversation.messages import Card, FileKind, Inbound, InFile, Mode
from handlers.texts import Texts
from storage import accounts, episodes, outbox, staff
from storage.errors import DatabaseRefused
from storage.folder import Room
from storage.staff import StaffRow
from storage.unit import Unit
from tests.fakes.channel import RecordingChannel
from tests.fakes.clock import SettableClock
from tests.features.conftest import in_store

NOW = OPENS
START = NOW - timedelta(days=1)


def ago(**span: float) -> object:
    return NOW - timedelta(**span)


def one(**facts: object) -> Signs:
    """Return the signs of a program long up, with one channel about which this is known."""
    return Signs(START, (Line("tg", **facts),))  # type: ignore[arg-type]  # fields of Line


def fresh(**facts: object) -> Signs:
    """Return the same, two minutes after the start."""
    return Signs(NOW - timedelta(minutes=2), (Line("tg", **facts),))  # type: ignore[arg-type]  # ditto


BEGINS = [
    ("nothing is wrong", one(), set()),
    ("a platform fails, not yet for an hour", one(failing_since=ago(minutes=59)), set()),
    ("a platform fails for an hour", one(failing_since=ago(hours=1)), {"unreachable:tg"}),
    (
        "the intake gets no answer, not yet for an hour",
        one(problem="unreachable", problem_since=ago(minutes=59)),
        set(),
    ),
    (
        "the intake gets no answer for an hour",
        one(problem="unreachable", problem_since=ago(hours=1)),
        {"unreachable:tg"},
    ),
    (
        "two programs take the messages",
        one(problem="conflict", problem_since=ago(seconds=1)),
        {"conflict:tg"},
    ),
    (
        "the token is not accepted",
        one(problem="unauthorized", problem_since=NOW),
        {"unauthorized:tg"},
    ),
    (
        "the address we call from is not trusted",
        one(problem="address", problem_since=NOW),
        {"address:tg"},
    ),
    (
        "what the platform posts has not arrived for nine minutes",
        one(problem="undelivered", problem_since=ago(minutes=9.9)),
        set(),
    ),
    (
        "what the platform posts has not arrived for ten minutes",
        one(problem="undelivered", problem_since=ago(minutes=10)),
        {"undelivered:tg"},
    ),
    (
        "what the platform posts has not arrived for an hour",
        one(problem="undelivered", problem_since=ago(hours=1)),
        {"undelivered:tg"},
    ),
    ("the oldest message is nine minutes old", one(oldest=ago(minutes=9.9)), set()),
    ("the oldest message is ten minutes old", one(oldest=ago(minutes=10)), {"outbox:tg"}),
    (
        "the program has only just come up and sends what waited",
        Signs(ago(seconds=59), (Line("tg", oldest=ago(hours=3)),)),  # type: ignore[arg-type]  # an instant
        set(),
    ),
    ("the folder takes no files", Signs(START, folder_refuses_since=NOW), {"attachments"}),
    ("messages failed", Signs(START, failed_out=3, failed_since=NOW), {"failed"}),
]


@pytest.mark.parametrize(
    ("signs", "codes"), [row[1:] for row in BEGINS], ids=[r[0] for r in BEGINS]
)
def test_what_begins(signs: Signs, codes: set[str]) -> None:
    verdict = judge(signs, {}, NOW)
    assert set(verdict.begun) == codes
    assert not judge(signs, verdict.begun, NOW).begun, "once, not at each look"


ENDS = [
    ("unreachable:tg", "the platform answered since", one(answered_at=ago(minutes=1)), True),
    ("unreachable:tg", "nothing was tried since", one(problem=None), False),
    ("unreachable:tg", "the intake is well", one(), True),
    ("unreachable:tg", "the intake has not looked yet", fresh(), False),
    ("unreachable:tg", "it fails again after a restart", fresh(failing_since=NOW), False),
    (
        "unreachable:tg",
        "it takes messages but its intake fails",
        one(answered_at=NOW, problem="unreachable", problem_since=ago(minutes=2)),
        False,
    ),
    ("conflict:tg", "the other one was stopped", one(), True),
    ("conflict:tg", "it turned out to be the token", one(problem="unauthorized"), True),
    ("conflict:tg", "another process takes in", one(problem=None), False),
    ("conflict:tg", "the program has only just come up", fresh(), False),
    ("undelivered:tg", "it arrives again", one(), True),
    (
        "undelivered:tg",
        "it arrived for a moment",
        one(problem="undelivered", problem_since=ago(minutes=1)),
        False,
    ),
    ("outbox:tg", "everything was sent", one(), True),
    ("outbox:tg", "what waits is a few minutes old", one(oldest=ago(minutes=5)), False),
    ("outbox:tg", "what waits is seconds old", one(oldest=ago(seconds=59)), True),
    ("outbox:old", "the channel was switched off", one(), True),
    ("attachments", "a file was kept since", Signs(ago(minutes=2), folder_kept_at=NOW), True),  # type: ignore[arg-type]  # an instant
    ("attachments", "no file came yet", fresh(), False),
    ("attachments", "it would have been seen long ago", one(), True),
    ("failed", "none failed within the hour", one(), True),
    ("failed", "more failed", Signs(START, failed_in=1, failed_since=NOW), False),
]


@pytest.mark.parametrize(
    ("code", "signs", "over"),
    [(code, signs, over) for code, _, signs, over in ENDS],
    ids=[f"{code}: {why}" for code, why, _, _ in ENDS],
)
def test_what_ends(code: str, signs: Signs, over: bool) -> None:
    verdict = judge(signs, {code: NOW - timedelta(hours=2)}, NOW)
    assert (code in verdict.ended) is over
    assert code not in verdict.begun


def test_what_nobody_complains_of_is_no_verdict() -> None:
    assert not judge(one(), {}, NOW)
    assert judge(Signs(START, refusals=((START, NOW),)), {}, NOW) == Verdict(past=((START, NOW),))


def test_telegram_says_how_its_intake_is() -> None:
    settings = TelegramSettings(token=Secret("1:a"))
    assert isinstance(Telegram(settings, lambda: NOW, public_url=None), Watched)


def test_the_way_to_an_operator_avoids_what_is_broken() -> None:
    lines = (
        Line("about"),
        Line("complains", problem="conflict"),
        Line("fails", failing_since=NOW),
        Line("refuses", problem="unauthorized"),
        Line("distrusts", problem="address"),
        Line("sound"),
    )
    found = ways(lines, "about")
    assert sorted(found, key=found.__getitem__) == ["sound", "complains", "about"]


# -- in the running program ----------------------------------------------------------------------

OPERATOR, PARTNER = "CY900", "CY901"
READER = "CY015"


class Flaky(RecordingChannel):
    """A messenger that takes nothing while it is `down`, and says how its intake is."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.down: Outcome | None = None
        self.complaint = ""

    @property
    def problem(self) -> str:
        return self.complaint

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        if self.down:
            self.fail(self.down, after=1.0)
        return await super().send(account, card, files)


class House:
    """The bot on two messengers; one operator has both, the other only the first."""

    def __init__(self, folder: Path) -> None:
        self.clock = SettableClock(OPENS)
        self.settings = settings_for(folder, 0, "customer-service")
        self.first, self.second = Flaky("telegram"), Flaky("wecom")
        self.app = App(self.settings, self.clock, (self.first, self.second))

    async def go(self, minutes: int, *, scans: bool = True) -> None:
        """Let time go on, minute by minute."""
        for _ in range(minutes):
            self.clock.advance(self.clock.now() + timedelta(minutes=1))
            if scans:
                await self.app.scan(self.clock.now())
            await self.app.drain()

    def write(self, work: Callable[[Unit], object]) -> None:
        with opened(self.settings) as store:
            type(store)(store.database, store.vault, self.clock).run(work)

    def put(self, key: str, account: str = READER) -> None:
        body = '{"text": "words"}'
        self.write(
            lambda unit: outbox.put(
                unit,
                key=key,
                channel="telegram",
                account=account,
                staff_id=None,
                mode=Mode.SEND,
                slot="",
                body=body,
                due_at=unit.now,
            )
        )

    def heard(self, channel: RecordingChannel, account: str) -> list[str]:
        """Return the titles of what an operator read."""
        return [each.card.title for each in channel.messages if each.account == account]


def cast(unit: Unit) -> None:
    for id, roles in ((OPERATOR, ("operator",)), (PARTNER, ("operator", "gm"))):
        staff.save(unit, StaffRow(id=id, name=id, department="", roles=roles, locale="en"))
    staff.set_locale(unit, PARTNER, "zh_CN")
    for account in (OPERATOR, PARTNER, READER):
        accounts.bind(unit, "telegram", account, account)
    accounts.bind(unit, "wecom", "op", OPERATOR)


@pytest_asyncio.fixture
async def house(company: Path, tmp_path: Path) -> AsyncIterator[House]:
    shutil.copytree(company, tmp_path / "house")
    made = House(tmp_path / "house")
    in_store(made.settings, cast)
    await made.app.start()
    await made.go(15)
    made.first.messages.clear()
    yield made
    await made.app.stop()


BEGUN = "Trouble: Telegram cannot be reached"
LATE = "Trouble: messages on Telegram are late"
OVER = "Over: Telegram cannot be reached"


class TestGivenAMessengerThatIsDown:
    async def test_when_an_hour_has_passed_then_told_once_by_the_other_one(
        self, house: House
    ) -> None:
        house.first.down = Outcome.UNKNOWN
        house.put("waits")
        await house.go(9)
        assert house.heard(house.second, "op") == []
        await house.go(130)
        assert house.heard(house.second, "op") == [LATE, BEGUN]
        said = house.second.messages[-1].card.text
        assert "Waiting to be sent: 1." in said
        assert "Since Mon 14 Sep 09:16" in said
        assert "goes on by itself" in said
        assert house.heard(house.first, PARTNER) == [], "it cannot be reached either"

    async def test_when_it_is_over_then_told_how_long_it_lasted_and_to_all(
        self, house: House
    ) -> None:
        house.first.down = Outcome.RETRY_LATER
        house.put("waits")
        await house.go(88)
        house.first.down = None
        await house.go(10)
        assert house.heard(house.second, "op")[-2:] == [
            "Over: messages on Telegram are late",
            OVER,
        ]
        assert "1 h 32 min" in house.second.messages[-1].card.text
        assert "words" in house.first.texts(READER)
        await house.go(60)
        assert len(house.heard(house.second, "op")) == 4

    async def test_when_restarted_meanwhile_then_nothing_is_told_again(self, house: House) -> None:
        house.first.down = Outcome.UNKNOWN
        house.put("waits")
        await house.go(62)
        for _ in range(3):
            await house.app.stop()
            await house.app.start()
            await house.go(5)
        assert house.heard(house.second, "op") == [LATE, BEGUN]

    async def test_when_there_is_no_other_then_told_as_soon_as_it_is_back(
        self, house: House
    ) -> None:
        house.write(lambda unit: accounts.unbind(unit, "wecom", "op"))
        house.first.down = Outcome.UNKNOWN
        house.put("waits")
        await house.go(75)
        page, _ = await house.app.metrics_page("")
        assert b'dossierbot_alarm{channel="telegram",code="unreachable"} 1.0' in page
        house.first.down = None
        await house.go(10)
        assert OVER in house.heard(house.first, OPERATOR)
        assert "故障解除：无法连接Telegram" in house.heard(house.first, PARTNER)
        assert BEGUN not in house.heard(house.first, OPERATOR), "it is over already"
        page, _ = await house.app.metrics_page("")
        assert b"dossierbot_alarm{" not in page

    async def test_when_its_intake_has_a_rival_then_told_at_once_and_by_itself_if_need_be(
        self, house: House
    ) -> None:
        house.first.complaint = "conflict"
        await house.go(1)
        assert house.heard(house.second, "op") == [
            "Trouble: another program takes the messages of Telegram"
        ]
        assert len(house.heard(house.first, PARTNER)) == 1


class TestGivenQuietHours:
    async def test_when_something_is_wrong_then_told_all_the_same(self, house: House) -> None:
        house.clock.advance(OPENS + timedelta(hours=16))
        house.first.complaint = "unauthorized"
        await house.go(1)
        assert house.heard(house.second, "op") == ["Trouble: Telegram does not accept our token"]


class TestGivenMessagesThatFailForGood:
    async def test_when_many_fail_within_the_hour_then_one_alarm_with_their_number(
        self, house: House
    ) -> None:
        for number in range(3):
            house.first.fail(Outcome.REJECTED, account=READER)
            house.put(f"wrong-{number}")
        await house.go(30)
        assert house.heard(house.first, OPERATOR) == ["Trouble: messages have failed for good"]
        assert "Not taken by a messenger: 3." in house.first.messages[0].card.text
        await house.go(60)
        assert house.heard(house.first, OPERATOR)[1:] == ["Over: messages have failed for good"]

    async def test_when_somebody_is_out_of_reach_then_no_alarm_but_a_number(
        self, house: House
    ) -> None:
        house.first.fail(Outcome.UNREACHABLE, account=READER)
        house.put("nobody-there")
        await house.go(2)
        assert house.heard(house.first, OPERATOR) == ["Out of reach"]  # there is no superior

    async def test_when_the_alarm_itself_fails_then_there_is_no_alarm_about_it(
        self, house: House
    ) -> None:
        house.write(lambda unit: accounts.unbind(unit, "wecom", "op"))
        for account in (OPERATOR, PARTNER):
            for _ in range(20):
                house.first.fail(Outcome.REJECTED, account=account)
        house.first.complaint = "conflict"
        await house.go(90)
        assert len(house.first._trouble) == 2 * 20 - 2, "one try each"


class TestGivenAStoreThatRefused:
    @pytest.mark.parametrize(("minutes", "told"), [(4, 0), (6, 1)])
    async def test_when_it_takes_again_then_told_how_long_if_it_was_long(
        self, house: House, monkeypatch: pytest.MonkeyPatch, minutes: int, told: int
    ) -> None:
        async def refuse(_work: object) -> None:
            raise DatabaseRefused("The disk is full.")

        with monkeypatch.context() as patched:
            patched.setattr(house.app._units, "run", refuse)
            with pytest.raises(DatabaseRefused):
                await house.app.scan(house.clock.now())
            assert house.app.problems() == ("store",)
            house.clock.advance(house.clock.now() + timedelta(minutes=minutes))
        await house.app.scan(house.clock.now())
        await house.app.drain()
        await house.go(5)
        assert house.heard(house.first, OPERATOR) == ["Over: the database refused to write"] * told
        if told:
            assert "It lasted 6 min" in house.first.messages[0].card.text


class TestGivenAFolderThatTakesNoFiles:
    async def test_when_a_file_comes_then_told_and_when_it_is_kept_told_that_it_is_over(
        self, house: House
    ) -> None:
        photo = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
        house.first.contents["p1"] = [photo]
        incoming = house.settings.storage.attachments / "incoming"
        incoming.rmdir()
        incoming.write_bytes(b"")  # a file in the way: nobody can write below it, root neither
        sent = Inbound(
            "telegram",
            READER,
            "k1",
            house.clock.now(),
            files=(InFile("p1", FileKind.PHOTO, "", len(photo)),),
        )
        await house.app.intake(sent)
        await house.app.drain()
        await house.go(1)
        assert house.heard(house.first, OPERATOR) == ["Trouble: files cannot be kept"]
        assert "still to be fetched: 1" in house.first.texts(OPERATOR)[0]
        incoming.unlink()
        incoming.mkdir()
        await house.go(12)
        assert house.heard(house.first, OPERATOR)[1:] == ["Over: files cannot be kept"]

    async def test_when_the_disk_is_full_then_told_before_a_file_is_refused(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def full() -> Room:
            return Room(True, 1000)

        monkeypatch.setattr(house.app._watchman, "_room", full)
        await house.go(2)
        assert house.heard(house.first, OPERATOR) == ["Trouble: files cannot be kept"]


class TestGivenNoOperator:
    async def test_when_nobody_can_be_told_for_a_day_then_it_is_put_away(
        self, house: House
    ) -> None:
        for person in (OPERATOR, PARTNER):
            house.write(lambda unit, person=person: staff.deactivate(unit, person))
        house.first.complaint = "conflict"
        await house.go(1)
        house.first.complaint = ""
        await house.go(1)
        assert await house.app._units.read(episodes.unfinished)
        house.clock.advance(house.clock.now() + timedelta(days=1))
        await house.go(1)
        assert await house.app._units.read(episodes.unfinished) == []


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_every_alarm_has_its_words(house_texts: dict[str, Texts], locale: str) -> None:
    for kind in alarms.WHAT:
        code = f"{kind}:wecom" if kind in alarms._OF_CHANNEL else kind
        for ended in (None, NOW):
            if kind == alarms.STORE and ended is None:
                continue
            episode = episodes.Episode(1, code, START, ended, "")
            card = alarms.card(episode, Signs(START), house_texts[locale])
            assert "{" not in card.title + card.text
            assert ("企业微信" in card.title) is (":" in code and locale == "zh_CN")


@pytest.fixture
def house_texts() -> dict[str, Texts]:
    return {locale: Texts(locale, ZoneInfo("Asia/Shanghai")) for locale in ("en", "zh_CN")}


@pytest.mark.rule("S1-09.7.1")
def test_given_an_edited_policy_then_told_until_a_start_without() -> None:
    edited = Signs(START, policy_edited=True)
    assert judge(edited, {}, NOW).begun == {alarms.POLICY: START}
    assert not judge(edited, {alarms.POLICY: START}, NOW)
    assert judge(Signs(NOW), {alarms.POLICY: START}, NOW).ended == {alarms.POLICY}
