"""`mien recipes`: how clips can be prepared, and every key of a recipe file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show the file of this one.", show_default=False)] = None,
) -> None:
    """List the recipes and every key of a recipe file; with a NAME: its file, to be copied and changed."""
    from rich.console import Console

    from mien.prepare import recipe

    if name is not None:
        recipe.load(name)
        typer.echo((recipe.FOLDER / f"{name}.toml").read_text(encoding="utf-8"), nl=False)
        return
    console = Console()
    _show_recipes(console)
    _show_keys(console)
    console.print(
        "`mien recipes NAME > mine.toml` gives one to change; `mien prepare --recipe mine.toml` takes it."
    )


def _show_recipes(console: Console) -> None:
    from mien.cli.tables import table
    from mien.prepare import recipe

    loaded = [recipe.load(each) for each in recipe.names()]
    rows = [(each.name, each.title, ", ".join(step.name for step in each.arrays)) for each in loaded]
    console.print(table("Recipes", ("recipe", "what it makes", "arrays"), rows))


def _show_keys(console: Console) -> None:
    from mien.cli.fields import COLUMNS, field_rows
    from mien.cli.tables import table
    from mien.prepare.recipe import ArrayStep, FaceStep, FlowStep, TimeStep

    for section, step in (
        ("[face]", FaceStep),
        ("[time]", TimeStep),
        ("[flow]", FlowStep),
        ("[[arrays]], one for each array", ArrayStep),
    ):
        console.print()
        console.print(table(f"Keys of {section}", ("key", *COLUMNS), field_rows(step.model_fields)))
