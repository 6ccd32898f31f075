"""/settings: the language of one person, and which chats are bound to them."""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.texts import LOCALES, N_
from storage import accounts, staff

LANGUAGES = {"zh_CN": "中文", "en": "English"}
CHANNELS = {
    "phones": N_("Phones page"),
    "telegram": "Telegram",
    "wecom": N_("WeCom"),
}
COUNTED = N_("{channel} ({count})")
CHATS = {"phones": N_("phones page"), "telegram": "Telegram", "wecom": N_("WeCom")}
UNKNOWN = N_("There is no such language here.")


def show(ctx: Context, _words: str = "") -> Reply:
    bound = accounts.of_person(ctx.session, ctx.person.id)
    lines = [
        f"{ctx.person.name} · {ctx.person.department}",
        ctx.t(N_("Language: {language}"), language=LANGUAGES[ctx.texts.locale]),
        ctx.t(N_("Bound chats: {chats}"), chats=_chats(ctx, [one.channel for one in bound])),
    ]
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(N_("Settings")),
            choices=tuple(Button(LANGUAGES[one], f"f.settings.language.{one}") for one in LOCALES),
            columns=2,
            nav=(Button(ctx.t(N_("Today")), "f.today.open"),),
        )
    )


def _chats(ctx: Context, channels: list[str]) -> str:
    """Return the messengers by name, each once, with how many chats where there are several."""
    names = []
    for channel in dict.fromkeys(channels):
        name, count = ctx.t(CHANNELS.get(channel, channel)), channels.count(channel)
        names.append(name if count == 1 else ctx.t(COUNTED, channel=name, count=count))
    return listed(names, ctx.texts)


def language(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Change the language from the next word on; the menu follows."""
    if arguments[0] not in LOCALES:
        return Reply(alert=ctx.t(UNKNOWN))
    staff.set_locale(ctx.unit, ctx.person.id, arguments[0])
    ctx.record("staff.locale_set", f"staff:{ctx.person.id}")
    ctx.texts = ctx.languages[arguments[0]]
    return show(ctx)


FEATURE = Feature(
    key="settings",
    title=N_("Settings"),
    command="settings",
    words=("设置",),
    open=show,
    actions={"language": language},
)
