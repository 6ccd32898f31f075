"""A destruction list as a card with what its reader can do, and which lists wait for somebody."""

from __future__ import annotations

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.destruction import destroy_access, destroy_checks, destroy_words
from handlers.destruction.destroy_checks import KIND
from handlers.pages import beside, page_of, to_today
from handlers.texts import N_, Texts
from rules.destruction import CUSTODIAN, ListState
from storage import case_lists, destructions, staff
from storage.destructions import DestructionList, Item
from storage.staff import Person

SIZE = 4
"""Lines on one card, each with a button to take it off."""
SHOWN = 6
"""Lists on one card."""
MOST = 50
"""Lists that are looked at."""

TITLE = N_("Destruction")
NO_LINES = N_("Nothing stands on this list.")
NOTHING = N_("No list waits for you.")
LINES = N_("Lines {first} to {last} of {count}")
APPROVED_ON = N_("Approved on {day} ({rule})")
APART_UNTIL = N_("Kept apart until {day} ({rule})")
VERIFIED = N_("Verified after that time: without value, {moment}")
DONE_AT = N_("{place}, {manner}, by {name}")
WITNESS = N_("Witness: {name}")
WITNESS_GONE = N_("{name} cannot sign as the witness any more; please name another.")
ENDED = N_("Destroyed {moment}; nothing of it is lent or opened any more.")
TAKE_OFF = N_("Take off {position}")
ADD, SEND, DROP = N_("Another line"), N_("Send for approval"), N_("Give up")
APART, VERIFY, CARRY = N_("Keep apart first"), N_("No value: verified"), N_("Destroyed: register")
OTHER_WITNESS = N_("Other witness")
SIGN, NOT_SO = N_("I was present"), N_("Not so")
EXPORT = N_("As Excel file")
REQUEST = N_("Request")
WAITING = N_("Destruction lists ({count})")


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show a page of a list."""
    held = destroy_access.found(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(destroy_access.NOT_THERE))
    return Reply.of(card(ctx, held, here(ctx), ctx.texts, page=page_of(arguments, 1)))


def card(
    ctx: Context,
    held: DestructionList,
    reader: Person,
    texts: Texts,
    *,
    lead: str = "",
    page: int = 0,
) -> Card:
    """Return the card of a list for a reader who may know of it, with what they can do."""
    lines = [
        one
        for one in destroy_access.lines_for(ctx, held, reader)
        if held.number or one.state == "listed"
    ]
    page = min(page, max(len(lines) - 1, 0) // SIZE)
    first = page * SIZE
    shown = lines[first : first + SIZE]
    said = [lead, destroy_words.state(held, texts), *_facts(ctx, held, texts), ""]
    if len(lines) > SIZE:
        last = first + len(shown)
        said.append(texts.t(LINES, first=first + 1, last=last, count=len(lines)))
    said += [destroy_words.line(ctx, one, reader, texts) for one in shown]
    said += [] if shown else [texts.t(NO_LINES)]
    more = first + len(shown) < len(lines)
    back = to_today(texts)
    return Card(
        "\n".join(said).strip(),
        title=destroy_words.headed(held, texts),
        choices=tuple(_buttons(ctx, held, shown, reader, texts)),
        columns=2,
        nav=beside(page, more=more, key=f"f.destruction.card.{held.id}", back=back),
        protect=True,
    )


def _facts(ctx: Context, held: DestructionList, texts: Texts) -> list[str]:
    lines = []
    if held.approved_on is not None:
        day = texts.day(held.approved_on, ctx.today)
        lines.append(texts.t(APPROVED_ON, day=day, rule=held.rule))
    policy = destroy_checks.policy_of(ctx, held)
    if held.apart_until is not None:
        day = texts.day(held.apart_until, ctx.today)
        rule = (policy.hold_rule if policy else None) or held.rule
        lines.append(texts.t(APART_UNTIL, day=day, rule=rule))
    if held.verified_at is not None:
        lines.append(texts.t(VERIFIED, moment=texts.moment(held.verified_at)))
    if held.manner is not None:
        lines.append(
            texts.t(
                DONE_AT,
                place=held.place,
                manner=texts.t(destroy_words.MANNERS[held.manner]),
                name=destroy_words.name(ctx, held.carried_by),
            )
        )
    if held.witness:
        gone = held.state is ListState.WITNESSED and not can_sign(ctx, held)
        words = WITNESS_GONE if gone else WITNESS
        lines.append(texts.t(words, name=destroy_words.name(ctx, held.witness)))
    if held.state is ListState.DESTROYED and held.ended_at is not None:
        lines.append(texts.t(ENDED, moment=texts.moment(held.ended_at)))
    return lines


def can_sign(ctx: Context, held: DestructionList) -> bool:
    """Return whether the named witness still may be it: on the staff list, and no custodian."""
    witness = staff.get(ctx.session, held.witness) if held.witness else None
    if witness is None or not witness.active:
        return False
    return destroy_checks.witness_refusal(ctx, held, witness) is None


def _buttons(
    ctx: Context, held: DestructionList, shown: list[Item], reader: Person, texts: Texts
) -> list[Button]:
    buttons = []
    if CUSTODIAN in reader.roles:
        buttons += _custodian(ctx, held, shown, reader, texts)
    if held.state is ListState.WITNESSED and reader.id == held.witness and can_sign(ctx, held):
        buttons += [
            Button(texts.t(SIGN), f"f.destroysign.ok.{held.id}.{held.rev}"),
            Button(texts.t(NOT_SO), f"f.destroysign.no.{held.id}"),
        ]
    if held.number:
        buttons.append(Button(texts.t(EXPORT), f"f.destruction.export.{held.id}"))
    case_id = case_lists.about(ctx.session, KIND, held.id)
    if (
        case_id is not None
        and destroy_access.concerned(ctx, held, reader)
        and held.state is ListState.ASKED
    ):
        buttons.append(Button(texts.t(REQUEST), f"f.case.open.{case_id}"))
    return buttons


def _custodian(
    ctx: Context, held: DestructionList, shown: list[Item], reader: Person, texts: Texts
) -> list[Button]:
    """Return what a custodian can do with a list; a draft is whose it is."""
    off = [
        Button(
            texts.t(TAKE_OFF, position=one.position),
            f"f.destroying.off.{held.id}.{held.rev}.{one.id}",
        )
        for one in shown
        if one.state == "listed"
    ]
    version = f"{held.id}.{held.rev}"
    match held.state:
        case ListState.DRAFT if reader.id == held.drawn_by:
            send = [Button(texts.t(SEND), f"f.destroying.send.{version}")] if shown else []
            more = Button(texts.t(ADD), "f.destroying.more")
            return [*send, more, *off, Button(texts.t(DROP), f"f.destroying.drop.{version}")]
        case ListState.APPROVED:
            policy = destroy_checks.policy_of(ctx, held)
            may_wait = policy is not None and policy.hold_months and held.verified_at is None
            apart = [Button(texts.t(APART), f"f.destroying.apart.{version}")] if may_wait else []
            return [_carry(held, texts, CARRY), *apart, *off]
        case ListState.APART if held.apart_until and held.apart_until <= ctx.today:
            return [Button(texts.t(VERIFY), f"f.destroying.verify.{version}"), *off]
        case ListState.APART:
            return off
        case ListState.WITNESSED:
            return [_carry(held, texts, OTHER_WITNESS)]
        case _:
            return []


def _carry(held: DestructionList, texts: Texts, label: str) -> Button:
    return Button(texts.t(label), f"f.destroycarry.new.{held.id}")


# -- which lists wait --------------------------------------------------------------------------


def waiting(ctx: Context) -> tuple[DestructionList, ...]:
    """Return the lists that somebody can go on with: to be signed, carried out or drawn up."""
    every = destructions.to_witness(ctx.unit, ctx.person.id, MOST)
    if CUSTODIAN in ctx.person.roles:
        draft = destructions.draft_of(ctx.unit, ctx.person.id)
        every = (*every, *([draft] if draft else []), *destructions.agreed(ctx.unit, MOST))
    return tuple({one.id: one for one in every}.values())


def count(ctx: Context) -> int:
    """Return how many lists somebody can go on with today."""
    return sum(
        one.state is not ListState.APART
        or (one.apart_until is not None and one.apart_until <= ctx.today)
        for one in waiting(ctx)
    )


def overview(ctx: Context, lead: str = "") -> Reply:
    """Show the lists that wait, for a custodian with the ways to begin and to the register."""
    lists = waiting(ctx)[:SHOWN]
    lines = [
        f"{destroy_words.headed(one, ctx.texts)} · {destroy_words.state(one, ctx.texts)}"
        for one in lists
    ]
    buttons = [
        Button(one.number or destroy_words.state(one, ctx.texts), f"f.destruction.card.{one.id}")
        for one in lists
    ]
    if CUSTODIAN in ctx.person.roles:
        buttons.append(Button(ctx.t(ADD), "f.destroying.more"))
        buttons.append(Button(ctx.t(N_("Destruction register")), "f.destroyed.open"))
    text = "\n".join(filter(None, (lead, *(lines or [ctx.t(NOTHING)]))))
    return Reply.of(
        Card(
            text,
            title=ctx.t(TITLE),
            choices=tuple(buttons),
            columns=2,
            nav=(to_today(ctx.texts),),
        )
    )
