"""What two hundred people do with a thousand loans: ask, decide, fetch, bring back, forget.

Each act is the handler's own, in a unit of its own, by somebody who is there that day. What came
of it is read from the register; what has to follow from it is for the oracle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, TypeVar

from msgspec.structs import replace
from sqlalchemy import select

from handlers import seeing
from handlers.approvals import approvals
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.dossiers.papers import views
from handlers.incidents import incident
from handlers.loans import (
    borrow,
    borrow_form,
    hand_out,
    loan_acts,
    loan_queue,
    loan_return,
    loan_sides,
    renew,
    return_count,
    return_form,
    transfers,
)
from handlers.loans.custody_steps import to_come
from handlers.loans.return_form import Purpose
from handlers.people import leave
from rules.access import StaffId
from rules.cases import Act, Approve, Refuse
from rules.loans import LoanKind
from rules.occasions import ReaderKind
from storage import cases, custody, documents, loan_lists, loans, staff
from storage.custody import Handed, Step
from storage.loans import Loan
from storage.tables import approval_case, incident_told
from storage.tables import incident as incidents
from storage.unit import Unit
from tests.chaos.loan_company import CUSTODIANS, Company
from tests.chaos.loan_house import House
from tests.chaos.loan_oracle import DAY, Oracle, office_day

T = TypeVar("T")

WHY = "客户来函核对合同价格"
CHECKS = ("completeness", "damage")


@dataclass
class Habits:
    """How often people do what."""

    asks_an_hour: float
    absences_a_day: float
    hot: int
    """Dossiers that several people want."""


class People:
    """Everybody who has to do with loans."""

    def __init__(
        self, house: House, company: Company, oracle: Oracle, chance: Random, habits: Habits
    ) -> None:
        self.done: Counter[str] = Counter()
        self._house = house
        self._company = company
        self._oracle = oracle
        self._chance = chance
        self._habits = habits
        self._away: dict[str, date] = {}
        """Last day of an absence."""
        self._gone: set[str] = set()
        self._back_at: dict[int, datetime] = {}
        """When the papers of a loan are brought back, as their holder means to."""

    async def work(self, *, morning: bool) -> None:
        """Do what is done in an hour of an office day."""
        if morning:
            await self._go_away()
        for work in (
            self._decide, self._count, self._fetch, self._bring, self._other_things,
            self._ask, self._confirm_incidents,
        ):  # fmt: skip
            await work()

    async def leave_for_good(self) -> None:
        """Let one who sells leave the company."""
        there = [one for one in self._company.sellers if one not in self._gone]
        who = self._chance.choice(there)
        self._gone.add(who)
        await self._house.enter(lambda unit: staff.deactivate(unit, who))
        self._oracle.left(who)
        self.done["leavers"] += 1

    # -- asking and deciding -------------------------------------------------------------------

    async def _ask(self) -> None:
        times = int(self._habits.asks_an_hour + self._chance.random())
        for _ in range(times):
            who = self._present(self._company.sellers)
            if who is None:
                return
            few = self._company.dossiers[: self._habits.hot]
            dossier = self._chance.choice(few if self._chance.random() < 0.3 else self._own(who))
            await self._act(who, partial(_ask, dossier, self._chance.random()))
            self.done["asked"] += 1

    def _own(self, who: str) -> Sequence[int]:
        at = self._company.sellers.index(who)
        return self._company.dossiers[at :: len(self._company.sellers)]

    async def _decide(self) -> None:
        for stored in await self._look(_open_cases):
            if self._chance.random() < 0.4:
                continue
            who = self._present(sorted(stored.case.deciders))
            if who is None:
                continue
            refuses = self._chance.random() < 0.04
            what = Refuse(StaffId(who), "暂不需要") if refuses else Approve(StaffId(who))
            await self._act(who, partial(_decided, stored.id, what))
            if stored.kind == "renew":
                for held in await self._look(_out):
                    await self._follow(held.id)

    async def _go_away(self) -> None:
        everybody = (*self._company.sellers, *self._company.heads.values(), *CUSTODIANS[1:])
        for _ in range(int(self._habits.absences_a_day + self._chance.random())):
            who = self._present(everybody)
            if who is None:
                continue
            today = office_day(self._house.now)
            last = today + self._chance.randrange(1, 12) * DAY
            self._away[who] = last
            kind = self._chance.choice(("leave", "sick", "trip"))
            days = {"kind": kind, "first": today.isoformat(), "last": last.isoformat()}
            await self._act(who, partial(_with, leave.submit, days))
            self.done["absences"] += 1

    # -- at the counter ------------------------------------------------------------------------

    async def _fetch(self) -> None:
        for held in await self._look(
            lambda unit: loan_lists.to_hand_out(unit, "customer-service", 200)
        ):
            giver = self._present(CUSTODIANS)
            if giver is None or not self._here(held.borrower) or self._chance.random() < 0.4:
                continue
            await self._press(giver, hand_out.ready, held.id)
            step = await self._step(held.id)
            if step is None or step.state != "open":
                continue
            if self._chance.random() < 0.05:
                await self._press(giver, hand_out.decline, step.id)
                continue
            await self._press(held.borrower, hand_out.take, step.id)
            now = await self._loan(held.id)
            if now.state == "lent":
                assert now.number is not None
                self._oracle.lent(now.number, now.borrower, self._at(now.lent_at))
                self._back_at[now.id] = self._meant(now)
                self.done["lent"] += 1
                await self._follow(held.id)

    def _at(self, instant: datetime | None) -> datetime:
        """Return when the register says that something was done just now."""
        assert instant is not None
        assert timedelta() <= self._house.now - instant < timedelta(hours=1)
        return instant

    def _meant(self, held: Loan) -> datetime:
        """Return when the papers will be brought back: mostly in time, some long after."""
        assert held.due_at is not None
        kind = self._chance.random()
        if kind < 0.5:
            days = -self._chance.uniform(0.3, 2.5)
        elif kind < 0.8:
            days = self._chance.uniform(0, 3)
        elif kind < 0.95:
            days = self._chance.uniform(3, 9)
        else:
            days = self._chance.uniform(9, 25)
        return held.due_at + timedelta(days=days)

    async def _bring(self) -> None:
        """Let what is meant to come back be listed by its holder or counted by the archive."""
        for held in await self._look(_out):
            if held.state != "lent" or self._back_at[held.id] > self._house.now:
                continue
            who = await self._holder(held)
            counts = self._present(CUSTODIANS)
            if who is None or counts is None:
                continue
            how = self._chance.random()
            if how < 0.55:
                await self._press(who, loan_return.bring_all, held.id)
            elif how < 0.75:
                await self._act(who, partial(_bring_part, held.id))
            elif how < 0.97:
                await self._act(counts, partial(_count_first, held.id, 0))
            else:
                await self._act(counts, partial(_count_first, held.id, 1))
                self.done["pages short"] += 1
            await self._follow(held.id)

    async def _count(self) -> None:
        """Let what was listed be counted, confirmed, retracted, or disputed and settled."""
        for held in await self._look(_out):
            step = await self._step(held.id)
            if step is None or held.state not in ("returning", "disputed"):
                continue
            if self._chance.random() < 0.3:
                continue
            await self._counted(held, step)
            await self._follow(held.id)
            if held.id not in self._back_at:
                continue
            now = await self._loan(held.id)
            if now.state == "lent":
                soon = timedelta(days=self._chance.uniform(0, 4))
                self._back_at[held.id] = self._house.now + soon

    async def _counted(self, held: Loan, step: Step) -> None:
        kind = self._chance.random()
        if step.state == "disputed":
            assert step.witness is not None
            await self._act(step.witness, partial(_settle, held.id, step))
            self.done["disputes"] += 1
        elif kind < 0.06 and self._here(step.opened_by):
            await self._press(step.opened_by, return_count.retract, step.id)
            self.done["retracted"] += 1
        elif step.taker_at is None:
            counts = self._present([one for one in CUSTODIANS if one != step.giver])
            if counts is None:
                return
            if kind < 0.1:
                await self._act(counts, partial(_dispute, held.id, step.id))
            else:
                await self._act(counts, partial(_count_listed, held.id, step))
        else:
            who = await self._holder(held)
            if who is not None:
                await self._press(who, return_count.agree, step.id)

    async def _holder(self, held: Loan) -> str | None:
        """Return who brings the papers; the superior of who has left; None: away."""
        holder = loan_sides.holder_of(held)
        if holder in self._gone:
            return self._oracle.above(holder)
        return holder if self._here(holder) else None

    # -- whatever else happens to a loan -------------------------------------------------------

    async def _other_things(self) -> None:
        for held in await self._look(_out):
            kind = self._chance.random()
            if held.state != "lent" or kind > 0.05:
                continue
            if kind < 0.025:
                if self._here(held.borrower):
                    words = {renew.LOAN: str(held.id), "reason": "对账尚未完成"}
                    await self._act(held.borrower, partial(_with, renew.submit, words))
                    self.done["renewals asked"] += 1
            elif kind < 0.030:
                who = self._present(CUSTODIANS)
                if who is not None:
                    words = {loan_acts.LOAN: str(held.id), "words": "年度归档需要原件"}
                    await self._act(who, partial(_with, loan_acts.submit_recall, words))
                    self.done["recalls"] += 1
            elif kind < 0.031:
                if self._here(held.borrower):
                    words = {loan_acts.LOAN: str(held.id), "words": "外出后未找到"}
                    await self._act(held.borrower, partial(_with, loan_acts.submit_loss, words))
                    self.done["lost"] += 1
            elif kind < 0.035:
                await self._pass_on(held)
            else:
                who = self._present(self._company.sellers)
                if who is not None:
                    await self._press(who, loan_queue.join, held.dossier_id)
                    self.done["waited for"] += 1
            await self._follow(held.id)

    async def _pass_on(self, held: Loan) -> None:
        holder = await self._holder(held)
        to = self._present(self._company.sellers)
        third = self._present(CUSTODIANS)
        if holder is None or to is None or third is None or to == holder:
            return
        whom = {"_loan": str(held.id), "whom": {"key": to, "label": to}}
        await self._act(holder, partial(_with, transfers.submit, whom))
        step = await self._step(held.id)
        if step is None or step.kind != "transfer" or step.state != "open":
            return
        for one in (step.taker, step.witness):
            assert one is not None
            await self._press(one, return_count.agree, step.id)
        self.done["passed on"] += 1

    async def _confirm_incidents(self) -> None:
        for told, task, who, kind in await self._look(_unconfirmed):
            if task == "know":
                await self._press(who, incident.seen, told)
            else:
                words = {"_incident": str(told), "_kind": kind, "result": "complete"}
                await self._act(who, partial(_with, incident.submit_count, words))

    # -- how it is done ------------------------------------------------------------------------

    def _here(self, who: str) -> bool:
        return who not in self._gone and self._away.get(who, date.min) < office_day(
            self._house.now
        )

    def _present(self, people: Sequence[str]) -> str | None:
        there = [one for one in people if self._here(one)]
        return self._chance.choice(there) if there else None

    async def _act(self, who: str, work: Callable[[Context], object]) -> None:
        await self._house.act(who, work)

    async def _press(
        self, who: str, action: Callable[[Context, tuple[str, ...]], object], id_: int
    ) -> None:
        await self._act(who, lambda ctx: action(ctx, (str(id_),)))

    async def _look(self, work: Callable[[Unit], T]) -> T:
        return await self._house.look(work)

    async def _loan(self, loan_id: int) -> Loan:
        found = await self._look(lambda unit: loans.get(unit, loan_id))
        assert found is not None
        return found

    async def _step(self, loan_id: int) -> Step | None:
        """Return the last step of a loan."""
        steps = await self._look(lambda unit: custody.of_loan(unit, loan_id))
        return steps[-1] if steps else None

    async def _follow(self, loan_id: int) -> None:
        """Tell the oracle what became of a loan, and compare its due day."""
        held = await self._loan(loan_id)
        number = held.number or ""
        known = self._oracle.out.get(number)
        if known is None:
            return
        now = self._house.now
        if held.renewals and not known.renewed:
            self._oracle.renewed(number, now)
            self.done["renewed"] += 1
        if held.recalled_at is not None and not known.recalled:
            self._oracle.recalled(number, now)
        assert held.due_on == known.due, f"{number} due {held.due_on}, not {known.due}"
        assert held.due_at == known.late_at, number
        if held.state == "lent":
            if known.counting:
                self._oracle.lent_again(number, now)
                self.done["in part, or not after all"] += 1
        elif held.state in ("returning", "disputed"):
            self._oracle.listed_back(number)
        else:
            self._oracle.over(number)
            self.done[held.state] += 1


# -- what is pressed and filled in -------------------------------------------------------------


def _with(submit: Callable[[Context, Answers], object], values: dict[str, Any], ctx: Context):
    return submit(ctx, Answers(values))


def _ask(dossier_id: int, which: float, ctx: Context) -> object:
    """Ask for some papers of a dossier, or for the whole of it."""
    dossier = seeing.reachable(ctx, str(dossier_id))
    assert dossier is not None
    values = borrow_form.carried(ctx, dossier, LoanKind.LOAN, ReaderKind.INSIDER)
    values |= {"purpose": "check", "reason": WHY}
    if values[borrow_form.TITLED]:
        papers = documents.page(ctx.unit, dossier.id, views(ctx, dossier), documents.MOST)
        some = papers[: 1 + int(which * len(papers))]
        values["papers"] = [{"key": str(one.id), "label": one.title} for one in some]
    return borrow.submit(ctx, Answers(values))


def _decided(case_id: int, what: Act, ctx: Context) -> object:
    return approvals.act(ctx, case_id, what, "暂不需要" if isinstance(what, Refuse) else "")


def _form(
    held: Loan,
    purpose: Purpose,
    listed: Sequence[Handed],
    most: Sequence[Handed],
    step: Step | None = None,
) -> dict[str, Any]:
    """Return a count as its form carries it, every point of it in order."""
    return {
        return_form.LOAN: str(held.id),
        return_form.PURPOSE: purpose.value,
        return_form.STEP: str(step.id) if step else "",
        return_form.LISTED: return_form.carried(listed),
        return_form.MOST: return_form.carried(most),
        return_form.CHECKS: list(CHECKS),
        **dict.fromkeys(CHECKS, True),
    }


def _held(ctx: Context, loan_id: int) -> Loan:
    found = loans.get(ctx.unit, loan_id)
    assert found is not None
    return found


def _bring_part(loan_id: int, ctx: Context) -> object:
    """List the first line only."""
    held = _held(ctx, loan_id)
    lines = to_come(ctx, held)
    return loan_return.submit(ctx, Answers(_form(held, Purpose.BRING, lines[:1], lines)))


def _count_first(loan_id: int, lacking: int, ctx: Context) -> object:
    """Count back what is lent, so many pages of the first line short."""
    held = _held(ctx, loan_id)
    lines = to_come(ctx, held)
    first = replace(lines[0], pages=lines[0].pages - lacking)
    if lacking and first.pages < 1:
        first = replace(lines[0], damaged=True, note="封面破损")
    values = _form(held, Purpose.COUNT, (first, *lines[1:]), lines)
    return return_count.submit_count(ctx, Answers(values))


def _count_listed(loan_id: int, step: Step, ctx: Context) -> object:
    held = _held(ctx, loan_id)
    values = _form(held, Purpose.COUNT, step.lines, to_come(ctx, held), step)
    return return_count.submit_count(ctx, Answers(values))


def _dispute(loan_id: int, step_id: int, ctx: Context) -> object:
    step = custody.get(ctx.unit, step_id)
    assert step is not None
    return return_count.disputed(ctx, _held(ctx, loan_id), step, "少了一页")


def _settle(loan_id: int, step: Step, ctx: Context) -> object:
    held = _held(ctx, loan_id)
    values = _form(held, Purpose.SETTLE, step.lines, to_come(ctx, held), step)
    return return_count.submit_settle(ctx, Answers(values))


# -- what is looked up -------------------------------------------------------------------------


def _open_cases(unit: Unit) -> list[cases.Stored]:
    query = select(approval_case.c.id).where(approval_case.c.state == "pending")
    ids = unit.session.execute(query.order_by(approval_case.c.id)).scalars().all()
    return [one for id_ in ids if (one := cases.get(unit, id_)) is not None]


def _out(unit: Unit) -> list[Loan]:
    return list(loan_lists.every_out(unit))


def _unconfirmed(unit: Unit) -> list[tuple[int, str, str, str]]:
    """Return who was told of which incident for what, and has not confirmed it."""
    query = (
        select(
            incident_told.c.incident_id,
            incident_told.c.task,
            incident_told.c.staff_id,
            incidents.c.kind,
        )
        .join(incidents, incidents.c.id == incident_told.c.incident_id)
        .where(incident_told.c.confirmed_at.is_(None), incidents.c.state == "open")
        .order_by(incident_told.c.id)
    )
    return [tuple(row) for row in unit.session.execute(query)]
