"""`mien models`: the recognisers that can be evaluated, and what is known about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console


def models(
    name: Annotated[
        str | None, typer.Argument(help="Show this one with its paper and options.", show_default=False)
    ] = None,
) -> None:
    """List the recognisers; with a NAME: its paper, what is confirmed and assumed, and every option."""
    from rich.console import Console

    from mien.cli.tables import table
    from mien.models import registry

    console = Console()
    if name is not None:
        _show_one(console, name)
        return
    cards = [registry.card(each) for each in registry.names()]
    rows = [(card.name, card.kind, card.title) for card in cards]
    console.print(table("Models", ("model", "kind", "what it is"), rows))
    console.print("`mien models NAME` shows one with its options.", markup=False, highlight=False)


def _show_one(console: Console, name: str) -> None:
    from mien.cli.tables import table
    from mien.models import registry

    card = registry.card(name)
    facts = (
        ("kind", card.kind),
        ("paper", card.paper),
        ("in short", card.summary),
        ("confirmed", card.confirmed),
        ("assumed", card.assumed),
    )
    shown = table(f"{card.name}: {card.title}", ("", ""), [fact for fact in facts if fact[1]])
    shown.show_header = False
    console.print(shown)
    console.print()
    rows = []
    for option, field in registry.options(name).model_fields.items():
        default = field.get_default(call_default_factory=True)
        kind = ", ".join([_type_name(field.annotation), *_bounds(field.metadata)])
        rows.append((option, kind, default, field.description))
    if rows:
        console.print(
            table("Options, set with --set option=value", ("option", "type", "default", "meaning"), rows)
        )
    else:
        console.print("It has no options.")


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
