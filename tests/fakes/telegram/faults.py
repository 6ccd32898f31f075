"""What can go wrong between a bot and the platform, on demand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random

NOT_POLLS = "[!g]*"
"""A pattern for every call but getUpdates and the other questions."""
DOWNLOAD = "file"
"""The name of a file download, where a method is asked for."""


class Fault(StrEnum):
    """One way of failing. Without another word, the call has no effect."""

    FLOOD = "flood"
    """429 with retry_after, and for that long again."""
    ERROR = "error"
    """500 as the platform answers."""
    BAD_GATEWAY = "bad_gateway"
    """502 with a page of HTML."""
    SILENCE = "silence"
    """No answer until the caller gives up, or the test releases it: then the call goes on."""
    SILENCE_AFTER = "silence_after"
    """The effect is done and nothing is answered."""
    RESET = "reset"
    """The connection breaks before the effect."""
    RESET_AFTER = "reset_after"
    """The effect is done and its answer is lost."""
    TRUNCATED = "truncated"
    """The effect is done; its answer ends in the middle."""
    NOT_JSON = "not_json"
    """200 with a page of HTML, as from a proxy."""
    CONFLICT = "conflict"
    """409, somebody else polls."""
    BROKEN = "broken"
    """A download that ends in the middle; so do those a fault after the effect strikes."""
    MISSING = "missing"
    """A download that is not there."""


AFTER = frozenset({Fault.SILENCE_AFTER, Fault.RESET_AFTER, Fault.TRUNCATED})
DOWNLOADS = frozenset({Fault.BROKEN, Fault.MISSING})


@dataclass
class Rule:
    """Strike calls that match `pattern`: the next `times`, or a share of all."""

    fault: Fault
    pattern: str
    times: int
    share: float
    random: Random
    retry_after: int
    spare: int = 0
    """Calls that pass before it strikes."""

    def strikes(self, method: str) -> bool:
        only_files = self.fault in DOWNLOADS and method != DOWNLOAD
        if only_files or not fnmatchcase(method, self.pattern):
            return False
        if self.spare > 0:
            self.spare -= 1
            return False
        if self.times > 0:
            self.times -= 1
            return True
        return self.share > 0 and self.random.random() < self.share


class Faults:
    """The rules of one server, oldest first; the first that strikes decides."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self.struck: Counter[tuple[str, Fault]] = Counter()
        """How often: (method, fault)."""

    def add(
        self,
        fault: Fault,
        method: str = "*",
        *,
        times: int = 1,
        retry_after: int = 1,
        spare: int = 0,
    ) -> None:
        """Strike `times` calls of `method`, a pattern like `send*`, after `spare` that pass."""
        self._rules.append(Rule(fault, method, times, 0, Random(0), retry_after, spare))

    def share(
        self, fault: Fault, share: float, method: str = "*", *, seed: int, retry_after: int = 1
    ) -> None:
        """Strike this share of the calls, the same ones for the same seed."""
        self._rules.append(Rule(fault, method, 0, share, Random(seed), retry_after))

    def clear(self) -> None:
        self._rules.clear()

    def next(self, method: str) -> Rule | None:
        for rule in self._rules:
            if rule.strikes(method):
                self.struck[method, rule.fault] += 1
                return rule
        return None
