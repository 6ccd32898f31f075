"""What pickers find: customers, dossiers and colleagues, as far as this person may see them.

Each look-up is one page; one entry more than fits tells whether there is a further page.
"""

from __future__ import annotations

from handlers import seeing
from handlers.context import Context
from handlers.conversation.engine import Query
from handlers.conversation.forms import DOSSIER, Kind
from handlers.conversation.messages import MAX_CHOICES, Found, Option
from handlers.loans import paper_picker
from handlers.texts import N_
from rules.access import Sight
from storage import search, staff
from storage.search import Hit
from storage.staff import Person

DRAFT = N_("draft")
HINT = N_("{number} · {keeper}")

_ONESELF = frozenset(["我", "我自己", "自己", "本人", "me", "myself"])

_MOST_WORDS = 4
"""A customer's name is looked for in so many words at the beginning of a line."""


def find(ctx: Context, query: Query) -> Found:
    """Return one page of what fits the words, and whether one entry fits them fully."""
    if query.field.kind is Kind.STAFF:
        if query.field.oneself and not query.words:
            return Found((_me(ctx),))
        found = colleagues(ctx, query.words, query.page, query.limit)
        return _without(ctx, found) if query.field.others else found
    if query.field.kind is Kind.PAPERS:
        about = query.answers.text(DOSSIER)
        return paper_picker.find(ctx, query.words, about, query.page, query.limit)
    return dossiers(ctx, query.words, query.page, query.limit)


def dossiers(ctx: Context, words: str, page: int, limit: int = MAX_CHOICES) -> Found:
    """Return one page of dossiers; those of others are masked, or left out where secret."""
    hits = search.find_dossiers(
        ctx.unit, words, staff_id=ctx.person.id, limit=limit + 1, offset=page * limit
    )
    seeing.ask_ahead(ctx, hits[:limit])
    shown = [(hit, option) for hit in hits[:limit] if (option := _option(ctx, hit))]
    wanted = search.normalise(words) if page == 0 else ""
    exact = [one for one in shown if wanted and _fits_fully(one[0], one[1], wanted)]
    if len(exact) == 1:
        return Found((exact[0][1],), exact=True)
    return Found(tuple(option for _, option in shown), more=len(hits) > limit)


def one_customer(ctx: Context, parts: list[str]) -> tuple[Option, int] | None:
    """Return the one customer that the first words name, and how many words that took."""
    for used in range(min(len(parts), _MOST_WORDS), 0, -1):
        found = dossiers(ctx, " ".join(parts[:used]), 0)
        if len(found.options) == 1 and not found.more:
            return found.options[0], used
    return None


def colleagues(ctx: Context, words: str, page: int, limit: int = MAX_CHOICES) -> Found:
    """Return one page of people; who writes 「我」 means themselves."""
    if words.strip().casefold() in _ONESELF:
        return Found((_me(ctx),), exact=True)
    people = staff.find(ctx.session, words, limit + 1, page * limit)
    options = tuple(Option(one.id, one.name, one.department) for one in people[:limit])
    wanted = search.normalise(words)
    exact = [
        option
        for person, option in zip(people, options, strict=False)
        if page == 0 and wanted and _is_called(person, wanted)
    ]
    if len(exact) == 1:
        return Found((exact[0],), exact=True)
    return Found(options, more=len(people) > limit)


def _me(ctx: Context) -> Option:
    return Option(ctx.person.id, ctx.person.name, ctx.person.department)


def _without(ctx: Context, found: Found) -> Found:
    """Return what was found without the person who asks."""
    others = tuple(one for one in found.options if one.key != ctx.person.id)
    if len(others) == len(found.options):
        return found
    return Found(others, more=found.more, oneself=not others and not found.more)


def _option(ctx: Context, hit: Hit) -> Option | None:
    seen = seeing.view(ctx, hit)
    if seen.sight is Sight.NONE:
        return None
    if hit.own:
        hint = "" if hit.number else ctx.t(DRAFT)
    else:
        hint = ctx.t(HINT, number=hit.number or ctx.t(DRAFT), keeper=hit.keeper_name)
    return Option(str(hit.id), seeing.called(ctx, hit, seen), hint)


def _fits_fully(hit: Hit, option: Option, wanted: str) -> bool:
    """Whether normalised words are the whole of a name that may be shown, or a whole number."""
    if hit.number and search.normalise(hit.number) == wanted:
        return True
    return option.label == hit.name and search.normalise(hit.name) == wanted


def _is_called(person: Person, wanted: str) -> bool:
    return wanted in (search.normalise(person.name), search.normalise(person.id))
