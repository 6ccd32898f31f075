"""What a green card has to say of a customer, and what of it is not on record.

The trap is the telephone: a mobile is no land line, and a land line without its area code
reaches nobody from outside the town.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1\d{10}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[-\s)]?\s?\d{3,4}[-\s]?\d{4}(?!\d)")


def lacking(name: str, contact: str, phones: Iterable[str], address: str) -> tuple[str, ...]:
    """Return what of name, contact, mobile, landline, address is missing, in this order.

    `phones`: everything on record that may be a number; a land line counts with its area code
    only.

    Rule: S1-09.4.1.1.
    """
    numbers = tuple(phones)
    there = {
        "name": bool(name.strip()),
        "contact": bool(contact.strip()),
        "mobile": any(_MOBILE.search(re.sub(r"[\s-]", "", one)) for one in numbers),
        "landline": any(_LANDLINE.search(one) for one in numbers),
        "address": bool(address.strip()),
    }
    return tuple(what for what, known in there.items() if not known)
