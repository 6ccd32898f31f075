"""What people can do in chat, one value each; `handlers.FEATURES` lists them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from handlers.approvals.case_kinds import CaseKind
from handlers.context import Context
from handlers.conversation.forms import Answers, Form
from handlers.conversation.messages import Card, Reply
from handlers.sheets.made import Maker
from rules.secrecy import Grade
from storage.dossiers import Dossier
from storage.staff import Person

Action = Callable[[Context, tuple[str, ...]], Reply]
"""Answers a button `f.<feature>.<name>[.<arg>...]`; the arguments come from outside: re-check.

There is at least one, "" where the key has none; digits among them fit an id of the database."""


Regraded = Callable[[Context, Dossier, Grade], None]
"""Told in the unit of the change: the dossier as it is now and the grade before. Who acts is
`context.person`; where a grade lapsed by itself, the keeper, and `context.channel` is empty."""


class Clockwork(msgspec.Struct, frozen=True):
    """How the reminders of one kind of case are said and set."""

    say: Callable[[Context, int, str, str], Card | None]
    """Renders a due rung (case id, rung, message key) for `context.person`, late ones folded into
    it; None: no longer true. Sets the next rung of the case as well."""
    wind: Callable[[Context, int], object]
    """Sets the next rung of a case whose last one reached nobody."""
    hears: Callable[[Context, int, str], str | None]
    """Returns who is to hear a rung as things are now; None: nobody."""
    at_night: bool = False
    """Whether its rungs are said in quiet hours too."""


def everyone(person: Person) -> bool:
    return person.active


class Feature(msgspec.Struct, frozen=True, eq=False):
    key: str
    """Short, lower case; part of button keys."""
    title: str
    """What the menus say (N_)."""
    command: str = ""
    """Slash command without the slash; empty: reached by buttons only."""
    words: tuple[str, ...] = ()
    """Chinese words that do the same outside a form."""
    audience: Callable[[Person], bool] = everyone
    """Asked at every step, not only at the first."""
    open: Callable[[Context, str], Reply] | None = None
    """Answers the command with its arguments; None: starts the form."""
    form: Form | None = None
    submit: Callable[[Context, Answers], Reply] | None = None
    """Files the answers of the form."""
    review: Callable[[Context, Answers], str] | None = None
    """Says on the review card what would follow from the answers as things are now."""
    one_line: Callable[[Context, str, str], Answers] | None = None
    """Reads answers from the command or word that was used and what followed it."""
    actions: Mapping[str, Action] = msgspec.field(default_factory=dict)
    clocks: Mapping[str, Clockwork] = msgspec.field(default_factory=dict)
    """By case kind."""
    cases: Mapping[str, CaseKind] = msgspec.field(default_factory=dict)
    """Kinds of requests that others decide, by a key as those of features."""
    makes: Mapping[str, Maker] = msgspec.field(default_factory=dict)
    """Files that are made when they are sent, by a name as those of actions."""
    regraded: Regraded | None = None
    """Follows when a dossier's secrecy grade rises or falls; None: nothing hangs on it."""
    listed: bool = True
    """Whether menus and help name its command."""

    def button(self, name: str, *arguments: object) -> str:
        """Return the key of a button that calls the action `name`."""
        return ".".join(("f", self.key, name, *(str(one) for one in arguments)))
