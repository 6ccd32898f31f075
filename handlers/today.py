"""今日: what waits for this person, with counts, each one tap away; kind when nothing does."""

from __future__ import annotations

from handlers import log_check, seeing
from handlers.approvals import approval_list
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.corrections import correction
from handlers.destruction import destroy_lists
from handlers.dossiers import completing, openings, round_cards, rounds, shelf_labels
from handlers.feature import Feature
from handlers.handovers import handovers, receipt_days, receipts
from handlers.incidents import incident
from handlers.loans import hand_out_lists, loan_register, loans, overdue
from handlers.notes import team
from handlers.people import admin, leavers
from handlers.requests import meetings, visitors
from handlers.texts import N_
from rules.roles import OPERATOR
from storage import (
    away,
    case_lists,
    conversations,
    incidents,
    loose,
    notes,
    roster,
    visits,
)
from storage import rounds as stored_rounds

VISITS_SHOWN = 4
VISITS_COUNTED = 100

GREETING = N_("{name}, {day}")
EMPTY = N_("Nothing is waiting for you.")
EMPTY_OUT = N_("Nothing is waiting for you. A good day for a visit.")
MISSED = N_("Note overdue: {customer} ({day})")
DUE = N_("Visit today: {customer}")
UNREAD = N_("Unread team notes ({count})")
DRAFTS = N_("Drafts ({count})")
LOOSE = N_("Not sorted yet ({count})")
OUT = N_("Out of reach ({count})")
AWAY = N_("You are away until {day}; duties are suspended.")
WAITING = N_("Waiting for you: {count}.")
MORE_VISITS = N_("{count} more planned visits are under Planned visits.")


def show(ctx: Context, _words: str = "") -> Reply:
    lines, buttons = [], []
    absence = away.current(ctx.session, ctx.person.id, ctx.today)
    if absence is not None:
        lines.append(ctx.t(AWAY, day=ctx.texts.day(absence.last_day)))
    waiting = visits.due_for(ctx.unit, ctx.person.id, ctx.today, limit=VISITS_COUNTED)
    for visit in waiting[:VISITS_SHOWN]:
        customer = seeing.customer(ctx, visit)
        late = visit.day < ctx.today or visit.state == "missed"
        label = (
            ctx.t(MISSED, customer=customer, day=ctx.texts.day(visit.day))
            if late
            else ctx.t(DUE, customer=customer)
        )
        buttons.append(Button(label, f"f.plan.open.{visit.id}"))
    if len(waiting) > VISITS_SHOWN:
        lines.append(ctx.t(MORE_VISITS, count=len(waiting) - VISITS_SHOWN))
    counts = (
        (
            approval_list.WAITING,
            case_lists.count_waiting(ctx.session, ctx.person.id),
            "f.approvals.list",
        ),
        (
            incident.WAITING,
            incidents.count_waiting(ctx.session, ctx.person.id),
            "f.incident.list",
        ),
        (UNREAD, notes.count_unread(ctx.session, ctx.person.id), "f.team.list"),
        (DRAFTS, conversations.count_drafts(ctx.session, ctx.person.id), "f.drafts.list"),
        (hand_out_lists.WAITING, len(hand_out_lists.to_hand_out(ctx)), "f.handout.list"),
        (hand_out_lists.CONFIRMING, hand_out_lists.count_waiting(ctx), "f.handout.waiting"),
        (LOOSE, loose.count_open(ctx.session, ctx.person.id), "f.loose.list"),
        *loans.counts(ctx),
        *handovers.counts(ctx),
        (receipts.TO_CLOSE, receipts.to_close(ctx), "f.receipts.month"),
        (overdue.TITLED, overdue.count(ctx), overdue.LIST),
        (leavers.OF, leavers.count(ctx), "f.left.list"),
        (openings.WAITING, openings.count(ctx), "f.today.drafts"),
        (visitors.WAITING, visitors.count(ctx), "f.visitors.list"),
        (meetings.WAITING, meetings.count(ctx), "f.meeting.list"),
        (correction.WAITING, correction.count(ctx), "f.correction.list"),
        (destroy_lists.WAITING, destroy_lists.count(ctx), "f.destruction.open"),
        (shelf_labels.WAITING, shelf_labels.count(ctx), "f.label.list"),
        (OUT, len(roster.unreachable_below(ctx.session, ctx.person.id)), "f.team.list"),
    )
    buttons.extend(Button(ctx.t(words, count=count), key) for words, count, key in counts if count)
    total = len(waiting) + sum(count for _, count, _ in counts)
    for held, terms in rounds.open_rounds(ctx):
        to_complete = stored_rounds.count(
            ctx.session, terms.wanted, held.staff_id, round_cards.COUNTED + 1
        )
        if to_complete:
            words = round_cards.counted(ctx, to_complete)
            buttons.append(
                Button(ctx.t(round_cards.WAITING, count=words), f"f.today.round.{held.id}")
            )
            total += min(to_complete, round_cards.COUNTED)
    if unchecked := log_check.waiting(ctx):
        buttons.append(Button(ctx.t(log_check.WAITING, count=unchecked), "f.log.open"))
        total += 1
    nothing = EMPTY_OUT if _goes_out(ctx) else EMPTY
    lines.insert(0, ctx.t(WAITING, count=total) if total else ctx.t(nothing))
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(GREETING, name=ctx.person.name, day=ctx.texts.day(ctx.today)),
            choices=tuple(buttons),
            nav=_ways(ctx),
        )
    )


def _goes_out(ctx: Context) -> bool:
    """Return whether somebody's own work are visits: no desk of the archive, nobody below."""
    desk = loan_register.DESKS & ctx.person.roles
    other = ctx.person.head_of or loan_register.everywhere(ctx.person) or _runs_it_only(ctx)
    return not (desk or other)


def _runs_it_only(ctx: Context) -> bool:
    return ctx.person.roles == {OPERATOR}


def _ways(ctx: Context) -> tuple[Button, ...]:
    """Return where somebody goes most from here, by what they do."""
    note = Button(ctx.t(N_("New note")), "f.note.again")
    find = Button(ctx.t(N_("Find")), "f.find.ask")
    if _runs_it_only(ctx):
        return Button(ctx.t(admin.TITLE), "f.admin.open"), find
    if _goes_out(ctx):
        return note, find, Button(ctx.t(N_("Planned visits")), "f.plan.list")
    if loan_register.DESKS & ctx.person.roles:
        ways = [find, Button(ctx.t(loan_register.TITLE), "f.register.open")]
        if receipt_days.policies(ctx.in_force):
            ways.append(Button(ctx.t(receipt_days.TITLE), "f.receipts.month"))
        return tuple(ways)
    return Button(ctx.t(team.TITLE), "f.team.list"), find, note


FEATURE = Feature(
    key="today",
    title=N_("Today"),
    command="today",
    words=("今日", "今天", "你好", "您好"),
    open=show,
    actions={"open": lambda ctx, _arguments: show(ctx), **completing.ACTIONS},
    clocks=completing.CLOCKS,
)
