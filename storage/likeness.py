"""What a customer is known again by, and who on file is like one that comes from outside.

Names, numbers, phones and keys are looked up by index in a few statements for many customers; no
sealed value is opened. Dossiers that were merged count too: their spreadsheets live on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import BindParameter, Select, bindparam, literal_column, select

from storage.dossiers import DossierRow, phone_digits
from storage.names import MAX_NAME, normalise
from storage.session import Session
from storage.tables import dossier, dossier_merged

_LOOKED_UP = 500
"""Values of one statement."""

Value = TypeVar("Value")


class Likeness(msgspec.Struct, frozen=True):
    """What a customer is known again by."""

    name: str
    """Normalised."""
    type: str
    key: str
    """Normalised; empty for none."""
    phone: bytes
    """Keyed index of the number; empty for none."""

    def same(self, other: Likeness) -> bool:
        """Whether both are one dossier: the key decides where both have one, else the phone."""
        if (self.name, self.type) != (other.name, other.type):
            return False
        if self.key and other.key:
            return self.key == other.key
        return self.phone == other.phone

    def apart(self, other: Likeness) -> bool:
        """Whether they are certainly two: of other types, or with keys that differ."""
        return self.type != other.type or bool(self.key and other.key and self.key != other.key)


class Filed(msgspec.Struct, frozen=True):
    """A customer on file."""

    number: str | None
    """Where the dossier is found today; None: a draft."""
    like: Likeness


class OnFile(msgspec.Struct, frozen=True):
    """Who on file is like some customers, by what they share."""

    names: Mapping[str, list[Filed]]
    numbers: Mapping[str, Filed]
    phones: Mapping[bytes, list[Filed]]
    keys: Mapping[str, list[Filed]]
    """By the key as it is written."""


def likeness(row: DossierRow, index: Callable[[str], bytes]) -> Likeness:
    """Return what `row` is known again by; `index` as of `Vault`, or any other on both sides."""
    digits = phone_digits(row.phone)
    phone = index(digits) if digits else b""
    return Likeness(normalise(row.name)[:MAX_NAME], row.type, normalise(row.key), phone)


def on_file(
    session: Session,
    *,
    names: Iterable[str],
    numbers: Iterable[str] = (),
    phones: Iterable[bytes] = (),
    keys: Iterable[str] = (),
) -> OnFile:
    """Return who on file shares one of the values; `names` are normalised ones."""
    by_name = _looked_up(session, _NAMED, names, lambda row: row.name_norm)
    by_number = _looked_up(session, _NUMBERED, numbers, lambda row: row.known_as)
    by_phone = _looked_up(session, _PHONED, phones, lambda row: row.phone_index)
    return OnFile(
        by_name,
        {number: filed[0] for number, filed in by_number.items()},
        by_phone,
        _looked_up(session, _KEYED, keys, lambda row: row.key),
    )


_OWN = (
    dossier.c.number,
    dossier.c.name_norm,
    dossier.c.type,
    dossier.c.key,
    dossier.c.phone_index,
    dossier.c.number.label("known_as"),
)

_BEFORE = (
    dossier.c.number,
    dossier_merged.c.name_norm,
    dossier_merged.c.type,
    dossier_merged.c.key,
    dossier_merged.c.phone_index,
    dossier_merged.c.number.label("known_as"),
)


def _sharing(column: str, *, merged: bool) -> list[Select[*tuple[Any, ...]]]:
    wanted: BindParameter[Any] = bindparam("wanted", expanding=True)
    queries = [select(*_OWN).where(dossier.c[column].in_(wanted)).order_by(dossier.c.id)]
    if merged:
        queries.append(
            select(*_BEFORE)
            .join_from(dossier_merged, dossier, dossier.c.id == dossier_merged.c.into_id)
            .where(dossier_merged.c[column].in_(wanted))
            .order_by(dossier_merged.c.id)
        )
    return queries


_NAMED = _sharing("name_norm", merged=True)
_NUMBERED = _sharing("number", merged=True)
_PHONED = _sharing("phone_index", merged=False)
_KEYED = [
    query.where(dossier.c.key != literal_column("''"))  # as the index of keys says it
    for query in _sharing("key", merged=False)
]


def _looked_up(
    session: Session,
    queries: list[Select[*tuple[Any, ...]]],
    values: Iterable[Value],
    shared: Callable[[Any], Value],
) -> dict[Value, list[Filed]]:
    found: dict[Value, list[Filed]] = {}
    for part in _parts(dict.fromkeys(values)):
        for query in queries:
            for row in session.execute(query, {"wanted": part}):
                phone = row.phone_index or b""
                like = Likeness(row.name_norm, row.type, normalise(row.key), phone)
                found.setdefault(shared(row), []).append(Filed(row.number, like))
    return found


def _parts(values: Iterable[Value]) -> Iterator[list[Value]]:
    rest = iter(values)
    while part := list(islice(rest, _LOOKED_UP)):
        yield part
