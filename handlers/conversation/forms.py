"""A conversation as data: the fields of a form, in the order they are asked.

Forms are checked when they are built, so that a duplicate key, a label too long for the tightest
channel or a choice without a text stops the start and not a person's evening.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from handlers.conversation.messages import Option, Place, Problem
from handlers.texts import LOCALES, N_, translation
from rules.calendar import WorkingCalendar
from rules.dates import Prefer


class Kind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"
    """Several of a list."""
    DATE = "date"
    NUMBER = "number"
    CUSTOMER = "customer"
    """A customer by name, pinyin, phone tail or number; an unknown one may be noted as draft."""
    DOSSIER = "dossier"
    STAFF = "staff"
    PAPERS = "papers"
    """Several papers of one dossier, or the whole of it; which one is carried along (DOSSIER)."""
    FILES = "files"
    PLACE = "place"
    CONFIRM = "confirm"


PICKERS = frozenset({Kind.CUSTOMER, Kind.DOSSIER, Kind.STAFF, Kind.PAPERS})

GATHERED = frozenset({Kind.FILES, Kind.PAPERS})
"""Kinds whose answer grows until the person says that it is complete."""

DOSSIER = "_dossier"
"""Among the answers: id of the dossier a form is about."""

WHOLE = "whole"
"""Key of the entry that stands for all papers of a dossier; chosen in place of any others."""


PREFILLED = "_prefilled"
"""Among the answers: what the program filled in, by field key."""


class Answers:
    """The answers of a form, by field key; values are what JSON can hold.

    Shapes by kind: text, choice: str · choices: list of str · date: ISO string · number: float or
    int · pickers: {"key", "label"} (key empty: an unknown customer named in label) · papers: list
    of such · files: list of attachment ids · place: {"latitude", "longitude", "label"} ·
    confirm: bool.
    Keys that begin with "_" belong to no field: they are carried along untouched from the start
    to `submit` (which note a comment is on).
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values: dict[str, Any] = dict(values)

    @property
    def prefilled(self) -> Mapping[str, Any]:
        """What the program filled in by itself, as it was before the person changed any of it."""
        return self.values.get(PREFILLED) or {}

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def text(self, key: str) -> str:
        return str(self.values.get(key) or "")

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        return date.fromisoformat(value) if value else None

    def option(self, key: str) -> Option | None:
        value = self.values.get(key)
        return Option(value["key"], value["label"]) if value else None

    def options(self, key: str) -> tuple[Option, ...]:
        return tuple(Option(one["key"], one["label"]) for one in self.values.get(key) or ())

    def files(self, key: str) -> tuple[int, ...]:
        return tuple(self.values.get(key) or ())

    def many(self, key: str) -> tuple[str, ...]:
        return tuple(self.values.get(key) or ())

    def flag(self, key: str) -> bool:
        return bool(self.values.get(key))

    def place(self, key: str) -> Place | None:
        value = self.values.get(key)
        return Place(**value) if value else None


class Moment(msgspec.Struct, frozen=True):
    """What the engine may know of the world: handed in, never looked up."""

    now: datetime
    """Aware UTC: the platform's time of the message being handled."""
    today: date
    calendar: WorkingCalendar


class Choice(msgspec.Struct, frozen=True):
    key: str
    label: str
    """Source string, marked with N_."""


class Field(msgspec.Struct, frozen=True):
    key: str
    kind: Kind
    label: str
    """Short name on the review card and its button (N_), at most 8 Chinese characters."""
    prompt: str
    """The question (N_)."""
    choices: tuple[Choice, ...] = ()
    offered: Callable[[str, Answers], bool] | None = None
    """CHOICE: whether one of the choices is shown, by the answers so far; None: all are. `check`
    still has to refuse the others: they can be typed."""
    check: Callable[[Any, Answers, Moment], Problem | None] | None = None
    when: Callable[[Answers], bool] | None = None
    """None: always asked."""
    default: Callable[[Moment], Any] | None = None
    """Offered as first quick answer; also what the review card shows when never asked."""
    optional: bool = False
    more: bool = False
    """True: not asked in turn; behind 补充 on the review card."""
    example: str = ""
    """Shown when an answer was not understood (N_)."""
    max_length: int = 4000
    """Characters, for text."""
    minimum: float | None = None
    maximum: float | None = None
    prefer: Prefer = "past"
    """For dates in words: "past" or "future"."""
    unknown_ok: bool = False
    """CUSTOMER: a name that is not on file may be kept as typed (C-69)."""
    others: bool = False
    """STAFF: it has to be somebody else than who fills the form in."""
    oneself: bool = False
    """STAFF: who fills the form in is mostly meant and can be picked before anything is typed."""


class FormError(Exception):
    """A form that cannot be shown to anybody; names the form, the field and what is wrong."""


LABEL_COLUMNS = {"zh_CN": 16, "en": 24}
"""Widest label by language, a Chinese character being two columns: what fits on every channel."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,23}")


class Form(msgspec.Struct, frozen=True, dict=True):
    key: str
    version: int
    """Raised when fields or choices change: old drafts are then fitted to the new form."""
    title: str
    """N_"""
    fields: tuple[Field, ...]
    """A `when` may ask only for answers of fields before its own."""
    submit_label: str = N_("Submit")
    summary: Callable[[Answers], str] | None = None
    """One line that names a draft ("鸿鑫贸易"); None: the first answer."""
    review: bool = True
    """False: a single question or two; the last answer is submitted without a review card."""
    protect: bool = False
    """True: what it asks tells what a dossier holds, as `Card.protect`."""

    def __post_init__(self) -> None:
        keys = [one.key for one in self.fields]
        doubled = {key for key in keys if keys.count(key) > 1}
        if doubled:
            raise FormError(f"form {self.key!r}: field keys used twice: {sorted(doubled)}")
        if not self.fields or not self.title.strip():
            raise FormError(f"form {self.key!r}: needs a title and at least one field")
        for one in self.fields:
            for wrong in _faults(one):
                raise FormError(f"form {self.key!r}, field {one.key!r}: {wrong}")

    @cached_property
    def by_key(self) -> Mapping[str, Field]:
        """The fields by their keys."""
        return {one.key: one for one in self.fields}


def _faults(field: Field) -> Iterator[str]:
    """Yield what is wrong with a field, whatever the language."""
    if not _KEY.fullmatch(field.key):
        yield "a key is 1 to 24 of a-z, 0-9 and _, beginning with a letter"
    if not field.label.strip() or not field.prompt.strip():
        yield "needs a label and a prompt"
    if (field.kind in (Kind.CHOICE, Kind.CHOICES)) != bool(field.choices):
        yield "choices belong to fields of kind choice and choices, and only there"
    keys = [one.key for one in field.choices]
    if len(set(keys)) != len(keys):
        yield f"choice keys used twice: {keys}"
    if not all(one.key and one.label.strip() for one in field.choices):
        yield "a choice without key or label"
    if field.more and not field.optional and field.default is None:
        yield "is never asked in turn, so it must be optional or have a default"
    if field.prefer not in ("past", "future"):
        yield f'prefer is "past" or "future", not {field.prefer!r}'
    if field.unknown_ok and field.kind is not Kind.CUSTOMER:
        yield "only a customer may be unknown"
    if field.max_length < 1:
        yield "max_length must be at least 1"


def check_form(form: Form) -> None:
    """Check the words of a form in every language: complete, and short enough for every channel.

    Raises:
        FormError: names the form, the text and what is wrong.
    """
    labels = [one.label for one in form.fields]
    labels += [choice.label for one in form.fields for choice in one.choices]
    labels += [form.title, form.submit_label]
    texts = [text for one in form.fields for text in (one.prompt, one.example) if text]
    for locale in LOCALES:
        for message in labels + texts:
            words = translation(message, locale)
            if words is None:
                raise FormError(f"form {form.key!r}: {message!r} has no text in {locale}")
            if message in labels and columns(words) > LABEL_COLUMNS[locale]:
                raise FormError(
                    f"form {form.key!r}: label {words!r} is {columns(words)} columns wide, "
                    f"at most {LABEL_COLUMNS[locale]} fit on every channel ({locale})"
                )


def columns(words: str) -> int:
    """Return how wide `words` are shown, in Latin letters; a Chinese character counts two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in words)
