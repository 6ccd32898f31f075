"""Who works here: staff, their accounts, strangers, absences."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table

from storage.tables.base import Id, metadata, partial
from storage.types import Instant, String

staff = Table(
    "staff",
    metadata,
    Column("id", String(40), primary_key=True),  # the company's own staff number
    Column("name", String(80), nullable=False),  # searchable, declared unprotected
    Column("department", String(80), nullable=False),
    Column("roles", String(400), nullable=False, default=""),  # role codes joined by ";"
    Column("superior", String(40)),  # staff id; None at the top
    Column("deputy", String(40)),
    Column("clearance", String(12), nullable=False, default="none"),
    Column("head_of", String(400), nullable=False, default=""),  # departments joined by ";"
    Column("locale", String(8), nullable=False, default="zh_CN"),
    Column("wecom_userid", String(80)),
    Column("active", Boolean, nullable=False, default=True),
    Column("home_channel", String(16), nullable=False, default=""),  # where notices go
    Column("home_account", String(80), nullable=False, default=""),
    Column("pinned_channel", String(16), nullable=False, server_default=""),  # "": last used
    Column("turned_at", Instant),  # left or came back, and what follows was not done yet
    Column("created_at", Instant, nullable=False),
    Index(None, "superior"),
    partial("ix_staff_deputy", "deputy", where="deputy IS NOT NULL"),
    partial("ix_staff_turned", "turned_at", where="turned_at IS NOT NULL"),
)

staff_key = Table(  # prefixes a person is found by: name, its tails, pinyin, initials; and exact
    # keys "role:CODE" and "head:DEPARTMENT", which no normalised name can look like
    "staff_key",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
)

account = Table(  # one person, several messengers
    "account",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("account", String(80), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("bound_at", Instant, nullable=False),
    Column("menu", String(32)),  # digest of the command menu it was given; None: none yet
    Column("unreachable_since", Instant),  # None: as far as we know, messages arrive
    Column("unreachable_why", String(8), nullable=False, server_default=""),  # blocked | off
)

invite = Table(
    "invite",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("code_hash", String(64), nullable=False, unique=True),  # SHA-256 of the code, hex
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

stranger = Table(  # accounts nobody vouched for: a counter, no content
    "stranger",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("account", String(80), primary_key=True),
    Column("seen", Integer, nullable=False, default=0),
    Column("wrong_codes", Integer, nullable=False, default=0),  # within the hour that began at
    Column("hour_began_at", Instant, nullable=False),
    Column("answered_at", Instant),
)

away = Table(  # leave and sickness suspend duties
    "away",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),  # inclusive
    Column("kind", String(16), nullable=False),  # leave | sick | trip
    Column("created_at", Instant, nullable=False),
    Column("cancelled_at", Instant),
    Index(None, "staff_id", "last_day"),
)
