"""Buttons that nobody drew: keys made up by somebody who knows how ours are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from handlers.conversation.talk import base36
from handlers.world import Registry
from storage.tables import metadata
from storage.unit import Unit

VERBS = (
    "submit", "draft", "cancel", "back", "skip", "more", "resume", "discard", "cal",
    "pg.1", "o.0", "o.7", "o.99", "d.2026-09-14", "d.2027-02-29", "e.customer", "e.body",
    "e.files", "e.nothing", "m.3", "y.-1", "offer", "done",
)  # fmt: skip
RUBBISH = (
    "f", "c", ".", "..", "f.", "f..", "f...", "c...", "f.note", "f.note.open", "f.note.open.",
    "f.note.open.-1", "f.note.open.0", "f.note.open.99999999999999999999", "f.note.open.１",
    "f.note.open.1.2.3.4", "f.note.open.1'--", "F.NOTE.OPEN.1", "x.note.open.1",
    "f.find.card.\x00", "c.1.1.submit", "f.today.open\nf.find.card.1",
    "f." + "a" * 62, "档案", "\U0001f4a5" * 16,
)  # fmt: skip
IDS = ("dossier", "visit", "visit_note", "note_comment", "attachment", "loose", "conversation")


class Forger:
    """Makes keys up, the same ones for the same seed."""

    def __init__(self, registry: Registry, ids: Sequence[str], seed: int) -> None:
        """`ids`: what is really in the database, and in which other people have a part."""
        self._random = Random(seed)
        self._ids = ids
        self._actions = [
            f"f.{feature.key}.{name}" for feature in registry.features for name in feature.actions
        ]
        self._ways: tuple[Callable[[], str], ...] = (
            self._action,
            self._action,
            self._action,
            self._conversation,
            self._conversation,
            self._rubbish,
        )

    def key(self) -> str:
        """Return a key; some are longer than the platform lets a client send."""
        return self._random.choice(self._ways)()

    def _action(self) -> str:
        words = [self._word() for _ in range(self._random.choice((0, 1, 1, 1, 2, 3)))]
        return ".".join((self._random.choice(self._actions), *words))

    def _conversation(self) -> str:
        conversation = self._random.choice(
            (self._id(), base36(self._random.randrange(1, 5000)), self._word())
        )
        revision = self._random.choice(("0", "1", "2", "3", "7", "999999999"))
        return f"c.{conversation}.{revision}.{self._random.choice(VERBS)}"

    def _rubbish(self) -> str:
        if self._random.random() < 0.5:
            return self._random.choice(RUBBISH)
        length = self._random.choice((1, 20, 64, 300))
        return "".join(chr(self._random.randrange(33, 0x3000)) for _ in range(length))

    def _word(self) -> str:
        return self._random.choice(
            (self._id(), self._id(), self._id(), "", "1", "CY016", "CY014", "2026-09-14", "leave",
             "zh_CN", "en", "all", "0", str(self._random.randrange(2**63)))
        )  # fmt: skip

    def _id(self) -> str:
        return self._random.choice(self._ids)


def ids_of(unit: Unit) -> list[str]:
    """Return the id of everything in the database that a button could name, twice as written."""
    found: list[str] = []
    for name in IDS:
        table = metadata.tables[name]
        ids = unit.session.execute(table.select().with_only_columns(table.c.id)).scalars().all()
        found += [str(one) for one in ids[-40:]] + [base36(int(one)) for one in ids[-40:]]
    return found
