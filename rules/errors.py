"""The two ways a rule says no.

A "no" that a person should read is a value (`Denied`): it lists every reason at once and names
the rule and the next step. An exception is for misuse of this package; never show one to people.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

Fact = str | int | bool | date | datetime


class DomainError(Exception):
    """Misuse or an impossible state; the caller is wrong, not the person in the chat."""


class Lacking(DomainError):
    """A record without a value that, with its other values, it must have."""

    def __init__(self, message: str, key: str, expected: str) -> None:
        super().__init__(message)
        self.key = key
        """Name of the value."""
        self.expected = expected
        """What it should be, in words."""


class Reason(msgspec.Struct, frozen=True):
    """One reason of a refusal; texts come from the catalogues, by `code`."""

    code: str
    """Stable key of the text, for example `not_in_chain`."""
    rule: str
    """Id of the clause that says no, for example `S2-INFO.17`."""
    next_step: str
    """Stable key of what the person can do now; empty when there is nothing."""
    facts: tuple[tuple[str, Fact], ...] = ()
    """Names and values for the text, in a fixed order: dates, numbers, role codes."""

    @classmethod
    def of(cls, code: str, *, rule: str, next_step: str = "", **facts: Fact) -> Reason:
        """Return a reason with its facts given by name."""
        return cls(code, rule, next_step, tuple(sorted(facts.items())))

    def fact(self, name: str) -> Fact:
        """Return the fact of that name.

        Raises:
            DomainError: the reason carries no such fact.
        """
        for key, value in self.facts:
            if key == name:
                return value
        raise DomainError(f"reason {self.code} has no fact {name!r}")


class Denied(msgspec.Struct, frozen=True):
    """A refusal with all its reasons; never empty."""

    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        if not self.reasons:
            raise DomainError("a refusal needs at least one reason")

    @property
    def rules(self) -> tuple[str, ...]:
        """Rule ids of all reasons, in order, each once."""
        return tuple(dict.fromkeys(reason.rule for reason in self.reasons))
