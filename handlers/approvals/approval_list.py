"""/approvals: what waits for this person's decision, the own requests, and several alike at once.

Deciding several at once is for ungraded requests of one kind only; each of them is taken on as if
its own card had been tapped. The trap is the list that changed between the question and the tap:
the button carries a digest of what was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from handlers.approvals import approvals, case_cards, case_texts
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.pages import beside, page_of, to_today
from handlers.texts import N_
from rules.access import StaffId
from rules.cases import Approve, Case
from rules.errors import Denied
from rules.occasions import ReaderKind
from rules.secrecy import Grade
from storage import (
    case_lists,
    cases,
)
from storage.cases import Stored

SIZE = 6
"""Cases on one page; with the way to several at once that is what every channel shows."""
AT_ONCE = 8
"""Most cases decided at once."""

TITLE = N_("To be decided")
WAITING = N_("To decide ({count})")
NOTHING = N_("Nothing waits for your decision.")
OWN = N_("My requests ({count})")
OWN_TITLE = N_("My requests")
NO_OWN = N_("You have asked for nothing yet.")
SEVERAL = N_("{title}: {count} at once")
SURE = N_("Agree to these {count}?")
YES = N_("Agree to all {count}")
CHANGED = N_("The list has changed meanwhile. This is what there is now:")
DONE = N_("Agreed: {numbers}.")
NOT_DONE = N_("{number}: {why}")
TAP_ONE = N_("Tap one to see it whole.")


def show(ctx: Context, _words: str = "", page: int = 0) -> Reply:
    """List what waits, the oldest first."""
    total = case_lists.count_waiting(ctx.session, ctx.person.id)
    shown = _page(ctx, case_lists.waiting(ctx.session, ctx.person.id, SIZE + 1, page * SIZE))
    own = len(case_lists.open_of(ctx.session, ctx.person.id))
    buttons = [Button(_label(ctx, one), f"f.case.open.{one.id}") for one in shown[:SIZE]]
    for kind, alike in _alike(ctx).items():
        title = ctx.t(ctx.registry.cases[kind].title)
        label = ctx.t(SEVERAL, title=title, count=len(alike))
        buttons.append(Button(label, f"f.approvals.several.{kind}"))
    back = Button(ctx.t(OWN, count=own), "f.approvals.own.0")
    nav = beside(page, more=len(shown) > SIZE, key="f.approvals.list", back=back)
    return Reply.of(
        Card(
            ctx.t(TAP_ONE) if shown else ctx.t(NOTHING),
            title=ctx.t(WAITING, count=total) if total else ctx.t(TITLE),
            choices=tuple(buttons),
            nav=(*nav, to_today(ctx.texts)),
        )
    )


def own(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the person's own requests, the latest first."""
    page = page_of(arguments)
    shown = _page(ctx, case_lists.asked_by(ctx.session, ctx.person.id, SIZE + 1, page * SIZE))
    buttons = tuple(Button(_own_label(ctx, one), f"f.case.open.{one.id}") for one in shown[:SIZE])
    back = Button(ctx.t(TITLE), "f.approvals.list", back=True)
    nav = beside(page, more=len(shown) > SIZE, key="f.approvals.own", back=back)
    return Reply.of(
        Card(
            ctx.t(TAP_ONE) if shown else ctx.t(NO_OWN),
            title=ctx.t(OWN_TITLE),
            choices=buttons,
            nav=(*nav, to_today(ctx.texts)),
        )
    )


def _page(ctx: Context, ids: Sequence[int]) -> list[Stored]:
    return [one for case_id in ids if (one := cases.get(ctx.unit, case_id))]


def _label(ctx: Context, stored: Stored) -> str:
    name = case_texts.name(ctx, stored.case.matter.requester)
    return f"{stored.number} {name} {_what(ctx, stored)}"


def _own_label(ctx: Context, stored: Stored) -> str:
    state = ctx.t(case_texts.STATES[stored.case.state])
    return f"{stored.number} {state} {_what(ctx, stored)}"


def _what(ctx: Context, stored: Stored) -> str:
    kind = ctx.registry.cases[stored.kind]
    asking = kind.say(ctx, stored.subject, case_cards.here(ctx), ctx.texts)
    return asking.what.splitlines()[0]


# -- several at once ---------------------------------------------------------------------------


def _simple(case: Case) -> bool:
    """Whether a case may be decided among several: ungraded, inside the house, no question."""
    facts = case.matter.facts
    return (
        facts.grade is Grade.NONE
        and facts.reader is ReaderKind.INSIDER
        and not (facts.leaves_house or facts.original or facts.important or case.asked_back)
    )


def _alike(ctx: Context) -> dict[str, list[Stored]]:
    """Return simple cases by kind, where there are at least two of it, the oldest first."""
    kinds: dict[str, list[Stored]] = {}
    for one in _page(ctx, case_lists.waiting(ctx.session, ctx.person.id, AT_ONCE)):
        if _simple(one.case):
            kinds.setdefault(one.kind, []).append(one)
    return {kind: alike for kind, alike in kinds.items() if len(alike) > 1}


def several(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the cases of one kind that can be agreed to at once, and ask."""
    alike = _alike(ctx).get(arguments[0])
    if not alike:
        return show(ctx)
    yes = Button(ctx.t(YES, count=len(alike)), f"f.approvals.all.{arguments[0]}.{_digest(alike)}")
    lines = [ctx.t(SURE, count=len(alike)), *(f"· {_label(ctx, one)}" for one in alike)]
    back = Button(ctx.t(N_("Back")), case_cards.LIST, back=True)
    return Reply.of(Card("\n".join(lines), choices=(yes,), nav=(back,), protect=True))


def all_of(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Agree to what was shown, each on its own; a list that changed is shown anew."""
    alike = _alike(ctx).get(arguments[0], [])
    if len(arguments) < 2 or not alike or arguments[1] != _digest(alike):
        return Reply(show(ctx).shows, alert=ctx.t(CHANGED))
    agreed, lines = [], []
    for one in alike:
        done = approvals.act(ctx, one.id, Approve(StaffId(ctx.person.id), one.case.step))
        if isinstance(done, Denied):
            why = case_texts.denial(ctx, done)
            lines.append(ctx.t(NOT_DONE, number=one.number, why=why))
        else:
            agreed.append(one.number)
    if agreed:
        lines.insert(0, ctx.t(DONE, numbers=", ".join(agreed)))
    left = case_lists.count_waiting(ctx.session, ctx.person.id)
    more = (Button(ctx.t(WAITING, count=left), case_cards.LIST),) if left else ()
    return Reply.of(Card("\n".join(lines), choices=more, nav=(to_today(ctx.texts),)))


def _digest(alike: Sequence[Stored]) -> str:
    shown = ",".join(f"{one.id}.{one.version}" for one in alike)
    return blake2b(shown.encode(), digest_size=6).hexdigest()


FEATURE = Feature(
    key="approvals",
    title=TITLE,
    command="approvals",
    words=("待审批", "审批"),
    open=show,
    actions={
        "list": lambda ctx, arguments: show(ctx, page=page_of(arguments)),
        "own": own,
        "several": several,
        "all": all_of,
    },
)
