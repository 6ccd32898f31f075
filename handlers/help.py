"""/start and /help: what one can do here, and the wording of a clause behind a rule id."""

from __future__ import annotations

from collections.abc import Iterator

from handlers import today
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.conversation.wording import LINE
from handlers.feature import Feature
from handlers.handovers import handover
from handlers.pages import to_today
from handlers.texts import LOCALES, N_
from rules.clauses import regulations

IN_A_LINE = N_("One line is enough, for example:")
VISITED = N_("/visit hongxin talked about prices, follow up next Wednesday")
BORROWED = N_("/borrow hongxin contract three days to check prices")
AWAY = N_("/away business trip until Friday")
DELIVERED = N_("{word} 沪A12345 王某")
ANYWHERE = N_(
    "Photos, voice and locations can be sent at any moment. In a form: “back” goes back, “cancel” "
    "cancels, “skip” skips, “save draft” keeps it for later."
)
GROUPS = (
    (
        N_("Customers and visits"),
        ("today", "visit", "plan", "find", "update", "open", "correct", "deal", "complaint"),
    ),
    (N_("Borrowing papers"), ("borrow", "loans", "return", "renew", "register", "report")),
    (N_("Handovers"), ("handover", "receipts", "rates")),
    (N_("Approvals and absence"), ("approvals", "delegate", "away", "team")),
    (N_("Incidents and records"), ("incident", "leak", "meetings", "visitors", "figures", "log")),
)
"""Title and commands, in order; what is in none of them comes last."""
OTHERS = N_("More")
UNNAMED = frozenset({"help", "start", "cancel"})
"""Whoever reads this has found them."""
NO_COMMAND = N_("There is no command /{command}.")
_LONGEST_COMMAND = 32
NO_CLAUSE = N_("No clause of that number is on file.")


def show(ctx: Context, _words: str, lead: str = "") -> Reply:
    named = {one.command: one for one in ctx.registry.menu(ctx.person)}
    grouped = {command for _, commands in GROUPS for command in commands}
    others = tuple(one for one in named if one not in grouped | UNNAMED)
    lines = [lead, ""] if lead else []
    lines += [ctx.t(IN_A_LINE), *(f"· {one}" for one in _examples(ctx)), ctx.t(ANYWHERE)]
    for title, commands in (*GROUPS, (OTHERS, others)):
        shown = [_named(ctx, named[one]) for one in commands if one in named]
        if shown:
            lines += ["", ctx.t(LINE, label=ctx.t(title), value=" · ".join(shown))]
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(N_("What you can do here")),
            nav=(
                Button(ctx.t(N_("New note")), "f.note.again"),
                to_today(ctx.texts),
            ),
        )
    )


def unknown(ctx: Context, command: str) -> Reply:
    """Say that there is no such command, with those there are."""
    return show(ctx, "", ctx.t(NO_COMMAND, command=command[:_LONGEST_COMMAND]))


def _examples(ctx: Context) -> Iterator[str]:
    """Yield what this person could say in one line."""
    yield ctx.t(VISITED)
    yield ctx.t(BORROWED)
    own = (one.row.words for one in handover.startable(ctx) if one.own and one.row.words)
    if words := next(own, None):
        yield ctx.t(DELIVERED, word=words[0])
    yield ctx.t(AWAY)


def _named(ctx: Context, feature: Feature) -> str:
    """Return a command and the Chinese word that does the same."""
    if ctx.texts.locale != LOCALES[0]:
        return f"/{feature.command}"
    word = feature.words[0] if feature.words else ctx.t(feature.title)
    return f"{word} /{feature.command}"


def clause(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show a clause's wording; ids hold dots, so the arguments are its parts."""
    found = ctx.clauses.get(".".join(arguments))
    if found is None:
        return Reply(alert=ctx.t(NO_CLAUSE))
    return Reply(
        (
            Show(
                Card(found.zh, title=f"{regulations()[found.regulation].zh} · {found.id}"),
                slot=FRESH,
            ),
        )
    )


FEATURE = Feature(
    key="help",
    title=N_("Help"),
    command="help",
    words=("帮助", "?", "\uff1f"),
    open=show,
    actions={"clause": clause},
)
START = Feature(
    key="start",
    title=N_("Start"),
    command="start",
    open=lambda ctx, _words: today.show(ctx),
)
