"""An approval case as it is kept: its steps, its places, who is asked, what was decided.

A `Case` is one row, each of its `Place`s another, each `Decider` of an open place a third (by them
"what waits for me" is found). Words of people are not in it: reasons and questions come with the
act and are stored beside it. Guards against a case whose chain changes under it: it keeps its own.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from rules.access import StaffId
from rules.calendar import WorkingCalendar
from rules.chains import Approval, ApprovalRules, ChainStep, Seat
from rules.deciders import Decider, Directory, Gap, Matter, Search
from rules.policy import TimePolicy
from rules.stopwatch import Office, Stopwatch


class CaseState(StrEnum):
    """Where a case stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Nobody decided in time, or the answer to a question never came."""
    REGISTERED = "registered"
    """Needed no approval; the entry in the register is all."""


class PlaceState(StrEnum):
    """Where one place of a step stands."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    MOVED_UP = "moved_up"
    """Nobody could fill it; the next step decides for it too."""
    UNNEEDED = "unneeded"
    """The step was decided without it."""


class Question(msgspec.Struct, frozen=True):
    """What a decider asked back; the clock of the place stands until it is answered."""

    by: StaffId
    at: datetime
    reminded: int = 0
    """Reminders to the requester that have struck."""


class Decision(msgspec.Struct, frozen=True):
    """Who decided a place, and when."""

    decider: Decider
    at: datetime
    """The act's own time (C-58)."""


class Place(msgspec.Struct, frozen=True):
    """One place of an opened step."""

    step: int
    """Which step of the case's chain, from 0."""
    seat: Seat | None
    """The role that decides; None for an added signer."""
    watch: Stopwatch
    """Office time spent waiting for a decision."""
    named: StaffId | None = None
    """To whom it was passed on, or who was added as signer."""
    added_by: StaffId | None = None
    """Who added the signer."""
    state: PlaceState = PlaceState.OPEN
    deciders: tuple[Decider, ...] = ()
    """Who may decide it now; only while it is open. Empty: nobody, see `gap`."""
    gap: Gap | None = None
    """Why nobody fills it in the way the policy wrote it."""
    up: int = 0
    """How often it went up because of absence or silence; that many people above may decide."""
    reminded: int = 0
    """Reminders that have struck."""
    question: Question | None = None
    decision: Decision | None = None

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.state is PlaceState.OPEN

    def decider(self, staff_id: StaffId) -> Decider | None:
        """Return by what right a person may decide it now; None for everybody else."""
        return next((one for one in self.deciders if one.person == staff_id), None)


class Case(msgspec.Struct, frozen=True):
    """One request and all that was decided about it."""

    matter: Matter
    approval: Approval
    """The row of the policy under which it was opened (or to which a higher grade led)."""
    chain: tuple[ChainStep, ...]
    """Its steps, those added by a higher grade included."""
    opened_at: datetime
    state: CaseState = CaseState.PENDING
    step: int = 0
    """Index of the open step; of the last one when the case is closed."""
    places: tuple[Place, ...] = ()
    """Places of all opened steps, in order; their index names them in buttons."""
    asked: tuple[StaffId, ...] = ()
    """Everybody who ever got its card, in order; they all see what becomes of it."""
    stuck: bool = False
    """Whether a decision is needed that nobody can take now."""
    nudged_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: StaffId | None = None
    """Whose act closed it; None: time did, or no approval was needed."""

    @property
    def open(self) -> bool:
        """Whether anything can still be decided."""
        return self.state is CaseState.PENDING

    @property
    def deciders(self) -> frozenset[StaffId]:
        """Everybody who may decide something now."""
        return frozenset(one.person for place in self.places for one in place.deciders)

    @property
    def here(self) -> tuple[tuple[int, Place], ...]:
        """The places of the open step with their indices."""
        return tuple((at, one) for at, one in enumerate(self.places) if one.step == self.step)

    @property
    def asked_back(self) -> bool:
        """Whether a question to the requester is unanswered."""
        return any(place.question for place in self.places)


class World(msgspec.Struct, frozen=True):
    """What is so at this moment, outside the case."""

    directory: Directory
    rules: ApprovalRules
    time: TimePolicy
    calendar: WorkingCalendar
    now: datetime
    """UTC; of an act its own time (C-58)."""

    @property
    def office(self) -> Office:
        """The company's office time."""
        return Office(self.time.office_hours, self.calendar, self.time.zone)

    def search(self, matter: Matter, spent: frozenset[StaffId] = frozenset()) -> Search:
        """Return the search for people in this world."""
        day = self.time.office_day(self.now)
        return Search(matter, self.directory, day, spent, self.rules.absent.delegate)


class Approve(msgspec.Struct, frozen=True):
    """同意."""

    by: StaffId
    step: int | None = None
    """Step that the card showed; None (typed): the open one."""


class Refuse(msgspec.Struct, frozen=True):
    """拒绝, with a reason."""

    by: StaffId
    reason: str
    step: int | None = None


class AskBack(msgspec.Struct, frozen=True):
    """问一句: the requester answers, the clock stands meanwhile."""

    by: StaffId
    question: str
    step: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """The requester's answer to a question."""

    by: StaffId
    text: str
    place: int | None = None
    """Index of the place that asked; None: the oldest unanswered question."""


class PassOn(msgspec.Struct, frozen=True):
    """转交: the decision goes to a colleague of the same role or of the line above."""

    by: StaffId
    to: StaffId
    step: int | None = None


class AddSigner(msgspec.Struct, frozen=True):
    """加签: one more person must approve in this step."""

    by: StaffId
    who: StaffId
    step: int | None = None


class Withdraw(msgspec.Struct, frozen=True):
    """The requester takes the request back."""

    by: StaffId


class Nudge(msgspec.Struct, frozen=True):
    """催办: the requester has those reminded who have not decided."""

    by: StaffId


DeciderAct = Approve | Refuse | AskBack | PassOn | AddSigner
RequesterAct = Answer | Withdraw | Nudge
Act = DeciderAct | RequesterAct


class EventKind(StrEnum):
    """What happened to a case; each event is an audit entry, and a message where it has `tell`."""

    ASKED = "asked"
    """`tell` gets the card; with `acting_for` it says for whom and why."""
    STOOD_DOWN = "stood_down"
    """`tell` is no longer asked; only the card is redrawn."""
    MOVED_UP = "moved_up"
    """Nobody can fill a place; the next step decides for it."""
    PLACED_HIGHER = "placed_higher"
    """Nobody can fill a place of the last step; somebody above decides."""
    WENT_UP = "went_up"
    """Absence or silence: the next higher may decide too."""
    NOBODY_HIGHER = "nobody_higher"
    """Absence or silence, and nobody above."""
    STUCK = "stuck"
    """Nobody can decide; operator and human resources are told."""
    DECIDED = "decided"
    """One place was approved or refused."""
    STEP_DONE = "step_done"
    ASKED_BACK = "asked_back"
    ANSWERED = "answered"
    QUESTION_DROPPED = "question_dropped"
    """Who asked can no longer decide; no answer is needed."""
    PASSED_ON = "passed_on"
    SIGNER_ADDED = "signer_added"
    NUDGED = "nudged"
    REMINDED = "reminded"
    REROUTED = "rerouted"
    """A higher grade added steps."""
    CLOSED = "closed"
    """The case reached its last state; `tell` is the requester, `tell_roles` who hands out."""


class Event(msgspec.Struct, frozen=True):
    """One thing that happened, whom it concerns, and the rule behind it."""

    kind: EventKind
    rule: str
    step: int
    place: int | None = None
    """Index of the place; None: the whole step or case."""
    tell: tuple[StaffId, ...] = ()
    tell_roles: tuple[str, ...] = ()
    """Role codes whose holders are told (`operator` among them)."""
    by: StaffId | None = None
    """Who did it; None: time or a change in the staff list."""
    acting_for: StaffId | None = None
    why: str = ""
    """`self`, `vacant`, `spent`, `absent`, `silent`, `answer`, `left`; empty: speaks for itself.
    Of a decision `approved` or `refused`, of the end the case's state."""


class Outcome(msgspec.Struct, frozen=True):
    """A case after something happened; without events it is as it was."""

    case: Case
    events: tuple[Event, ...] = ()

    @property
    def redraw(self) -> tuple[StaffId, ...]:
        """Whose cards show something old now: everybody's who ever got one."""
        return (*self.case.asked, self.case.matter.requester) if self.events else ()
