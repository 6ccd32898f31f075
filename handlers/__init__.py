"""What people can do in chat: one file for each use case, listed here and nowhere else.

The order is that of the menus. Registering a feature twice, or two that answer to the same word,
stops the start.
"""

from __future__ import annotations

from handlers import (
    admin,
    cancel,
    comments,
    drafts,
    find,
    help,
    leave,
    leavers,
    loose_items,
    note,
    plan,
    settings,
    team,
    today,
    visit_note,
)
from handlers.feature import Feature

FEATURES: tuple[Feature, ...] = (
    today.FEATURE,
    visit_note.FEATURE,
    find.FEATURE,
    plan.FEATURE,
    team.FEATURE,
    leave.FEATURE,
    drafts.FEATURE,
    settings.FEATURE,
    admin.FEATURE,
    help.FEATURE,
    cancel.FEATURE,
    help.START,
    # reached by buttons and words only
    note.FEATURE,
    note.CORRECT,
    comments.FEATURE,
    plan.PLANNING,
    plan.MOVE,
    find.ASKING,
    leave.ENTERING,
    loose_items.FEATURE,
    leavers.FEATURE,
    admin.FINDING,
)
