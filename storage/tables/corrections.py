"""Wrong data that are put right step by step, and labels that are to bear another name."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

correction = Table(  # wrong customer data, from the plan to the filing (`rules.corrections`)
    "correction",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), nullable=False, unique=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False, index=True),
    Column("set_id", Id, ForeignKey("change_set.id"), nullable=False),  # what is put right
    Column("planner", ForeignKey("staff.id"), nullable=False),
    Column("executor", ForeignKey("staff.id"), nullable=False),
    Column("stage", String(12), nullable=False),
    Column("waits_on", String(40)),  # staff id; None: others decide, or it is over
    Column("since", Instant, nullable=False),  # when the stage began; platform time
    Column("version", Integer, nullable=False, default=1),
    Column("rule", String(24), nullable=False),  # clause under which it is done
    Column("wrong", Encrypted("correction.wrong"), nullable=False),
    Column("remedy", Encrypted("correction.remedy")),
    Column("told", Encrypted("correction.told")),  # who is told, and how
    Column("done", Encrypted("correction.done")),
    Column("feedback", Encrypted("correction.feedback")),
    Column("report", Encrypted("correction.report")),
    partial("ix_correction_waiting", "waits_on", where="waits_on IS NOT NULL"),
)

label_task = Table(  # the label of a dossier is to bear another name (S1-02.5)
    "label_task",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("role", String(40), nullable=False),  # who keeps the shelf
    Column("begun_at", Instant, nullable=False),  # platform time of the change of name
    Column("done_at", Instant),
    Column("done_by", String(40), nullable=False, server_default=""),
    partial("ix_label_task_open", "dossier_id", where="done_at IS NULL", unique=True),
    partial("ix_label_task_role", "role", "begun_at", where="done_at IS NULL"),
)
