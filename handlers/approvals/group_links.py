"""/here: a group of managers becomes a place for approval cards; a tap on one there.

A head links a group to the own department, an operator to any department or post. Each tap is
judged by who taps, as in private; a stranger's is refused and logged (S1-07.3.3.2a).
"""

from __future__ import annotations

import re

from handlers import groups
from handlers.approvals import approval_list, approvals, case_texts
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Inbound, Reply
from handlers.feature import Feature
from handlers.pages import to_today
from handlers.people import bindings
from handlers.texts import N_, Texts
from rules.access import StaffId
from rules.cases import Approve
from rules.errors import Denied
from rules.roles import OPERATOR, ROLES, RoleKind
from storage import groups as stored_groups
from storage import staff

COMMAND = "here"
RULE = "C-01"

TITLE = N_("Approval cards in a group")
USAGE = N_(
    "Say /here in a group that I am in, and approval cards of your department come there: number, "
    "kind and who asks, nothing of the content. Operators name a department or a post, such as "
    "/here {example}; /here off ends it."
)
NO_GROUPS = N_(
    "I am in no groups in {channel}. What waits for a decision comes as a card to whoever "
    "decides, here in the private chat; /approvals lists it."
)
NOT_YOURS = N_("That was not done. {usage}")
LINKED = N_("From now on approval cards for {whose} come to the group. /here off ends it.")
UNLINKED = N_("No approval cards come to the group any more.")
SAID_LINKED = N_("Approval cards for {whose} come here: number, kind and who asks.")
SAID_UNLINKED = N_("No approval cards come here any more.")
OFF = frozenset({"off", "取消", "停止"})
_OK = re.compile(r"f\.case\.ok\.(?P<case>[0-9]{1,18})\.(?P<step>[0-9]{1,4})")


def show(ctx: Context, _words: str) -> Reply:
    """Say in private how a group is linked; where there are none, what stands for it."""
    if ctx.channel not in groups.GROUPLESS:
        said = ctx.t(USAGE, example=ROLES["info_supervisor"].zh)
        return Reply.of(Card(said, title=ctx.t(TITLE)))
    said = ctx.t(NO_GROUPS, channel=bindings.messenger(ctx.texts, ctx.channel))
    nav = (Button(ctx.t(approval_list.TITLE), "f.approvals.list"), to_today(ctx.texts))
    return Reply.of(Card(said, title=ctx.t(TITLE), nav=nav))


# -- linking -----------------------------------------------------------------------------------


def link(ctx: Context, inbound: Inbound) -> None:
    """Link the group to a post or a department, or end that; the answer comes in private."""
    known = stored_groups.get(ctx.session, inbound.channel, inbound.group)
    if known is None or known.gone_at is not None:
        stored_groups.join(
            ctx.unit, inbound.channel, inbound.group, added_by=ctx.person.id, at=inbound.at
        )
    words = " ".join(inbound.text.split())
    off = words in OFF
    present = known.cards_for if known else ""
    wanted = "" if off else _wanted(ctx, words)
    may_end = OPERATOR in ctx.person.roles or present in _own(ctx)
    if (off and not may_end) or (not off and not wanted):
        usage = ctx.t(USAGE, example=ROLES["info_supervisor"].zh)
        _answer(ctx, inbound, ctx.t(NOT_YOURS, usage=usage))
        return
    stored_groups.link(ctx.unit, inbound.channel, inbound.group, wanted)
    action = "group.linked" if wanted else "group.unlinked"
    ctx.record(action, f"group:{inbound.group}"[:80], RULE, cards_for=wanted or present)
    whose = _named(wanted, ctx.texts)
    _answer(ctx, inbound, ctx.t(LINKED, whose=whose) if wanted else ctx.t(UNLINKED))
    said = ctx.t(SAID_LINKED, whose=whose) if wanted else ctx.t(SAID_UNLINKED)
    key = f"{inbound.channel}:{inbound.key}:here"
    groups.put(ctx.unit, inbound.channel, inbound.group, key, Card(said), ctx.texts.locale)


def _own(ctx: Context) -> frozenset[str]:
    return frozenset(f"department:{one}" for one in ctx.person.head_of)


def _wanted(ctx: Context, words: str) -> str:
    """Return whose cards are asked for; empty: not for this person to say."""
    own = _own(ctx)
    if not words:
        return next(iter(own)) if len(own) == 1 else ""
    if f"department:{words}" in own:
        return f"department:{words}"
    if OPERATOR not in ctx.person.roles:
        return ""
    for code, role in ROLES.items():
        if words in (code, role.zh) and role.kind in (RoleKind.POST, RoleKind.UNIT):
            return f"role:{code}"
    return f"department:{words}" if staff.heads(ctx.session, words) else ""


def _named(cards_for: str, texts: Texts) -> str:
    kind, _, words = cards_for.partition(":")
    if kind == "role":
        return ROLES[words].zh if texts.locale == "zh_CN" else ROLES[words].en
    return words


def _answer(ctx: Context, inbound: Inbound, said: str) -> None:
    card = Card(said, title=ctx.t(TITLE))
    ctx.tell(ctx.person.id, lambda _texts: card, f"{inbound.channel}:{inbound.key}:linked")


# -- a tap on it -------------------------------------------------------------------------------


def tapped(ctx: Context, choice: str) -> str:
    """Do what a button in a group asks for; returns what to say to who tapped, "" when done.

    Rule: S1-07.3.3.2a, C-54.
    """
    match = _OK.fullmatch(choice)
    if match is None:
        return ctx.t(groups.IN_PRIVATE)
    what = Approve(StaffId(ctx.person.id), int(match["step"]))
    done = approvals.act(ctx, int(match["case"]), what)
    if done is None:
        return ctx.t(case_texts.NOT_THERE)
    return case_texts.denial(ctx, done)[:200] if isinstance(done, Denied) else ""


FEATURE = Feature(
    key=COMMAND,
    title=TITLE,
    command=COMMAND,
    open=show,
    listed=False,
)
