"""aiogram's types as a second opinion on what goes over the wire, in both directions.

The stand-in checks the limits; that a parameter exists, is spelt so and has that type is checked
here against an independent description of the Bot API. aiogram lets unknown fields pass, so a
model is valid only when nothing is left over at any depth.
"""

from __future__ import annotations

import json
import types
import typing
from functools import cache

import aiogram.methods
from aiogram.methods.base import TelegramMethod
from aiogram.types import BufferedInputFile, InputFile, Update
from pydantic import BaseModel, TypeAdapter, ValidationError

from tests.fakes.telegram.params import Params

Json = dict[str, object]


def request_mistakes(method: str, params: Params) -> list[str]:
    """Return what is wrong with a call of `method`; an unknown method is a mistake too."""
    model = _methods().get(method.lower())
    if model is None:
        return [f"{method}: no such method"]
    values: Json = {}
    mistakes = []
    for name, value in params.raw.items():
        try:
            values[name] = _decoded(model, name, value)
        except ValueError:
            mistakes.append(f"{method}.{name}: not JSON: {str(value)[:80]!r}")
    values |= {
        name: BufferedInputFile(b"", upload.name)
        for name, upload in params.files.items()
        if name in model.model_fields
    }
    if mistakes:
        return mistakes
    return _mistakes(method, lambda: model.model_validate(values))


def result_mistakes(method: str, result: object) -> list[str]:
    """Return what is wrong with an answer of ours."""
    model = _methods()[method.lower()]
    return _mistakes(f"answer of {method}", lambda: _adapter(model).validate_python(result))


def update_mistakes(update: Json) -> list[str]:
    """Return what is wrong with an update of ours."""
    return _mistakes("update", lambda: Update.model_validate(update))


def _mistakes(what: str, validate: typing.Callable[[], object]) -> list[str]:
    try:
        model = validate()
    except ValidationError as error:
        return [
            f"{what}.{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_url=False)
        ]
    return [f"{path}: unknown field" for path in _left_over(model, what)]


@cache
def _methods() -> dict[str, type[TelegramMethod[object]]]:
    found = (getattr(aiogram.methods, name) for name in aiogram.methods.__all__)
    return {
        one.__api_method__.lower(): one
        for one in found
        if isinstance(one, type) and issubclass(one, TelegramMethod) and one is not TelegramMethod
    }


@cache
def _adapter(model: type[TelegramMethod[object]]) -> TypeAdapter[object]:
    return TypeAdapter(model.__returning__)


def _decoded(model: type[BaseModel], name: str, value: object) -> object:
    if not isinstance(value, str) or _may_be_text(model, name):
        return value
    return json.loads(value)


@cache
def _may_be_text(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is None or bool(_kinds(field.annotation) & {str, InputFile})


def _kinds(annotation: object) -> set[object]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return set().union(*map(_kinds, typing.get_args(annotation)))
    if typing.get_origin(annotation) is typing.Literal:
        return {type(one) for one in typing.get_args(annotation)}
    return {annotation}


def _left_over(value: object, path: str) -> typing.Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or ())
        for name in value.model_fields_set:
            yield from _left_over(getattr(value, name, None), f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _left_over(one, f"{path}[{number}]")
