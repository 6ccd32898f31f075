"""A pile of loans of one person in one morning: few are drawn, the others counted, all go on."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from handlers import reminders
from handlers.loans import loan_clock
from handlers.reminders import DRAWN, SHOWN, Rendered
from storage import ledger, loans
from storage.loans import Loan
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.diary import at, rows
from tests.features.lending import SALES, desks, lend_watched
from tests.features.office import Office, one_channel

pytestmark = one_channel

KEY = f"digest:{SALES}:2026-09-16"


def pile(office: Office, held: Loan, size: int) -> None:
    """Put so many more loans like this one on record, with their reminders."""
    begun = len(rows(office, "SELECT id FROM loan"))

    def lend(unit: Unit) -> None:
        ctx = acting(office, unit, SALES)
        for number in range(begun, begun + size):
            new = loans.NewLoan(
                "loan", held.dossier_id, SALES, held.department, "check", "核对", "out", held.pack
            )
            id_ = loans.add(unit, new, unit.now)
            loans.give_number(unit, id_, f"借-2026-{1000 + number}")
            one = loans.get(unit, id_)
            assert one is not None
            lent = {name: getattr(held, name) for name in ("lent_at", "due_on", "due_at")}
            loan_clock.start(
                ctx, loans.save(unit, one, replace(one, state="lent", **lent), unit.now)
            )

    office.change(lend)


def drawn(office: Office, *, keep: bool = False) -> tuple[Rendered, int]:
    """Draw the morning card; return it and how many statements that took."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    def draw(unit: Unit) -> Rendered:
        connection = unit.session.connection()
        event.listen(connection, "before_cursor_execute", count)
        found = reminders.render(unit, KEY, SALES, office.app.world)
        event.remove(connection, "before_cursor_execute", count)
        assert found is not None
        return found

    return office.change(draw, keep=keep), len(statements)


def fill(office: Office) -> None:
    """Record what is due of loans on the morning of 16 September, as the clock does."""
    office.clock.advance(at("09-16 09:00"))
    day = date(2026, 9, 16)
    office.change(lambda unit: ledger.fill(unit, unit.now, 1000, day=day, kinds=["loan"]))


class TestGivenFiveHundredLoans:
    @pytest.fixture
    async def held(self, office: Office) -> Loan:
        desks(office)
        return await lend_watched(office)

    async def test_then_the_card_takes_no_more_statements_than_for_fifty(
        self, office: Office, held: Loan
    ) -> None:
        pile(office, held, 49)
        fill(office)
        few, statements = drawn(office)
        assert f"另有 {50 - SHOWN} 项" in few.card.text
        pile(office, held, 450)
        fill(office)
        many, more = drawn(office)
        assert f"另有 {500 - SHOWN} 项" in many.card.text
        assert many.card.text.count("\n· ") + 1 == SHOWN
        assert any(one.key == "f.loans.list" for one in many.card.choices)
        assert more <= statements + 5

    async def test_then_each_gets_its_next_reminder_and_a_second_try_says_the_same(
        self, office: Office, held: Loan
    ) -> None:
        pile(office, held, 99)
        fill(office)
        first, _ = drawn(office, keep=True)
        second, _ = drawn(office, keep=True)
        assert first.card.text.splitlines()[-1] == second.card.text.splitlines()[-1]
        outcomes = rows(office, "SELECT outcome FROM notice WHERE case_kind = 'loan'")
        assert outcomes.count(("counted",)) == 100 - DRAWN
        await office.app.scan(office.clock.now())
        waiting = rows(
            office,
            "SELECT next_rung FROM watch WHERE case_kind = 'loan' AND next_due_at IS NOT NULL",
        )
        assert len(waiting) == 100
        assert {rung.split()[1] for (rung,) in waiting} == {"0d"}

    async def test_when_some_came_back_meanwhile_then_they_are_not_counted(
        self, office: Office, held: Loan
    ) -> None:
        pile(office, held, 59)
        fill(office)

        last = rows(office, "SELECT id FROM loan ORDER BY id DESC LIMIT 5")

        def bring(unit: Unit) -> None:
            ctx = acting(office, unit, SALES)
            for (id_,) in last:
                one = loans.get(unit, int(id_))
                assert one is not None
                over = loans.save(unit, one, replace(one, state="discharged"), unit.now)
                loan_clock.stop(ctx, over)

        office.change(bring)
        shown, _ = drawn(office)
        assert f"另有 {55 - SHOWN} 项" in shown.card.text
