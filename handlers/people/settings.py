"""/settings: the language of one person, which chats are bound to them, and where notices go."""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.pages import to_today
from handlers.people import bindings
from handlers.texts import LOCALES, N_
from storage import accounts, staff
from storage.accounts import Bound

LANGUAGES = {"zh_CN": "中文", "en": "English"}
UNKNOWN = N_("There is no such language here.")
HOME = N_("{chat} · notices go here")
FOLLOWS = N_("Notices go to the chat you last wrote in.")
CHOSEN = N_("Notices always go to {channel}, as you chose.")
TO = N_("Notices to {channel}")
FOLLOW = N_("Notices follow me")
CUT = N_("Unbind {channel}")
NOT_BOUND = N_("You have no other chat there.")
SURE = N_(
    "Unbind {chat}? Nothing can be read or done there from then on. To bind it again you need a "
    "new invite."
)
DONE = N_("{channel} is unbound.")


def show(ctx: Context, _words: str = "") -> Reply:
    person = _present(ctx)
    bound = accounts.of_person(ctx.session, person.id)
    lines = [
        " · ".join(filter(None, (person.name, person.department))),
        ctx.t(N_("Language: {language}"), language=LANGUAGES[ctx.texts.locale]),
        ctx.t(N_("Bound chats:")),
        *(f"· {_described(ctx, one, person)}" for one in bound),
    ]
    channels = list(dict.fromkeys(one.channel for one in bound))
    buttons = [Button(LANGUAGES[one], f"f.settings.language.{one}") for one in LOCALES]
    if len(channels) > 1:
        pinned = person.pinned_channel
        said = CHOSEN if pinned else FOLLOWS
        lines.append(ctx.t(said, channel=bindings.messenger(ctx.texts, pinned)))
        buttons += _where(ctx, channels, pinned)
    for channel in dict.fromkeys(one.channel for one in _others(ctx, bound)):
        name = bindings.messenger(ctx.texts, channel)
        buttons.append(Button(ctx.t(CUT, channel=name), f"f.settings.cut.{channel}"))
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(N_("Settings")),
            choices=tuple(buttons),
            columns=2,
            nav=(to_today(ctx.texts),),
        )
    )


def _present(ctx: Context) -> staff.Person:
    """Return the person as this very message has left them."""
    bindings.written_here(ctx)
    return staff.get(ctx.session, ctx.person.id) or ctx.person


def _described(ctx: Context, one: Bound, person: staff.Person) -> str:
    chat = bindings.described(ctx, one)
    here = (one.channel, one.account) == (person.home_channel, person.home_account)
    return ctx.t(HOME, chat=chat) if here else chat


def _where(ctx: Context, channels: list[str], pinned: str) -> list[Button]:
    """Offer every messenger that was not chosen, and to let notices follow again."""
    found = [
        Button(ctx.t(TO, channel=bindings.messenger(ctx.texts, one)), f"f.settings.notices.{one}")
        for one in channels
        if one != pinned
    ]
    return [*found, Button(ctx.t(FOLLOW), "f.settings.notices")] if pinned else found


def _others(ctx: Context, bound: tuple[Bound, ...]) -> list[Bound]:
    """Return the chats of the person other than the one they write in."""
    return [one for one in bound if (one.channel, one.account) != (ctx.channel, ctx.account)]


def notices(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Choose the messenger for notices; none: they follow the chat last written in."""
    channel = arguments[0]
    bound = accounts.of_person(ctx.session, ctx.person.id)
    if channel and channel not in {one.channel for one in bound}:
        return Reply(alert=ctx.t(NOT_BOUND))
    staff.pin(ctx.unit, ctx.person.id, channel)
    accounts.settle_home(ctx.unit, ctx.person.id)
    ctx.record("staff.notices_set", f"staff:{ctx.person.id}", messenger=channel)
    return show(ctx)


def ask_cut(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    chats = _on(ctx, arguments[0])
    if not chats:
        return Reply(alert=ctx.t(NOT_BOUND))
    return Reply.of(
        Card(
            ctx.t(SURE, chat=bindings.described(ctx, chats[0])),
            nav=(
                Button(ctx.t(N_("Back")), "f.settings.open", back=True),
                Button(ctx.t(N_("Unbind")), f"f.settings.unbind.{arguments[0]}"),
            ),
        )
    )


def cut(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Let the person's other chats on a messenger go; the one they write in always stays."""
    chats = _on(ctx, arguments[0])
    if not chats:
        return Reply(alert=ctx.t(NOT_BOUND))
    bindings.cut(ctx, chats)
    name = bindings.messenger(ctx.texts, arguments[0])
    return Reply.of(Card(ctx.t(DONE, channel=name))).plus(show(ctx))


def _on(ctx: Context, channel: str) -> list[Bound]:
    others = _others(ctx, accounts.of_person(ctx.session, ctx.person.id))
    return [one for one in others if one.channel == channel]


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
    words=("设置", "语言", "英文", "中文"),
    open=show,
    actions={
        "open": lambda ctx, _arguments: show(ctx),
        "language": language,
        "notices": notices,
        "cut": ask_cut,
        "unbind": cut,
    },
)
