"""The life of a loan as one table: from where, by what, to where, under which clause.

Whoever moves a loan asks `move`; what no row has cannot happen. Guards against the status that
jumps: lent papers come back only through a count, and short ones never close by themselves.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rules.errors import DomainError


class LoanKind(StrEnum):
    """What somebody asked to have."""

    LOAN = "loan"
    """The papers themselves."""
    COPY_LOAN = "copy_loan"
    """A photocopy that must come back (S3-ENG.3.5)."""
    COPY = "copy"
    """A copy or an excerpt for oneself."""
    DISCLOSE = "disclose"
    """Papers or data for somebody outside."""

    @property
    def comes_back(self) -> bool:
        """Whether something is lent; otherwise it is handed over for good."""
        return self in (LoanKind.LOAN, LoanKind.COPY_LOAN)


class LoanState(StrEnum):
    """Where a loan stands."""

    ASKED = "asked"
    APPROVED = "approved"
    """Waits in the archive to be fetched."""
    OFFERED = "offered"
    """Counted out by the custodian, not yet confirmed by the borrower."""
    LENT = "lent"
    RETURNING = "returning"
    """One side has said what comes back, the other has not confirmed."""
    SHORT = "short"
    """Something is missing or damaged; the loan stays open for it."""
    DISPUTED = "disputed"
    """The sides counted differently; a witness settles it."""
    LOST = "lost"
    """Reported lost, not written off."""
    DISCHARGED = "discharged"
    """Everything is back, or settled."""
    WRITTEN_OFF = "written_off"
    DONE = "done"
    """Handed over for good."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Not decided or not fetched in time, approved for a lower grade than the papers have now, or
    somebody else was quicker."""


OUT_STATES = frozenset(
    {
        LoanState.LENT,
        LoanState.RETURNING,
        LoanState.SHORT,
        LoanState.DISPUTED,
        LoanState.LOST,
    }
)
"""The papers, or some of them, are not in the archive."""

SPOKEN_STATES = OUT_STATES | {LoanState.APPROVED, LoanState.OFFERED}
"""The papers are somebody's: nobody else can have them lent."""

OPEN_STATES = SPOKEN_STATES | {LoanState.ASKED}
"""Something can still happen to the loan."""


class Trigger(StrEnum):
    """What happens to a loan."""

    APPROVE = "approve"
    """Approved, or registered where nobody needs to approve."""
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    """By who asked, before the papers are in their hands."""
    LAPSE = "lapse"
    """Time ran out, or the papers are somebody else's by now."""
    UPGRADE = "upgrade"
    """The papers have a higher grade than was approved."""
    COUNT_OUT = "count_out"
    """The custodian has counted the papers out."""
    TAKE = "take"
    """The borrower confirms the count."""
    DECLINE = "decline"
    """The borrower says no to the count, or the custodian takes it back."""
    LIST_BACK = "list_back"
    """Either side lists what comes back."""
    COMPLETE = "complete"
    """The count agrees and everything is back."""
    PARTLY = "partly"
    """The count agrees, nothing is missing, some papers are still lent."""
    FALL_SHORT = "fall_short"
    """The count agrees: something is missing or damaged."""
    DISPUTE = "dispute"
    """The other side counted something else."""
    RETRACT = "retract"
    """Listed by mistake; nothing came back, all is as before."""
    RETRACT_SHORT = "retract_short"
    """The same where something was short before."""
    RETRACT_LOST = "retract_lost"
    """The same where the papers had been reported lost."""
    SETTLE = "settle"
    """What was missing or damaged is settled with who answers for it."""
    LOSE = "lose"
    """Reported lost."""
    WRITE_OFF = "write_off"
    HAND_OVER = "hand_over"
    """A copy or data are handed over for good."""


class Transition(msgspec.Struct, frozen=True):
    """One row of the table."""

    state: LoanState
    trigger: Trigger
    to: LoanState
    rule: str
    """Clause behind it."""
    comes_back: bool | None = None
    """Whether for what is lent (True) or handed over for good (False) only; None: for both."""

    def fits(self, state: LoanState, trigger: Trigger, kind: LoanKind) -> bool:
        """Return whether it is the row for a trigger on a loan of that kind and state."""
        return (
            self.state is state
            and self.trigger is trigger
            and self.comes_back in (None, kind.comes_back)
        )


_S, _T = LoanState, Trigger

TRANSITIONS = (
    Transition(_S.ASKED, _T.APPROVE, _S.APPROVED, "S2-INFO.19.4"),
    Transition(_S.ASKED, _T.REFUSE, _S.REFUSED, "S2-INFO.19.4"),
    Transition(_S.ASKED, _T.WITHDRAW, _S.WITHDRAWN, "C-54"),
    Transition(_S.ASKED, _T.LAPSE, _S.LAPSED, "C-54"),
    Transition(_S.APPROVED, _T.WITHDRAW, _S.WITHDRAWN, "C-54"),
    Transition(_S.APPROVED, _T.LAPSE, _S.LAPSED, "C-54"),
    Transition(_S.APPROVED, _T.UPGRADE, _S.LAPSED, "C-56"),
    Transition(_S.APPROVED, _T.HAND_OVER, _S.DONE, "S1-15.7.5", comes_back=False),
    Transition(_S.APPROVED, _T.COUNT_OUT, _S.OFFERED, "S1-14.9", comes_back=True),
    Transition(_S.OFFERED, _T.TAKE, _S.LENT, "S1-14.9", comes_back=True),
    Transition(_S.OFFERED, _T.DECLINE, _S.APPROVED, "S1-14.9", comes_back=True),
    Transition(_S.OFFERED, _T.WITHDRAW, _S.WITHDRAWN, "C-54", comes_back=True),
    Transition(_S.OFFERED, _T.LAPSE, _S.LAPSED, "C-54", comes_back=True),
    Transition(_S.OFFERED, _T.UPGRADE, _S.LAPSED, "C-56", comes_back=True),
    Transition(_S.LENT, _T.LIST_BACK, _S.RETURNING, "S2-INFO.20", comes_back=True),
    Transition(_S.LENT, _T.LOSE, _S.LOST, "S1-14.7", comes_back=True),
    Transition(_S.RETURNING, _T.COMPLETE, _S.DISCHARGED, "S2-INFO.20", comes_back=True),
    Transition(_S.RETURNING, _T.PARTLY, _S.LENT, "S2-INFO.20", comes_back=True),
    Transition(_S.RETURNING, _T.FALL_SHORT, _S.SHORT, "S1-15.7.6", comes_back=True),
    Transition(_S.RETURNING, _T.DISPUTE, _S.DISPUTED, "S1-14.9", comes_back=True),
    Transition(_S.RETURNING, _T.RETRACT, _S.LENT, "S1-14.9", comes_back=True),
    Transition(_S.RETURNING, _T.RETRACT_SHORT, _S.SHORT, "S1-14.9", comes_back=True),
    Transition(_S.RETURNING, _T.RETRACT_LOST, _S.LOST, "S1-14.9", comes_back=True),
    Transition(_S.DISPUTED, _T.COMPLETE, _S.DISCHARGED, "S1-14.9", comes_back=True),
    Transition(_S.DISPUTED, _T.PARTLY, _S.LENT, "S1-14.9", comes_back=True),
    Transition(_S.DISPUTED, _T.FALL_SHORT, _S.SHORT, "S1-14.9", comes_back=True),
    Transition(_S.SHORT, _T.LIST_BACK, _S.RETURNING, "S1-15.7.5", comes_back=True),
    Transition(_S.SHORT, _T.LOSE, _S.LOST, "S1-14.7", comes_back=True),
    Transition(_S.SHORT, _T.SETTLE, _S.DISCHARGED, "S1-15.7.6", comes_back=True),
    Transition(_S.SHORT, _T.WRITE_OFF, _S.WRITTEN_OFF, "S1-15.7.6", comes_back=True),
    Transition(_S.LOST, _T.LIST_BACK, _S.RETURNING, "S1-15.7.5", comes_back=True),
    Transition(_S.LOST, _T.WRITE_OFF, _S.WRITTEN_OFF, "S1-14.7", comes_back=True),
)
"""The life of a loan; at most one row for a state, a trigger and a kind."""


def transition(
    state: LoanState, trigger: Trigger, kind: LoanKind = LoanKind.LOAN
) -> Transition | None:
    """Return the row for what happens to a loan; None: it cannot happen."""
    return next((row for row in TRANSITIONS if row.fits(state, trigger, kind)), None)


def move(state: LoanState, trigger: Trigger, kind: LoanKind = LoanKind.LOAN) -> LoanState:
    """Return where a loan stands afterwards.

    Raises:
        DomainError: no row of the table has it.

    Rule: S2-INFO.20, S1-14.9, S1-15.7.5, S1-15.7.6.
    """
    row = transition(state, trigger, kind)
    if row is None:
        raise DomainError(f"a {kind} that is {state} knows no {trigger}")
    return row.to
