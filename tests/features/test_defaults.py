"""What every form inherits: no way to get stuck in it, to lose anything, or to file twice.

The forms are those of `handlers.FEATURES` and of the desk; a new one is tested without a line here
if a command starts it, and with one line in `DOORS` if only a button does. Each law walks the form
once, from the first question to the review card; a form that opens on its review card is walked
field by field from there. What depends on redrawn cards and taps is tried on both channels, what
does not on the narrow one, where fewer things can be done.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from bot.channels.base import Capabilities
from bot.channels.phones.channel import CAPABILITIES as PHONES
from bot.channels.render import render
from bot.dispatch import decode_card
from bot.offline import Store
from handlers.conversation.forms import Field, Form, Kind
from handlers.conversation.messages import MAX_CHOICES, MAX_KEY_BYTES, Card, FileKind
from handlers.conversation.runner import CLOSED
from handlers.conversation.state import State, decode, shown
from handlers.conversation.talk import STALE, button_key
from handlers.feature import Feature
from handlers.notes.note import CORRECT
from handlers.texts import LOCALES, _catalogue
from rules.corrections import Stage
from rules.occasions import Action
from rules.secrecy import Grade
from storage import conversations, dossiers, inbox, notes, tables, visits
from storage.conversations import Stored
from storage.unit import Unit
from tests.fakes.channel import PHONE
from tests.fakes.narrow import NARROW
from tests.features import burning_doors, doors, signing_doors
from tests.features.affair import row_of
from tests.features.conftest import OPERATOR
from tests.features.desk import Desk, under
from tests.features.errata import PLAN, REPORT
from tests.features.office import CHANNELS, JPEG, Office, Shown, one_channel

SALES = "CY015"
NONSENSE = "@@ ？？ 嗯 31/02 -1"
ANSWERS = {
    Kind.CUSTOMER: "深圳市鸿鑫贸易有限公司",
    Kind.DOSSIER: "深圳市鸿鑫贸易有限公司",
    Kind.STAFF: "李志强",
    Kind.PAPERS: "质量保证协议",
    Kind.TEXT: "谈二季度订单",
    Kind.NUMBER: "1",
    Kind.CONFIRM: "是",
    Kind.CHOICE: "1",
    Kind.CHOICES: "1",
    Kind.FILES: "跳过",
    Kind.PLACE: "跳过",
}
SAID = {
    "phone": "13800001234",
    "second_contact": "林小姐 财务",
    "valid_to": "9月30日",
    "visit_by": "今天",
    "hour": "14:30",
    "executor": "张晓雯",
    "lines": "1 2页",
    "ended": "2025-06-30",
}
"""By field key: what is said to fields that do not take any text."""
SAID_ANEW = {
    "hour": "15:00",
    "phone": "0755-0866 1234",
    "second_contact": "陈先生 采购",
    "lines": "1 1页",
    "ended": "2025-05-31",
}
REWORDED = {Kind.TEXT: "谈三季度订单", Kind.CHOICE: "2", Kind.CONFIRM: "否", Kind.DATE: "今天"}
DAYS = {"past": "今天", "future": "明天"}
ALL = Desk().features
FORMS = tuple(one for one in ALL if one.form is not None)
MOST_STOPS = 40

both = pytest.mark.parametrize("office", CHANNELS, indirect=True)


def open_note(unit: Unit) -> int:
    """Return the last note of this person that every channel may show."""
    own = notes.notes_of_author(unit.session, SALES, limit=20)
    return next(one.id for one in own if Grade(one.grade) is Grade.NONE)


def first_visit(unit: Unit) -> int:
    return visits.due_for(unit, SALES, unit.now.date(), limit=1)[0].id


DOORS = {
    "latehandover": lambda unit: f"f.late.ask.{doors.put_off(unit)}",
    "correct": lambda unit: f"f.note.correct.{open_note(unit)}",
    "comment": lambda unit: f"f.note.comment.{open_note(unit)}",
    "updating": lambda _unit: "f.update.new",
    "opening": lambda _unit: "f.open.new",
    "borrow": lambda unit: f"f.borrow.for.{doors.own(unit)}.loan.insider",
    "borrowing": lambda _unit: "f.borrow.ask",
    "copying": lambda unit: f"f.borrow.for.{doors.own(unit)}.copy.insider",
    "disclosing": lambda unit: f"f.borrow.for.{doors.own(unit)}.disclose.external",
    "proving": lambda unit: f"f.custody.prove.{doors.asked_to_show(unit)}",
    "whereabouts": lambda unit: f"f.custody.day.{doors.own(unit)}",
    "finding": lambda _unit: "f.find.ask",
    "planning": lambda _unit: "f.plan.new",
    "move": lambda unit: f"f.plan.move.{first_visit(unit)}",
    "awaying": lambda _unit: "f.away.new",
    "seek": lambda _unit: "f.admin.find",
    "consult": lambda unit: f"f.consult.new.{doors.dossier(unit)}",
    "room": lambda unit: f"f.consult.room.{doors.granted(unit)}",
    "outside": lambda unit: f"f.outside.new.{doors.own_dossier(unit)}",
    "grading": lambda unit: f"f.grade.set.{doors.dossier(unit)}.secret",
    "explaining": lambda unit: f"f.loans.explain.{doors.late(unit)}",
    "losing": lambda unit: f"f.loans.lost.{doors.lent(unit)}",
    "recalling": lambda unit: f"f.loans.recall.{doors.lent(unit)}",
    "renewing": lambda unit: f"f.renew.ask.{doors.lent(unit)}",
    "refusing": lambda unit: f"f.case.write.{doors.waiting(unit)}",
    "asking": lambda unit: f"f.case.ask.{doors.waiting(unit)}",
    "signing": lambda unit: f"f.case.sign.{doors.waiting(unit)}",
    "answering": lambda unit: f"f.case.answer.{doors.asked_back(unit)}",
    "measure": lambda unit: f"f.incident.measure.{doors.incident(unit)}",
    "counting": lambda unit: f"f.incident.count.{doors.incident(unit)}",
    "closing": lambda unit: f"f.incident.close.{doors.incident(unit)}",
    "meetingcall": lambda _unit: "f.meeting.new",
    "meetingname": lambda unit: f"f.meeting.name.{doors.meeting(unit)}",
    "meetingabout": lambda unit: f"f.meeting.about.{doors.meeting(unit)}",
    "meetingmove": lambda unit: f"f.meeting.move.{doors.meeting(unit)}",
    "handing": lambda unit: f"f.handout.differ.{doors.approved(unit)}",
    "handstart": lambda unit: f"f.handover.kind.{doors.delivers(unit)}",
    "handitem": lambda unit: f"f.handover.say.{doors.handover_line(unit)}.pages",
    "handmove": lambda unit: f"f.handover.move.{doors.handover(unit)}",
    "handcancel": lambda unit: f"f.handover.cancel.{doors.handover(unit)}",
    "returning": lambda unit: f"f.return.part.{doors.lent(unit)}",
    "sayno": lambda unit: f"f.handout.decline.{doors.offered(unit)}",
    "settling": lambda unit: f"f.settling.settle.{doors.short(unit)}",
    "passing": lambda unit: f"f.return.pass.{doors.lent(unit)}",
    "registerwho": lambda _unit: "f.register.who",
    "registeron": lambda _unit: "f.register.on",
    "naming": lambda _unit: "f.delegate.new",
    "releaseto": lambda unit: f"f.releasing.to.{doors.report(unit)}",
    "complaintresult": lambda unit: f"f.complaint.result.{doors.complaint(unit)}",
    "correctplan": lambda unit: f"f.correction.plan.{doors.gathered(unit)}",
    "correctdo": lambda unit: f"f.correction.do.{doors.correction(unit, Stage.ORDERED)}",
    "correctback": lambda unit: f"f.correction.back.{doors.correction(unit, Stage.CARRIED_OUT)}",
    "correctsum": lambda unit: f"f.correction.report.{doors.correction(unit, Stage.FED_BACK)}",
    "revealing": lambda unit: f"f.reveal.other.{dossiers.kept_by(unit.session, [SALES], 1)[0]}",
    **signing_doors.DOORS,
    **burning_doors.DOORS,
}
"""The button that opens a form which has no command of its own."""

WHO = {
    "seek": OPERATOR,
    "room": "CY009",
    "grading": "CY009",
    "figures": "CY004",
    "recalling": "CY009",
    "registerwho": "CY009",
    "registeron": "CY009",
    "refusing": doors.HEAD,
    "asking": doors.HEAD,
    "signing": doors.HEAD,
    "handing": doors.ARCHIVE,
    "settling": doors.HEAD,
    **dict.fromkeys(("meetingcall", "meetingname", "meetingabout", "meetingmove"), doors.HEAD),
    **signing_doors.WHO,
    **burning_doors.WHO,
}
"""Who walks through a form that is not open to a salesperson."""


@dataclass
class Walk:
    """One person's way through one form, with a look at what is kept of it."""

    office: Office
    feature: Feature
    store: Store
    seen: set[str] = field(default_factory=set)
    """Keys of the fields asked so far; "" for the review card."""
    given: dict[str, object] = field(default_factory=dict)
    """The answers that the way into the form gives."""

    @property
    def who(self) -> str:
        """Return who may use the form."""
        return WHO.get(self.feature.key, SALES)

    @property
    def form(self) -> Form:
        assert self.feature.form is not None
        return self.feature.form

    def words(self, message: str) -> str:
        return self.office.app.world.texts().t(message)

    async def say(self, text: str) -> Shown:
        return await self.office[self.who].say(text)

    async def press(self, key: str, ref: str = "") -> Shown:
        return await self.office[self.who].press(key, ref)

    # -- what is kept ----------------------------------------------------------------------

    def talk(self) -> Stored | None:
        return self.store.run(lambda unit: conversations.active(unit, self.who), keep=False)

    def status(self, id_: int) -> str:
        """Return what became of a conversation; "" when it is gone."""
        kept = self.store.run(lambda unit: conversations.get(unit, id_), keep=False)
        return kept.status if kept else ""

    def state(self) -> State:
        talk = self.talk()
        assert talk is not None
        assert talk.feature == self.feature.key
        state = decode(talk.state_json)
        assert state is not None
        return state

    def asked(self) -> Field | None:
        """Return the field that is asked; None on the review card."""
        return self.form.by_key.get(self.state().at)

    def effects(self) -> int:
        count = select(func.count()).select_from(tables.audit)
        return self.store.run(lambda unit: unit.session.execute(count).scalar() or 0, keep=False)

    def sound(self) -> bool:
        return self.store.run(lambda unit: not inbox.failed(unit.session), keep=False)

    def drawn(self) -> tuple[Card, ...]:
        """Return every card this person was sent, as the forms drew it."""

        def read(unit: Unit) -> tuple[Card, ...]:
            box = tables.outbox.c
            mine = box.account == self.office.account(self.who)
            rows = unit.session.execute(
                select(box.id, box.body).where(mine, box.body.is_not(None))
            )
            return tuple(decode_card(unit.vault.open(row.body, row.id)) for row in rows)

        return self.store.run(read, keep=False)

    # -- steps -----------------------------------------------------------------------------

    async def enter(self) -> None:
        if self.feature.key in DOORS:
            await self.press(self.store.run(DOORS[self.feature.key]))
        else:
            await self.say(f"/{self.feature.command}")
        assert self.talk() is not None

    async def back(self, talk: Stored, state: State, button: str) -> None:
        """Go on with a conversation that was left; it may be gone if it held nothing new."""
        if self.status(talk.id):
            await self.press(button)
            return
        assert state.answers == self.given
        await self.enter()
        if state.at != self.state().at:
            await self.press(self.key("e", state.at))

    def key(self, verb: str, argument: str = "") -> str:
        """Return the key of a button of the present card."""
        talk = self.talk()
        assert talk is not None
        return button_key(talk.id, talk.rev, verb, argument)

    async def answer(self) -> None:
        asked = self.asked()
        assert asked is not None
        usual = DAYS[asked.prefer] if asked.kind is Kind.DATE else ANSWERS[asked.kind]
        said = SAID.get(asked.key, usual)
        files = asked.kind is Kind.FILES and not asked.optional
        if files:
            await self.office[self.who].send((JPEG, FileKind.PHOTO, ""))
        else:
            await self.say(said)
        if files or asked.kind in (Kind.CHOICES, Kind.PAPERS):
            await self.press(self.key("done"))
        open_still = self.talk() is not None
        assert not open_still or self.asked() is not asked, f"{asked.key}: {said} was not taken"

    async def stops(self) -> AsyncIterator[Field | None]:
        """Go through the form, stopping at each question and at the review card (None).

        What happens at a stop may answer the question, even end the form; otherwise it is
        answered here. The last stop is the review card, or the end of a form without one.
        """
        await self.enter()
        self.given = self.state().answers
        applying = [one.key for one in shown(self.form, self.state())]
        unasked = applying if self.asked() is None else []
        everything = self.expected() | set(unasked)
        reviewed = False
        for _ in range(MOST_STOPS):
            asked = self.asked()
            if asked is not None or not reviewed:
                self.seen.add(asked.key if asked else "")
                reviewed = reviewed or asked is None
                yield asked
            if self.talk() is None:
                break
            if self.asked() is not None:
                if self.asked() is asked:
                    await self.answer()
                if self.talk() is None:
                    break
            elif not reviewed:
                continue
            elif unasked:
                assert unasked[0] in {one.key for one in shown(self.form, self.state())}
                await self.press(self.key("e", unasked.pop(0)))
                assert self.asked() is not None
            else:
                break
        assert self.seen >= everything, "the walk left something out"

    def expected(self) -> set[str]:
        """Return where every walk must have stopped: all that is asked whatever was answered."""
        keys = {
            one.key
            for one in self.form.fields
            if one.key not in self.given and one.when is None and not one.more
        }
        return keys | {""} if self.form.review else keys


@pytest.fixture
def features() -> tuple[Feature, ...]:
    return ALL


@pytest.fixture
def walk(office: Office, feature: Feature) -> Walk:
    rows = office.app.world.policies.governed[0].versions[0].approval
    complained = row_of("industrial-sales", Action.COMPLAINT_RESULT)
    more = (*rows, PLAN, REPORT, complained)
    under(office, approval=more, handover=doors.DEALER.handover)
    return Walk(office, feature, office.store)


def kept(state: State) -> tuple[str, dict[str, object]]:
    """Return what must outlive whatever happens: the question and the answers."""
    return state.at, state.answers


@pytest.mark.parametrize("feature", FORMS, ids=lambda one: one.key)
class TestGivenAForm:
    @one_channel
    async def test_when_nonsense_comes_at_any_step_then_it_goes_on(self, walk: Walk) -> None:
        async for asked in walk.stops():
            before = walk.state()
            seen = await walk.say(NONSENSE)
            assert seen.text.strip()
            assert walk.sound()
            if walk.talk() is None:  # a single question, and any text is an answer to it
                assert asked is not None
                assert not walk.form.review
                assert asked.kind in (Kind.TEXT, Kind.CUSTOMER)
            elif asked is None or walk.asked() is asked:
                assert kept(walk.state()) == kept(before)
                assert asked is None or walk.words(asked.prompt) in seen.text
            else:
                assert asked.kind is Kind.TEXT
                assert walk.state().answers[asked.key] == NONSENSE

    @one_channel
    async def test_when_cancelled_at_any_step_then_nothing_is_open_and_all_comes_back(
        self, walk: Walk
    ) -> None:
        async for asked in walk.stops():
            talk, before = walk.talk(), walk.state()
            assert talk is not None
            await walk.say("取消")
            assert walk.talk() is None
            assert walk.sound()
            assert walk.status(talk.id) in ("dropped", "")
            await walk.back(talk, before, button_key(talk.id, talk.rev, "resume"))
            assert (walk.asked(), walk.state().answers) == (asked, before.answers)

    @one_channel
    async def test_when_the_bot_restarts_at_any_step_then_the_next_answer_is_taken(
        self, walk: Walk
    ) -> None:
        async for asked in walk.stops():
            before = walk.talk()
            await walk.office.restart()
            assert walk.talk() == before
            if asked is not None:
                await walk.answer()
            assert walk.sound()
        if walk.form.review:
            await walk.press(walk.key("submit"))
        assert walk.talk() is None
        assert walk.sound()

    @both
    async def test_when_an_old_button_is_tapped_at_any_step_then_the_present_is_shown(
        self, walk: Walk
    ) -> None:
        async for _ in walk.stops():
            key, ref = walk.office[walk.who].key_of(walk.words("Cancel"))
            assert key.startswith(walk.key(""))  # of the card that is shown now
            await walk.say(NONSENSE)
            before = walk.state() if walk.talk() else None
            seen = await walk.press(key, ref)
            assert walk.sound()
            if before is None:
                assert walk.words(CLOSED) in seen.text
                assert walk.talk() is None
            else:
                assert walk.words(STALE) in seen.text
                assert kept(walk.state()) == kept(before)

    @one_channel
    async def test_when_put_aside_at_any_step_then_it_goes_on_where_it_was(
        self, walk: Walk
    ) -> None:
        async for asked in walk.stops():
            talk, before = walk.talk(), walk.state()
            assert talk is not None
            await walk.say("/today")
            assert walk.talk() is None
            assert walk.status(talk.id) in ("draft", "")
            await walk.back(talk, before, f"f.drafts.resume.{talk.id}")
            assert (walk.asked(), walk.state().answers) == (asked, before.answers)
            assert walk.sound()

    @both
    async def test_when_the_last_answer_is_edited_at_any_step_then_it_is_corrected_there(
        self, walk: Walk
    ) -> None:
        hands, last, before = walk.office[walk.who], "", None
        async for asked in walk.stops():
            at = walk.state().at
            if before is not None:
                given = walk.state().answers
                words = SAID_ANEW.get(before.key, REWORDED.get(before.kind, NONSENSE))
                seen = await hands.edit(words, last)
                assert walk.sound()
                applies = at in {one.key for one in shown(walk.form, walk.state())} | {""}
                assert walk.state().at == at or not applies
                if before.kind is Kind.TEXT:
                    assert walk.state().answers == {**given, before.key: words}
                    assert words in seen.text
                else:
                    assert walk.state().answers.keys() == given.keys()
            before = None
            if asked is not None:
                await walk.answer()
                last, before = hands.last_key, asked
                if walk.talk() is None:
                    break

    @both
    async def test_when_the_last_tap_comes_twice_then_it_counts_once(self, walk: Walk) -> None:
        await walk.enter()
        start, last = walk.effects(), ("", "")
        while walk.talk() and walk.asked():
            last = (walk.key("cancel"), "")
            await walk.answer()
        if walk.form.review:
            last = walk.office[walk.who].key_of(walk.words(walk.form.submit_label))
            await walk.press(*last)
        done = walk.effects()
        assert done > start
        assert walk.talk() is None
        await walk.office[walk.who].again()
        assert walk.effects() == done
        seen = await walk.press(*last)
        assert walk.words(CLOSED) in seen.text
        assert walk.effects() == done
        assert walk.talk() is None
        assert walk.sound()

    @one_channel
    async def test_when_it_is_walked_then_every_card_fits_every_channel(self, walk: Walk) -> None:
        said = []
        async for asked in walk.stops():
            said.append((await walk.say(NONSENSE)).text)
            if walk.talk() is None or walk.asked() is not asked:
                continue
            if asked is None:
                said += await every_way_out(walk)
            elif asked.kind is Kind.DATE:
                said.append((await walk.press(walk.key("cal"))).text)
        if walk.talk() is not None:
            said.append((await walk.press(walk.key("submit"))).text)
        assert walk.talk() is None
        cards = walk.drawn()
        assert len(cards) > len(walk.seen)
        for card in cards:
            assert card.locale == LOCALES[0]
            for text in (card.title, card.text, *(one.label for one in card.buttons())):
                assert not english(text)
            for channel in CAPABILITIES:
                fits(card, channel)
        for text in said:
            assert not english(text)


@pytest.mark.parametrize("feature", [CORRECT], ids=lambda one: one.key)
class TestGivenACorrection:
    @one_channel
    async def test_when_only_an_answer_was_taken_out_and_it_is_cancelled_then_it_comes_back(
        self, walk: Walk
    ) -> None:
        await walk.enter()
        walk.given = walk.state().answers
        await walk.press(walk.key("e", "next"))
        await walk.press(walk.key("skip"))
        talk, before = walk.talk(), walk.state()
        assert talk is not None
        assert before.answers != walk.given
        seen = await walk.say("取消")
        assert walk.words("Next contact") in seen.text
        await walk.back(talk, before, button_key(talk.id, talk.rev, "resume"))
        assert kept(walk.state()) == kept(before)


async def every_way_out(walk: Walk) -> list[str]:
    """Leave the review card in each way and come back; return what was said."""
    talk, state = walk.talk(), walk.state()
    assert talk is not None
    said = [await walk.press(walk.key("more")), await walk.press(walk.key("back"))]
    said.append(await walk.say("取消"))
    await walk.back(talk, state, button_key(talk.id, talk.rev, "resume"))
    said += [await walk.say("/drafts"), await walk.press(f"f.drafts.open.{talk.id}")]
    await walk.back(talk, state, f"f.drafts.resume.{talk.id}")
    return [one.text for one in said]


# -- what fits ---------------------------------------------------------------------------------

CAPABILITIES = (PHONES, PHONE, NARROW)


def fits(card: Card, channel: Capabilities) -> None:
    """Check that the channel takes the card, and that all of it is still there."""
    drawn = render(card, channel)
    text = "\n".join(drawn.parts)
    assert all(part.strip() for part in drawn.parts)
    assert all(channel.measure.length(part) <= channel.text_length for part in drawn.parts)
    buttons = [one for row in (*drawn.grid, *drawn.rows, drawn.nav) for one in row]
    assert len(buttons) <= channel.buttons
    for one in buttons:
        assert 0 < len(one.label.encode()) <= channel.label_bytes, one
    assert len(card.choices) <= MAX_CHOICES
    for one in card.buttons():
        assert len(one.key.encode()) <= MAX_KEY_BYTES
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", one.key)
    for one in card.choices + card.nav:
        assert one in buttons or one.label in text, f"{one.label} cannot be reached"


def _pieces() -> Iterator[str]:
    for source, words in _catalogue(LOCALES[0]).items():
        if source != words:
            for piece in re.split(r"\{\w+\}", source):
                if re.search(r"[A-Za-z]{2}", piece) and piece.strip() not in words:
                    yield piece.strip()


ENGLISH = re.compile(
    r"(?<![A-Za-z])(?:"
    + "|".join(map(re.escape, sorted(_pieces(), key=len)[::-1]))
    + r")(?![A-Za-z])"
)
"""Any of the words that have a Chinese text."""


def english(text: str) -> list[str]:
    """Return what was left untranslated."""
    return ENGLISH.findall(text)


class TestGivenTheListOfFeatures:
    def test_when_a_form_has_no_command_then_a_door_to_it_is_named_here(self) -> None:
        assert {one.key for one in FORMS if not one.command} <= set(DOORS)

    def test_when_a_text_is_not_translated_then_it_is_found(self) -> None:
        assert english("Which customer? Part of the name") or english(STALE)
        assert english(f"拜访\n{CLOSED}")
        assert not english("拜访 S1-07.2.3a 9月14日")
