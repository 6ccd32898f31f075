"""config.toml -> `Settings`, or every problem of it at once.

The trap: a misspelt key that is silently ignored leaves a company with a default it never chose.
So unknown, missing and wrong keys all stop the start, each named with what was expected.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect
from msgspec.structs import FieldInfo, fields, replace

from bot.settings import Company, Secret, Section, Settings, passwords_in

PREFIX = "DOSSIERBOT_"
_SQLITE = "sqlite:///"

S = TypeVar("S", bound=Section)


class ConfigError(Exception):
    """A configuration nobody can run with; one line for each problem."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        lines = "".join(f"\n  {one}" for one in problems)
        super().__init__(f"{path} cannot be used:{lines}")
        self.problems = tuple(problems)


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings of the file at `path`; `DOSSIERBOT_...` in `environment` goes first.

    Relative paths are taken from the folder of the file.

    Raises:
        ConfigError: names every problem with key, value and what was expected.
    """
    table = _parse(path)
    reader = _Reader(path.absolute().parent, environment)
    settings = reader.section(Settings, table, ())
    reader.refuse_unknown_variables()
    if settings is None or reader.problems:
        raise ConfigError(path, reader.problems)
    return _placed(settings, path.absolute().parent)


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            path, ["there is no such file; `dossierbot init` writes one to begin with"]
        ) from None
    except OSError as error:
        raise ConfigError(path, [f"it cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, ["it is not UTF-8 text; save it as UTF-8"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"it is not TOML: {error}"]) from error


def _placed(settings: Settings, folder: Path) -> Settings:
    """Return the settings with their paths made absolute."""
    storage = settings.storage
    url = storage.url
    placed = replace(
        storage,
        url=_SQLITE + str(folder / url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else url,
        attachments=folder / storage.attachments,
        key_file=folder / storage.key_file,
    )
    telegram = settings.telegram
    if telegram is not None and telegram.files_root is not None:
        telegram = replace(telegram, files_root=folder / telegram.files_root)
    return replace(
        settings, company=_company(settings.company, folder), storage=placed, telegram=telegram
    )


def _company(company: Company, folder: Path) -> Company:
    packs = tuple(
        replace(one, pack=str(folder / one.pack)) if one.pack.endswith(".toml") else one
        for one in company.packs
    )
    clauses = folder / company.clauses if company.clauses else None
    return replace(company, packs=packs, clauses=clauses)


class _Reader:
    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._folder = folder
        self._environment = {
            name: value for name, value in environment.items() if name.startswith(PREFIX)
        }
        self._known: set[str] = set()
        self._sections: set[str] = set()

    def section(self, kind: type[S], table: Mapping[str, Any], at: tuple[str, ...]) -> S | None:
        """Return the section, or None when it has problems (which are noted)."""
        before = len(self.problems)
        known: list[str] = []
        values: dict[str, Any] = {}
        for field in fields(kind):
            known.append(field.name)
            inner, expected = _shape(inspect.type_info(field.type))
            if isinstance(inner, inspect.StructType):
                self._subsection(field, inner.cls, table, at, values)
            elif _is_list_of_sections(inner):
                self._list(field, inner.item_type.cls, expected, table, at, values)
            else:
                hidden = isinstance(inner, inspect.CustomType) and inner.cls is Secret
                if hidden:
                    known.append(f"{field.name}_file")
                self._value(field, hidden, expected, table, at, values)
        for key in table:
            if key not in known:
                self._problem(at, key, f"there is no such key{_like(key, known)}")
        return kind(**values) if len(self.problems) == before else None

    def refuse_unknown_variables(self) -> None:
        """Note variables that name a section and a key it does not have."""
        for name in sorted(self._environment):
            if name not in self._known and name.startswith(tuple(self._sections)):
                self.problems.append(
                    f"{name} (environment): there is no such setting{_like(name, self._known)}"
                )

    def _subsection(
        self,
        field: FieldInfo,
        kind: type[Any],
        table: Mapping[str, Any],
        at: tuple[str, ...],
        values: dict[str, Any],
    ) -> None:
        below = (*at, field.name)
        variables = _variables(kind, below)
        self._known |= variables
        self._sections.add(_variable(below))
        given = table.get(field.name)
        if given is None and not variables & self._environment.keys():
            if field.required:
                self.problems.append(f"[{'.'.join(below)}]: this section is missing")
            return
        if not isinstance(given, dict | None):
            self._problem(at, field.name, f"expected a table [{'.'.join(below)}]")
            return
        values[field.name] = self.section(kind, given or {}, below)

    def _list(
        self,
        field: FieldInfo,
        kind: type[Section],
        expected: str,
        table: Mapping[str, Any],
        at: tuple[str, ...],
        values: dict[str, Any],
    ) -> None:
        given = table.get(field.name)
        if not isinstance(given, list) or not given or not all(isinstance(i, dict) for i in given):
            missing = given is None
            self._problem(at, field.name, f"{'missing; ' if missing else ''}expected {expected}")
            return
        name = f"{field.name} {{}}"
        values[field.name] = tuple(
            self.section(kind, one, (*at, name.format(index)))
            for index, one in enumerate(given, start=1)
        )

    def _value(
        self,
        field: FieldInfo,
        hidden: bool,
        expected: str,
        table: Mapping[str, Any],
        at: tuple[str, ...],
        values: dict[str, Any],
    ) -> None:
        variable = _variable((*at, field.name)).removesuffix("_")
        from_environment = variable in self._environment
        if from_environment:
            given: Any = self._environment[variable]
        elif hidden and (file := self._file_of(field.name, variable, table, at)) is not None:
            given = self._content(file, field.name, at)
            if given is None:
                return
        else:
            given = table.get(field.name)
        if given is None:
            if field.required:
                self._problem(at, field.name, f"missing; expected {expected}")
            return
        try:
            values[field.name] = msgspec.convert(
                given, field.type, strict=not from_environment, dec_hook=_decode
            )
        except (msgspec.ValidationError, ValueError):
            where = f" (from {variable})" if from_environment else ""
            shown = "(not shown)" if hidden else _shown(given)
            self._problem(at, field.name, f"expected {expected}", f" = {shown}{where}")

    def _file_of(
        self, key: str, variable: str, table: Mapping[str, Any], at: tuple[str, ...]
    ) -> object:
        """Return the path given for a secret that is kept in a file of its own."""
        named = self._environment.get(f"{variable}_FILE")
        if named is not None:
            return named
        if key in table and f"{key}_file" in table:
            self._problem(at, key, f"give either {key} or {key}_file, not both")
        return table.get(f"{key}_file")

    def _content(self, file: object, key: str, at: tuple[str, ...]) -> str | None:
        if not isinstance(file, str):
            self._problem(at, f"{key}_file", "expected a path in quotes", f" = {_shown(file)}")
            return None
        try:
            content = (self._folder / file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self._problem(at, f"{key}_file", f"cannot be read: {why}", f" = {_shown(file)}")
            return None
        if not content:
            self._problem(at, f"{key}_file", "the file is empty", f" = {_shown(file)}")
            return None
        return content

    def _problem(self, at: tuple[str, ...], key: str, what: str, value: str = "") -> None:
        section = f"[{'.'.join(at)}] " if at else ""
        self.problems.append(f"{section}{key}{value}: {what}")


def _shape(kind: inspect.Type) -> tuple[Any, str]:
    """Return the type without its wrapping and the description of what it expects."""
    expected = ""
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            expected = (kind.extra_json_schema or {}).get("description", expected)
            kind = kind.type
        else:
            kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    return kind, expected


def _is_list_of_sections(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.VarTupleType) and isinstance(
        kind.item_type, inspect.StructType
    )


def _variable(at: tuple[str, ...]) -> str:
    return PREFIX + "".join(f"{part.upper()}_" for part in at)


def _variables(kind: type[Any], at: tuple[str, ...]) -> set[str]:
    """Return the environment variables that can set a key of this section itself."""
    names: set[str] = set()
    for field in fields(kind):
        inner, _ = _shape(inspect.type_info(field.type))
        if isinstance(inner, inspect.StructType | inspect.VarTupleType):
            continue
        name = _variable((*at, field.name)).removesuffix("_")
        names.add(name)
        if isinstance(inner, inspect.CustomType) and inner.cls is Secret:
            names.add(f"{name}_FILE")
    return names


def _decode(kind: type, value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError(kind.__name__)
    return kind(value)


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    for password in passwords_in(str(value)):
        text = text.replace(password, "***")
    return text if len(text) <= 60 else f"{text[:57]}..."


def _like(key: str, known: list[str] | set[str]) -> str:
    close = difflib.get_close_matches(key, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
