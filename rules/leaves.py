"""The smallest values of a policy file: rule ids, role codes, texts, times; how each is read.

Every record of the policy names its types from here, so that one mistake is refused in one way.
"""

from __future__ import annotations

import re
from typing import Any, NewType
from zoneinfo import ZoneInfo

from rules import hours
from rules.clauses import all_clauses
from rules.hours import Clock, Window
from rules.roles import ROLES
from rules.rungs import Rung

RuleId = NewType("RuleId", str)
RoleCode = NewType("RoleCode", str)
Text = NewType("Text", str)


def parse_rule(value: Any) -> str:
    """Return the id of a clause or of a settled conflict.

    Raises:
        ValueError: no clause has that id.
    """
    if value in all_clauses() or (isinstance(value, str) and re.fullmatch(r"C-\d\d", value)):
        return str(value)
    raise ValueError(value)


def _role(value: Any) -> str:
    if value in ROLES:
        return str(value)
    raise ValueError(value)


def _string(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(value)


def _window(value: Any) -> Window:
    start, end = value
    return Window.parse(start, end)


PARSERS: dict[object, tuple[str, Any]] = {
    RuleId: ("a rule of the catalogue such as 'S1-07.2.3a' or 'C-26'", parse_rule),
    RoleCode: ("a role of the catalogue such as 'department_manager'", _role),
    Text: ("a text that is not empty", _string),
    ZoneInfo: ("a time zone such as 'Asia/Shanghai'", hours.zone),
    Clock: ("a time such as '09:00'", Clock.parse),
    Window: ("a pair of times such as ['21:30', '08:00']", _window),
    Rung: ("a reminder such as '-1wd 09:00', '0d 18:00', 'every 1d until return'", Rung.parse),
}
"""By type: what is expected, in words, and the function that reads it."""
