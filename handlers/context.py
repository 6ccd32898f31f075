"""One unit of work as a use case sees it: who acts, when, where, and what to write with.

A use case touches the session and nothing else: no caches, no wake-ups, no commit. What others
must hear goes to `tell`, what happened to `record`; both are written by whoever runs the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from handlers.conversation.forms import Moment
from handlers.conversation.messages import Card, Mode
from handlers.texts import Texts
from rules.calendar import WorkingCalendar
from rules.clauses import Clause
from rules.policies import InForce, Policies
from rules.policy import Policy
from storage import shown_cards
from storage.looks import Look
from storage.session import Session
from storage.staff import Person
from storage.unit import Unit

if TYPE_CHECKING:
    from handlers.world import Registry


class Told(msgspec.Struct, frozen=True):
    """One message for somebody else, written to the outbox with the unit."""

    staff_id: str
    card: Callable[[Texts], Card]
    """Built in the reader's language."""
    key: str
    """Idempotency key: the same key is sent once."""
    slot: str = ""
    mode: Mode = Mode.SEND
    after: datetime | None = None
    """Not before; None: at once, but never in quiet hours."""
    to: tuple[str, str] | None = None
    """Channel and account to send it to, at once and whosever it is; None: the person's home."""


class Recorded(msgspec.Struct, frozen=True):
    """One audit entry: ids and codes only."""

    action: str
    subject: str
    rule: str = ""
    facts: dict[str, str | int] = msgspec.field(default_factory=dict)


class Context(msgspec.Struct, dict=True):
    unit: Unit
    person: Person
    channel: str
    account: str
    at: datetime
    """The platform's time of what the person did; aware UTC."""
    today: date
    """Office day of `at` in the policy's zone."""
    policies: Policies
    calendar: WorkingCalendar
    texts: Texts
    languages: Mapping[str, Texts]
    registry: Registry
    clauses: Mapping[str, Clause]
    """Every clause by id, in the company's words."""
    card: str = ""
    """Platform reference of the message whose button was tapped; empty: no tap, or unknown."""
    told: list[Told] = msgspec.field(default_factory=list)
    recorded: list[Recorded] = msgspec.field(default_factory=list)
    looks: list[Look] = msgspec.field(default_factory=list)
    """What content was shown, and to whom; filled by `handlers.seeing` alone."""
    superiors: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Of people whose dossiers and notes this message has looked at."""
    granted: dict[str, Mapping[int, frozenset[str]]] = msgspec.field(default_factory=dict)
    """Dossiers open for a time to readers that this message has looked for, with their parts."""
    about: set[int] = msgspec.field(default_factory=set)
    """Dossiers that what was asked for by its number is about: a form that begins with it is
    guarded if one of them is graded."""
    guarded: set[str] = msgspec.field(default_factory=set)
    """Names and words of graded dossiers that were written out; filled by `handlers.seeing`,
    which protects every card with one of them, and by the name of a draft about one."""

    @property
    def session(self) -> Session:
        return self.unit.session

    @cached_property
    def tapped(self) -> str:
        """Slot of the card whose button was tapped; empty: no tap, or a card we do not know."""
        if not self.card:
            return ""
        return shown_cards.slot_of(self.session, self.channel, self.account, self.card)

    @property
    def in_force(self) -> InForce:
        """The policies of today."""
        return self.policies.on(self.today)

    @property
    def policy(self) -> Policy:
        """The company-wide policy of today; of a dossier ask `in_force.governing`."""
        return self.in_force.company

    @property
    def now(self) -> datetime:
        """When the unit runs; aware UTC."""
        return self.unit.now

    @property
    def moment(self) -> Moment:
        return Moment(self.at, self.today, self.calendar)

    def t(self, message: str, **facts: object) -> str:
        return self.texts.t(message, **facts)

    def new_id(self) -> int:
        return next(self.unit.ids)

    def tell(
        self,
        staff_id: str,
        card: Callable[[Texts], Card],
        key: str,
        *,
        slot: str = "",
        mode: Mode = Mode.SEND,
        after: datetime | None = None,
        to: tuple[str, str] | None = None,
    ) -> None:
        self.told.append(Told(staff_id, card, key, slot, mode, after, to))

    def record(self, action: str, subject: str, rule: str = "", **facts: str | int) -> None:
        self.recorded.append(Recorded(action, subject, rule, facts))
