"""Conversations, what typed numbers mean, and what became of a message."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String, Text

conversation = Table(  # one active for each person, any number of drafts
    "conversation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("feature", String(40), nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("status", String(8), nullable=False),  # active | draft | dropped
    Column("rev", Integer, nullable=False),  # raised with every step; buttons carry it
    Column("card", Integer, nullable=False, default=0),  # number of its present card
    Column("state", Encrypted("conversation.state"), nullable=False),
    Column("title", Encrypted("conversation.title")),
    Column("channel", String(16), nullable=False),  # where it was last written
    Column("account", String(80), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("touched_at", Instant, nullable=False),
    partial("ix_conversation_one_active", "staff_id", where="status = 'active'", unique=True),
    Index(None, "staff_id", "status", "touched_at"),
    Index(None, "status", "touched_at"),
)

menu = Table(  # what typed numbers mean: the choices of the last card a person was shown
    "menu",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("account", String(80), primary_key=True),
    Column("keys", Text, nullable=False),  # JSON list of button keys
)

origin = Table(  # what became of a person's message, so that an edit of it finds its way
    "origin",
    metadata,
    Column("mark", String(140), primary_key=True),  # channel:key of the message
    Column("staff_id", String(40), nullable=False),
    Column("action", String(40), nullable=False),  # as audited: visit_note.filed, loose.kept ...
    Column("subject", String(80), nullable=False),  # visit_note:12
    Column("at", Instant, nullable=False),
    Index(None, "subject"),
    Index(None, "at"),
)
