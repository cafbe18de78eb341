"""`mien models`: the recognisers that can be evaluated, and what is known about each."""

from __future__ import annotations

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
    from mien.cli.fields import COLUMNS, field_rows
    from mien.cli.tables import table
    from mien.models import registry

    card = registry.card(name)
    facts = (
        ("kind", card.kind),
        ("paper", card.paper),
        ("in short", card.summary),
        ("confirmed", card.confirmed),
        ("assumed", card.assumed),
        ("published", "; ".join(f"{task}: {figures}" for task, figures in card.published.items())),
    )
    shown = table(f"{card.name}: {card.title}", ("", ""), [fact for fact in facts if fact[1]])
    shown.show_header = False
    console.print(shown)
    console.print()
    rows = field_rows(registry.options(name).model_fields)
    if rows:
        console.print(table("Options, set with --set option=value", ("option", *COLUMNS), rows))
    else:
        console.print("It has no options.")
