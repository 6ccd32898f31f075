"""The fields of a dossier by their ids, wherever they are kept: read and written in one place.

Some fields of the packs have a column of their own, and with it index rows; the others lie
together, sealed. The trap: a phone kept beside its column would be found under the former one.
Whatever changes, what is missing is to be counted again (`storage.completeness`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from storage import dossiers
from storage.dossiers import Dossier
from storage.errors import StorageError
from storage.tables import dossier
from storage.unit import Unit

_NAME = "customer_name"

_SEALED = {"telephone": "phone", "contact_person": "contact", "address": "address"}
"""Columns of fields, by field id; the customer's name and the dossier's key are not sealed."""


def value(held: Dossier, field: str, key_field: str) -> str:
    """Return what a dossier holds in a field; "" for nothing.

    `key_field`: the field that is the dossier's key under the policy, such as `vin`.
    """
    if field == _NAME:
        return held.name
    if field == key_field:
        return held.key
    return getattr(held, _SEALED[field]) if field in _SEALED else held.fields.get(field, "")


def held_in(row: Mapping[Any, Any], further: Mapping[str, str], key_field: str) -> set[str]:
    """Return the fields that hold something; `row`: the columns, `further`: the other fields."""
    found = {field for field, words in further.items() if words}
    found |= {field for field, column in _SEALED.items() if row[column] is not None}
    found |= {key_field} if row["key"] else set()
    return found | {_NAME}


def write(unit: Unit, dossier_id: int, values: Mapping[str, str], key_field: str) -> None:
    """Give fields of a dossier other values; "" empties one.

    The dossier is found by its new name and phone only.

    Raises:
        StorageError: the customer would be without a name.
    """
    rest = dict(values)
    name = rest.pop(_NAME, None)
    if name is not None:
        if not name.strip():
            raise StorageError("a customer needs a name")
        dossiers.rename(unit, dossier_id, name)
    columns: dict[str, Any] = {"missing": -1}
    if key_field in rest:
        columns["key"] = rest.pop(key_field)
    for field in _SEALED.keys() & rest.keys():
        columns |= _sealed(unit, dossier_id, _SEALED[field], rest.pop(field))
    if rest:
        columns["fields"] = _with(unit, dossier_id, rest)
    unit.session.execute(update(dossier).where(dossier.c.id == dossier_id).values(columns))


def _sealed(unit: Unit, dossier_id: int, column: str, words: str) -> dict[str, Any]:
    values: dict[str, Any] = {column: unit.seal(f"dossier.{column}", dossier_id, words or None)}
    if column == "phone":
        digits = dossiers.phone_digits(words)
        values["phone_index"] = unit.vault.index(digits) if digits else None
        tail = digits[-4:] if len(digits) >= 4 else ""
        values["phone_tail_index"] = unit.vault.index(tail) if tail else None
    return values


def _with(unit: Unit, dossier_id: int, changed: Mapping[str, str]) -> Any:
    """Return the further fields, sealed, with some of them changed; others may wait for it."""
    query = select(dossier.c.fields).where(dossier.c.id == dossier_id).with_for_update()
    words = unit.vault.open(unit.session.execute(query).scalar_one(), dossier_id)
    held = {**(json.loads(words) if words else {}), **changed}
    kept = {field: words for field, words in held.items() if words}
    text = json.dumps(kept, ensure_ascii=False) if kept else None
    return unit.seal("dossier.fields", dossier_id, text)
