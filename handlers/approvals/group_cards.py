"""Cards of requests in groups of managers: which case waits, of what kind, who asks; no more.

What stands in a group is read by everybody there, so nothing of the content is on the card. Its
copies follow the case as those in private do, and the group where it moves (C-01).
"""

from __future__ import annotations

from datetime import timedelta

from handlers.approvals import case_cards, case_texts
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Mode
from handlers.texts import Texts
from rules.cases import Case
from rules.hours import after_quiet
from storage import group_cards, groups, links, outbox, staff
from storage.cases import Stored
from storage.group_cards import GroupCopy
from storage.links import Target

LINK_LIFE = timedelta(days=14)


def follow(ctx: Context, stored: Stored) -> None:
    """Send the card to the groups of those who are to decide now; redraw copies that are out."""
    out = group_cards.copies(ctx.session, stored.id)
    for copy in out:
        _put(ctx, stored, copy, Mode.REDRAW)
    there = {(one.channel, one.chat) for one in out}
    for group in groups.linked(ctx.session, _whose(ctx, stored.case)):
        if (group.channel, group.chat) not in there:
            copy = group_cards.keep(ctx.unit, stored.id, group.channel, group.chat)
            _put(ctx, stored, copy, Mode.SEND)


def _whose(ctx: Context, case: Case) -> frozenset[str]:
    """Return the posts, and the departments of the heads, who are to decide now."""
    if not case.open:
        return frozenset()
    keys = set()
    for _, place in case.here:
        if place.seat is None or not place.open:
            continue
        if not place.seat.relation:
            keys.add(f"role:{place.seat.role}")
            continue
        for one in place.deciders:
            person = staff.get(ctx.session, one.person)
            keys |= {f"department:{name}" for name in (person.head_of if person else ())}
    return frozenset(keys)


def _put(ctx: Context, stored: Stored, copy: GroupCopy, mode: Mode) -> None:
    group = groups.get(ctx.session, copy.channel, copy.chat)
    host = staff.get(ctx.session, group.added_by) if group else None
    if group is None or group.gone_at is not None:
        return
    texts = ctx.languages[host.locale if host else ctx.texts.locale]
    office = ctx.policy.time
    quiet = after_quiet(ctx.now, office.quiet_hours, office.zone)
    outbox.put(
        ctx.unit,
        key=f"case:{stored.id}:{stored.version}:group:{copy.number}",
        channel=copy.channel,
        account=copy.chat,
        staff_id=None,
        mode=mode,
        slot=copy.slot,
        body=_card(ctx, stored, texts).encoded(texts.locale),
        due_at=quiet if mode is Mode.SEND else ctx.now,
    )


def _card(ctx: Context, stored: Stored, texts: Texts) -> Card:
    case = stored.case
    requester = staff.get(ctx.session, case.matter.requester)
    assert requester is not None  # noqa: S101 - nobody is ever deleted
    asks = texts.t(case_cards.WHO, name=requester.name, department=requester.department)
    state = [] if case.open else [case_texts.outcome(ctx, case, texts)]
    title = case_cards.title(ctx, stored, texts)
    lines = (*state, asks, *case_texts.steps(ctx, case, texts))
    if not case.open:
        return Card("\n".join(lines), title=title)
    agree = Button(texts.t(case_cards.APPROVE), f"f.case.ok.{stored.id}.{case.step}")
    target = Target(choice=f"f.case.open.{stored.id}")
    return Card(
        "\n".join(lines),
        title=title,
        choices=(agree,),
        way_in=links.make(ctx.unit, target, life=LINK_LIFE),
    )
