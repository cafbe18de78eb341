"""`mien tasks`: the label sets and their classes."""

from __future__ import annotations

from typing import Annotated

import typer


def tasks(
    name: Annotated[str | None, typer.Argument(help="Show this task alone.", show_default=False)] = None,
) -> None:
    """List the tasks: which emotions are told apart, and on which databases."""
    from rich.console import Console

    from mien.cli.tables import table
    from mien.clips.tasks import TASKS, get

    chosen = list(TASKS.values()) if name is None else [get(name)]
    rows = [(task.name, task.title, ", ".join(task.classes), task.source) for task in chosen]
    Console().print(table("Tasks", ("task", "what it is", "classes", "source"), rows))
