"""Whatever is recorded has words in the archive log: nobody reads codes there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from handlers import log, seeing
from rules.cases import CaseState, EventKind
from tests.house.sources import sources

RECORDING = frozenset({"record", "Recorded", "Entry", "_record", "_entry"})
GRANTED = (CaseState.APPROVED, CaseState.REGISTERED)
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def recorded() -> Iterator[tuple[str, str]]:
    """Yield each action that the program's own calls record, with its file."""
    for source in sources("bot", "handlers"):
        for call in ast.walk(source.tree):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "attr", "") or getattr(call.func, "id", "")
            if name not in RECORDING:
                continue
            for one in (*call.args, *(keyword.value for keyword in call.keywords)):
                if isinstance(one, ast.Constant) and ACTION.fullmatch(str(one.value)):
                    yield str(one.value), source.name


def test_every_recorded_action_has_words_in_the_log() -> None:
    ends = ("granted", *(one for one in CaseState if one not in (CaseState.PENDING, *GRANTED)))
    found = {
        *recorded(),
        *((action, "seeing") for action in seeing.ACTIONS.values()),
        *((f"case.{kind}", "approvals") for kind in EventKind),
        *((f"consultation.{end}", "consult") for end in ends),
    }
    assert ("visit_note.withdrawn", "handlers/notes/note.py") in found
    assert sorted(one for one in found if one[0] not in log.ACTIONS) == []
