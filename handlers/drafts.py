"""/drafts: conversations put aside, with their age; each goes on where it stopped."""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.conversation.wording import age
from handlers.feature import Feature
from handlers.pages import to_today
from handlers.texts import N_
from storage import conversations

NONE = N_("There are no drafts.")
LIST = N_("Drafts ({count})")
GONE = N_("This draft is no longer there; it was filed or deleted.")
DELETED = N_("Draft deleted.")


def show(ctx: Context, _words: str = "") -> Reply:
    kept = conversations.drafts(ctx.unit, ctx.person.id, limit=MAX_CHOICES)
    today = to_today(ctx.texts)
    if not kept:
        return Reply.of(Card(ctx.t(NONE), choices=(today,)))
    count = conversations.count_drafts(ctx.session, ctx.person.id)
    buttons = tuple(
        Button(
            f"{runner.draft_title(ctx, one)} · {age(ctx.texts, ctx.now - one.touched_at)}",
            f"f.drafts.open.{one.id}",
        )
        for one in kept
    )
    return Reply.of(
        Card(
            ctx.t(N_("Tap one to go on with it or to delete it.")),
            title=ctx.t(LIST, count=count),
            choices=buttons,
            nav=(today,),
        )
    )


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask what to do with one draft."""
    one = _own(ctx, arguments[0])
    if one is None:
        return Reply(alert=ctx.t(GONE))
    return Reply.of(
        Card(
            f"{runner.draft_title(ctx, one)} · {age(ctx.texts, ctx.now - one.touched_at)}",
            choices=(Button(ctx.t(N_("Go on")), f"f.drafts.resume.{one.id}"),),
            nav=(
                Button(ctx.t(N_("List")), "f.drafts.list", back=True),
                Button(ctx.t(N_("Delete")), f"f.drafts.delete.{one.id}"),
            ),
        )
    )


def _own(ctx: Context, words: str) -> conversations.Stored | None:
    one = conversations.get(ctx.unit, int(words)) if words.isdecimal() else None
    if one is None or one.staff_id != ctx.person.id or one.status != "draft":
        return None
    return one


def resume(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    one = _own(ctx, arguments[0])
    return runner.resume(ctx, one.id) if one else Reply(alert=ctx.t(GONE))


def delete(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    one = _own(ctx, arguments[0])
    if one is None:
        return Reply(alert=ctx.t(GONE))
    conversations.end(ctx.unit, one.id)
    ctx.record("draft.deleted", f"conversation:{one.id}")
    return show(ctx).plus(Reply(alert=ctx.t(DELETED)))


FEATURE = Feature(
    key="drafts",
    title=N_("Drafts"),
    command="drafts",
    words=("草稿", "继续"),
    open=show,
    actions={
        "list": lambda ctx, _arguments: show(ctx),
        "open": open_one,
        "resume": resume,
        "delete": delete,
    },
)
