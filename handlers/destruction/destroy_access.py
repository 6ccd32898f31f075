"""Who may see which destruction lists, and which of their lines.

Custodians see every list, others those they drew up, decide on or witness. The trap is the list
that tells of a dossier the reader may not know of: who only keeps the archive gets no line of it.
"""

from __future__ import annotations

from handlers import seeing
from handlers.context import Context
from handlers.destruction import destroy_checks
from handlers.destruction.destroy_checks import KIND
from handlers.texts import N_
from rules.access import Sight
from rules.destruction import CUSTODIAN
from storage import case_lists, cases, destructions
from storage.destructions import DestructionList, Item
from storage.staff import Person

NOT_THERE = N_("There is no such list, or it is not open to you.")


def may_read(ctx: Context, held: DestructionList, person: Person) -> bool:
    """Return whether somebody may see that there is such a list."""
    return CUSTODIAN in person.roles or concerned(ctx, held, person)


def concerned(ctx: Context, held: DestructionList, person: Person) -> bool:
    """Return whether somebody drew a list up, carries it out, witnesses or decides on it."""
    if person.id in (held.drawn_by, held.carried_by, held.witness):
        return True
    case_id = case_lists.about(ctx.session, KIND, held.id)
    stored = cases.get(ctx.unit, case_id) if case_id is not None else None
    return stored is not None and person.id in (*stored.case.asked, *stored.case.deciders)


def lines_for(ctx: Context, held: DestructionList, reader: Person) -> tuple[Item, ...]:
    """Return the lines of a list that a reader may know of."""
    every = destructions.items(ctx.unit, held.id)
    if concerned(ctx, held, reader):
        return every
    return tuple(one for one in every if _known(ctx, one, reader))


def _known(ctx: Context, item: Item, reader: Person) -> bool:
    like = destroy_checks.thing_of(ctx, item).as_graded
    return seeing.view(ctx, like, reader).sight is not Sight.NONE


def found(ctx: Context, words: str, *, lock: bool = False) -> DestructionList | None:
    """Return the list of that id if who acts may see it."""
    held = destructions.get(ctx.unit, int(words), lock=lock) if words.isdecimal() else None
    return held if held is not None and may_read(ctx, held, ctx.person) else None
