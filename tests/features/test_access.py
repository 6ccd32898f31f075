"""Who sees what: every card of the program against an oracle written from the rules' text.

The oracle reads the sample company's spreadsheet and the pack's TOML by itself and shares no code
with `rules.access`: two readings of the same page have to agree.
"""

from __future__ import annotations

import csv
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from handlers import FEATURES
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.messages import Inbound, Reply
from handlers.dossiers import find
from handlers.feature import Feature
from handlers.notes import note_effects, plan
from handlers.routing import route
from rules.masks import mask_address
from storage import attachments, audit, conversations, dossiers, notes, staff, visits
from storage import tables as t
from storage.unit import Unit
from tests.features.conftest import PEOPLE
from tests.features.office import Office

GRADES = ("none", "confidential", "secret", "top_secret")
AUTHORS = ("CY015", "CY016", "CY028", "CY035")
SEED = 20260914

PACK, CARS, BASE = (
    tomllib.loads((files("rules") / "packs" / f"{name}.toml").read_text("utf-8"))
    for name in ("customer-service", "auto-dealer", "_base")
)
STAFF = {
    row["id"]: row
    for row in csv.DictReader((files("bot") / "sample" / "staff.csv").read_text().splitlines())
}


def pack_of(department: str) -> dict[str, Any]:
    """The regulation of a department: the car departments have one of their own."""
    return CARS if department.startswith("汽车") else PACK


def above(staff_id: str) -> set[str]:
    """Everybody in the line of superiors of a person."""
    chain: set[str] = set()
    while (staff_id := STAFF[staff_id]["superior"]) and staff_id not in chain:
        chain.add(staff_id)
    return chain


def holds(staff_id: str, readers: list[dict[str, Any]]) -> bool:
    mine = set(STAFF[staff_id]["roles"].split(";"))
    return any(one["role"] in mine for one in readers)


def cleared(staff_id: str, grade: str) -> bool:
    return GRADES.index(STAFF[staff_id]["clearance"]) >= GRADES.index(grade)


@dataclass(frozen=True)
class Oracle:
    """S2-INFO.17: closed but to the keeper, those above, and the roles the pack names, each up
    to the own clearance. C-01: no words above what the chat may carry."""

    channel: str

    def chat_carries(self, grade: str) -> bool:
        # the training page stands for the company's messenger; a chat nobody rated carries none
        ceilings = BASE["dossier"]["chat_ceiling"]
        rated = {"phones": ceilings["wecom"], **ceilings}
        return GRADES.index(grade) <= GRADES.index(rated.get(self.channel, "none"))

    def full(self, who: str, row: dossiers.Dossier) -> bool:
        entitled = who in above(row.keeper) or holds(
            who, pack_of(row.department)["dossier"]["readers"]
        )
        return who == row.keeper or (entitled and cleared(who, row.grade))

    def known(self, who: str, row: dossiers.Dossier) -> bool:
        return self.full(who, row) or (
            row.grade in ("none", "confidential") and row.number is not None
        )

    def content(self, who: str, row: dossiers.Dossier) -> bool:
        return self.full(who, row) and self.chat_carries(row.grade)

    def name(self, who: str, row: dossiers.Dossier) -> bool:
        return self.content(who, row) or who == row.keeper

    def may_read(self, who: str, note: notes.Note, row: dossiers.Dossier) -> bool:
        pack = pack_of(row.department)
        others = who in above(note.author) or holds(who, pack["visit"]["readers"])
        return who in (note.author, row.keeper) or (others and cleared(who, row.grade))

    def words(self, who: str, note: notes.Note, row: dossiers.Dossier) -> bool:
        return self.may_read(who, note, row) and self.chat_carries(row.grade)


def said(reply: Reply) -> str:
    """Everything a reply puts before somebody's eyes."""
    parts = [reply.alert]
    for show in reply.shows:
        card = show.card
        parts += [card.title, card.text, *(one.label for one in card.buttons())]
    return "\n".join(parts)


@dataclass
class Walk:
    """One unit that is never kept, and a way to act in it as anybody."""

    unit: Unit
    office: Office

    def context(self, who: str) -> Context:
        person = staff.get(self.unit.session, who)
        assert person is not None
        return self.office.app.world.context(
            self.unit, person, self.office.channel, who, self.unit.now
        )

    def act(self, who: str, **what: str) -> tuple[str, Reply, Context]:
        ctx = self.context(who)
        inbound = Inbound(self.office.channel, who, "walk", self.unit.now, **what)  # type: ignore[arg-type]  # texts only
        reply = route(ctx, inbound, self.office.app.world.registry)
        return said(reply), reply, ctx

    def dossiers(self) -> list[dossiers.Dossier]:
        ids = self.unit.session.execute(select(t.dossier.c.id).order_by(t.dossier.c.id)).scalars()
        return [one for id_ in ids.all() if (one := dossiers.get(self.unit, id_))]

    def sample(self) -> list[dossiers.Dossier]:
        """All graded ones, as many ungraded, and two nobody has verified yet."""
        for keeper in ("CY016", "CY035"):
            row = dossiers.DossierRow(name=f"{keeper}悄悄认识的新客户", keeper=keeper)
            dossiers.add(self.unit, row, by=keeper, draft=True)
        rows = self.dossiers()
        mine = [one for one in rows if one.keeper in PEOPLE and one.number]
        for one, grade in zip(mine, GRADES * 2, strict=False):
            self.unit.session.execute(
                t.dossier.update().where(t.dossier.c.id == one.id).values(grade=grade)
            )
        rows = self.dossiers()
        graded = [one for one in rows if one.grade != "none" or one.number is None]
        rest = [one for one in rows if one not in graded]
        random.Random(SEED).shuffle(rest)
        return graded[::2] + mine_first(rest)[:8]

    def notes(self, rows: list[dossiers.Dossier]) -> Iterator[tuple[notes.Note, dossiers.Dossier]]:
        """A note on each dossier, corrected once and commented, by one of four authors."""
        for number, row in enumerate(rows):
            author = AUTHORS[number % len(AUTHORS)]
            new = notes.NewNote(
                dossier_id=row.id, author=author, day=self.unit.now.date(), manner="visit",
                body=f"旧文密语{number}", filed_at=self.unit.now, deadline=self.unit.now,
                on_time=True, extras={"met": f"会见密语{number}"},
            )  # fmt: skip
            filed = notes.file_note(self.unit, new)
            old = notes.get_note(self.unit, filed.id)
            assert old is not None
            newer = replace(new, body=f"正文密语{number}")
            notes.correct(self.unit, old, newer, by=author, at=self.unit.now)
            superior = STAFF[author]["superior"]
            notes.comment(
                self.unit, filed.id, author=superior, body=f"评语密语{number}", at=self.unit.now
            )
            attachments.note_pending(
                self.unit, staff_id=author, kind="photo", name=f"图名密语{number}.jpg",
                source="{}", subject_kind="visit_note", subject_id=filed.id,
            )  # fmt: skip
            note = notes.get_note(self.unit, filed.id)
            assert note is not None
            yield note, row


def mine_first(rows: list[dossiers.Dossier]) -> list[dossiers.Dossier]:
    return sorted(rows, key=lambda one: one.keeper not in PEOPLE)


def secrets_of(row: dossiers.Dossier) -> list[str]:
    """What only content may show; the contact of a person is often the customer's own name."""
    keeper = STAFF[row.keeper]["name"]
    values = (row.contact, row.address, row.location, row.phone)
    return [one for one in values if len(one) > 2 and one not in row.name and one not in keeper]


@pytest.mark.rule("S2-INFO.17", "C-01", "S3-SPEC1.1.3", "S2-SECR.12a", "C-69")
class TestGivenEveryDemoPersonAndManyDossiers:
    async def test_when_any_way_leads_to_a_dossier_then_its_card_shows_what_the_rules_say(
        self, office: Office
    ) -> None:
        oracle = Oracle(office.channel)

        def walk(unit: Unit) -> None:
            on = Walk(unit, office)
            seen = set()
            for row in on.sample():
                for who in PEOPLE:
                    verdict = (oracle.known(who, row), oracle.name(who, row),
                               oracle.content(who, row))  # fmt: skip
                    seen.add(verdict)
                    case = (who, row.id, row.grade, row.keeper, verdict)
                    card, reply, ctx = on.act(who, choice=f"f.find.card.{row.id}")
                    if not verdict[0]:
                        assert not reply.shows, case
                        assert reply.alert == ctx.t(find.NOT_THERE), case
                    else:
                        assert row.number is None or row.number in card, case
                        assert [one.action for one in ctx.recorded] == ["dossier.looked_at"]
                    assert (row.name in card) == verdict[1], case
                    assert not row.phone or row.phone not in card, case
                    for one in secrets_of(row)[:2]:
                        if one == row.contact:
                            assert (one in card) == verdict[2], (case, one)
                    assert not row.address or row.address not in card, case
                    if not verdict[2]:
                        assert [one for one in secrets_of(row) if one in card] == [], case
                    assert all(
                        one.card.protect == verdict[2] for one in reply.shows if verdict[0]
                    ), case
                    for key in (f"f.plan.new.{row.id}", f"f.find.note.{row.id}"):
                        text, _, _ = on.act(who, choice=key)
                        if not verdict[1]:
                            assert row.name not in text, (case, key)
                        assert [one for one in secrets_of(row) if one in text] == [], (case, key)
            assert len(seen) >= (4 if office.channel != "narrow" else 3)

        office.look(walk)

    async def test_when_searched_then_no_name_is_shown_that_a_card_would_hide(
        self, office: Office
    ) -> None:
        oracle = Oracle(office.channel)

        def walk(unit: Unit) -> None:
            on = Walk(unit, office)
            rows = on.sample()[::2]
            every = on.dossiers()
            parts = {
                one.id for one in every if any(one.name in b.name for b in every if b is not one)
            }
            for row in rows:
                queries = (row.number or row.name[:-1], row.name[:-1], row.phone[-4:])
                for who in PEOPLE:
                    hidden = [
                        one for one in every
                        if one.id not in parts and not oracle.name(who, one)
                    ]  # fmt: skip
                    unknown = [one for one in every if one.number and not oracle.known(who, one)]
                    for words in filter(None, queries):
                        text, _, _ = on.act(who, command="find", text=words)
                        assert [b.name for b in hidden if b.name in text] == [], (who, words)
                        found = [
                            b.number for b in unknown if b.number in text and b.number != words
                        ]
                        assert found == [], (who, words)

        office.look(walk)

    async def test_when_any_way_leads_to_a_note_then_its_words_show_where_the_rules_say(
        self, office: Office
    ) -> None:
        oracle = Oracle(office.channel)
        ways = ("note.open", "note.history", "note.files", "team.open", "note.comment",
                "note.correct", "note.again", "note.withdraw")  # fmt: skip

        def walk(unit: Unit) -> None:
            on = Walk(unit, office)
            for note, row in list(on.notes(on.sample())):
                number = note.body.removeprefix("正文密语")
                words = {
                    "note.open": (note.body, f"会见密语{number}", f"评语密语{number}"),
                    "team.open": (note.body, f"会见密语{number}", f"评语密语{number}"),
                    "note.history": (f"旧文密语{number}",),
                    "note.files": (f"图名密语{number}.jpg",),
                }
                for who in PEOPLE:
                    verdict = oracle.words(who, note, row)
                    case = (who, note.author, row.keeper, row.grade, verdict)
                    for way in ways:
                        text, _, _ = on.act(who, choice=f"f.{way}.{note.id}")
                        lines = text.splitlines()
                        for one in words.get(way, ()):
                            assert any(one in line for line in lines) == verdict, (case, way, one)
                        if not verdict:
                            assert "密语" not in _but_own(text), (case, way)
                        if not oracle.name(who, row):
                            assert row.name not in _but_own(text), (case, way)
                        if not oracle.may_read(who, note, row):
                            assert note.number not in text, (case, way)

        office.look(walk)

    async def test_when_a_note_is_filed_then_others_are_told_no_more_than_they_may_know(
        self, office: Office
    ) -> None:
        oracle = Oracle(office.channel)

        def walk(unit: Unit) -> None:
            on = Walk(unit, office)
            told_to = set()
            for note, row in list(on.notes(on.sample())):
                unit.session.execute(
                    t.visit_note.update().where(t.visit_note.c.id == note.id).values(major=True)
                )
                for earlier in PEOPLE:  # everybody was there once
                    notes.file_note(unit, replace(_new(note), author=earlier, body="早先"))
                ctx = on.context(note.author)
                due = note_effects.deadline_of(ctx, note.day, note.dossier_id)
                note_effects.filed(ctx, note.id, (), due)
                for told in ctx.told:
                    if told.staff_id not in PEOPLE:
                        continue
                    told_to.add(told.staff_id)
                    card = said(Reply.of(told.card(office.app.world.texts())))
                    case = (told.staff_id, note.author, row.keeper, row.grade, card)
                    assert "密语" not in card, case
                    assert oracle.name(told.staff_id, row) or row.name not in card, case
                    assert oracle.known(told.staff_id, row) or oracle.may_read(
                        told.staff_id, note, row
                    ), case
            assert len(told_to) > 2

        office.look(walk)

    async def test_when_a_note_was_withdrawn_then_only_its_author_and_the_history_show_it(
        self, office: Office
    ) -> None:
        def walk(unit: Unit) -> None:
            on = Walk(unit, office)
            row = next(
                one for one in on.dossiers() if one.keeper == "CY015" and one.grade == "none"
            )
            ((note, _),) = on.notes([row])
            notes.withdraw(unit, note, by=note.author, at=unit.now)
            text, _, _ = on.act("CY014", choice=f"f.note.open.{note.id}")
            assert note.body not in text

        office.look(walk)


def _new(note: notes.Note) -> notes.NewNote:
    return notes.NewNote(
        dossier_id=note.dossier_id, author=note.author, day=note.day, manner="visit",
        body=note.body, filed_at=note.filed_at, deadline=note.deadline, on_time=True,
    )  # fmt: skip


def _but_own(text: str) -> str:
    """Leave out the line that quotes what the person was writing before, in their own words."""
    return "\n".join(one for one in text.splitlines() if not one.startswith("“"))


@pytest.fixture
def features() -> tuple[Feature, ...]:
    only_sales = Feature(
        key="trial", title=plan.PLAN_FORM.title, command="trial", form=plan.PLAN_FORM,
        submit=plan.submit, audience=lambda person: "salesperson" in person.roles,
        actions={"open": lambda ctx, _arguments: runner.start(ctx, find.ASKING)},
    )  # fmt: skip
    return (*FEATURES, only_sales)


class TestGivenARoleThatIsTakenAway:
    def _strip(self, office: Office, staff_id: str) -> None:
        office.change(
            lambda unit: unit.session.execute(
                t.staff.update().where(t.staff.c.id == staff_id).values(roles="accounting")
            )
        )

    async def test_when_it_goes_in_the_middle_of_a_form_then_the_form_is_closed_and_kept(
        self, office: Office
    ) -> None:
        me = office["CY015"]
        await me.say("/trial")
        await me.say("佛山市顺德区鸿鑫贸易商行")
        before = office.look(lambda unit: visits.open_of(unit, "CY015", limit=50))
        self._strip(office, "CY015")
        shown = await me.say("明天")
        assert "没有使用这项功能的权限" in shown.text
        shown = await me.press("f.trial.open")
        assert shown.text.strip()
        assert not shown.labels
        assert office.look(lambda unit: visits.open_of(unit, "CY015", limit=50)) == before
        assert office.look(lambda unit: conversations.active(unit, "CY015")) is None
        (draft, *_) = office.look(lambda unit: conversations.drafts(unit, "CY015", 5))
        await me.press(f"f.drafts.resume.{draft.id}")
        assert office.look(lambda unit: visits.open_of(unit, "CY015", limit=50)) == before

    async def test_when_the_archivist_is_moved_then_the_next_look_is_masked(
        self, office: Office
    ) -> None:
        row = office.look(
            lambda unit: next(
                one
                for one in Walk(unit, office).dossiers()
                if one.keeper == "CY015" and one.grade == "none" and one.address
            )
        )
        me = office["CY009"]
        assert row.name in await me.press(f"f.find.card.{row.id}")
        self._strip(office, "CY009")
        shown = await me.press(f"f.find.card.{row.id}")
        assert mask_address(row.address) not in shown.text
        assert row.name not in shown.text
        assert row.number is not None
        assert row.number in shown.text


class TestGivenLooksAndActs:
    async def test_when_somebody_looks_or_acts_then_each_is_audited_in_an_unbroken_chain(
        self, office: Office
    ) -> None:
        me, boss = office["CY015"], office["CY014"]
        await me.say("拜访 佛山市顺德区鸿鑫贸易商行 谈二季度订单")
        await me.tap("提交")
        note = office.look(lambda unit: notes.last_note_of(unit, "CY015"))
        assert note is not None
        await me.say("/find 鸿鑫")
        await me.press(f"f.find.card.{note.dossier_id}")
        await boss.press(f"f.team.open.{note.id}")
        await boss.press(f"f.note.files.{note.id}")
        await boss.press(f"f.note.history.{note.id}")
        await office["CY035"].press(f"f.note.open.{note.id}")
        rows, verdict = office.look(
            lambda unit: (
                [
                    (row.staff_id, row.action, row.subject)
                    for row in unit.session.execute(select(t.audit).order_by(t.audit.c.seq))
                ],
                audit.verify(unit.session, unit.vault),
            )
        )
        subject = f"visit_note:{note.id}"
        for entry in (
            ("CY015", "visit_note.filed", subject),
            ("CY015", "dossier.searched", "staff:CY015"),
            ("CY015", "dossier.looked_at", f"dossier:{note.dossier_id}"),
            ("CY014", "visit_note.read", subject),
            ("CY014", "attachment.read", subject),
            ("CY014", "visit_note.history_read", subject),
        ):
            assert entry in rows
        assert not [row for row in rows if row[0] == "CY035"]  # was refused: saw nothing
        assert verdict.broken_at is None
        assert verdict.head.count == len(rows)
