"""The queue for papers that are out: joined from "lent until", offered to one after the other.

Who has the papers hears once that somebody waits. What came back is kept for the first for a time;
an offer that nobody takes goes on to the next. The trap is the place of somebody who left, or who
may not know of the dossier any more: it is passed over, and nobody is told of it.
"""

from __future__ import annotations

from datetime import date

from handlers import seeing
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.forms import DOSSIER, Answers
from handlers.conversation.messages import Button, Card, Reply
from handlers.conversation.state import decode
from handlers.feature import Feature
from handlers.loans import loan_cards, loan_sides, loan_words
from handlers.pages import to_today
from handlers.texts import N_, Texts
from handlers.world import World
from rules import loan_days
from rules.access import Sight
from rules.loans import SPOKEN_STATES, LoanState
from storage import conversations, dossiers, loan_items, loan_lists, loan_queue, staff
from storage.dossiers import Dossier
from storage.errors import Conflict
from storage.loan_queue import Wait
from storage.loans import Loan
from storage.staff import Person
from storage.unit import Unit

RULE = "S3-LOG.2.3a"

TITLE = N_("Queue")
JOINED = N_("{customer}: you are number {place} in the queue. You hear when it is back.")
LENT_UNTIL = N_("Lent until {day}.")
ALREADY = N_("You wait for it already.")
HERE = N_("It is in the archive; you can ask for it at once.")
SOMEBODY_WAITS = N_(
    "A colleague waits for it. It is not renewed any more; please bring it as soon as you can."
)
OFFERED = N_("{customer} is back and kept for you until {until} ({rule}).")
OFFERED_PAPERS = N_(
    "The papers of {customer} that you wait for are back and kept for you until {until} ({rule})."
)
NO_PLACE = N_("That place in the queue is over.")
LEFT = N_("You do not wait for it any more.")
OVER = N_("{customer}: the offer is over, nobody asked in time ({rule}). You can queue again.")
GONE = N_("{customer}: papers of it did not come back and are written off.")
ALL_GONE = N_("{customer}: its papers are written off; your place in the queue is over.")

TAKE, LEAVE, NOT_NEEDED, BORROW = (
    N_("Take it"),
    N_("Leave the queue"),
    N_("Not needed"),
    N_("Borrow"),
)


# -- waiting -----------------------------------------------------------------------------------


def join(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Let a person wait for a dossier that is out. Rule: S3-LOG.2.3a."""
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    held = loan_queue.waits(ctx.session, dossier.id, ctx.person.id)
    if held is not None:
        return Reply.of(_place(ctx, dossier, held, ctx.t(ALREADY)))
    taken = _taken(ctx, dossier)
    if not taken and loan_queue.offer_of(ctx.session, dossier.id) is None:
        borrow = Button(ctx.t(BORROW), f"f.borrow.new.{dossier.id}")
        return Reply.of(Card(ctx.t(HERE), title=ctx.t(TITLE), choices=(borrow,)))
    held = loan_queue.join(ctx.unit, dossier.id, ctx.person.id, ctx.at, _wished(ctx, dossier))
    ctx.record("queue.joined", f"dossier:{dossier.id}", RULE)
    for one in taken:
        if loan_sides.is_waited_for(ctx, one, held.papers):
            _tell_holder(ctx, one)
    return Reply.of(_place(ctx, dossier, held))


def _wished(ctx: Context, dossier: Dossier) -> tuple[int, ...]:
    """Return the papers that the person has chosen in the request that is being written."""
    stored = conversations.active(ctx.unit, ctx.person.id)
    state = decode(stored.state_json) if stored is not None else None
    answers = Answers(state.answers) if state is not None else Answers({})
    if answers.text(DOSSIER) != str(dossier.id):
        return ()
    chosen = [one.key for one in answers.options("papers")]
    return tuple(int(one) for one in chosen) if all(map(str.isdecimal, chosen)) else ()


def _taken(ctx: Context, dossier: Dossier) -> list[Loan]:
    """Return the loans of others for which papers of the dossier are not to be had."""
    return [
        one
        for one in loan_lists.open_on(ctx.unit, dossier.id)
        if one.state in SPOKEN_STATES
        and loan_words.kind(one).comes_back
        and one.borrower != ctx.person.id
    ]


def _tell_holder(ctx: Context, held: Loan) -> None:
    """Tell who has the papers that somebody waits, once for each loan."""
    borrower = staff.get(ctx.session, held.borrower)
    if held.state != LoanState.LENT or borrower is None:
        return

    def card(texts: Texts) -> Card:
        return loan_cards.draw(ctx, held, borrower, texts, lead=texts.t(SOMEBODY_WAITS))

    ctx.tell(held.borrower, card, f"loan:{held.id}:waits", slot=loan_cards.slot(held.id))


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one's own place in a queue."""
    held = _own(ctx, arguments[0])
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held is not None else None
    if held is None or dossier is None:
        return Reply(alert=ctx.t(NO_PLACE))
    return Reply.of(_place(ctx, dossier, held))


def _own(ctx: Context, words: str) -> Wait | None:
    """Return a place of who acts that is not over."""
    held = loan_queue.get(ctx.session, int(words)) if words.isdecimal() else None
    mine = held is not None and held.staff_id == ctx.person.id
    return held if held is not None and mine and held.state in ("waiting", "offered") else None


def _place(ctx: Context, dossier: Dossier, held: Wait, lead: str = "") -> Card:
    if held.state == "offered":
        return _offer_card(ctx, dossier, held, here(ctx), ctx.texts)
    customer = loan_sides.customer(ctx, dossier, here(ctx), ctx.texts)
    place = loan_queue.ahead(ctx.session, held) + 1
    lines = [lead, ctx.t(JOINED, customer=customer, place=place), _until(ctx, dossier)]
    leave = Button(ctx.t(LEAVE), f"f.queue.leave.{held.id}")
    nav = (to_today(ctx.texts),)
    return Card(
        "\n".join(filter(None, lines)), title=ctx.t(TITLE), choices=(leave,), nav=nav, protect=True
    )


def _until(ctx: Context, dossier: Dossier) -> str:
    """Return until when it is lent; "": nobody has it yet."""
    days: list[date] = [one.due_on for one in _taken(ctx, dossier) if one.due_on is not None]
    return ctx.t(LENT_UNTIL, day=ctx.texts.day(max(days), ctx.today)) if days else ""


def leave(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Give a place up; what was kept goes to the next."""
    held = _own(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(NO_PLACE))
    try:
        loan_queue.close(ctx.unit, held.id, "left")
    except Conflict:
        return Reply(alert=ctx.t(NO_PLACE))
    ctx.record("queue.left", f"dossier:{held.dossier_id}", RULE)
    if held.state == "offered":
        freed(ctx, held.dossier_id)
    return Reply.of(Card(ctx.t(LEFT), title=ctx.t(TITLE), nav=(to_today(ctx.texts),)))


# -- offering ----------------------------------------------------------------------------------


def freed(ctx: Context, dossier_id: int, *, partly: bool = False) -> None:
    """Offer a dossier of which something came back to the first who waits for it.

    Who waits for papers that are still out is passed over and keeps their place; after a part
    came back (`partly`) so is who waits for whatever is out. Nothing happens while an offer
    stands, or while nobody waits.

    Rule: S3-LOG.2.3a.
    """
    dossier = dossiers.get(ctx.unit, dossier_id)
    if dossier is None or loan_queue.offer_of(ctx.session, dossier_id) is not None:
        return
    for one in loan_queue.queue(ctx.session, dossier_id):
        person = staff.get(ctx.session, one.staff_id)
        if person is None or not _may_have(ctx, dossier, person):
            loan_queue.close(ctx.unit, one.id, "left")
        elif _is_there(ctx, one, partly=partly):
            _offer(ctx, dossier, one, person)
            return


def _is_there(ctx: Context, one: Wait, *, partly: bool) -> bool:
    """Return whether what somebody waits for is in the archive."""
    if not one.papers and not partly:
        return True
    return not loan_items.blocking(ctx.unit, one.dossier_id, one.papers or None)


def written_off(ctx: Context, dossier_id: int, *, left: bool) -> None:
    """Tell who waits that papers of a dossier are written off; what there is goes to the first.

    `left`: whether any of its papers are kept; if not, nobody waits any more.
    """
    dossier = dossiers.get(ctx.unit, dossier_id)
    assert dossier is not None  # noqa: S101 - the loan refers to it
    for one in loan_queue.queue(ctx.session, dossier_id):
        person = staff.get(ctx.session, one.staff_id)
        if person is not None and _may_have(ctx, dossier, person):
            _tell_gone(ctx, dossier, one, person, GONE if left else ALL_GONE)
        if not left:
            loan_queue.close(ctx.unit, one.id, "left")
    if left:
        freed(ctx, dossier_id)


def _tell_gone(ctx: Context, dossier: Dossier, one: Wait, person: Person, words: str) -> None:
    def card(texts: Texts) -> Card:
        customer = loan_sides.customer(ctx, dossier, person, texts)
        said = texts.t(words, customer=customer)
        return Card(said, title=texts.t(TITLE), nav=(to_today(texts),), protect=True)

    ctx.tell(person.id, card, f"queue:{one.id}:gone:{ctx.new_id()}")


def _may_have(ctx: Context, dossier: Dossier, person: Person) -> bool:
    return person.active and seeing.view(ctx, dossier, person).sight is not Sight.NONE


def _offer(ctx: Context, dossier: Dossier, one: Wait, person: Person) -> None:
    policy = ctx.in_force.governing(dossier.department, dossier.type)
    if policy.loan is None:
        loan_queue.close(ctx.unit, one.id, "left")
        return
    until = loan_days.offer_until(policy, ctx.now, ctx.calendar).instant
    loan_queue.offer(ctx.unit, one.id, ctx.now, until)
    ctx.record("queue.offered", f"dossier:{dossier.id}", RULE, to=person.id)
    held = loan_queue.get(ctx.session, one.id)
    assert held is not None  # noqa: S101 - offered just now
    ctx.tell(
        person.id,
        lambda texts: _offer_card(ctx, dossier, held, person, texts),
        f"queue:{one.id}:offered",
    )


def _offer_card(ctx: Context, dossier: Dossier, held: Wait, reader: Person, texts: Texts) -> Card:
    assert held.offer_until is not None  # noqa: S101 - it is offered
    said = texts.t(
        OFFERED_PAPERS if held.papers else OFFERED,
        customer=loan_sides.customer(ctx, dossier, reader, texts),
        until=loan_words.instant(ctx, held.offer_until, texts),
        rule=RULE,
    )
    return Card(
        said,
        title=texts.t(TITLE),
        choices=(
            Button(texts.t(TAKE), f"f.queue.take.{held.id}"),
            Button(texts.t(NOT_NEEDED), f"f.queue.leave.{held.id}"),
        ),
        columns=2,
        nav=(to_today(texts),),
        protect=True,
    )


def take(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin the request for what is kept; it stays kept until the offer is over."""
    held = _own(ctx, arguments[0])
    if held is None or held.state != "offered" or _is_over(ctx, held):
        return Reply(alert=ctx.t(NO_PLACE))
    ctx.record("queue.taken", f"dossier:{held.dossier_id}", RULE)
    start = ctx.registry.by_key["borrow"].actions["new"]
    return start(ctx, (str(held.dossier_id),))


def _is_over(ctx: Context, held: Wait) -> bool:
    return held.offer_until is not None and held.offer_until <= ctx.now


# -- what time brings --------------------------------------------------------------------------


def strike(unit: Unit, world: World, limit: int) -> list[Context]:
    """Let offers that ran out go on to the next; a context for each.

    Who has asked for the papers meanwhile keeps them: their request goes its way.
    """
    done = []
    for one in loan_queue.expire(unit, unit.now, limit):
        person = staff.get(unit.session, one.staff_id)
        assert person is not None  # noqa: S101 - nobody is ever deleted
        ctx = world.context(unit, person, "", "", unit.now)
        if not _asked(ctx, one):
            ctx.record("queue.expired", f"dossier:{one.dossier_id}", RULE)
            _tell_over(ctx, one, person)
            freed(ctx, one.dossier_id)
        done.append(ctx)
    return done


def _asked(ctx: Context, one: Wait) -> bool:
    mine = loan_lists.open_of(ctx.unit, one.staff_id)
    return any(held.dossier_id == one.dossier_id for held in mine)


def _tell_over(ctx: Context, one: Wait, person: Person) -> None:
    dossier = dossiers.get(ctx.unit, one.dossier_id)
    if dossier is None or not _may_have(ctx, dossier, person):
        return

    def card(texts: Texts) -> Card:
        customer = loan_sides.customer(ctx, dossier, person, texts)
        again = Button(texts.t(BORROW), f"f.borrow.new.{dossier.id}")
        said = texts.t(OVER, customer=customer, rule=RULE)
        return Card(said, title=texts.t(TITLE), choices=(again,), nav=(to_today(texts),))

    ctx.tell(person.id, card, f"queue:{one.id}:over")


def drop(ctx: Context) -> None:
    """Let `ctx.person`, who left, wait for nothing; what was kept for them goes to the next."""
    for one in loan_queue.leave_all(ctx.unit, ctx.person.id):
        ctx.record("queue.left", f"dossier:{one.dossier_id}", RULE)
        if one.state == "offered":
            freed(ctx, one.dossier_id)


FEATURE = Feature(
    key="queue",
    title=TITLE,
    actions={"join": join, "open": open_one, "leave": leave, "take": take},
)
