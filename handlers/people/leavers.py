"""Somebody has left: what waited for them is with their superior until each of it is decided.

Nothing is moved by itself. A planned visit stays the leaver's row, so that coming back within
days gives back what nobody has taken; only a tap of the superior makes it somebody else's.
"""

from __future__ import annotations

from functools import partial

from handlers import seeing
from handlers.approvals import approvals
from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.feature import Feature
from handlers.loans import loan_leaving, loan_queue
from handlers.notes import duties
from handlers.pages import SIZE, beside, page_of, to_today
from handlers.people import reach
from handlers.requests import meeting_cards
from handlers.texts import N_, Texts
from handlers.world import World
from rules.access import Sight
from storage import (
    accounts,
    conversations,
    corrections,
    dossiers,
    handover_lists,
    handovers,
    loan_lists,
    loose,
    notes,
    roster,
    staff,
    visits,
)
from storage.staff import Person
from storage.unit import Unit
from storage.visits import Visit

TITLE = N_("{name} has left")
WITH_YOU = N_("With you now:")
VISITS = N_("Planned visits ({count}): take them over, give them to a colleague or cancel them")
LOANS = N_("Loans that are out ({count}): they are given back through you")
HANDOVERS = N_("Handovers ({count}): the papers are handed over by you, or by whom you name")
UNSORTED = N_("Drafts and unsorted items ({count}): they stay closed, being unfinished words")
CUSTOMERS = N_("Customers without an active keeper ({count}): they stay open to you")
CORRECTIONS = N_("Corrections whose next step is yours now ({count})")
UNREAD = N_("Unread team notes, now on your list ({count})")
NOTHING = N_("Nothing was waiting.")
NONE_LEFT = N_("Nothing of those who left is waiting for you.")
DECIDE = N_("Open one to take it over, give it to a colleague or cancel it.")
KEPT_ON = N_("They stay on file as they are, and open to you.")
LIST = N_("Of those who left")
CAME_BACK = N_("{name} is back. Visits that nobody has taken over are theirs again.")
VISIT = N_("{name} · {customer} · {day}")
GONE = N_("This visit no longer waits: somebody decided on it, or the colleague is back.")
TAKEN = N_("Taken over: {customer}, {day}. The note is due until {until} ({rule}).")
GIVEN = N_("{name} has it now: {customer}, {day}. The note is due until {until} ({rule}).")
FROM_LEAVER = N_(
    "{superior} gave you a visit of {leaver}: {customer}, {day}. The note is due until {until} "
    "({rule})."
)
HAS_ONE = N_("{name} has a visit to {customer} on {day} planned already; the other was cancelled.")
NOT_YOURS = N_("{name} is not in your team.")
NOT_OPEN = N_("This customer is not open to {name}.")
WHOM = N_("Who takes over the visit to {customer} on {day}?")
WHY = N_("Why is the visit to {customer} on {day} cancelled?")
CANCELLED = N_("Cancelled: {customer}, {day}. No reminder will come.")
KEEPER_GONE = N_("Customers of those who left ({count})")
BACK = N_("Give back")
OF = N_("Of those who left ({count})")

COUNTED = 50
"""Handovers of a leaver that are counted on the card."""
TOLD_VISITS = 5
SHORT = 8
"""Visits and characters of a customer on the superior's card: with the way to the list that is
six short buttons, which every channel shows. Typed numbers do not reach a card that came unasked.
"""

REASONS = {
    "moot": N_("No longer needed"),
    "customer": N_("Customer declined"),
    "done": N_("Already settled"),
    "other": N_("Another reason"),
}


# -- when somebody leaves or comes back ---------------------------------------------------------


def settle(unit: Unit, world: World, limit: int) -> list[Context]:
    """Do what follows from leaving and coming back, however it was entered; a context for each."""
    done = []
    for person in roster.turned(unit.session, limit):
        ctx = world.context(unit, person, "", "", unit.now)
        if person.active:
            _come_back(ctx)
        else:
            _park(ctx)
        roster.turn_done(unit, person.id)
        done.append(ctx)
    return done


def _park(ctx: Context) -> None:
    leaver = ctx.person
    reach.pass_on(ctx, leaver)
    readers = reach.nearest(ctx, leaver)
    above = staff.chain(ctx.session, leaver.id)
    unread = notes.hand_unread(ctx.unit, leaver.id, above[0]) if above else 0
    approvals.follow_person(ctx, leaver.id)
    loan_leaving.settle(ctx)
    loan_queue.drop(ctx)
    meeting_cards.pass_on(ctx, leaver)
    for reader in readers:
        ctx.tell(
            reader.id, partial(_card, ctx, leaver, reader, unread), _key(leaver, "left", reader)
        )
    ctx.record("staff.parked", f"staff:{leaver.id}", unread=unread)


def _come_back(ctx: Context) -> None:
    person = ctx.person
    accounts.settle_home(ctx.unit, person.id)
    for visit in visits.planned_of(ctx.unit, [person.id]):
        duties.watch(ctx, visit.id)
    approvals.follow_person(ctx, person.id)
    for reader in reach.nearest(ctx, person):
        ctx.tell(
            reader.id,
            lambda texts: Card(texts.t(CAME_BACK, name=person.name)),
            _key(person, "back", reader),
        )
    ctx.record("staff.back", f"staff:{person.id}")


def _key(person: Person, what: str, reader: Person) -> str:
    assert person.turned_at is not None  # noqa: S101 - only such people come here
    return f"{what}:{person.id}:{int(person.turned_at.timestamp())}:{reader.id}"


def _card(ctx: Context, leaver: Person, reader: Person, unread: int, texts: Texts) -> Card:
    waiting = visits.planned_of(ctx.unit, [leaver.id])
    out = [one for one in loan_lists.open_of(ctx.unit, leaver.id) if one.out]
    out += loan_lists.passed_to(ctx.unit, leaver.id)
    papers = handover_lists.to_give(ctx.unit, leaver.id, COUNTED)
    unsorted = conversations.count_drafts(ctx.session, leaver.id)
    unsorted += loose.count_open(ctx.session, leaver.id)
    unsorted += conversations.active(ctx.unit, leaver.id) is not None
    counts = (
        (VISITS, len(waiting)),
        (LOANS, len(out)),
        (HANDOVERS, len(papers)),
        (CUSTOMERS, dossiers.count_kept(ctx.session, [leaver.id])),
        (UNSORTED, unsorted),
        (UNREAD, unread),
        (CORRECTIONS, corrections.count_waiting(ctx.session, [leaver.id])),
    )
    lines = [f"· {texts.t(words, count=count)}" for words, count in counts if count]
    buttons = []
    for number, one in enumerate(waiting[:TOLD_VISITS], 1):
        customer = seeing.customer(ctx, one, reader)
        lines.append(f"{number}. {texts.day(one.day, ctx.today)} · {customer}")
        short = customer if len(customer) <= SHORT else f"{customer[: SHORT - 1]}…"
        buttons.append(Button(f"{number}. {short}", f"f.left.visit.{one.id}"))
    buttons += [
        Button(held.number or texts.t(BACK), f"f.return.bring.{held.id}")
        for held in out[: TOLD_VISITS - len(buttons)]
    ]
    buttons += [
        Button(_number(ctx, one.handover_id), f"f.handover.card.{one.handover_id}")
        for one in papers[: TOLD_VISITS - len(buttons)]
    ]
    return Card(
        "\n".join([texts.t(WITH_YOU), *lines] if lines else [texts.t(NOTHING)]),
        title=texts.t(TITLE, name=leaver.name),
        choices=tuple(buttons),
        nav=(Button(texts.t(LIST), f"f.left.list.{leaver.id}", back=True),),
    )


def _number(ctx: Context, handover_id: int) -> str:
    held = handovers.get(ctx.unit, handover_id)
    assert held is not None  # noqa: S101 - the leg refers to it
    return held.number


# -- what the superior decides ------------------------------------------------------------------


def count(ctx: Context) -> int:
    """Return how many visits of leavers wait for this person's word."""
    return visits.count_planned(ctx.session, _below(ctx))


def _below(ctx: Context) -> list[str]:
    return [one.id for one in roster.leavers_below(ctx.session, ctx.person.id)]


def _leaver(ctx: Context, staff_id: str) -> Person | None:
    """Return somebody who left and whose things this person may decide on."""
    leaver = staff.get(ctx.session, staff_id)
    if leaver is None or leaver.active:
        return None
    if ctx.person.id in staff.chain(ctx.session, leaver.id):
        return leaver
    return leaver if any(one.id == ctx.person.id for one in reach.nearest(ctx, leaver)) else None


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the visits, the next first; with a staff number only those of that leaver."""
    leaver_id = ".".join(arguments)  # a staff number may hold dots, which part arguments
    below = [leaver_id] if _leaver(ctx, leaver_id) else _below(ctx)
    waiting = visits.planned_of(ctx.unit, below)
    buttons = []
    for one in waiting[: MAX_CHOICES - 1]:
        leaver = staff.get(ctx.session, one.staff_id)
        name = leaver.name if leaver else one.staff_id
        facts = {"customer": seeing.customer(ctx, one), "day": ctx.texts.day(one.day, ctx.today)}
        buttons.append(Button(ctx.t(VISIT, name=name, **facts), f"f.left.visit.{one.id}"))
    alone = dossiers.count_kept(ctx.session, _below(ctx))
    if alone:
        buttons.append(Button(ctx.t(KEEPER_GONE, count=alone), "f.left.kept"))
    return Reply.of(
        Card(
            ctx.t(DECIDE) if waiting else ctx.t(NONE_LEFT),
            title=ctx.t(OF, count=len(waiting)),
            choices=tuple(buttons),
            nav=(to_today(ctx.texts),),
        )
    )


def kept(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the customers without an active keeper, by page; a tap opens one."""
    page, below = page_of(arguments), _below(ctx)
    rows = dossiers.kept_by(ctx.session, below, SIZE + 1, page * SIZE)
    buttons = []
    for one in rows[:SIZE]:
        dossier = seeing.reachable(ctx, str(one))
        if dossier is not None:
            buttons.append(Button(seeing.customer(ctx, dossier), f"f.find.card.{one}"))
    back = Button(ctx.t(N_("Back")), "f.left.list", back=True)
    nav = beside(page, more=len(rows) > SIZE, key="f.left.kept", back=back)
    total = dossiers.count_kept(ctx.session, below)
    return Reply.of(
        Card(
            ctx.t(KEPT_ON), title=ctx.t(KEEPER_GONE, count=total), choices=tuple(buttons), nav=nav
        )
    )


def _waiting(ctx: Context, words: str) -> Visit | None:
    """Return the visit if it still waits and this person may decide on it."""
    visit = visits.get(ctx.unit, int(words)) if words.isdecimal() else None
    if visit is None or visit.state != "planned" or _leaver(ctx, visit.staff_id) is None:
        return None
    return visit


def _gone(ctx: Context) -> Reply:
    return Reply(alert=ctx.t(GONE))


def _facts(ctx: Context, visit: Visit) -> dict[str, str]:
    return {
        "customer": seeing.customer(ctx, visit),
        "day": ctx.texts.day(max(visit.day, ctx.today), ctx.today),
    }


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit = _waiting(ctx, arguments[0])
    if visit is None:
        return _gone(ctx)
    leaver = staff.get(ctx.session, visit.staff_id)
    name = leaver.name if leaver else visit.staff_id
    facts = {"customer": seeing.customer(ctx, visit), "day": ctx.texts.day(visit.day, ctx.today)}
    lines = [ctx.t(VISIT, name=name, **facts)]
    if visit.purpose and seeing.view(ctx, visit).content:
        lines.append(visit.purpose)
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(N_("Planned visit")),
            choices=(
                Button(ctx.t(N_("Take over myself")), f"f.left.take.{visit.id}"),
                Button(ctx.t(N_("To a colleague")), f"f.left.who.{visit.id}"),
                Button(ctx.t(N_("Customer")), f"f.find.card.{visit.dossier_id}"),
                Button(ctx.t(N_("Cancel visit")), f"f.left.why.{visit.id}"),
            ),
            columns=2,
            nav=(Button(ctx.t(LIST), "f.left.list", back=True),),
        )
    )


def who(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask which colleague takes it: those of the superior's team, by page."""
    visit = _waiting(ctx, arguments[0])
    if visit is None:
        return _gone(ctx)
    page, team = page_of(arguments, 1), staff.team(ctx.session, ctx.person.id)
    choices = tuple(
        Button(f"{one.name} · {one.department}", f"f.left.to.{visit.id}.{one.id}")
        for one in team[page * SIZE : (page + 1) * SIZE]
    )
    back = Button(ctx.t(N_("Back")), f"f.left.visit.{visit.id}", back=True)
    more = len(team) > (page + 1) * SIZE
    nav = beside(page, more=more, key=f"f.left.who.{visit.id}", back=back)
    return Reply.of(Card(ctx.t(WHOM, **_facts(ctx, visit)), choices=choices, nav=nav))


def take(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit = _waiting(ctx, arguments[0])
    return _hand_over(ctx, visit, ctx.person) if visit else _gone(ctx)


def give(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit = _waiting(ctx, arguments[0])
    person = staff.get(ctx.session, ".".join(arguments[1:]))
    if visit is None or person is None or not person.active:
        return _gone(ctx)
    if ctx.person.id not in staff.chain(ctx.session, person.id):
        return Reply(alert=ctx.t(NOT_YOURS, name=person.name))
    return _hand_over(ctx, visit, person)


def _hand_over(ctx: Context, visit: Visit, heir: Person) -> Reply:
    """Make the visit and its note the heir's, from today on at the earliest."""
    if seeing.view(ctx, visit, heir).sight is Sight.NONE:
        return Reply(alert=ctx.t(NOT_OPEN, name=heir.name))
    leaver = staff.get(ctx.session, visit.staff_id)
    day = max(visit.day, ctx.today)
    facts = _facts(ctx, visit)
    planned = visits.planned_on(ctx.unit, heir.id, day)
    if any(one.dossier_id == visit.dossier_id for one in planned):
        _cancel(ctx, visit, "double")
        return Reply.of(Card(ctx.t(HAS_ONE, name=heir.name, **facts), nav=_after(ctx)))
    visits.hand_over(
        ctx.unit, visit.id, staff_id=heir.id, day=day, version=visit.version, at=ctx.at
    )
    due = duties.watch(ctx, visit.id)
    facts |= {"until": ctx.texts.last_minute(due), "rule": due.rule}
    ctx.record("visit.handed_over", f"visit:{visit.id}", old=visit.staff_id, to=heir.id)
    if heir.id == ctx.person.id:
        return Reply.of(Card(ctx.t(TAKEN, **facts), nav=_after(ctx)))

    def card(texts: Texts) -> Card:
        said = {
            "superior": ctx.person.name,
            "leaver": leaver.name if leaver else visit.staff_id,
            "customer": seeing.customer(ctx, visit, heir),
            "day": texts.day(day, ctx.today),
            "until": texts.last_minute(due),
            "rule": due.rule,
        }
        key = f"f.plan.open.{visit.id}"
        return Card(texts.t(FROM_LEAVER, **said), choices=(Button(texts.t(N_("Open")), key),))

    ctx.tell(heir.id, card, f"handed:{visit.id}:{visit.version}")
    return Reply.of(Card(ctx.t(GIVEN, name=heir.name, **facts), nav=_after(ctx)))


def why(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit = _waiting(ctx, arguments[0])
    if visit is None:
        return _gone(ctx)
    choices = tuple(
        Button(ctx.t(words), f"f.left.cancel.{visit.id}.{code}") for code, words in REASONS.items()
    )
    back = Button(ctx.t(N_("Back")), f"f.left.visit.{visit.id}", back=True)
    return Reply.of(
        Card(ctx.t(WHY, **_facts(ctx, visit)), choices=choices, columns=2, nav=(back,))
    )


def cancel(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit = _waiting(ctx, arguments[0])
    reason = arguments[1] if len(arguments) > 1 else ""
    if visit is None or reason not in REASONS:
        return _gone(ctx)
    _cancel(ctx, visit, reason)
    return Reply.of(Card(ctx.t(CANCELLED, **_facts(ctx, visit)), nav=_after(ctx)))


def _cancel(ctx: Context, visit: Visit, reason: str) -> None:
    visits.cancel(ctx.unit, visit.id, version=visit.version, at=ctx.at)
    duties.stop(ctx, visit.id)
    ctx.record("visit.cancelled", f"visit:{visit.id}", reason=reason, of=visit.staff_id)


def _after(ctx: Context) -> tuple[Button, ...]:
    return (Button(ctx.t(LIST), "f.left.list", back=True), to_today(ctx.texts))


FEATURE = Feature(
    key="left",
    title=LIST,
    actions={
        "list": show,
        "kept": kept,
        "visit": open_one,
        "take": take,
        "who": who,
        "to": give,
        "why": why,
        "cancel": cancel,
    },
)
