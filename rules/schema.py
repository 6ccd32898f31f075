"""Strict reading of policy files: a TOML table becomes a frozen record, or names its fault.

Every key must be known, every field without a default must be there, every value must have its
type. A table that may be missing is switched off with `false`, whatever lies below. Guards
against the typing error in a policy that would silently leave a rule switched off.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import structs
from msgspec.structs import FieldInfo

from rules.errors import DomainError, Lacking

T = TypeVar("T")
Table = Mapping[str, Any]
Parser = Callable[[Any], Any]


class PolicyError(DomainError):
    """A policy file cannot be used; says where and what was expected."""

    def __init__(self, file: str, key: str, value: object, expected: str) -> None:
        shown = "is missing" if value is MISSING else f"is {value!r}"
        super().__init__(f"{file}: {key or 'the file'} {shown}, expected {expected}")
        self.file = file
        self.key = key
        self.value = value
        self.expected = expected
        self.others: tuple[PolicyError, ...] = ()
        """What else is wrong with the file; `str` names this one first, then those."""

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *map(str, self.others)])


GIVEN = object()
"""Marks a field, in `Annotated`, of which a table says nothing: whoever reads it gives it."""

MISSING = object()
"""Value of a `PolicyError` for a key that is not there."""


class Reader(msgspec.Struct, frozen=True):
    """Reads tables of one file; `parsers` turn leaves of their type from TOML values."""

    file: str
    parsers: Mapping[object, tuple[str, Parser]]
    """By type: what is expected, in words, and the function that makes it (`DomainError` or
    `ValueError` says no)."""
    origins: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Dotted key -> name of the overlay file it came from, for the errors."""

    def read(self, into: type[T], table: object, key: str = "") -> T:
        """Return the record of type `into` held by a table.

        Raises:
            PolicyError: unknown key, missing key, or a value of the wrong kind.
        """
        if not isinstance(table, Mapping):
            raise self.error(key, table, "a table")
        fields = _fields(into)  # type: ignore[arg-type]  # a type is hashable
        found = [
            self.error(_join(key, name), value, f"one of {', '.join(fields)}")
            for name, value in table.items()
            if name not in fields
        ]
        values: dict[str, Any] = {}
        for name, item in fields.items():
            try:
                if name in table:
                    values[name] = self._value(item.type, table[name], _join(key, name))
                elif item.required:
                    raise self.error(_join(key, name), MISSING, self._wanted(item.type))
            except PolicyError as error:
                found += [error, *error.others]
                error.others = ()
        _raise_all(found)
        try:
            return into(**values)
        except PolicyError:
            raise
        except Lacking as error:
            raise self.error(_join(key, error.key), MISSING, error.expected) from error
        except (DomainError, ValueError) as error:
            raise self.error(key, dict(table), str(error)) from error

    def error(self, key: str, value: object, expected: str) -> PolicyError:
        """Return the error for a key, naming the file that the key came from."""
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            file = self.origins.get(".".join(parts[:length]))
            if file is not None:
                return PolicyError(file, key, value, expected)
        return PolicyError(self.file, key, value, expected)

    def _value(self, hint: Any, value: Any, key: str) -> Any:
        options = [option for option in _options(hint) if option is not type(None)]
        if value is False and _can_be_off(hint):
            return None
        if len(options) == 1:
            return self._one(options[0], value, key)
        raise DomainError(f"{key}: the schema cannot read {hint}")

    def _one(self, hint: Any, value: Any, key: str) -> Any:
        if hint in self.parsers:
            expected, parse = self.parsers[hint]
            try:
                return parse(value)
            except (DomainError, ValueError, TypeError) as error:
                raise self.error(key, value, expected) from error
        origin = get_origin(hint)
        if origin is tuple:
            if not isinstance(value, list):
                raise self.error(key, value, "an array")
            item = get_args(hint)[0]
            return self._all(item, value, key)
        if origin is not None and issubclass(origin, Mapping):
            if not isinstance(value, Mapping):
                raise self.error(key, value, "a table")
            item = get_args(hint)[1]
            return types.MappingProxyType(
                {name: self._value(item, one, _join(key, name)) for name, one in value.items()}
            )
        if isinstance(hint, type) and issubclass(hint, Enum):
            try:
                return hint(value)
            except ValueError:
                raise self.error(key, value, self._wanted(hint)) from None
        if _is_record(hint):
            return self.read(hint, value, key)
        if type(value) is not hint:
            raise self.error(key, value, self._wanted(hint))
        if value == "":
            raise self.error(key, value, "a text that is not empty")
        return value

    def _all(self, item: Any, values: list[Any], key: str) -> tuple[Any, ...]:
        read, found = [], []
        for at, one in enumerate(values):
            try:
                read.append(self._value(item, one, f"{key}[{at}]"))
            except PolicyError as error:
                found += [error, *error.others]
                error.others = ()
        _raise_all(found)
        return tuple(read)

    def _wanted(self, hint: Any) -> str:
        hint = next(option for option in _options(hint) if option is not type(None))
        if hint in self.parsers:
            return self.parsers[hint][0]
        if isinstance(hint, type) and issubclass(hint, Enum):
            return f"one of {', '.join(str(member.value) for member in hint)}"
        words = {str: "a text", int: "a whole number", bool: "true or false", date: "a date"}
        if hint in words:
            return words[hint]
        return "an array" if get_origin(hint) is tuple else "a table"


def merge(
    base: dict[str, Any],
    over: Mapping[str, Any],
    overlay: str | None = None,
    origins: dict[str, str] | None = None,
    key: str = "",
) -> None:
    """Lay a table over another, in place: tables merge, other values are replaced.

    With `overlay`, its file, arrays grow by what is new instead; `origins` then learns which
    keys came from it.
    """
    known = {} if origins is None else origins
    for name, value in over.items():
        at = _join(key, name)
        old = base.get(name)
        if isinstance(old, dict) and isinstance(value, Mapping):
            merge(old, value, overlay, known, at)
        elif overlay and isinstance(old, list) and isinstance(value, list):
            for one in value:
                if one not in old:
                    known[f"{at}[{len(old)}]"] = overlay
                    old.append(one)
        else:
            base[name] = value
            if overlay:
                known[at] = overlay


def _raise_all(found: list[PolicyError]) -> None:
    if found:
        first, *rest = found
        first.others = tuple(rest)
        raise first


def _options(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in (Union, types.UnionType):
        return get_args(hint)
    return (hint,)


def _can_be_off(hint: Any) -> bool:
    options = _options(hint)
    return type(None) in options and any(map(_is_record, options))


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


@cache
def _fields(record: type[Any]) -> Mapping[str, FieldInfo]:
    """Return what a table may say of a record."""
    return {
        item.name: item
        for item in structs.fields(record)
        if GIVEN not in getattr(item.type, "__metadata__", ())
    }


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)
