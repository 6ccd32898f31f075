"""Secrecy grades (密级) and access levels, two independent fields of a dossier.

The trap: 秘密 means "secret" in ordinary Chinese but is the lowest grade. Store the code, show
the Chinese term. The grades are the company's own trade-secret grades, not state-secret marks.
"""

from __future__ import annotations

from enum import Enum, StrEnum


class Grade(Enum):
    """Secrecy grade; ordered `none < confidential < secret < top_secret`.

    Not a `StrEnum` on purpose: texts would compare alphabetically. Keep `value` in storage.

    Rule: S2-SECR.5.
    """

    NONE = "none"
    CONFIDENTIAL = "confidential"
    SECRET = "secret"  # noqa: S105  a grade, not a password
    TOP_SECRET = "top_secret"  # noqa: S105  a grade, not a password

    @property
    def rank(self) -> int:
        """0 for no grade up to 3 for the highest."""
        return _RANKS[self]

    @property
    def zh(self) -> str:
        """Chinese term for cards."""
        return _GRADES_ZH[self]

    @property
    def en(self) -> str:
        """English term for cards."""
        return _GRADES_EN[self]

    def __str__(self) -> str:
        return self.value

    def __lt__(self, other: Grade) -> bool:
        return self.rank < other.rank

    def __le__(self, other: Grade) -> bool:
        return self.rank <= other.rank

    def __gt__(self, other: Grade) -> bool:
        return self.rank > other.rank

    def __ge__(self, other: Grade) -> bool:
        return self.rank >= other.rank


_RANKS = {grade: rank for rank, grade in enumerate(Grade)}
_GRADES_ZH = {
    Grade.NONE: "无密级",
    Grade.CONFIDENTIAL: "秘密",
    Grade.SECRET: "机密",
    Grade.TOP_SECRET: "绝密",
}
_GRADES_EN = {
    Grade.NONE: "Unclassified",
    Grade.CONFIDENTIAL: "Confidential",
    Grade.SECRET: "Secret",
    Grade.TOP_SECRET: "Top Secret",
}


class AccessLevel(StrEnum):
    """Who keeps a dossier under S1-07; says nothing about how secret it is."""

    COMPANY = "company"
    DEPARTMENT = "department"
    PERSONAL = "personal"

    @property
    def zh(self) -> str:
        """Chinese term for cards."""
        return {"company": "公司级", "department": "部门级", "personal": "个人级"}[self.value]
