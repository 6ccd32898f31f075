"""Calendars that are not published yet: operators are told, once for each year.

Until one is there its days are computed from weekends and the statutory days, and every card says
that such a day is provisional (5.3).
"""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.texts import N_, Texts
from rules.roles import OPERATOR
from storage import occurrences, staff

JOB = "calendar"

MISSING_TITLE = N_("Calendar is missing")
MISSING_TEXT = N_(
    "The calendar of {year} is not published, or this program does not have it yet. Days in it "
    "are provisional and are counted again when it is there."
)


def missing(ctx: Context, year: int) -> None:
    """Tell operators, once for each year, that its calendar is not there. Rule: 5.3 (B23)."""
    if not occurrences.begin(ctx.unit, JOB, f"missing {year}"):
        return

    def card(texts: Texts) -> Card:
        return Card(texts.t(MISSING_TEXT, year=year), title=texts.t(MISSING_TITLE))

    for one in staff.holders(ctx.session, OPERATOR):
        ctx.tell(one, card, f"{JOB}:missing:{year}:{one}")
