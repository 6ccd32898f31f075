"""What is decoded into our own types is decoded by decoders made while the program loads."""

from __future__ import annotations

import re

from tests.house.sources import FLOORS, sources

# msgspec reads a type when it first meets it; two threads that do so at once end the process
FIRST_MET = re.compile(r"json\.decode\([^\n]*type=(?!dict\b)")


def test_no_type_is_first_read_while_messages_are_handled() -> None:
    met = [one.name for one in sources(*FLOORS) if FIRST_MET.search(one.text)]
    assert met == []
