"""Every table, one module for each group of nouns. Instants are aware UTC, office days are dates.

Primary keys of business rows come from `storage.ids` (drawn outside the unit of work), so that a
row's id is known before it is written: sealed columns bind to it.
"""

from __future__ import annotations

from storage.tables.approvals import (
    affair,
    approval_case,
    case_act,
    case_card,
    case_decider,
    case_place,
    consultation,
    delegation,
    figures_request,
    outsider,
)
from storage.tables.base import metadata
from storage.tables.clock import breach, completion_round, episode, notice, occurrence, watch
from storage.tables.conversations import conversation, menu, origin
from storage.tables.corrections import correction, label_task
from storage.tables.destructions import destruction, destruction_item
from storage.tables.dossiers import (
    change_set,
    dossier,
    dossier_distinct,
    dossier_gram,
    dossier_key,
    dossier_merged,
    field_change,
    recent,
)
from storage.tables.files import attachment, loose
from storage.tables.handovers import (
    handover,
    handover_extension,
    handover_gap,
    handover_item,
    handover_leg,
    receipt_day,
)
from storage.tables.house import audit, counter, lease, look, meta, policy_version
from storage.tables.incidents import incident, incident_measure, incident_told
from storage.tables.loans import (
    custody_step,
    document,
    loan,
    loan_explanation,
    loan_item,
    loan_wait,
    renewal,
)
from storage.tables.meetings import meeting, meeting_dossier, meeting_member
from storage.tables.messages import (
    channel_note,
    chat_group,
    group_card,
    inbox,
    link,
    message_ref,
    outbox,
    outbox_turn,
)
from storage.tables.people import account, away, invite, staff, staff_key, stranger
from storage.tables.visits import note_comment, note_reader, visit, visit_note, visit_note_version

__all__ = [
    "account",
    "affair",
    "approval_case",
    "attachment",
    "audit",
    "away",
    "breach",
    "case_act",
    "case_card",
    "case_decider",
    "case_place",
    "change_set",
    "channel_note",
    "chat_group",
    "completion_round",
    "consultation",
    "conversation",
    "correction",
    "counter",
    "custody_step",
    "delegation",
    "destruction",
    "destruction_item",
    "document",
    "dossier",
    "dossier_distinct",
    "dossier_gram",
    "dossier_key",
    "dossier_merged",
    "episode",
    "field_change",
    "figures_request",
    "group_card",
    "handover",
    "handover_extension",
    "handover_gap",
    "handover_item",
    "handover_leg",
    "inbox",
    "incident",
    "incident_measure",
    "incident_told",
    "invite",
    "label_task",
    "lease",
    "link",
    "loan",
    "loan_explanation",
    "loan_item",
    "loan_wait",
    "look",
    "loose",
    "meeting",
    "meeting_dossier",
    "meeting_member",
    "menu",
    "message_ref",
    "meta",
    "metadata",
    "note_comment",
    "note_reader",
    "notice",
    "occurrence",
    "origin",
    "outbox",
    "outbox_turn",
    "outsider",
    "policy_version",
    "receipt_day",
    "recent",
    "renewal",
    "staff",
    "staff_key",
    "stranger",
    "visit",
    "visit_note",
    "visit_note_version",
    "watch",
]
