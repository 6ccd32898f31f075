"""A handover begun in one line: 「已交车 沪A12345 王某」, 「首保完工 沪A12345 昨天」.

The first word says what happened, a plate or VIN which car, a day when; what is left names the
customer or the project. Nothing is guessed: what is not clear is asked, and a name that nobody on
file has is kept as it was written.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import seeing
from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.state import MAX_NAME
from rules import dates
from rules.handover_policy import HandoverPolicy, StartEvent
from storage import dossiers, handovers
from storage.dossiers import Dossier
from storage.names import normalise

_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-Z]"
    r"[·•.\-\s]?[A-HJ-NP-Z0-9]{4,6}[学警港澳领挂试超]?",
    re.IGNORECASE,
)
_VIN = re.compile(r"(?<![A-Z0-9])[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])", re.IGNORECASE)
_EDGES = " ,，。.;；、:：\t\n"
_EVER = 8
"""Earlier handovers of a car that are looked at for its dossier."""


def rest_of(row: HandoverPolicy, text: str) -> str | None:
    """Return what follows the word that starts such a handover; None: it does not begin with one.

    A word runs into what follows only where that is a plate or a VIN.
    """
    for word in sorted(row.words, key=len, reverse=True):
        if not text.startswith(word):
            continue
        rest = text[len(word) :]
        stripped = rest.strip(_EDGES)
        if not rest or rest[0] in _EDGES or _PLATE.match(stripped) or _VIN.match(stripped):
            return stripped
    return None


def car_in(text: str) -> bool:
    """Return whether a plate or a VIN stands in a text."""
    return bool(_PLATE.search(text) or _VIN.search(text))


def read(ctx: Context, row: HandoverPolicy, text: str) -> dict[str, Any]:
    """Return the answers that a line gives after its first word."""
    values: dict[str, Any] = {}
    rest = text
    if row.start is StartEvent.VEHICLE_DELIVERED:
        rest = _take_car(rest, values)
    rest = _take_day(ctx, rest, values)
    if row.start is not StartEvent.VEHICLE_DELIVERED:
        if rest:
            values["matter"] = rest
        return values
    _take_customer(ctx, rest, values)
    return values


def _take_car(text: str, values: dict[str, Any]) -> str:
    found = _VIN.search(text) or _PLATE.search(text)
    if found is None:
        return text
    values["plate"] = plain(found[0])
    return f"{text[: found.start()]} {text[found.end() :]}".strip(_EDGES)


def _take_day(ctx: Context, text: str, values: dict[str, Any]) -> str:
    """Take the day out that stands at the beginning or at the end of a text."""
    for one in dates.find_dates(text, ctx.today, ctx.calendar):
        before, after = text[: one.start].strip(_EDGES), text[one.end :].strip(_EDGES)
        if not before or not after:
            values["day"] = one.day.isoformat()
            return before or after
    return text


def _take_customer(ctx: Context, text: str, values: dict[str, Any]) -> None:
    words = " ".join(text.split())
    known = dossier_of_car(ctx, values.get("plate", ""))
    if known is not None and (not words or _fits(words, known)):
        label = seeing.customer(ctx, known)
        values["customer"] = {"key": str(known.id), "label": label}
    elif words:
        found = pickers.one_customer(ctx, words.split())
        if found is not None and found[1] == len(words.split()):
            values["customer"] = {"key": found[0].key, "label": found[0].label}
        elif len(words) <= MAX_NAME and not pickers.dossiers(ctx, words, 0).options:
            values["customer"] = {"key": "", "label": words}
        else:
            values[runner.WORDS] = words


def dossier_of_car(ctx: Context, plate: str) -> Dossier | None:
    """Return the dossier of a car: by its key, else that of an earlier handover of the same car.

    None also where who acts must not know of it. Rule: S1-09.2.3.
    """
    if not plate:
        return None
    ids = list(dossiers.keyed(ctx.session, plate))
    earlier = handovers.alike(ctx.unit, plate, ctx.today.replace(year=ctx.today.year - 20, day=1))
    ids += [one.dossier_id for one in earlier[:_EVER] if one.dossier_id is not None]
    found = (seeing.reachable(ctx, str(one)) for one in ids)
    return next((one for one in found if one is not None), None)


def fitting(ctx: Context, plate: str, name: str) -> Dossier | None:
    """Return the dossier of a car if a name that was typed is its customer's."""
    known = dossier_of_car(ctx, plate)
    return known if known is not None and _fits(name, known) else None


def _fits(words: str, known: Dossier) -> bool:
    return normalise(words) in normalise(known.name)


def plain(plate: str) -> str:
    """Return a plate or VIN as it is kept: capitals, no dots or spaces."""
    return re.sub(r"[·•.\-\s]", "", plate).upper()
