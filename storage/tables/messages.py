"""Messages that came, messages to send, and the chats they go to."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Sequence, Table, text

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

inbox = Table(
    "inbox",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    Column("account", String(80), nullable=False),
    Column("at", Instant, nullable=False),  # the platform's time
    Column("received_at", Instant, nullable=False),
    Column("state", String(8), nullable=False),  # done | received | failed
    Column("body", Encrypted("inbox.body")),  # JSON of Inbound; None once done
    Column("reference", String(12), nullable=False, default=""),  # told to person and log
    Column("attempts", Integer, nullable=False, default=0),
    partial("ix_inbox_open", "state", "id", where="state <> 'done'"),
    partial("ix_inbox_body", "received_at", where="body IS NOT NULL"),
)

WAITING = "state IN ('ready', 'sending')"
AHEAD = "(state = 'sending' OR attempts > 0 OR problem = 'held') AND account <> ''"
"""Keeps later messages of its chat back: on its way, to be tried again, or held.

There is always an account; only who says so uses the index, not who has a message's id.
"""

outbox_turn = Sequence("outbox_turn", metadata=metadata)  # only where several write at once

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    # order per chat, as its messages were written, whoever wrote them (docs/decisions/0005)
    Column("turn", Id, nullable=False, server_default=text("0")),
    Column("key", String(160), nullable=False, unique=True),  # makes a repeat harmless
    Column("channel", String(16), nullable=False),
    Column("account", String(80), nullable=False),
    Column("staff_id", String(40)),
    Column("mode", String(8), nullable=False),  # send | redraw | tidy | tap
    Column("slot", String(80), nullable=False, default=""),  # name of the card
    Column("body", Encrypted("outbox.body")),  # JSON of Card; None: rendered from the ledger
    Column("state", String(8), nullable=False),  # ready | sending | sent | dropped | failed
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("problem", String(200), nullable=False, default=""),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("first_due_at", Instant),  # before the first failed try moved it; None: due_at
    Column("failed_at", Instant),
    partial("ix_outbox_failed", "failed_at", where="state = 'failed'"),
    partial("ix_outbox_ready", "channel", "due_at", "turn", where=WAITING),
    # slots first: those of many reminders lie side by side, so that few pages are written
    partial("ix_outbox_slot", "slot", "account", "channel", where=WAITING),
    partial("ix_outbox_ahead", "channel", "account", "turn", where=f"{WAITING} AND {AHEAD}"),
    partial("ix_outbox_body", "created_at", where="body IS NOT NULL"),
)

message_ref = Table(  # which platform message shows which card
    "message_ref",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("account", String(80), primary_key=True),
    Column("slot", String(80), primary_key=True),
    Column("ref", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "channel", "account", "ref"),
)

channel_note = Table(  # what a channel has to remember: of a message it sent, of itself
    "channel_note",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("account", String(80), primary_key=True),
    Column("ref", String(80), primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    Column("note", Encrypted("channel_note.note"), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "at"),
)

link = Table(  # ways into the private chat; its key is the id and a seal over it
    "link",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", String(40)),  # None: for everybody who is bound
    Column("target", Encrypted("link.target"), nullable=False),  # JSON: choice | command, text
    Column("expires_at", Instant, nullable=False),
    Index(None, "expires_at"),
)

chat_group = Table(  # groups the bot is in, or was
    "chat_group",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("chat", String(80), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("added_by", String(40), nullable=False),
    Column("gone_at", Instant),  # None: it is in it
    Column("cards_for", String(130), nullable=False, server_default="", index=True),
    # whose approval cards come here: role:CODE | department:NAME; empty: nobody's
)

group_card = Table(  # copies of a case's card in groups, which follow the case
    "group_card",
    metadata,
    Column("case_id", Id, ForeignKey("approval_case.id"), primary_key=True),
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("channel", String(16), nullable=False),
    Column("chat", String(80), nullable=False),
    Index(None, "channel", "chat"),
)
