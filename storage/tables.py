"""Every table, in one place. Instants are aware UTC, office days are dates.

Primary keys of business rows come from `storage.ids` (drawn outside the unit of work), so that a
row's id is known before it is written: sealed columns bind to it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    UniqueConstraint,
    false,
    text,
)

from storage.types import Encrypted, Instant, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")


# -- people ------------------------------------------------------------------------------------

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
    Index(
        "ix_staff_turned",
        "turned_at",
        sqlite_where=text("turned_at IS NOT NULL"),
        postgresql_where=text("turned_at IS NOT NULL"),
    ),
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

# -- dossiers ----------------------------------------------------------------------------------

dossier = Table(
    "dossier",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), unique=True),  # None while a draft (C-69)
    Column("name", String(200), nullable=False),  # searchable, declared unprotected
    Column("name_norm", String(200), nullable=False),
    Column("type", String(40), nullable=False, default="customer"),
    Column("keeper", ForeignKey("staff.id"), nullable=False),
    Column("level", String(12), nullable=False, default=""),  # company | department | personal
    Column("grade", String(12), nullable=False, default="none"),
    Column("grade_until", Date),
    Column("class", String(40), nullable=False, default=""),
    Column("phone", Encrypted("dossier.phone")),
    Column("phone_index", LargeBinary(16)),  # keyed index of the full number
    Column("phone_tail_index", LargeBinary(16)),  # keyed index of its last four digits
    Column("contact", Encrypted("dossier.contact")),
    Column("address", Encrypted("dossier.address")),
    Column("fields", Encrypted("dossier.fields")),  # JSON object of the pack's further fields
    Column("location", String(80), nullable=False, default=""),
    Column("department", String(80), nullable=False, default=""),
    Column("opened_on", Date),
    Column("key", String(80), nullable=False, default=""),  # the pack's dossier_key value
    Column("state", String(12), nullable=False, default="active"),
    # draft (C-69) | reported: waits to be verified (S1-01.2) | active
    Column("created_by", String(40), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("open_from", Date),  # the time in which a draft is to be reported runs from here
    # what the duties to complete it depend on; counted after every change of a field
    Column("missing", Integer, nullable=False, server_default="-1"),  # -1: to be counted
    Column("governed_by", String(80), nullable=False, server_default=""),  # pack
    Column("long_term", Boolean, nullable=False, server_default=false()),  # C-46
    Column("completed_on", Date, nullable=False, server_default="0001-01-01"),
    # office day on which a value was last entered; 0001-01-01: never
    Column("reviewed_on", Date, nullable=False, server_default="0001-01-01"),
    # the same, or on which it was said that nothing has changed (S1-05.2)
    Index(None, "keeper", "name_norm"),
    Index(None, "name_norm"),
    Index(None, "phone_index"),
    Index(None, "phone_tail_index"),
    *(
        Index(
            f"ix_dossier_{name}",
            *columns,
            sqlite_where=text(where),
            postgresql_where=text(where),
        )
        for name, columns, where in (
            ("draft", ("keeper", "id"), "state = 'draft'"),
            ("uncounted", ("id",), "missing < 0"),
            ("incomplete", ("keeper", "governed_by", "completed_on", "id"), "missing > 0"),
            ("long_term", ("keeper", "governed_by", "reviewed_on", "id"), "long_term"),
            ("reviewed", ("keeper", "governed_by", "reviewed_on", "id"), "missing >= 0"),
        )
    ),
    Index(
        "ix_dossier_by_key",
        "key",
        sqlite_where=text("key <> ''"),
        postgresql_where=text("key <> ''"),
    ),
)

dossier_merged = Table(  # what became of a dossier that was another one twice
    "dossier_merged",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # the one it had
    Column("number", String(40), nullable=False, unique=True),  # leads to the other one now
    Column("into_id", Id, ForeignKey("dossier.id"), nullable=False, index=True),
    Column("name_norm", String(200), nullable=False, index=True),
    Column("type", String(40), nullable=False),
    Column("key", String(80), nullable=False),
    Column("phone_index", LargeBinary(16)),
    Column("content", Encrypted("dossier_merged.content"), nullable=False),  # JSON: all it held
    Column("merged_by", String(40), nullable=False),
    Column("merged_at", Instant, nullable=False),
)

dossier_distinct = Table(  # alike, but a person said that they are two
    "dossier_distinct",
    metadata,
    Column("low_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("high_id", Id, ForeignKey("dossier.id"), primary_key=True, index=True),
    Column("marked_by", String(40), nullable=False),
    Column("marked_at", Instant, nullable=False),
)

dossier_gram = Table(  # two neighbouring characters of the normalised name
    "dossier_gram",
    metadata,
    Column("gram", String(2), primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    sqlite_with_rowid=False,
)

dossier_key = Table(  # prefixes a dossier is found by: pinyin, initials (full and core name)
    "dossier_key",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("keeper", String(40), nullable=False),  # of the dossier: own ones come first
    Index(None, "keeper", "key"),
    sqlite_with_rowid=False,
)

change_set = Table(  # what a person wants changed in a dossier, together
    "change_set",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False, index=True),
    Column("proposed_by", ForeignKey("staff.id"), nullable=False),
    Column("note_id", Id),  # the visit note whose facts it takes up; None: the update form
    Column("source", String(40), nullable=False, server_default=""),  # role whose material it is
    Column("state", String(12), nullable=False),  # draft | proposed | decided | withdrawn
    Column("rev", Integer, nullable=False),  # raised with every change; buttons carry it
    Column("begun_at", Instant, nullable=False),
    Column("proposed_at", Instant),  # platform time
    Index(
        "ix_change_set_draft",
        "proposed_by",
        "dossier_id",
        unique=True,
        sqlite_where=text("state = 'draft'"),
        postgresql_where=text("state = 'draft'"),
    ),
)

field_change = Table(  # one field of it, with what the field held before
    "field_change",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("set_id", Id, ForeignKey("change_set.id"), nullable=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("field", String(40), nullable=False),
    Column("old", Encrypted("field_change.old")),  # as the proposer saw it; None: empty
    Column("new", Encrypted("field_change.new")),  # None: to be emptied
    Column("replaced", Encrypted("field_change.replaced")),  # what applying it took the place of
    Column("state", String(12), nullable=False),
    # draft | proposed | applied | refused | withdrawn | superseded
    Column("decided_by", String(40), nullable=False, server_default=""),
    Column("decided_at", Instant),
    Column("rule", String(24), nullable=False, server_default=""),
    UniqueConstraint("set_id", "field"),
    Index(None, "dossier_id", "field", "decided_at"),
    Index(
        "ix_field_change_open",
        "dossier_id",
        sqlite_where=text("state = 'proposed'"),
        postgresql_where=text("state = 'proposed'"),
    ),
)

recent = Table(  # which dossiers a person last worked on
    "recent",
    metadata,
    Column("staff_id", String(40), primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("used_at", Instant, nullable=False),
    Index(None, "staff_id", "used_at"),
)

# -- visits ------------------------------------------------------------------------------------

visit = Table(  # a planned visit and its duty to file a note the same day (S1-07.2.3a)
    "visit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("state", String(12), nullable=False),  # planned | noted | cancelled | missed
    Column("purpose", Encrypted("visit.purpose")),
    Column("from_note", Id),  # the note whose next contact this is
    Column("note_id", Id),  # the note that met the duty
    Column("version", Integer, nullable=False, default=1),
    Column("entered_at", Instant, nullable=False),  # platform time of entering or last moving it
    Column("cancelled_at", Instant),  # platform time
    Index(None, "staff_id", "state", "day"),
    Index(None, "dossier_id", "day"),
    Index(None, "from_note"),
)

visit_note = Table(
    "visit_note",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), nullable=False, unique=True),  # 访-2026-0042
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("author", ForeignKey("staff.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("manner", String(12), nullable=False),  # visit | reception | call | letter
    Column("body", Encrypted("visit_note.body"), nullable=False),  # what happened
    Column("extras", Encrypted("visit_note.extras")),  # JSON: met, facts, problems, next step ...
    Column("next_contact", Date),
    Column("major", Boolean, nullable=False, default=False),
    Column("confidential", Boolean, nullable=False, default=False),
    Column("state", String(12), nullable=False),  # filed | withdrawn
    Column("version", Integer, nullable=False, default=1),
    Column("filed_at", Instant, nullable=False),  # the platform's message time
    Column("deadline", Instant, nullable=False),  # first instant that is late
    Column("on_time", Boolean, nullable=False),
    Index(None, "dossier_id", "filed_at"),
    Index(None, "author", "filed_at"),
)

visit_note_version = Table(  # what a note said before it was corrected or withdrawn
    "visit_note_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("note_id", Id, ForeignKey("visit_note.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", Encrypted("visit_note_version.content"), nullable=False),  # JSON
    Column("replaced_at", Instant, nullable=False),
    Column("replaced_by", String(40), nullable=False),
    UniqueConstraint("note_id", "version"),
)

note_comment = Table(
    "note_comment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("note_id", Id, ForeignKey("visit_note.id"), nullable=False, index=True),
    Column("author", ForeignKey("staff.id"), nullable=False),
    Column("body", Encrypted("note_comment.body"), nullable=False),
    Column("at", Instant, nullable=False),
)

note_reader = Table(  # who was told of a note, and since when they know it
    "note_reader",
    metadata,
    Column("staff_id", String(40), primary_key=True),
    Column("note_id", Id, ForeignKey("visit_note.id"), primary_key=True),
    Column("told_at", Instant, nullable=False),
    Column("read_at", Instant),  # None: not opened yet
    Index(None, "staff_id", "told_at"),
    Index(
        "ix_note_reader_unread",
        "staff_id",
        "told_at",
        sqlite_where=text("read_at IS NULL"),
        postgresql_where=text("read_at IS NULL"),
    ),
)

# -- approvals ---------------------------------------------------------------------------------

approval_case = Table(  # one request that others decide (`rules.cases.Case`)
    "approval_case",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), nullable=False, unique=True),  # 阅-2026-0042
    Column("kind", String(16), nullable=False),  # of `Registry.cases`
    Column("subject", Id, nullable=False),  # what is asked: a row of the kind's own table
    Column("dossier_id", Id, ForeignKey("dossier.id")),
    Column("requester", ForeignKey("staff.id"), nullable=False),
    Column("terms", Text, nullable=False),  # JSON: matter, approval and chain
    Column("asked", Text, nullable=False),  # JSON: staff ids of all who ever got its card
    Column("state", String(12), nullable=False),  # of CaseState
    Column("step", Integer, nullable=False),
    Column("stuck", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("nudged_at", Instant),
    Column("closed_at", Instant),
    Column("closed_by", String(40)),
    Column("next_due_at", Instant),  # when the clock acts next; None: it does not
    Index(None, "kind", "subject"),
    Index(None, "dossier_id", "state"),
    Index(None, "requester", "opened_at"),
    Index(
        "ix_approval_case_asking",
        "requester",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_approval_case_due",
        "next_due_at",
        sqlite_where=text("next_due_at IS NOT NULL"),
        postgresql_where=text("next_due_at IS NOT NULL"),
    ),
)

case_place = Table(  # one place of an opened step (`rules.cases.Place`)
    "case_place",
    metadata,
    Column("case_id", Id, ForeignKey("approval_case.id"), primary_key=True),
    Column("place", Integer, primary_key=True),  # index in the case
    Column("step", Integer, nullable=False),
    Column("state", String(12), nullable=False),  # of PlaceState
    Column("body", Text, nullable=False),  # JSON of the place, without its deciders
    Column("decided_by", String(40)),
    Column("acting_for", String(40)),  # in whose stead; None: in one's own right
    Column("decided_at", Instant),
    Index(
        "ix_case_place_acting_for",
        "acting_for",
        "decided_at",
        sqlite_where=text("acting_for IS NOT NULL"),
        postgresql_where=text("acting_for IS NOT NULL"),
    ),
)

case_decider = Table(  # who may decide an open place now: what waits for whom
    "case_decider",
    metadata,
    Column("staff_id", String(40), primary_key=True),
    Column("case_id", Id, ForeignKey("approval_case.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("turn", Integer, nullable=False),  # order among the deciders of the place
    Column("via", String(12), nullable=False),
    Column("acting_for", String(40)),
    Index(None, "case_id"),
    Index(
        "ix_case_decider_acting_for",
        "acting_for",
        sqlite_where=text("acting_for IS NOT NULL"),
        postgresql_where=text("acting_for IS NOT NULL"),
    ),
)

case_act = Table(  # what happened to a case, with people's words
    "case_act",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("approval_case.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # of EventKind
    Column("step", Integer, nullable=False),
    Column("place", Integer),
    Column("staff_id", String(40)),  # who did it; None: time, or the staff list
    Column("acting_for", String(40)),
    Column("why", String(20), nullable=False),
    Column("words", Encrypted("case_act.words")),  # reason, question or answer
    Column("at", Instant, nullable=False),
)

case_card = Table(  # which copies of a case's card are out
    "case_card",
    metadata,
    Column("case_id", Id, ForeignKey("approval_case.id"), primary_key=True),
    Column("number", Id, primary_key=True, autoincrement=False),  # its slot is `case.NUMBER`
    Column("staff_id", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(80), nullable=False),
)

delegation = Table(  # who decides in somebody's stead, from day to day
    "delegation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("stand_in", ForeignKey("staff.id"), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),  # inclusive
    Column("told_at", Instant, nullable=False),
    Column("ended_at", Instant),  # called off before its last day
    Index(None, "staff_id", "last_day"),
    Index(None, "stand_in", "last_day"),
)

consultation = Table(  # a request to read a dossier in place; granted, the right to do so
    "consultation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False, index=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("reason", Encrypted("consultation.reason"), nullable=False),
    Column("last_day", Date, nullable=False),  # until when it is wanted, included
    Column("state", String(12), nullable=False),  # asked | granted | refused | withdrawn | lapsed
    Column("asked_at", Instant, nullable=False),
    Column("granted_at", Instant),
    Column("slot", Encrypted("consultation.slot")),  # when to come to the reading room
    Index(None, "staff_id", "state", "last_day"),
)

# -- files and things without a place yet ------------------------------------------------------

attachment = Table(
    "attachment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("kind", String(12), nullable=False),  # photo | voice | video | document
    Column("name", Encrypted("attachment.name")),  # as sent, cleaned for showing
    Column("source", Encrypted("attachment.source")),  # JSON: channel, account, ref
    Column("state", String(12), nullable=False),  # pending | kept | refused | lost
    Column("problem", String(40), nullable=False, default=""),  # code, for refused and lost
    Column("address", String(64)),  # keyed digest of the content; its place in the folder
    Column("mime", String(80), nullable=False, default=""),  # found in the content
    Column("size", BigInteger),  # bytes
    Column("subject_kind", String(16), nullable=False, default=""),
    # visit_note | loose | change_set | consent: of a dossier
    Column("subject_id", Id),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try_at", Instant),  # None: nothing to fetch
    Column("created_at", Instant, nullable=False),
    Index(None, "subject_kind", "subject_id"),
    Index(
        "ix_attachment_pending",
        "next_try_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

loose = Table(  # sent outside any conversation: kept, and asked what it belongs to
    "loose",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("body", Encrypted("loose.body")),  # JSON: text, place, forwarded
    Column("album", String(80), nullable=False, default=""),
    Column("state", String(12), nullable=False),  # open | used | dropped
    Column("at", Instant, nullable=False),
    Index(None, "staff_id", "state", "at"),
)

# -- conversations -----------------------------------------------------------------------------

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
    Index(
        "ix_conversation_one_active",
        "staff_id",
        unique=True,
        sqlite_where=text("status = 'active'"),
        postgresql_where=text("status = 'active'"),
    ),
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

# -- messages ----------------------------------------------------------------------------------

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
    Index(
        "ix_inbox_open",
        "state",
        "id",
        sqlite_where=text("state <> 'done'"),
        postgresql_where=text("state <> 'done'"),
    ),
    Index(
        "ix_inbox_body",
        "received_at",
        sqlite_where=text("body IS NOT NULL"),
        postgresql_where=text("body IS NOT NULL"),
    ),
)

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
    Index(
        "ix_outbox_failed",
        "failed_at",
        sqlite_where=text("state = 'failed'"),
        postgresql_where=text("state = 'failed'"),
    ),
    Index(
        "ix_outbox_ready",
        "channel",
        "due_at",
        "turn",
        sqlite_where=text("state IN ('ready', 'sending')"),
        postgresql_where=text("state IN ('ready', 'sending')"),
    ),
    Index(
        "ix_outbox_chat",
        "channel",
        "account",
        "slot",
        sqlite_where=text("state IN ('ready', 'sending')"),
        postgresql_where=text("state IN ('ready', 'sending')"),
    ),
    Index(
        "ix_outbox_body",
        "created_at",
        sqlite_where=text("body IS NOT NULL"),
        postgresql_where=text("body IS NOT NULL"),
    ),
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
)

# -- clock -------------------------------------------------------------------------------------

watch = Table(  # every open case with a clock: its next rung only
    "watch",
    metadata,
    Column("case_kind", String(16), primary_key=True),
    Column("case_id", Id, primary_key=True),
    Column("next_rung", String(80), nullable=False),
    Column("next_due_at", Instant),  # None: waits until the rung is rendered, or has ended
    Column("staff_id", String(40), nullable=False),  # who hears the next rung
    Column("lane", String(8), nullable=False, default="single"),  # single | digest
    Index(None, "next_due_at", "case_kind", "case_id"),
)

notice = Table(  # the ledger: one row for each rung of each case
    "notice",
    metadata,
    Column("case_kind", String(16), primary_key=True),
    Column("case_id", Id, primary_key=True),
    Column("rung", String(80), primary_key=True),
    Column("staff_id", String(40), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("outbox_key", String(160), nullable=False, index=True),
    Column("outcome", String(12), nullable=False, default="open"),
    # open | sent | collapsed | moot | unreachable
    Column("sent_at", Instant),
    Index(
        "ix_notice_unreachable",
        "staff_id",
        "due_at",
        sqlite_where=text("outcome = 'unreachable'"),
        postgresql_where=text("outcome = 'unreachable'"),
    ),
)

completion_round = Table(  # what a person has to complete in one period, as one duty
    "completion_round",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("pack", String(80), nullable=False),
    Column("duty", String(40), nullable=False),  # id of the row [[completion]]
    Column("first_on", Date, nullable=False),  # first day of the period
    Column("due_on", Date, nullable=False),  # last day on time
    Column("due_at", Instant),  # first late instant; None: it is over
    Column("begun_at", Instant, nullable=False),  # rungs before it are not said
    UniqueConstraint("staff_id", "pack", "duty", "first_on"),
    Index(
        "ix_completion_round_open",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(
        "ix_completion_round_of",
        "staff_id",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

breach = Table(  # a deadline of a dossier that passed; a proposal comes from each (C-70)
    "breach",
    metadata,
    Column("dossier_id", Id, primary_key=True),
    Column("duty", String(40), primary_key=True),  # opening | id of the row [[completion]]
    Column("due_on", Date, primary_key=True),  # last day that was on time
    Column("pack", String(80), nullable=False),  # that sets the deadline
    Column("staff_id", String(40), nullable=False),  # whose duty it was
    Column("rule", String(24), nullable=False),
    Column("at", Instant, nullable=False),  # first late instant
    Index(None, "staff_id", "duty", "due_on"),
)

occurrence = Table(  # jobs done once for each occasion
    "occurrence",
    metadata,
    Column("job", String(40), primary_key=True),
    Column("occasion", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
)

episode = Table(  # trouble that operators are told about, from its beginning to its end
    "episode",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("code", String(40), nullable=False),  # outbox:telegram, attachments ...
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),  # None: it goes on
    Column("told", String(8), nullable=False, default=""),  # "" | begun | over
    Index(
        "ix_episode_ongoing",
        "code",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(
        "ix_episode_untold",
        "id",
        sqlite_where=text("told <> 'over'"),
        postgresql_where=text("told <> 'over'"),
    ),
)

# -- the house's own ---------------------------------------------------------------------------

audit = Table(  # append-only; ids and digests, never values
    "audit",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),  # 1, 2, 3 ... without gaps
    Column("at", Instant, nullable=False),
    Column("staff_id", String(40), nullable=False),  # "" for the program itself
    Column("action", String(40), nullable=False),  # visit_note.filed ...
    Column("subject", String(80), nullable=False),  # visit_note:123
    Column("channel", String(16), nullable=False),
    Column("rule", String(24), nullable=False, default=""),
    Column("facts", Text, nullable=False, default="{}"),  # JSON: ids, codes, digests
    Column("seal", LargeBinary(32), nullable=False),  # HMAC over the row and the previous seal
    Index(None, "subject", "seq"),
    Index(None, "staff_id", "seq"),
)

look = Table(  # content of a dossier or a note that was shown to a person
    "look",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("staff_id", String(40), nullable=False),  # who saw it
    Column("dossier_id", Id, nullable=False),
    Column("keeper", String(40), nullable=False),  # of the dossier, at that time
    Column("level", String(12), nullable=False),  # of the dossier, at that time
    Column("subject", String(80), nullable=False),  # dossier:12 | visit_note:123
    Column("way", String(12), nullable=False),  # card | note | history | files | comment | reveal
    Column("by_right", String(12), nullable=False),  # keeper | author | superior | reader
    Column("channel", String(16), nullable=False),
    Column("purpose", String(12), nullable=False),  # code; "": none was asked
    Column("purpose_text", Encrypted("look.purpose_text")),  # in words, where no code fits
    Index(  # looks of a keeper at the own dossiers are most, and concern nobody
        "ix_look_by_others",
        "keeper",
        "at",
        "id",
        sqlite_where=text("staff_id <> keeper"),
        postgresql_where=text("staff_id <> keeper"),
    ),
    Index(
        "ix_look_company",
        "staff_id",
        "at",
        "id",
        sqlite_where=text("level = 'company'"),
        postgresql_where=text("level = 'company'"),
    ),
)

counter = Table(  # running numbers for people, by kind and year
    "counter",
    metadata,
    Column("kind", String(24), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

lease = Table(  # which process may do what only one may at a time
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until", Instant, nullable=False),  # the holder's until then, unless renewed
    Column("seen_at", Instant, nullable=False),  # when a holder was last known to be up
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

policy_version = Table(  # what a policy said when somebody approved it; never changed
    "policy_version",
    metadata,
    Column("pack", String(80), primary_key=True),
    Column("version", Integer, primary_key=True),  # 1, 2, 3 ... of that pack
    Column("digest", String(64), nullable=False),  # SHA-256 of the body, hex
    Column("effective_from", Date, nullable=False),  # first office day
    Column("body", Text, nullable=False),  # JSON of everything it says, base and overlays too
    Column("approved_by", ForeignKey("staff.id"), nullable=False, index=True),
    Column("approved_on", Date, nullable=False),
    Column("activated_at", Instant, nullable=False),
)
