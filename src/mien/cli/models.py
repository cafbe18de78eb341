"""`mien models`: the recognisers that can be evaluated, and what is known about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from mien.prepare.prepared import PreparedSet

_USES = {
    "never": "not used",
    "training": "used in training, where there is one; never at test",
    "test": "read at test: an upper reference, no recogniser",
}


def models(
    name: Annotated[
        str | None, typer.Argument(help="Show this one with its paper and options.", show_default=False)
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Tell which recognisers can read this prepared set, and what keeps the others from it."
        ),
    ] = None,
) -> None:
    """List the recognisers; with a NAME: its paper, what it reads, what is confirmed and assumed, and every option."""
    from rich.console import Console

    from mien.cli.tables import table
    from mien.models import registry

    console = Console()
    if name is not None:
        _show_one(console, name, data)
        return
    if data is not None:
        _show_readers(console, data)
        return
    cards = [registry.card(each) for each in (*registry.names(), *registry.probes())]
    rows = [(card.name, card.kind, card.title) for card in cards]
    console.print(table("Models", ("model", "kind", "what it is"), rows))
    console.print(
        "`mien models NAME` shows one with its options, `mien models --data SET` those that can read a set.",
        markup=False,
        highlight=False,
    )


def _show_readers(console: Console, data: str) -> None:
    from mien.cli.tables import table
    from mien.models import registry
    from mien.prepare.catalogue import open_set

    held = open_set(data)
    rows = [(each, _reads(each, held)) for each in registry.names()]
    rows.sort(key=lambda row: row[1] != "yes")
    console.print(
        table(f"Recognisers on {held.name}, with their default options", ("model", "reads it"), rows)
    )


def _reads(name: str, held: PreparedSet) -> str:
    """Whether a recogniser with its default options can read a set, in words."""
    from mien.models import registry

    needs = registry.create(name).needs
    unmet = needs.unmet(held.clip_shapes)
    if unmet is None and needs.action_units == "test" and not any(a.coded for a in held.table.annotations):
        unmet = "no clip has an AU coding"
    return "yes" if unmet is None else f"no: {unmet}"


def _show_one(console: Console, name: str, data: str | None) -> None:
    from mien.cli.fields import COLUMNS, field_rows
    from mien.cli.tables import table
    from mien.experiments.setting import readable_recipes
    from mien.models import registry
    from mien.prepare import recipe
    from mien.prepare.catalogue import open_set

    card, needs = registry.card(name), registry.create(name).needs
    fitting = readable_recipes(needs)
    facts = (
        ("kind", card.kind),
        ("paper", card.paper),
        ("in short", card.summary),
        ("reads", "; ".join(f"{array} {shape}" for array, shape in needs.arrays.items())),
        ("recipes", "any" if len(fitting) == len(recipe.names()) else ", ".join(fitting)),
        ("reads the set", "" if data is None else _reads(name, open_set(data))),
        ("AU coding", _USES[needs.action_units]),
        ("to run", f"mien probe identity --data SET --network {name}" if card.kind == "probe" else ""),
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
