"""What the peers share: the note's texts and keyboards, its table, and how a finished one is kept.

A plain bot keeps nothing but the finished note. Texts and buttons are those of our cards, so that
all bots move the same bytes.
"""

from __future__ import annotations

import argparse
import html
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

Keys = list[list[tuple[str, str]]]
"""Rows of buttons: label and data."""

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("staff_id", String(40), nullable=False),
)
dossier = Table(
    "dossier",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("keeper", String(40), nullable=False, index=True),
)
visit_note = Table(
    "visit_note",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dossier_id", Integer, nullable=False, index=True),
    Column("author", String(40), nullable=False, index=True),
    Column("day", Date, nullable=False),
    Column("manner", String(12), nullable=False),
    Column("body", Text, nullable=False),
    Column("next_contact", Date),
    Column("filed_at", DateTime, nullable=False),
)

LONGEST_BODY = 4000
WEEKDAYS = "一二三四五六日"
ZONE = ZoneInfo("Asia/Shanghai")


def durable(path: Path) -> AsyncEngine:
    """Return an engine over aiosqlite whose commits last, as ours do: WAL, synchronous=FULL."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA busy_timeout = 60000")
        cursor.close()

    return engine


@dataclass(frozen=True)
class Customers:
    staff_id: str
    names: dict[int, str]


class Notes:
    """The peers' database: customers in, finished notes out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def customers(self, telegram_id: int) -> Customers | None:
        """Return the first customers of a person; None for a stranger."""
        query = (
            select(account.c.staff_id, dossier.c.id, dossier.c.name)
            .join(dossier, dossier.c.keeper == account.c.staff_id)
            .where(account.c.account == str(telegram_id))
            .order_by(dossier.c.name)
            .limit(8)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return Customers(rows[0].staff_id, {row.id: row.name for row in rows}) if rows else None

    async def keep(
        self, author: str, dossier_id: int, day: date, body: str, next_contact: date | None
    ) -> str:
        """Keep a finished note in one commit and return its number."""
        values = {
            "dossier_id": dossier_id,
            "author": author,
            "day": day,
            "manner": "visit",
            "body": body,
            "next_contact": next_contact,
            "filed_at": datetime.now(UTC),
        }
        async with self._engine.begin() as connection:
            result = await connection.execute(insert(visit_note).values(**values))
        key = result.inserted_primary_key
        return f"访-{day.year}-{key[0] if key else 0:04d}"


@dataclass(frozen=True)
class Shown:
    text: str
    """HTML."""
    keys: Keys


def day_name(day: date) -> str:
    return f"{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}"


def ask_customer(customers: Customers) -> Shown:
    keys: Keys = [[(name, f"customer.{id_}")] for id_, name in customers.names.items()]
    return Shown(
        "<b>拜访记录 1/4</b>\n"
        "哪位客户？输入名称的一部分、拼音首字母、电话后四位或编号，也可以直接点选。",
        [*keys, [("取消", "cancel")]],
    )


def today() -> date:
    """Return the office day."""
    return datetime.now(ZONE).date()


WAYS_OUT = [("保存草稿", "draft"), ("返回", "back"), ("取消", "cancel")]


def ask_day(today: date) -> Shown:
    now, yesterday, before = (
        (f"{label} {day_name(today - timedelta(back))}", f"day.{today - timedelta(back)}")
        for back, label in enumerate(("今天", "昨天", "前天"))
    )
    keys: Keys = [[now, yesterday], [before, ("选日历", "calendar")], WAYS_OUT]
    return Shown("<b>拜访记录 2/4</b>\n哪天的事？", keys)


def ask_body() -> Shown:
    return Shown("<b>拜访记录 3/4</b>\n经过如何？文字、语音、照片都可以。", [WAYS_OUT])


def answered(body: str) -> Shown:
    words = html.escape(body, quote=False)
    return Shown(f"<b>拜访记录 3/4</b>\n经过如何？文字、语音、照片都可以。\n→ {words}", [])


def ask_next(today: date) -> Shown:
    ahead = {"今天": 0, "明天": 1, "+3工作日": 3, "下周": 7 - today.weekday()}
    first, second, third, fourth = (
        (f"{label} {day_name(today + timedelta(days))}", f"next.{today + timedelta(days)}")
        for label, days in ahead.items()
    )
    keys: Keys = [
        [first, second],
        [third, fourth],
        [("选日历", "calendar")],
        [("跳过", "skip"), ("保存草稿", "draft")],
        [("返回", "back"), ("取消", "cancel")],
    ]
    return Shown("<b>拜访记录 4/4</b>\n下次什么时候联系？", keys)


def _summary(customer: str, day: date, body: str) -> str:
    return (
        f"客户：{html.escape(customer, quote=False)}\n日期：{day_name(day)}\n方式：拜访\n"
        f"经过：{html.escape(body, quote=False)}\n下次联系：（未填）"
    )


def review(customer: str, day: date, body: str) -> Shown:
    keys: Keys = [
        [("客户", "edit.customer"), ("日期", "edit.day")],
        [("方式", "edit.manner"), ("经过", "edit.body")],
        [("下次联系", "edit.next")],
        [("提交", "submit"), ("补充", "more"), ("保存草稿", "draft")],
        [("返回", "back"), ("取消", "cancel")],
    ]
    summary = _summary(customer, day, body)
    return Shown(f"<b>拜访记录 · 核对</b>\n{summary}\n\n点某一项可以修改。", keys)


def filed_summary(customer: str, day: date, body: str) -> Shown:
    return Shown(f"<b>拜访记录</b>\n{_summary(customer, day, body)}", [])


def filed(number: str, customer: str, day: date) -> Shown:
    keys: Keys = [
        [("查看", f"open.{number}"), ("更正", f"correct.{number}")],
        [("再记一条", "again"), ("照此再写", f"copy.{number}")],
        [("客户", "customer"), ("今日", "today")],
    ]
    text = (
        f"<b>已归档 {number}</b>\n{html.escape(customer, quote=False)} · {day_name(day)} · 拜访\n"
        f"按时提交（期限 {day_name(day)} 24:00，S2-DOSS.3.3）。"
    )
    return Shown(text, keys)


def body_problem(body: str) -> str:
    """Return why a text is not taken; empty: it is."""
    if not body.strip():
        return "请写几个字：经过如何？"
    return "" if len(body) <= LONGEST_BODY else f"最多 {LONGEST_BODY} 字。"


def day_of(data: str, today: date) -> date | None:
    """Return the day on a button; None if no note can be written about it."""
    try:
        day = date.fromisoformat(data.partition(".")[2])
    except ValueError:
        return None
    return day if today - timedelta(366) <= day <= today else None


@dataclass(frozen=True)
class Where:
    """What every bot here is told on its command line."""

    folder: Path
    api: str
    token: str
    port: int
    secret: str


def where() -> Where:
    parser = argparse.ArgumentParser()
    for name in ("--folder", "--api", "--token", "--port", "--secret"):
        parser.add_argument(name, required=True)
    given = parser.parse_args()
    return Where(Path(given.folder), given.api, given.token, int(given.port), given.secret)


PATH = "/webhook"
