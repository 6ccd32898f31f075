"""What a person sends outside any conversation is kept, and the bot asks what it belongs to.

An album has no end mark: each part is added to the same item and one card is redrawn
(CONTRACT 2.4). Nothing is thrown away until the person says so.
"""

from __future__ import annotations

from msgspec.structs import asdict, replace

from handlers import intake, seeing
from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.answers import listed
from handlers.conversation.forms import Answers
from handlers.conversation.messages import (
    MAX_CHOICES,
    Button,
    Card,
    Inbound,
    Mode,
    Reply,
    Show,
)
from handlers.conversation.wording import shorten_middle
from handlers.dossiers import find
from handlers.feature import Feature
from handlers.handovers import handover_photos
from handlers.notes import note, one_line, visit_note
from handlers.pages import to_today
from handlers.texts import N_
from rules.access import NoteAction
from storage import attachments, loose, notes, origins
from storage.loose import Loose

ALBUM_WAIT_MS = 700

KEPT = N_("Kept: {what}. What does it belong to?")
NOT_UNDERSTOOD = N_("I kept what you wrote. Is it a note, or are you looking for a customer?")
GONE = N_("This was already sorted.")
DROPPED = N_("Deleted.")
ADDED = N_("Added to {number}.")
REWORDED = N_("Your change is kept.")
LIST = N_("Not sorted yet ({count})")
PHOTOS, VOICES = N_("{count} photo(s)"), N_("{count} voice message(s)")
VIDEOS, DOCUMENTS = N_("{count} video(s)"), N_("{count} file(s)")
LOCATION, FORWARDED = N_("a location"), N_("a forwarded message")
COUNTED = {"photo": PHOTOS, "voice": VOICES, "video": VIDEOS, "document": DOCUMENTS}
CUSTOMER_BYTES = 36
"""Of a customer's name on a button beside other words."""
SEARCH_LENGTH = 20
"""A text up to so many characters may be a search."""


def keep(ctx: Context, inbound: Inbound) -> Reply:
    """Keep one message and ask what it belongs to; parts of an album share one card."""
    taken, refused = intake.sifted(ctx, inbound)
    if refused and not (taken or inbound.place or inbound.text.strip()):
        return Reply.of(Card(refused))
    former = loose.by_album(ctx.unit, ctx.person.id, inbound.album) if inbound.album else None
    if former is None:
        item_id = loose.keep(
            ctx.unit,
            staff_id=ctx.person.id,
            body=_body(inbound),
            album=inbound.album,
            at=inbound.at,
        )
        ctx.record("loose.kept", f"loose:{item_id}")
    else:
        item_id = former.id
        if inbound.text.strip() and not former.body.get("text"):
            loose.rewrite(ctx.unit, item_id, {**former.body, **_words(inbound)})
    origins.note(
        ctx.unit,
        [inbound.mark],
        staff_id=ctx.person.id,
        action="loose.kept",
        subject=f"loose:{item_id}",
    )
    intake.note_files(ctx, inbound, "loose", item_id)
    item = loose.get(ctx.unit, item_id)
    assert item is not None  # noqa: S101 - written in this very unit
    card = _card(ctx, item)
    if refused:
        card = replace(card, text=f"{refused}\n{card.text}")
    return Reply(
        (
            Show(
                card,
                mode=Mode.SEND if former is None else Mode.REDRAW,
                slot=f"l.{item.id}",
                after_ms=ALBUM_WAIT_MS if inbound.album else 0,
            ),
        )
    )


def reword(ctx: Context, item_id: int, inbound: Inbound) -> Reply:
    """Keep the new wording of what waits to be sorted; of an album, the caption it had."""
    item = _own(ctx, str(item_id))
    if item is None or item.body.get("text") == inbound.text:
        return Reply()
    holds = attachments.of(ctx.unit, "loose", item.id) or item.body.get("place")
    if _text(item) and item.body.get("mark") != inbound.mark:
        return Reply()
    if not inbound.text.strip() and not holds:
        return Reply()
    loose.rewrite(ctx.unit, item.id, {**item.body, **_words(inbound)})
    ctx.record("loose.reworded", f"loose:{item.id}")
    card = _card(ctx, replace(item, body={**item.body, **_words(inbound)}))
    card = replace(card, text=f"{ctx.t(REWORDED)}\n{card.text}")
    return Reply((Show(card, mode=Mode.REDRAW, slot=f"l.{item.id}"),))


def _words(inbound: Inbound) -> dict[str, object]:
    return {"text": inbound.text, "mark": inbound.mark}


def _body(inbound: Inbound) -> dict[str, object]:
    body = _words(inbound)
    if inbound.place is not None:
        body["place"] = asdict(inbound.place)
    if inbound.forwarded:
        body["forwarded"] = True
    return body


def _text(item: Loose) -> str:
    return str(item.body.get("text", "")).strip()


def _what(ctx: Context, item: Loose) -> str:
    counts: dict[str, int] = {}
    for file in attachments.of(ctx.unit, "loose", item.id):
        if file.state != "refused":
            counts[file.kind] = counts.get(file.kind, 0) + 1
    parts = [ctx.t(COUNTED[kind], count=count) for kind, count in counts.items()]
    if item.body.get("place"):
        parts.append(ctx.t(LOCATION))
    if item.body.get("forwarded"):
        parts.append(ctx.t(FORWARDED))
    text = " ".join(_text(item).split())
    if text:
        parts.append(f"“{text[:40]}{'…' if len(text) > 40 else ''}”")
    return listed(parts, ctx.texts)


def _card(ctx: Context, item: Loose) -> Card:
    text = " ".join(_text(item).split())
    files = attachments.of(ctx.unit, "loose", item.id)
    plain = bool(text) and not item.body.get("place") and not files
    choices = [Button(ctx.t(N_("New note")), f"f.loose.note.{item.id}")]
    last = notes.last_note_of(ctx.unit, ctx.person.id)
    if last is not None and seeing.note(ctx, str(last.id), NoteAction.CORRECT, content=True):
        customer = shorten_middle(seeing.customer(ctx, last), CUSTOMER_BYTES)
        label = ctx.t(N_("Add to {number} ({customer})"), number=last.number, customer=customer)
        choices.append(Button(label, f"f.loose.add.{item.id}.{last.id}"))
    choices += handover_photos.offered(ctx, item.id, (file.kind for file in files))
    if plain and len(text) <= SEARCH_LENGTH:
        choices.append(Button(ctx.t(N_("Find “{words}”"), words=text), f"f.loose.find.{item.id}"))
    choices.append(Button(ctx.t(N_("Later")), f"f.loose.later.{item.id}"))
    delete = Button(ctx.t(N_("Delete")), f"f.loose.drop.{item.id}")  # never by a typed number
    words = NOT_UNDERSTOOD if plain and not item.body.get("forwarded") else KEPT
    return Card(
        ctx.t(words, what=_what(ctx, item)), choices=tuple(choices), columns=2, nav=(delete,)
    )


def _own(ctx: Context, words: str) -> Loose | None:
    item = loose.get(ctx.unit, int(words)) if words.isdecimal() else None
    if item is None or item.staff_id != ctx.person.id or item.state != "open":
        return None
    return item


def start_note(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Start a note that holds what was sent."""
    item = _own(ctx, arguments[0])
    if item is None:
        return Reply(alert=ctx.t(GONE))
    values = one_line.within(ctx, _text(item)) if _text(item) else {}
    if item.body.get("place"):
        values["place"] = item.body["place"]
    files = [one.id for one in attachments.of(ctx.unit, "loose", item.id)]
    if files:
        values["files"] = files
    loose.use(ctx.unit, item.id)
    ctx.record("loose.used", f"loose:{item.id}")
    mark, length = str(item.body.get("mark", "")), len(_text(item))
    sources = {"body": ((mark, length),)} if mark and length else None
    return runner.start(ctx, visit_note.FEATURE, Answers(values), sources=sources)


def add(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Add what was sent to a note already filed, as a correction that keeps the old text."""
    item = _own(ctx, arguments[0])
    if item is None:
        return Reply(alert=ctx.t(GONE))
    words = arguments[1] if len(arguments) > 1 else ""
    one = seeing.note(ctx, words, NoteAction.CORRECT, content=True)
    if one is None:
        return Reply(alert=ctx.t(seeing.NO_NOTE))
    body = f"{one.body}\n{_text(item)}" if _text(item) else one.body
    place = item.body.get("place")
    extras = {**one.extras, "place": place} if place and "place" not in one.extras else one.extras
    files = [file.id for file in attachments.of(ctx.unit, "loose", item.id)]
    attachments.attach(ctx.unit, files, "visit_note", one.id)
    if (body, extras) != (one.body, one.extras):
        new = replace(note.as_new(one), body=body, extras=extras)
        notes.correct(ctx.unit, one, new, by=ctx.person.id, at=ctx.at)
    loose.use(ctx.unit, item.id)
    origins.repoint(ctx.unit, f"loose:{item.id}", "visit_note.filed", f"visit_note:{one.id}")
    ctx.record("visit_note.added_to", f"visit_note:{one.id}", "S3-LOG.2.3c", files=len(files))
    return Reply.of(
        Card(
            ctx.t(ADDED, number=one.number),
            choices=(Button(ctx.t(N_("View")), f"f.note.open.{one.id}"),),
        )
    )


def search(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    item = _own(ctx, arguments[0])
    if item is None:
        return Reply(alert=ctx.t(GONE))
    if pickers.dossiers(ctx, _text(item), 0).options:  # else it may be no name: it stays
        loose.use(ctx.unit, item.id)
        ctx.record("loose.used", f"loose:{item.id}")
    return find.show(ctx, _text(item))


def later(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    if _own(ctx, arguments[0]) is None:
        return Reply(alert=ctx.t(GONE))
    return Reply.of(
        Card(
            ctx.t(N_("It waits under Today.")),
            choices=(to_today(ctx.texts),),
        )
    )


def drop(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    item = _own(ctx, arguments[0])
    if item is None:
        return Reply(alert=ctx.t(GONE))
    loose.drop(ctx.unit, item.id)
    origins.forget(ctx.unit, f"loose:{item.id}", ctx.person.id)
    ctx.record("loose.dropped", f"loose:{item.id}")
    return Reply.of(Card(ctx.t(DROPPED)))


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List what waits, or one item when its id is given."""
    if arguments and arguments[0]:
        item = _own(ctx, arguments[0])
        return Reply.of(_card(ctx, item)) if item else Reply(alert=ctx.t(GONE))
    waiting = loose.open_items(ctx.unit, ctx.person.id, limit=MAX_CHOICES)
    today = to_today(ctx.texts)
    if not waiting:
        return Reply.of(Card(ctx.t(N_("Nothing waits to be sorted.")), choices=(today,)))
    buttons = tuple(Button(_what(ctx, one), f"f.loose.list.{one.id}") for one in waiting)
    count = loose.count_open(ctx.session, ctx.person.id)
    return Reply.of(
        Card(
            ctx.t(N_("Tap one to sort it.")),
            title=ctx.t(LIST, count=count),
            choices=buttons,
            nav=(today,),
        )
    )


FEATURE = Feature(
    key="loose",
    title=N_("Not sorted yet"),
    actions={
        "note": start_note,
        "add": add,
        "find": search,
        "later": later,
        "drop": drop,
        "list": show,
    },
)
