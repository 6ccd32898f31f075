"""Loans to test with: handed out at a time in Shanghai, due as their pack counts it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from msgspec.structs import replace

from rules.calendar import china
from rules.loan_days import LoanFacts, due_of
from rules.loans import LoanState
from rules.policy import load_pack

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = china()
PACKS = ("customer-service", "file-custody", "engineering", "public-body", "pharma")
"""Packs that count an ordinary loan by themselves."""

moments = st.integers(0, 690 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minutes)
)
"""Minutes from January 2026 to November 2027."""


def at(text: str, year: int = 2026) -> datetime:
    return datetime.fromisoformat(f"{year}-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def lent(pack: str, when: str, stated: date | None = None, **more: Any) -> LoanFacts:
    long_term = more.get("long_term", False)
    due = due_of(load_pack(pack), at(when), CHINA, stated=stated, long_term=long_term)
    facts = LoanFacts(LoanState.LENT, at(when), due.last_day, due.instant)
    return replace(facts, **more)
