"""/admin: what an operator sees and does: who is bound, what failed, how sending stands.

Everything here is about staff and messages, never about customers. Whoever is no operator is
answered as if none of it existed.
"""

from __future__ import annotations

from importlib.metadata import version

from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.conversation.wording import option_label
from handlers.feature import Feature
from handlers.pages import SIZE, beside, page_of, to_today
from handlers.people import admin_people, bindings
from handlers.people.admin_people import is_operator
from handlers.texts import N_
from storage import accounts, backlog, inbox, roster
from storage.roster import Standing

LISTS = {
    Standing.UNREACHABLE: N_("Out of reach ({count})"),
    Standing.UNBOUND: N_("Not bound ({count})"),
    Standing.BOUND: N_("Bound ({count})"),
    Standing.LEFT: N_("Left ({count})"),
}
TITLE = N_("Administration")
STRANGERS = N_("Strangers ({count})")
FAILED = N_("Failed messages ({count})")
QUEUE = N_("To be sent: {count}")
QUEUE_SINCE = N_("To be sent: {count}, the oldest since {moment}")
FAILED_TODAY = N_("Not delivered today: {count}")
DATABASE = N_("Database: {database}")
VERSION = N_("Version: {version}")
KNOCKING = N_("{channel} {account}: {seen} messages, {wrong} wrong codes")
NOBODY = N_("Nobody.")
NONE_FAILED = N_("No message has failed.")
ASK_RETRY = N_("Tap one to have it handled again.")
FAILURE = N_("{reference} · {channel} · {moment}")
AGAIN = N_("{count} will be handled again within a minute.")
NOT_FAILED = N_("There is no failed message of that reference any more.")
NOT_FOUND = N_("Nobody found for “{words}”. Who has left is on the list of those who left.")

FIND_FORM = Form(
    "seek",
    1,
    N_("Find a colleague"),
    (
        Field(
            "person",
            Kind.STAFF,
            N_("Colleague"),
            N_("Which colleague? Part of the name, pinyin or staff number."),
            example=N_("李志强 · lzq · CY016"),
        ),
    ),
    submit_label=N_("Open"),
    review=False,
)


def show(ctx: Context, words: str = "") -> Reply:
    """Show how things stand; with words, the colleague they name."""
    if words.strip():
        return _find(ctx, words.strip())
    strangers = accounts.count_strangers(ctx.session)
    failed = len(inbox.failed(ctx.session))
    buttons = [Button(ctx.t(FIND_FORM.title), "f.admin.find")]
    for standing, label in LISTS.items():
        count = roster.count(ctx.session, standing)
        buttons.append(Button(ctx.t(label, count=count), f"f.admin.list.{standing}"))
    buttons += [
        Button(ctx.t(STRANGERS, count=strangers), "f.admin.strangers"),
        Button(ctx.t(FAILED, count=failed), "f.admin.failed"),
    ]
    return Reply.of(
        Card(
            "\n".join(_state(ctx)),
            title=ctx.t(TITLE),
            choices=tuple(buttons),
            columns=2,
            nav=(to_today(ctx.texts),),
        )
    )


def _state(ctx: Context) -> list[str]:
    waiting = backlog.waiting(ctx.session, ctx.now)
    queue = ctx.t(QUEUE, count=waiting.count)
    if waiting.oldest is not None:
        moment = ctx.texts.moment(waiting.oldest)
        queue = ctx.t(QUEUE_SINCE, count=waiting.count, moment=moment)
    failed = backlog.failures(ctx.session, ctx.policy.time.day_start(ctx.today))
    return [
        queue,
        ctx.t(FAILED_TODAY, count=failed.count),
        ctx.t(DATABASE, database=_database(ctx)),
        ctx.t(VERSION, version=version("dossierbot")),
    ]


def _database(ctx: Context) -> str:
    """Name the database: its kind, and the file or the server with the database on it."""
    url = ctx.session.connection().engine.url
    name = str(url.database or "").rpartition("/")[2]
    place = f"{url.host}/{name}" if url.host else name
    return f"{ctx.session.dialect} · {place}"


def _find(ctx: Context, words: str) -> Reply:
    found = pickers.colleagues(ctx, words, 0)
    if len(found.options) == 1:
        return admin_people.card(ctx, (found.options[0].key,))
    if found.more:
        return runner.start(ctx, FINDING, Answers({runner.WORDS: words}))
    if not found.options:
        back = Button(ctx.t(TITLE), "f.admin.open", back=True)
        return Reply.of(Card(ctx.t(NOT_FOUND, words=words[:40]), nav=(back,)))
    buttons = tuple(
        Button(option_label(one), f"f.admin.person.{one.key}") for one in found.options
    )
    return Reply.of(
        Card(
            ctx.t(N_("Which one?")),
            choices=buttons[:MAX_CHOICES],
            nav=(Button(ctx.t(TITLE), "f.admin.open", back=True),),
        )
    )


def submit_find(ctx: Context, answers: Answers) -> Reply:
    person = answers.option("person")
    return admin_people.card(ctx, (person.key if person else "",))


def people(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List people by how they can be reached, by page."""
    standing = Standing(arguments[0]) if arguments[0] in set(Standing) else Standing.BOUND
    page = page_of(arguments, 1)
    found = roster.page(ctx.session, standing, SIZE + 1, page * SIZE)
    buttons = tuple(
        Button(" · ".join(filter(None, (one.name, one.department))), f"f.admin.person.{one.id}")
        for one in found[:SIZE]
    )
    count = roster.count(ctx.session, standing)
    back = Button(ctx.t(TITLE), "f.admin.open", back=True)
    return Reply.of(
        Card(
            ctx.t(N_("Tap one to see more.")) if found else ctx.t(NOBODY),
            title=ctx.t(LISTS[standing], count=count),
            choices=buttons,
            nav=beside(page, more=len(found) > SIZE, key=f"f.admin.list.{standing}", back=back),
        )
    )


def strangers(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    page = page_of(arguments)
    found = accounts.strangers(ctx.session, SIZE + 1, page * SIZE)
    lines = [
        ctx.t(
            KNOCKING,
            channel=bindings.messenger(ctx.texts, one.channel),
            account=one.account,
            seen=one.seen,
            wrong=one.wrong_codes,
        )
        for one in found[:SIZE]
    ]
    count = accounts.count_strangers(ctx.session)
    back = Button(ctx.t(TITLE), "f.admin.open", back=True)
    return Reply.of(
        Card(
            "\n".join(lines) or ctx.t(NOBODY),
            title=ctx.t(STRANGERS, count=count),
            nav=beside(page, more=len(found) > SIZE, key="f.admin.strangers", back=back),
        )
    )


def failed(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List what could not be handled, by page: reference, messenger and time."""
    page, found = page_of(arguments), inbox.failed(ctx.session)
    shown = found[page * SIZE : (page + 1) * SIZE]
    buttons = [
        Button(
            ctx.t(
                FAILURE,
                reference=one.reference,
                channel=bindings.messenger(ctx.texts, one.channel),
                moment=ctx.texts.moment(one.at),
            ),
            f"f.admin.retry.{one.reference}",
        )
        for one in shown
    ]
    if len(found) > 1:
        buttons.append(Button(ctx.t(N_("All again")), "f.admin.retryall"))
    back = Button(ctx.t(TITLE), "f.admin.open", back=True)
    more = len(found) > (page + 1) * SIZE
    return Reply.of(
        Card(
            ctx.t(ASK_RETRY) if found else ctx.t(NONE_FAILED),
            title=ctx.t(FAILED, count=len(found)),
            choices=tuple(buttons),
            nav=beside(page, more=more, key="f.admin.failed", back=back),
        )
    )


def retry(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Have one failed message handled again, by its reference; "" stands for none."""
    if not arguments[0] or not inbox.requeue(ctx.unit, arguments[0]):
        return Reply(alert=ctx.t(NOT_FAILED))
    ctx.record("inbox.requeued", f"inbox:{arguments[0]}")
    return Reply.of(
        Card(ctx.t(AGAIN, count=1), nav=(Button(ctx.t(TITLE), "f.admin.open", back=True),))
    )


def retry_all(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    references = [one.reference for one in inbox.failed(ctx.session)]
    count = sum(inbox.requeue(ctx.unit, one) for one in references)
    ctx.record("inbox.requeued", "inbox:all", count=count)
    return Reply.of(
        Card(ctx.t(AGAIN, count=count), nav=(Button(ctx.t(TITLE), "f.admin.open", back=True),))
    )


FINDING = Feature(
    key="seek",
    title=FIND_FORM.title,
    audience=is_operator,
    form=FIND_FORM,
    submit=submit_find,
)
FEATURE = Feature(
    key=admin_people.KEY,
    title=TITLE,
    command="admin",
    words=("管理",),
    audience=is_operator,
    open=show,
    actions={
        "open": lambda ctx, _arguments: show(ctx),
        "find": lambda ctx, _arguments: runner.start(ctx, FINDING),
        "list": people,
        "strangers": strangers,
        "failed": failed,
        "retry": retry,
        "retryall": retry_all,
        **admin_people.ACTIONS,
    },
)
