"""A person rewords a message that was sent before: what came of it is corrected where it is.

An open form or a draft takes the new wording in; what waits to be sorted is rewritten; a search
is redrawn. What was filed stays as it was, and the way to correct it is shown once. An edit of
anything else is nobody's business and gets no answer.
"""

from __future__ import annotations

from handlers import loose_items, seeing
from handlers.context import Context
from handlers.conversation import edits
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Button, Card, Inbound, Mode, Reply, Show
from handlers.dossiers import find
from handlers.feature import Feature
from handlers.texts import N_
from handlers.world import Registry
from rules.access import NoteAction
from storage import origins, outbox
from storage.origins import Origin

FILED_NOTE = N_("{number} is filed already and stays as it was. It can be corrected:")
FILED = N_("This was filed already and stays as it was.")
OF_NOTES = frozenset({"visit_note.filed", "visit_note.corrected"})


def answer(ctx: Context, inbound: Inbound, registry: Registry) -> Reply:
    """Answer the new wording of a message that was handled before."""
    reply = edits.edited(ctx, inbound, lambda feature: _line(ctx, feature, inbound))
    if reply is not None:
        return reply
    origin = origins.of(ctx.unit, inbound.mark, ctx.person.id)
    if origin is None:
        return _search(ctx, inbound, registry)
    kind, _, id_ = origin.subject.partition(":")
    if kind == "loose":
        return loose_items.reword(ctx, int(id_), inbound)
    origins.forget(ctx.unit, origin.subject, ctx.person.id)
    return _filed(ctx, origin, id_)


def _filed(ctx: Context, origin: Origin, id_: str) -> Reply:
    """Say that it is filed, and show the way to correct it."""
    if origin.action not in OF_NOTES:
        return Reply.of(Card(ctx.t(FILED)))
    note = seeing.note(ctx, id_, NoteAction.CORRECT)
    if note is None:
        return Reply()
    if not seeing.legible(ctx, note):
        return Reply.of(Card(ctx.t(FILED)))
    return Reply.of(
        Card(
            ctx.t(FILED_NOTE, number=note.number),
            choices=(
                Button(ctx.t(N_("Correct")), f"f.note.correct.{id_}"),
                Button(ctx.t(N_("View")), f"f.note.open.{id_}"),
            ),
            columns=2,
        )
    )


def _search(ctx: Context, inbound: Inbound, registry: Registry) -> Reply:
    """Redraw what was found, if that is what the message had asked for."""
    words = _after(find.FEATURE, inbound)
    slot = outbox.answer_slot(ctx.session, f"{inbound.channel}:{inbound.edits}:0")
    if not words or not slot.startswith("m.") or find.FEATURE.key not in registry.by_key:
        return Reply()
    shows = find.again(ctx, words).shows
    return Reply(tuple(Show(one.card, Mode.REDRAW, slot) for one in shows))


def _line(ctx: Context, feature: Feature, inbound: Inbound) -> Answers | None:
    """Read a message as the one line that begins a feature; None: it is none."""
    if feature.one_line is None:
        return None
    if inbound.command:
        if inbound.command != feature.command:
            return None
        return feature.one_line(ctx, inbound.command, inbound.text.strip())
    text = inbound.text.strip().lstrip("/／")
    word = next((one for one in feature.words if text.startswith(one)), None)
    return feature.one_line(ctx, word, text.removeprefix(word).strip()) if word else None


def _after(feature: Feature, inbound: Inbound) -> str:
    """Return what follows the command or word of a feature; "" if it is not that."""
    if inbound.command:
        return inbound.text.strip() if inbound.command == feature.command else ""
    word, _, rest = inbound.text.strip().lstrip("/／").partition(" ")
    return rest.strip() if word in feature.words else ""
