"""Changes of a dossier in one line: 「更新 鸿鑫 电话 13800001234 地址 深圳市南山区听涛街3号」.

A word counts as the name of a field only where it plainly is one: whole, or followed by a colon,
by 改为 or, for numbers, by a digit. Nothing is guessed: what names no field is told back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from handlers.context import Context
from handlers.conversation.messages import Problem
from handlers.dossiers import field_values
from rules.fields import FieldKind, FieldSpec

_MEANT = {
    "customer_name": ("名称", "改名", "公司名称"),
    "telephone": ("电话", "手机", "手机号", "电话号码", "联系电话"),
    "address": ("地址", "联系地址", "公司地址"),
    "contact_person": ("联系人",),
    "legal_representative": ("法人", "法人代表", "法定代表人"),
}
"""What people call a field, besides what its list calls it."""

_BECOMES = r"(?:已)?(?:改为|改成|变更为|换成|变为|是|为|[:：=])"
_JOINT = re.compile(rf"^{_BECOMES}\s*")
_SEGMENTS = re.compile(r"[,，;；。\n]+")
_DIGITS_FOLLOW = frozenset({FieldKind.PHONE, FieldKind.POSTCODE, FieldKind.NUMBER, FieldKind.DATE})


class Line(msgspec.Struct):
    """What a line says of fields."""

    values: dict[str, str] = msgspec.field(default_factory=dict)
    """New values by field id."""
    problems: list[tuple[FieldSpec, Problem]] = msgspec.field(default_factory=list)
    """Fields that were named, and why their words were not taken."""
    unread: list[str] = msgspec.field(default_factory=list)
    """Words that name no field."""


def read(ctx: Context, text: str, specs: Iterable[FieldSpec]) -> Line:
    """Return what a line gives for these fields."""
    line = Line()
    for spec, words in _parts(text, specs):
        if spec is None or not words:
            line.unread.append(words if spec is None else field_values.label(spec, ctx.texts))
            continue
        value = field_values.read(spec, words, ctx.texts, ctx.today, ctx.calendar)
        if isinstance(value, Problem):
            line.problems.append((spec, value))
        else:
            line.values[spec.id] = value
    return line


def facts(ctx: Context, text: str, specs: Iterable[FieldSpec]) -> dict[str, str]:
    """Return the fields that sentences of a visit note plainly name, and what they say of them."""
    found: dict[str, str] = {}
    known = tuple(specs)
    for sentence in _SEGMENTS.split(text):
        found |= read(ctx, sentence, known).values
    return found


def _parts(text: str, specs: Iterable[FieldSpec]) -> list[tuple[FieldSpec | None, str]]:
    """Return the fields named, each with the words up to the next one; None: before the first."""
    names = _names(specs)
    parts: list[tuple[FieldSpec | None, list[str]]] = []
    for word in _SEGMENTS.sub(lambda mark: f"{mark[0]} ", text).split():
        spec, rest = _named(word, names)
        if spec is not None:
            parts.append((spec, [rest] if rest else []))
        elif parts:
            parts[-1][1].append(word)
        else:
            parts.append((None, [word]))
    return [(spec, _words(spec, words)) for spec, words in parts]


def _words(spec: FieldSpec | None, words: Sequence[str]) -> str:
    text = " ".join(words).strip(" ,，;；。")
    return text if spec is None else _JOINT.sub("", text)


def _named(word: str, names: Mapping[str, FieldSpec]) -> tuple[FieldSpec | None, str]:
    bare = word.rstrip(",，;；。")
    if bare in names:
        return names[bare], ""
    for name, spec in names.items():
        rest = word.removeprefix(name)
        if rest == word:
            continue
        if joint := _JOINT.match(rest):
            return spec, rest[joint.end() :]
        if spec.kind in _DIGITS_FOLLOW and (rest[0].isdigit() or rest[0] == "+"):
            return spec, rest
    return None, ""


def _names(specs: Iterable[FieldSpec]) -> dict[str, FieldSpec]:
    """Return the fields by every name they go by, the longest names first."""
    names: dict[str, FieldSpec] = {}
    for spec in specs:
        for name in (spec.zh, *_MEANT.get(spec.id, ()), spec.id):
            names.setdefault(name, spec)
    return dict(sorted(names.items(), key=lambda one: -len(one[0])))
