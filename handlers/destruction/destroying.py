"""The course of a destruction list: sent, decided, kept apart, verified; its custodian's buttons.

Every button carries the version of the list it was drawn for, and every step looks anew at what is
on the list: what was lent or asked for meanwhile drops out and is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from handlers.approvals import approvals, case_cards, case_texts, deciding
from handlers.approvals.case_cards import here
from handlers.approvals.case_kinds import CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.messages import Card, Reply
from handlers.destruction import (
    destroy,
    destroy_access,
    destroy_checks,
    destroy_clock,
    destroy_lists,
    destroy_words,
)
from handlers.destruction.destroy_checks import KIND
from handlers.feature import Feature
from handlers.texts import N_, Texts
from rules import destruction
from rules.cases import CaseState
from rules.destruction import ListState
from rules.errors import Denied
from storage import destructions, staff
from storage.destructions import DestructionList, Item

CHANGED = N_("The list was changed meanwhile; this is how it stands.")
SENT = N_("Sent. You will hear what is decided.")
NO_CHAIN = N_("The policy has nobody who could approve it ({rule}).")
DROPPED_OUT = N_("Dropped out of the list:")
LEFT_NOTHING = N_("Nothing is left on it.")
APPROVED = N_("Approved. It may be destroyed now, in front of a witness.")
APPROVED_ALONE = N_("Approved. It may be destroyed now.")
SET_APART = N_("Set apart until {day}. You will be reminded to verify it then ({rule}).")
NOT_BEFORE = N_("Not before {day} ({rule}).")
GIVEN_UP = N_("Given up; all of it is kept.")
TAKEN_OFF = N_("Taken off: it is kept.")


# -- what every step does ----------------------------------------------------------------------


def pressed(
    ctx: Context, arguments: tuple[str, ...], *states: ListState
) -> DestructionList | Reply:
    """Return the list of a button if it still stands as the button's card showed it, else what to
    answer."""
    words, rev = (*arguments, "")[:2]
    held = destroy_access.found(ctx, words, lock=True)
    if held is None:
        return Reply(alert=ctx.t(destroy_access.NOT_THERE))
    if held.state not in states or rev != str(held.rev):
        return as_it_is(ctx, held)
    return held


def as_it_is(ctx: Context, held: DestructionList) -> Reply:
    card = destroy_lists.card(ctx, held, here(ctx), ctx.texts)
    return Reply(Reply.of(card).shows, alert=ctx.t(CHANGED))


def shown(ctx: Context, held: DestructionList, lead: str = "") -> Reply:
    return Reply.of(destroy_lists.card(ctx, held, here(ctx), ctx.texts, lead=lead))


def moved(ctx: Context, held: DestructionList, state: ListState, **values: Any) -> DestructionList:
    """Let a list go on, and write it in the log."""
    values |= {} if state.open else {"ended_at": ctx.at}
    after = destructions.save(ctx.unit, held, state=state.value, **values)
    ctx.record(f"destruction.{state.value}", f"destruction:{held.id}", held.rule)
    return after


def looked_over(
    ctx: Context, held: DestructionList, custodian: str
) -> tuple[DestructionList, tuple[tuple[Item, Denied], ...]]:
    """Let drop out what is in the way by now; a list on which nothing is left is over.

    Rule: S2-DOSS.29.1.
    """
    dropped = destroy_checks.drop_blocked(ctx, held, custodian)
    for item, denied in dropped:
        ctx.record(
            "destruction.dropped_out",
            f"dossier:{item.dossier_id}",
            held.rule,
            list=held.id,
            why=denied.reasons[0].code,
        )
    return (_emptied(ctx, held), dropped) if dropped else (held, ())


def _emptied(ctx: Context, held: DestructionList) -> DestructionList:
    lines = destructions.items(ctx.unit, held.id)
    if any(one.state == "listed" for one in lines) or held.state is ListState.DRAFT:
        return destructions.save(ctx.unit, held)
    return moved(ctx, held, ListState.EMPTY)


def dropped_lines(
    ctx: Context, dropped: Sequence[tuple[Item, Denied]], texts: Texts, reader: str
) -> str:
    """Return what dropped out and why, for a reader; empty: nothing did."""
    person = staff.get(ctx.session, reader)
    if not dropped or person is None:
        return ""
    person = here(ctx) if person.id == ctx.person.id else person
    lines = []
    for item, denied in dropped:
        thing = destroy_checks.thing_of(ctx, item)
        name = destroy_words.name_of(ctx, thing, item.title, person, texts)
        said = destroy_words.refused(ctx, f"{item.position}. {name}", denied, texts)
        lines.append(said)
    return "\n".join((texts.t(DROPPED_OUT), *lines))


def tell(
    ctx: Context,
    held: DestructionList,
    to: str | None,
    what: str,
    *words: str | Callable[[Texts], str],
) -> None:
    """Give somebody the card of a list, with `words` before it: texts, or functions of them."""
    reader = staff.get(ctx.session, to) if to else None
    if reader is None or not reader.active or (reader.id == ctx.person.id and ctx.channel):
        return

    def card(texts: Texts) -> Card:
        said = [one(texts) if callable(one) else texts.t(one) for one in words]
        lead = "\n".join(filter(None, said))
        return destroy_lists.card(ctx, held, reader, texts, lead=lead)

    ctx.tell(reader.id, card, f"destruction:{held.id}:{held.rev}:{what}:{reader.id}")


# -- the draft ---------------------------------------------------------------------------------


def more(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    return runner.start(ctx, destroy.ASKING)


def take_off(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take a line off, before it is sent or after it was approved: it is kept after all."""
    held = pressed(ctx, arguments, ListState.DRAFT, ListState.APPROVED, ListState.APART)
    if isinstance(held, Reply):
        return held
    if held.state is ListState.DRAFT and held.drawn_by != ctx.person.id:
        return as_it_is(ctx, held)
    wanted = arguments[2] if len(arguments) > 2 else ""
    lines = destructions.items(ctx.unit, held.id)
    line = next((one for one in lines if str(one.id) == wanted and one.state == "listed"), None)
    if line is None:
        return as_it_is(ctx, held)
    destructions.drop(ctx.unit, line.id)
    ctx.record("destruction.taken_off", f"dossier:{line.dossier_id}", held.rule, list=held.id)
    held = _emptied(ctx, held)
    destroy_clock.watch(ctx, held)
    return shown(ctx, held, ctx.t(TAKEN_OFF))


def drop(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Give up a list that was not sent."""
    held = _own_draft(ctx, arguments)
    if isinstance(held, Reply):
        return held
    destructions.settle(ctx.unit, held.id, "kept")
    moved(ctx, held, ListState.DROPPED)
    return destroy_lists.overview(ctx, ctx.t(GIVEN_UP))


def _own_draft(ctx: Context, arguments: tuple[str, ...]) -> DestructionList | Reply:
    held = pressed(ctx, arguments, ListState.DRAFT)
    if isinstance(held, DestructionList) and held.drawn_by != ctx.person.id:
        return as_it_is(ctx, held)
    return held


def send(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask those who decide; what is in the way by now drops out first.

    Rule: S2-DOSS.29.1, S1-12.1.4.
    """
    held = _own_draft(ctx, arguments)
    if isinstance(held, Reply):
        return held
    held, dropped = looked_over(ctx, held, ctx.person.id)
    lead = dropped_lines(ctx, dropped, ctx.texts, ctx.person.id)
    lines = [one for one in destructions.items(ctx.unit, held.id) if one.state == "listed"]
    if not lines:
        return shown(ctx, held, lead)
    first = destroy_checks.thing_of(ctx, lines[0])
    known = destroy_checks.facts_of(ctx, lines)
    row = approvals.approval_of(first.policy, known)
    if row is None:
        return shown(ctx, held, ctx.t(NO_CHAIN, rule=held.rule))
    only = {one.dossier_id for one in lines}
    held = moved(ctx, held, ListState.ASKED)
    opened = approvals.request(
        ctx,
        KIND,
        held.id,
        row,
        deciding.matter(known, first.dossier, ctx.person.id),
        dossier_id=first.dossier.id if len(only) == 1 else None,
    )
    if isinstance(opened, Denied):
        return Reply.of(Card(case_texts.denial(ctx, opened)))
    held = destructions.get(ctx.unit, held.id) or held
    destructions.save(ctx.unit, held, number=opened.number)
    said = "\n".join(filter(None, (ctx.t(SENT), lead)))
    return Reply((case_cards.show(ctx, opened, lead=said),))


# -- decided -----------------------------------------------------------------------------------


def end(ctx: Context, ending: Ending) -> bool:
    """Let an approved list be carried out, any other be over. Rule: S2-DOSS.29.1, S1-12.1.4."""
    held = destructions.get(ctx.unit, ending.subject, lock=True)
    assert held is not None  # noqa: S101 - lists are never deleted
    if ending.state not in (CaseState.APPROVED, CaseState.REGISTERED):
        destructions.settle(ctx.unit, held.id, "kept")
        moved(ctx, held, ListState(ending.state.value))
        return False
    held, dropped = looked_over(ctx, held, held.drawn_by)
    lead = LEFT_NOTHING
    if held.state.open:
        held = moved(ctx, held, ListState.APPROVED, approved_on=ctx.today)
        lead = APPROVED if held.has_witness else APPROVED_ALONE
    drawn_by = held.drawn_by
    tell(
        ctx,
        held,
        drawn_by,
        "ended",
        lead,
        lambda texts: dropped_lines(ctx, dropped, texts, drawn_by),
    )
    return True


def apart(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Keep apart for some months what was approved. Rule: S2-DOSS.29.2."""
    held = pressed(ctx, arguments, ListState.APPROVED)
    if isinstance(held, Reply):
        return held
    policy = destroy_checks.policy_of(ctx, held)
    if policy is None or policy.hold_rule is None or held.verified_at is not None:
        return as_it_is(ctx, held)
    assert held.approved_on is not None  # noqa: S101 - written with the approval
    until = destruction.hold_until(held.approved_on, policy)
    held = moved(ctx, held, ListState.APART, apart_until=until)
    destroy_clock.watch(ctx, held)
    day = ctx.texts.day(until, ctx.today)
    return shown(ctx, held, ctx.t(SET_APART, day=day, rule=policy.hold_rule))


def verify(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note that what was kept apart has no value, once that time is over. Rule: S2-DOSS.29.2."""
    held = pressed(ctx, arguments, ListState.APART)
    if isinstance(held, Reply):
        return held
    assert held.apart_until is not None  # noqa: S101 - written when it was set apart
    if ctx.today < held.apart_until:
        policy = destroy_checks.policy_of(ctx, held)
        rule = (policy.hold_rule if policy else None) or held.rule
        day = ctx.texts.day(held.apart_until, ctx.today)
        return Reply(alert=ctx.t(NOT_BEFORE, day=day, rule=rule))
    held, dropped = looked_over(ctx, held, ctx.person.id)
    if held.state.open:
        held = moved(ctx, held, ListState.APPROVED, verified_at=ctx.at)
    destroy_clock.watch(ctx, held)
    return shown(ctx, held, dropped_lines(ctx, dropped, ctx.texts, ctx.person.id))


FEATURE = Feature(
    "destroying",
    N_("Destruction"),
    audience=destroy.audience,
    actions={
        "more": more,
        "off": take_off,
        "drop": drop,
        "send": send,
        "apart": apart,
        "verify": verify,
    },
    cases={KIND: CaseKind("销", destroy_words.TITLE, destroy_words.say, end)},
    clocks=destroy_clock.CLOCKS,
)
