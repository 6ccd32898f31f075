"""/start and /help: what one can do here, and the wording of a clause behind a rule id."""

from __future__ import annotations

from handlers import today
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.conversation.wording import LINE
from handlers.feature import Feature
from handlers.pages import to_today
from handlers.texts import LOCALES, N_
from rules.clauses import regulations

INTRODUCTION = N_(
    "File a visit note after a visit: send “/visit customer what happened next contact” in one "
    "line, such as “/visit hongxin talked about prices, follow up next Wednesday”, or /visit and "
    "answer step by step. Photos, voice and locations can be sent at any moment."
)
ANYWHERE = N_(
    "In a form: “back” goes back, “cancel” cancels, “skip” skips, “save draft” keeps it for later."
)
NO_CLAUSE = N_("No clause of that number is on file.")


def show(ctx: Context, _words: str) -> Reply:
    lines = [ctx.t(INTRODUCTION), "", ctx.t(ANYWHERE), ""]
    lines.extend(_line(ctx, one) for one in ctx.registry.menu(ctx.person))
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


def _line(ctx: Context, feature: Feature) -> str:
    """Return a command, the Chinese word that does the same, and what it does, each said once."""
    title = ctx.t(feature.title)
    said = [f"/{feature.command}"]
    if feature.words and ctx.texts.locale == LOCALES[0]:
        said.append(feature.words[0])
    if title.casefold() in (*said, feature.command):
        return " ".join(said)
    return ctx.t(LINE, label=" ".join(said), value=title)


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
