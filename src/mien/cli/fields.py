"""Pydantic models on the command line: their fields as rows for people, and values given as KEY=VALUE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from mien.errors import UsageError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

M = TypeVar("M", bound="BaseModel")

COLUMNS = ("type", "default", "meaning")


def field_rows(fields: Mapping[str, FieldInfo]) -> list[tuple[str, str, object, str | None]]:
    """One row per field; the default is empty where a value must be given."""
    rows = []
    for name, field in fields.items():
        kind = ", ".join([_type_name(field.annotation), *_bounds(field.metadata)])
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        rows.append((name, kind, default, field.description))
    return rows


def _bounds(metadata: Iterable[object]) -> Iterator[str]:
    """Yield the range of an option in words, from the constraints that pydantic keeps."""
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    for constraint in metadata:
        for name, word in words.items():
            if hasattr(constraint, name):
                yield f"{word} {getattr(constraint, name):g}"


def _type_name(annotation: object) -> str:
    """Return a type as a person writes it: `int`, `adam or adamw`, `float or None`."""
    from types import NoneType, UnionType
    from typing import Literal, Union, get_args, get_origin

    if annotation is NoneType:
        return "None"
    if get_origin(annotation) is Literal:
        return " or ".join(str(value) for value in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_type_name(part) for part in get_args(annotation))
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation.__name__
    return str(annotation)


def options_of(pairs: Iterable[str]) -> dict[str, str]:
    """The options in KEY=VALUE words. Raises `UsageError` for a word that is none."""
    options = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError("--set wants KEY=VALUE", found=pair, do="write for example --set epochs=100")
        options[key] = value
    return options


def config_of(kind: type[M], given: Mapping[str, object]) -> M:
    """The configuration of these values. Raises `UsageError` that names the first flag that cannot be used."""
    from pydantic import ValidationError

    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"--{first['loc'][0]} cannot be '{first['input']}'", do=first["msg"], found=first["input"]
        ) from error
