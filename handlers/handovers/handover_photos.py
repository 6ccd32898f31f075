"""Photos of a handover's papers: one line at a time, or many at once that are sorted by tapping.

One photo may stand for two papers, and then both say so. The trap is what is no picture of a
paper: a voice message or a film is not taken for one.
"""

from __future__ import annotations

from collections.abc import Iterable

from handlers import seeing
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.conversation.wording import shorten
from handlers.feature import Action
from handlers.handovers import (
    handover_access,
    handover_acts,
    handover_ask,
    handover_card,
    handover_given,
    handover_list,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_given import Line
from handlers.pages import beside, page_of
from handlers.texts import N_
from rules.checklists import Form
from rules.handovers import ItemState
from rules.secrecy import Grade
from storage import attachments, handover_items, handover_lists, handovers, loose
from storage.attachments import Attachment
from storage.handover_items import PHOTOS
from storage.handovers import Handover
from storage.looks import Way

PILE = "handover"
"""Kind of subject of photos that are not sorted yet."""

PICTURES = frozenset({"photo", "document"})
"""Kinds of files that can show a paper; a document is a scan."""

TITLE = N_("Sort photos")
WHICH = N_("Photo {place} of {count} ({name}). Which paper does it show?")
SORTED = N_("All photos are sorted.")
PUT = N_("Sorted under {title}.")
ALSO = N_("It also shows…")
WHICH_ELSE = N_("Which other paper does this photo ({name}) show?")
BOTH = N_("It now stands for {title} as well.")
LATER, LIST = N_("Later"), N_("List")
NOT_PICTURES = N_("{count} files are no photo or scan of a paper and were not taken.")
NO_PHOTO = N_("There is no photo of it.")
TAKEN = N_("{count} photos")
WHERE = N_("To which handover do these photos belong?")
GONE = N_("This was already sorted.")
UNSORTED = N_("Take out again")
BACK_ON_PILE = N_("The photos of {title} are to be sorted again.")
FOR = N_("For a handover")
LABEL_BYTES = 30
SHOWN = 10
"""Photos that are shown at once."""


# -- keeping -----------------------------------------------------------------------------------


def taken(ctx: Context, files: Iterable[int]) -> tuple[tuple[int, ...], str]:
    """Return the files that can show a paper, and a line on the others ("" for none)."""
    every = tuple(files)
    found = (attachments.get(ctx.unit, one) for one in every)
    ids = tuple(one.id for one in found if one is not None and one.kind in PICTURES)
    others = len(every) - len(ids)
    return ids, ctx.t(NOT_PICTURES, count=others) if others else ""


def pile(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for many photos at once."""
    held = handover_acts.allowed(ctx, arguments[0], Act.GIVE)
    return held if isinstance(held, Reply) else handover_ask.ask(ctx, held, None, "pile")


def put_on_pile(ctx: Context, held: Handover, files: Iterable[int]) -> Reply:
    """Keep photos with a handover and begin to sort them."""
    ids, said = taken(ctx, files)
    attachments.attach(ctx.unit, ids, PILE, held.id)
    return sorting(ctx, held, lead=said)


def of_state(one: Line) -> dict[str, object]:
    """Return what a photo says of a line of which nothing was said: it is there, as asked for."""
    paper = one.there
    if one.item.state == ItemState.PRESENT or paper is None or paper.form is Form.ANY:
        return {}
    return {"state": ItemState.PRESENT.value, "form": paper.form.value, "reason": ""}


# -- sorting -----------------------------------------------------------------------------------


def sort(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the next photo that is not sorted, with the papers it may show."""
    held = handover_acts.allowed(ctx, arguments[0], Act.GIVE)
    if isinstance(held, Reply):
        return held
    return sorting(ctx, held, page_of(arguments, 1))


def sorting(
    ctx: Context, held: Handover, page: int = 0, lead: str = "", last: int | None = None
) -> Reply:
    """Ask what the next photo shows; `last`: the photo that was just sorted."""
    waiting = attachments.of(ctx.unit, PILE, held.id)
    also = (Button(ctx.t(ALSO), f"f.handover.also.{last}"),) if last is not None else ()
    if not waiting:
        words = "\n".join(filter(None, (lead, ctx.t(SORTED))))
        card = handover_list.list_card(ctx, held, lead=words)
        return Reply.of(_with(card, also))
    one = waiting[0]
    words = ctx.t(WHICH, place=1, count=len(waiting), name=_name(one, ctx))
    key = f"f.handover.put.{one.id}"
    card = _asking(ctx, held, page, "\n".join(filter(None, (lead, words))), key, also)
    return _shown(card, one)


def put(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Sort a photo under a paper, and show the next one."""
    found = _photo_and_line(ctx, arguments)
    if isinstance(found, Reply):
        return found
    held, photo, one = found
    if (photo.subject_kind, photo.subject_id) != (PILE, held.id):
        return sorting(ctx, held, lead=ctx.t(GONE))
    held = handovers.save(ctx.unit, held)
    attachments.attach(ctx.unit, [photo.id], PHOTOS, one.item.id)
    _say_there(ctx, one)
    title = one.title(ctx.texts)
    return sorting(ctx, held, lead=ctx.t(PUT, title=title), last=photo.id)


def also(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask which other paper a photo shows."""
    photo = _photo(ctx, arguments[0])
    row = handover_items.get(ctx.unit, photo.subject_id or 0) if photo else None
    if photo is None or row is None:
        return handover_card.refused(ctx, None)
    held = handover_acts.allowed(ctx, str(row.handover_id), Act.GIVE)
    if isinstance(held, Reply):
        return held
    words = ctx.t(WHICH_ELSE, name=_name(photo, ctx))
    page = page_of(arguments, 1)
    return _shown(_asking(ctx, held, page, words, f"f.handover.both.{photo.id}"), photo)


def both(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Let one photo stand for one more paper."""
    found = _photo_and_line(ctx, arguments)
    if isinstance(found, Reply):
        return found
    held, photo, one = found
    held = handovers.save(ctx.unit, held)
    if photo.subject_id != one.item.id:
        attachments.again(ctx.unit, photo, PHOTOS, one.item.id)
        _say_there(ctx, one)
    return sorting(ctx, held, lead=ctx.t(BOTH, title=one.title(ctx.texts)), last=photo.id)


def _say_there(ctx: Context, one: Line) -> None:
    values = of_state(one)
    if values and one.item.supplied_at is None:
        values["supplied_at"] = ctx.at
    if values:
        handover_items.put(ctx.unit, one.item.id, **values)


def take_out(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Let the photos of a line be sorted again."""
    row = handover_items.get(ctx.unit, int(arguments[0])) if arguments[0].isdecimal() else None
    held = handover_acts.allowed(ctx, str(row.handover_id) if row else "", Act.GIVE)
    if isinstance(held, Reply) or row is None:
        return held if isinstance(held, Reply) else handover_card.refused(ctx, None)
    held = handovers.save(ctx.unit, held)
    photos = attachments.of(ctx.unit, PHOTOS, row.id)
    attachments.attach(ctx.unit, [one.id for one in photos], PILE, held.id)
    line = next(one for one in handover_given.lines(ctx, held) if one.item.id == row.id)
    return sorting(ctx, held, lead=ctx.t(BACK_ON_PILE, title=line.title(ctx.texts)))


def _photo(ctx: Context, words: str) -> Attachment | None:
    return attachments.get(ctx.unit, int(words)) if words.isdecimal() else None


def _photo_and_line(
    ctx: Context, arguments: tuple[str, ...]
) -> tuple[Handover, Attachment, Line] | Reply:
    """Return a photo and a line of the same handover, if who acts fills in its list."""
    photo, words = _photo(ctx, arguments[0]), arguments[1] if len(arguments) > 1 else ""
    row = handover_items.get(ctx.unit, int(words)) if words.isdecimal() else None
    if photo is None or row is None or not _belongs(ctx, photo, row.handover_id):
        return handover_card.refused(ctx, None)
    held = handover_acts.allowed(ctx, str(row.handover_id), Act.GIVE)
    if isinstance(held, Reply):
        return held
    lines = handover_given.lines(ctx, held)
    return held, photo, next(one for one in lines if one.item.id == row.id)


def _belongs(ctx: Context, photo: Attachment, handover_id: int) -> bool:
    if photo.subject_kind == PILE:
        return photo.subject_id == handover_id
    row = handover_items.get(ctx.unit, photo.subject_id or 0)
    return photo.subject_kind == PHOTOS and row is not None and row.handover_id == handover_id


def _asking(
    ctx: Context,
    held: Handover,
    page: int,
    words: str,
    key: str,
    further: tuple[Button, ...] = (),
) -> Card:
    """Return the card that asks which paper a photo shows; those without enough come first."""
    lines = handover_given.lines(ctx, held)
    size = handover_list.SIZE
    shown = sorted(lines, key=_enough)[page * size : (page + 1) * size]
    choices = tuple(
        Button(shorten(one.title(ctx.texts), LABEL_BYTES), f"{key}.{one.item.id}") for one in shown
    )
    pages = key.replace(".put.", ".pick.").replace(".both.", ".also.")
    back = Button(ctx.t(LATER), f"f.handover.papers.{held.id}", back=True)
    more = len(lines) > (page + 1) * size
    return Card(
        words,
        title=f"{ctx.t(TITLE)} · {held.number}",
        choices=choices,
        columns=2,
        nav=(*beside(page, more=more, key=pages, back=back), *further),
        protect=True,
    )


def pick(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show another page of the papers that the next photo may show."""
    photo = _photo(ctx, arguments[0])
    if photo is None or photo.subject_kind != PILE:
        return handover_card.refused(ctx, None)
    return sort(ctx, (str(photo.subject_id), str(page_of(arguments, 1))))


def _enough(one: Line) -> bool:
    wanted = one.there.photos_needed if one.there is not None else 0
    return one.photos >= max(wanted, 1)


def _with(card: Card, further: tuple[Button, ...]) -> Card:
    return Card(
        card.text,
        title=card.title,
        choices=card.choices,
        columns=card.columns,
        nav=(*card.nav, *further),
        protect=True,
    )


def _shown(card: Card, photo: Attachment) -> Reply:
    """Show a photo with what is asked about it, as a new message."""
    files = (photo.id,) if photo.state == "kept" else ()
    whole = Card(
        card.text,
        title=card.title,
        choices=card.choices,
        columns=card.columns,
        nav=card.nav,
        files=files,
        protect=True,
    )
    return Reply((Show(whole, slot=FRESH),))


def _name(one: Attachment, ctx: Context) -> str:
    return one.name or ctx.texts.clock(one.created_at)


# -- looking -----------------------------------------------------------------------------------


def look(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the photos of a line to who may know of the handover (C-01)."""
    row = handover_items.get(ctx.unit, int(arguments[0])) if arguments[0].isdecimal() else None
    held = handover_access.known(ctx, str(row.handover_id)) if row else None
    if row is None or held is None:
        return handover_card.refused(ctx, None)
    dossier = handover_words.dossier_of(ctx, held)
    if dossier is not None and not handover_words.readable(ctx, held, here(ctx)):
        return Reply(alert=ctx.t(seeing.ABOVE_CEILING, grade=Grade(dossier.grade).zh))
    photos = [one for one in attachments.of(ctx.unit, PHOTOS, row.id) if one.state == "kept"]
    line = next(one for one in handover_given.lines(ctx, held) if one.item.id == row.id)
    buttons = [Button(ctx.t(LIST), f"f.handover.papers.{held.id}", back=True)]
    if Act.GIVE in handover_access.may(ctx, held, ctx.person):
        buttons.append(Button(ctx.t(UNSORTED), f"f.handover.out.{row.id}"))
    words = ctx.t(TAKEN, count=len(photos)) if photos else ctx.t(NO_PHOTO)
    if dossier is not None and seeing.right(ctx, dossier) is not None:
        seeing.look(ctx, dossier, Way.FILES)
    else:
        ctx.record("handover.photos_seen", f"handover:{held.id}", seeing.RULE)
    card = Card(
        words,
        title=line.title(ctx.texts),
        files=tuple(one.id for one in photos[:SHOWN]),
        nav=tuple(buttons),
        protect=True,
    )
    return Reply((Show(card, slot=FRESH),))


def shared(ctx: Context, held: Handover, line: Line) -> tuple[str, ...]:
    """Return the titles of other papers for which a photo of this one also stands."""
    if not line.photos:
        return ()
    lines = {one.item.id: one for one in handover_given.lines(ctx, held) if one.photos}
    every = attachments.of_all(ctx.unit, PHOTOS, lines)
    mine = {_mark(one) for one in every if one.subject_id == line.item.id}
    others = dict.fromkeys(
        one.subject_id for one in every if _mark(one) in mine and one.subject_id != line.item.id
    )
    return tuple(lines[one].title(ctx.texts) for one in others if one is not None)


def _mark(one: Attachment) -> str:
    """Return what two rows of one photo have in common: its content, else where it came from."""
    return one.address or one.source


# -- sent outside any form ---------------------------------------------------------------------


def from_loose(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take photos that were sent unasked for a handover; `arguments`: what was sent, and which."""
    item = loose.get(ctx.unit, int(arguments[0])) if arguments[0].isdecimal() else None
    if item is None or item.staff_id != ctx.person.id or item.state != "open":
        return Reply(alert=ctx.t(GONE))
    if len(arguments) > 1:
        held = handover_acts.allowed(ctx, arguments[1], Act.GIVE)
        if isinstance(held, Reply):
            return held
        files = [one.id for one in attachments.of(ctx.unit, "loose", item.id)]
        loose.use(ctx.unit, item.id)
        ctx.record("loose.used", f"loose:{item.id}")
        return put_on_pile(ctx, held, files)
    legs = handover_lists.to_give(ctx.unit, ctx.person.id, handover_list.SIZE)
    found = [handovers.get(ctx.unit, one.handover_id) for one in legs]
    some = [one for one in found if one is not None]
    if len(some) == 1:
        return from_loose(ctx, (arguments[0], str(some[0].id)))
    buttons = tuple(
        Button(
            f"{one.number} {handover_words.subject(ctx, one, here(ctx))}",
            f"f.handover.take.{item.id}.{one.id}",
        )
        for one in some
    )
    return Reply.of(Card(ctx.t(WHERE), title=ctx.t(TITLE), choices=buttons))


def offered(ctx: Context, item_id: int, kinds: Iterable[str]) -> tuple[Button, ...]:
    """Return the button that takes what was sent for a handover; none: nobody waits for it."""
    if not PICTURES & set(kinds) or not handover_lists.to_give(ctx.unit, ctx.person.id, 1):
        return ()
    return (Button(ctx.t(FOR), f"f.handover.take.{item_id}"),)


ACTIONS: dict[str, Action] = {
    "pile": pile,
    "sort": sort,
    "pick": pick,
    "put": put,
    "also": also,
    "both": both,
    "out": take_out,
    "look": look,
    "take": from_loose,
}
