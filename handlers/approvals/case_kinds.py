"""What a kind of request is: how it is said to who decides, and what follows when it ends.

A use case registers its kind in `Feature.cases`; everything else about deciding (who, when, on
which card) is the same for all kinds and lives in `handlers.approvals.approvals`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from handlers.texts import Texts
from rules.cases import CaseState
from storage.staff import Person

if TYPE_CHECKING:
    from handlers.context import Context


class Asking(msgspec.Struct, frozen=True):
    """A request in the words of one reader; nothing in it that this reader must not see."""

    what: str
    """The thing itself and its secrecy grade, one line or more."""
    why: str = ""
    how_long: str = ""
    cautions: tuple[str, ...] = ()
    """What speaks for a second look, a line each."""
    key: str = ""
    """Of the button that opens the thing itself; empty: there is none for this reader."""


class Ending(msgspec.Struct, frozen=True):
    """How a case ended."""

    case_id: int
    number: str
    subject: int
    state: CaseState
    by: str | None
    """Who decided last; None: time did, or nobody had to."""
    rule: str
    reason: str
    """Of a refusal; empty otherwise."""


class CaseKind(msgspec.Struct, frozen=True):
    mark: str
    """First part of its numbers, one Chinese character (阅)."""
    title: str
    """What the card is headed with (N_)."""
    say: Callable[[Context, int, Person, Texts], Asking]
    """Describes the subject to a reader, for the messenger that is the reader's home."""
    end: Callable[[Context, Ending], bool]
    """Carries out what was decided, in the same unit; `context.person` is whoever acted last, or
    the requester where time did. Returns whether it told the requester how it ended."""
    tells_who_carries_out: bool = False
    """Whether `end` itself tells those who carry out what was approved."""
