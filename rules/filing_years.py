"""归入年度: under which year papers are filed that belong to more than one.

Each year is kept apart; what spans several goes by what it is. The trap is the reply that lies in
another year than its request: both are filed together, under the year of the reply.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from rules.errors import DomainError


class Matter(StrEnum):
    """What kind of papers they are, as far as their year goes."""

    ONE_YEAR = "one_year"
    ANSWERED = "answered"
    """A request with its reply."""
    UNANSWERED = "unanswered"
    """A request without a reply."""
    PLAN = "plan"
    SUMMARY = "summary"
    MEETING = "meeting"


_CLAUSES = {
    Matter.ONE_YEAR: "S2-DOSS.7",
    Matter.ANSWERED: "S2-DOSS.14.1",
    Matter.UNANSWERED: "S2-DOSS.14.2",
    Matter.PLAN: "S2-DOSS.14.2",
    Matter.SUMMARY: "S2-DOSS.14.3",
    Matter.MEETING: "S2-DOSS.14.4",
}


def year_of(matter: Matter, first: int, last: int) -> int:
    """Return the year under which papers of the years `first` to `last` are filed.

    Of a request `first` is its year and `last` that of the reply; of a plan or a summary they are
    the years it is about; of a meeting those of its opening and its end.

    Raises:
        DomainError: the years run backward, or papers of one year span several.

    Rule: S2-DOSS.7, S2-DOSS.14.1, S2-DOSS.14.2, S2-DOSS.14.3, S2-DOSS.14.4, S5-2.24.
    """
    if last < first or (matter is Matter.ONE_YEAR and first != last):
        raise DomainError("years from the first to the last; one year for papers of one year")
    return last if matter in (Matter.ANSWERED, Matter.SUMMARY) else first


def year_rule(sources: Iterable[str], matter: Matter) -> str | None:
    """Return the clause by which a policy of these regulations has its year; None: none."""
    known = set(sources)
    if "S5-2" in known:
        return "S5-2.24"
    return _CLAUSES[matter] if "S2-DOSS" in known else None
