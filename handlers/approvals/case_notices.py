"""Who hears what when something happened to a case, and how every other copy of its card follows.

Whoever has to do something gets a new message; for everybody else the card they have is redrawn,
on every messenger it went to. The trap is the copy left behind: all that ever went out are known
by their rows (`storage.cases.copies`), also those of another phone.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from handlers import reminders
from handlers.approvals import case_cards, case_texts, group_cards
from handlers.approvals.case_kinds import CaseKind
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Mode
from handlers.texts import N_, Texts
from rules.access import StaffId
from rules.cases import CaseState, Event, EventKind
from rules.hours import after_quiet
from storage import (
    case_copies,
    ledger,
    outbox,
    staff,
)
from storage.case_copies import Copy
from storage.cases import Stored
from storage.staff import Person

KIND = "case"
"""Of its rungs in the ledger."""

NUDGED = N_("The requester asks you to decide.")
QUESTION = N_("{name} asks about your request: {words}")
ENDED = {
    CaseState.APPROVED: N_("Your request was approved. {line}"),
    CaseState.REFUSED: N_("Your request was refused. {line}"),
    CaseState.LAPSED: N_("Your request lapsed: nobody decided in time. You can ask again."),
}
UNANSWERED = N_("Your request lapsed: the question was not answered in time. You can ask again.")
CARRY_OUT = N_("Approved, for you to carry out.")
NOBODY = N_("Nobody can decide this at the moment; operators and human resources were told.")
NEED = N_("{number} ({title}) waits and nobody can decide it. Please look at the staff list.")
VACANT = N_("{number} ({title}): nobody holds the post {role}. It was decided one level up.")
TITLE = N_("Approvals")


def announce(
    ctx: Context,
    kind: CaseKind,
    before: Stored,
    stored: Stored,
    events: tuple[Event, ...],
    words: str,
    *,
    told: bool,
) -> None:
    """Tell everybody concerned what happened, and redraw all other copies of the card.

    `words`: reason, question or answer. `told`: the requester knows already how it ended.
    """
    sent: set[str] = set()
    for one in events:
        match one.kind:
            case EventKind.ASKED | EventKind.ANSWERED:
                sent |= _cards(ctx, stored, one.tell)
            case EventKind.NUDGED:
                sent |= _cards(ctx, stored, one.tell, NUDGED)
                _needed(ctx, kind, stored, one)
            case EventKind.REMINDED:
                _remind(ctx, stored, one)
                _needed(ctx, kind, stored, one)
            case EventKind.ASKED_BACK:
                _question(ctx, stored, one, words)
            case EventKind.STUCK | EventKind.NOBODY_HIGHER:
                _notice(ctx, stored, NOBODY, one.kind)
                _needed(ctx, kind, stored, one)
            case EventKind.MOVED_UP | EventKind.PLACED_HIGHER:
                _vacant(ctx, kind, stored, one)
            case EventKind.CLOSED:
                _ended(ctx, kind, stored, one, words, told)
    if not events or {one.kind for one in events} != {EventKind.REMINDED}:
        _redraw(ctx, before, stored, sent)
    group_cards.follow(ctx, stored)


def follow_along(ctx: Context, stored: Stored) -> None:
    """Give the requester a card of the case that follows it, where the answer shows none."""
    requester = _reader(ctx, stored.case.matter.requester)
    if requester is not None and stored.case.open:
        ctx.tell(
            requester.id,
            partial(_drawn, ctx, stored, requester, ""),
            f"{_key(stored)}:own",
            slot=_copy(ctx, stored, requester),
        )


# -- new messages ------------------------------------------------------------------------------


def _cards(ctx: Context, stored: Stored, to: tuple[StaffId, ...], lead: str = "") -> set[str]:
    """Send the card to those who may decide now; who acts sees it in the answer."""
    slots = set()
    for staff_id in to:
        reader = _reader(ctx, staff_id)
        if reader is None or staff_id == ctx.person.id or staff_id not in stored.case.deciders:
            continue
        slot = _copy(ctx, stored, reader)
        ctx.tell(
            staff_id,
            partial(_drawn, ctx, stored, reader, lead),
            f"{_key(stored)}:card:{staff_id}",
            slot=slot,
        )
        slots.add(slot)
    return slots


def _remind(ctx: Context, stored: Stored, event: Event) -> None:
    """Owe a rung to each who is reminded; it is drawn, or dropped, when it is sent.

    Who decides has one message a day that lists all that waits for them; what comes up after it
    was sent is said at once the first time only. Rule: C-54.
    """
    assert event.place is not None  # noqa: S101 - a place is waited for
    again = stored.case.places[event.place].reminded > 1
    for staff_id in event.tell:
        reader = staff.get(ctx.session, staff_id)
        if reader is None or not reader.active:
            continue
        key, rung = f"{_key(stored)}:remind:{staff_id}", f"remind-{stored.version}.{staff_id}"
        if staff_id in stored.case.deciders:
            daily = f"remind:{staff_id}:{ctx.today.isoformat()}"
            state = outbox.state_of(ctx.session, daily)
            if state == "sent" and again:
                ledger.collapse(ctx.unit, KIND, stored.id, rung, ctx.now, staff_id, daily)
                continue
            key = daily if state in (None, "ready") else key
        reached = bool(reader.home_channel)
        ledger.owe(ctx.unit, KIND, stored.id, rung, staff_id, key, reached=reached)
        if reached:
            reminders.owe(ctx, key, reader, ledger.GATHER)


def _question(ctx: Context, stored: Stored, event: Event, words: str) -> None:
    requester = stored.case.matter.requester

    def card(texts: Texts) -> Card:
        reader = staff.get(ctx.session, requester)
        readable = reader is not None and case_cards.legible(ctx, stored.case, reader)
        shown = words if readable else case_cards.withheld(stored.case, texts)
        asker = case_texts.name(ctx, event.by or "")
        return Card(
            texts.t(QUESTION, name=asker, words=shown),
            title=case_cards.title(ctx, stored, texts),
            choices=(
                Button(texts.t(case_cards.ANSWER), f"f.case.answer.{stored.id}"),
                Button(texts.t(N_("View")), f"f.case.open.{stored.id}"),
            ),
            columns=2,
            protect=True,
        )

    ctx.tell(requester, card, f"{_key(stored)}:question")


def _ended(
    ctx: Context, kind: CaseKind, stored: Stored, event: Event, said: str, told: bool
) -> None:
    state = stored.case.state
    words = UNANSWERED if event.why == "answer" else ENDED.get(state, "")
    mine = stored.case.matter.requester == ctx.person.id and bool(ctx.channel)
    if words and not told and not mine:
        why = said if state is CaseState.REFUSED else ""
        _notice(ctx, stored, words, "ended", why)
    for role in () if kind.tells_who_carries_out else event.tell_roles:
        for staff_id in staff.holders(ctx.session, role):
            reader = _reader(ctx, StaffId(staff_id))
            if reader is not None and staff_id != stored.case.matter.requester:
                ctx.tell(
                    staff_id,
                    partial(_drawn, ctx, stored, reader, CARRY_OUT),
                    f"{_key(stored)}:release:{staff_id}",
                    slot=_copy(ctx, stored, reader),
                )


def _notice(ctx: Context, stored: Stored, words: str, what: str, why: str = "") -> None:
    """Tell the requester how the case stands, and why, in a message with a way to its card."""
    case = stored.case
    requester = staff.get(ctx.session, case.matter.requester)

    def card(texts: Texts) -> Card:
        line = case_texts.outcome(ctx, case, texts) if case.closed_at else ""
        said = texts.t(words, line=line) if "{line}" in words else texts.t(words)
        if why:
            readable = requester is not None and case_cards.legible(ctx, case, requester)
            shown = why if readable else case_cards.withheld(case, texts)
            said = f"{said}\n{texts.t(case_cards.REFUSED_WHY, words=shown)}"
        look = Button(texts.t(N_("View")), f"f.case.open.{stored.id}")
        title = case_cards.title(ctx, stored, texts)
        return Card(said, title=title, choices=(look,), protect=bool(why))

    ctx.tell(case.matter.requester, card, f"{_key(stored)}:{what}")


def _needed(ctx: Context, kind: CaseKind, stored: Stored, event: Event) -> None:
    """Tell those who look after the staff list that nobody can decide: number and kind only."""
    for staff_id in _holders(ctx, event.tell_roles):
        ctx.tell(
            staff_id,
            lambda texts: Card(
                texts.t(NEED, number=stored.number, title=texts.t(kind.title)),
                title=texts.t(TITLE),
            ),
            f"{_key(stored)}:need:{staff_id}",
        )


def _vacant(ctx: Context, kind: CaseKind, stored: Stored, event: Event) -> None:
    seat = stored.case.places[event.place].seat if event.place is not None else None
    if seat is None:
        return
    for staff_id in _holders(ctx, event.tell_roles):
        ctx.tell(
            staff_id,
            lambda texts: Card(
                texts.t(
                    VACANT,
                    number=stored.number,
                    title=texts.t(kind.title),
                    role=case_texts.role(seat, texts),
                ),
                title=texts.t(TITLE),
            ),
            f"{_key(stored)}:vacant:{event.place}:{staff_id}",
        )


def _holders(ctx: Context, roles: tuple[str, ...]) -> list[str]:
    return sorted({one for role in roles for one in staff.holders(ctx.session, role)})


# -- copies that are out -----------------------------------------------------------------------


def _redraw(ctx: Context, before: Stored, stored: Stored, sent: set[str]) -> None:
    """Let every copy show what is so now; what was just sent, or is answered to, does already.

    Where a card cannot be redrawn, only who can no longer decide gets a new one, once, and never
    in quiet hours: an old button answers with what is true.
    """
    office = ctx.policy.time
    quiet = after_quiet(ctx.now, office.quiet_hours, office.zone) > ctx.now
    lost = before.case.deciders - stored.case.deciders - {StaffId(ctx.person.id)}
    copies = [one for one in case_copies.copies(ctx.session, stored.id) if one.slot not in sent]
    newest = {(one.channel, one.account): one.number for one in copies}
    for one in copies:
        if one.slot == ctx.tapped or not _still_theirs(ctx, one):
            continue
        last = newest[one.channel, one.account] == one.number
        loud = one.staff_id in lost and last and not quiet
        reader = staff.get(ctx.session, one.staff_id)
        assert reader is not None  # noqa: S101 - nobody is ever deleted
        ctx.tell(
            one.staff_id,
            partial(_drawn, ctx, stored, _at(reader, one), ""),
            f"{_key(stored)}:copy:{one.number}",
            slot=one.slot,
            mode=Mode.REDRAW if loud else Mode.TIDY,
            to=(one.channel, one.account),
        )


def _still_theirs(ctx: Context, copy: Copy) -> bool:
    known = staff.by_account(ctx.session, copy.channel, copy.account)
    return known is not None and known.id == copy.staff_id


def _at(reader: Person, copy: Copy) -> Person:
    return replace(reader, home_channel=copy.channel, home_account=copy.account)


def _drawn(ctx: Context, stored: Stored, reader: Person, lead: str, texts: Texts) -> Card:
    return case_cards.draw(ctx, stored, reader, texts, lead=texts.t(lead) if lead else "")


def _copy(ctx: Context, stored: Stored, reader: Person) -> str:
    home = reader.home_channel, reader.home_account
    return case_copies.keep_card(ctx.unit, stored.id, reader.id, *home)


def _reader(ctx: Context, staff_id: StaffId) -> Person | None:
    """Return somebody whom a message reaches."""
    reader = staff.get(ctx.session, staff_id)
    return reader if reader is not None and reader.active and reader.home_channel else None


def _key(stored: Stored) -> str:
    return f"case:{stored.id}:{stored.version}"
