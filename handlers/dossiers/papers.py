"""The papers of a dossier: what lies in it, original or copy, and where; page by page.

For who sees the content of the dossier. The trap is the paper that is more secret than the rest:
each is shown as if its dossier had its grade, so to some it is not there at all.
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.pages import beside, page_of
from handlers.texts import N_
from rules.access import Part, Sight, View
from rules.secrecy import Grade
from storage import documents
from storage.documents import COPY, ORIGINAL, Document
from storage.dossiers import Dossier
from storage.looks import Way

SIZE = 6
"""Papers on one card."""

TITLE = N_("Papers")
NONE = N_("No papers of this dossier are on record.")
OF_ALL = N_("Papers {first} to {last} of {count}")
PAPER = N_("{place}. {title}")
WITHHELD = N_("{place}. A paper graded {grade}: not shown in this chat.")
FORMS = {ORIGINAL: N_("original"), COPY: N_("copy")}
PAGES = N_("{pages} pp.")
COPIES = N_("× {copies}")
IMPORTANT = N_("important")


def button(ctx: Context, dossier: Dossier) -> tuple[Button, ...]:
    """Return the button that leads here; none where there is nothing to see."""
    if not documents.count(ctx.session, dossier.id, views(ctx, dossier)):
        return ()
    return (Button(ctx.t(TITLE), f"f.papers.list.{dossier.id}"),)


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one page of the papers."""
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None or not listed(ctx, dossier):
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    seen = views(ctx, dossier)
    count = documents.count(ctx.session, dossier.id, seen)
    page = min(page_of(arguments, 1), max(count - 1, 0) // SIZE)
    first = page * SIZE
    some = documents.page(ctx.unit, dossier.id, seen, SIZE, first)
    seeing.look(ctx, dossier, Way.PAPERS)
    lines = [dossier.number] if dossier.number else []
    if some:
        lines.append(ctx.t(OF_ALL, first=first + 1, last=first + len(some), count=count))
    for place, one in enumerate(some, first + 1):
        lines += _lines(ctx, place, one, dossier, seen[one.grade])
    back = Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}", back=True)
    more = first + len(some) < count
    return Reply.of(
        Card(
            "\n".join(lines if some else [*lines, ctx.t(NONE)]),
            title=f"{ctx.t(TITLE)} · {seeing.customer(ctx, dossier)}",
            nav=beside(page, more=more, key=f"f.papers.list.{dossier.id}", back=back),
            protect=True,
        )
    )


def listed(ctx: Context, dossier: Dossier) -> bool:
    """Return whether the list of the papers may be shown here. Rule: S1-15.6.3, C-01."""
    return Part.PAPERS in seeing.parts(ctx, dossier) and seeing.readable(ctx, dossier)


def views(ctx: Context, dossier: Dossier) -> dict[str, View]:
    """Return how papers of each grade may be shown; those that must not be known of are left out.

    Rule: C-01, S2-SECR.12a, S1-15.6.3.
    """
    if Part.PAPERS not in seeing.parts(ctx, dossier):
        return {}
    whole, found = Grade(dossier.grade), {}
    for grade in Grade:
        like = replace(dossier, grade=max(grade, whole).value)
        seen = seeing.view(ctx, like)
        if seen.sight is Sight.FULL:
            found[grade.value] = replace(seen, content=seeing.readable(ctx, like))
    return found


def graded(ctx: Context, dossier: Dossier) -> bool:
    """Return whether the dossier is graded, or one of its papers that the person may know of."""
    secret = views(ctx, dossier).keys() - {Grade.NONE.value}
    whole = Grade(dossier.grade) is not Grade.NONE
    return whole or bool(documents.count(ctx.session, dossier.id, secret))


def _lines(ctx: Context, place: int, one: Document, dossier: Dossier, seen: View) -> list[str]:
    if not seen.content:
        return [ctx.t(WITHHELD, place=place, grade=Grade(one.grade).zh)]
    facts = (
        ctx.t(FORMS[one.form]),
        ctx.t(PAGES, pages=one.pages) if one.pages else "",
        ctx.t(COPIES, copies=one.copies),
        ctx.t(IMPORTANT) if one.important else "",
        Grade(one.grade).zh if one.grade != Grade.NONE.value else "",
        one.location or dossier.location,
    )
    return [
        ctx.t(PAPER, place=place, title=one.title),
        " · ".join(fact for fact in facts if fact),
    ]


FEATURE = Feature(key="papers", title=TITLE, actions={"list": show})
