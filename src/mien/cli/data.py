"""`mien data`: databases (info, check), and prepared sets (list, import, make, show)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mien.cli import databases

if TYPE_CHECKING:
    from rich.console import Console

    from mien.prepare.prepared import PreparedSet

app = typer.Typer(
    help="Databases: info and check. Prepared sets: list, import, make and show them.", no_args_is_help=True
)
app.command("info")(databases.info)
app.command("check")(databases.check)
app.command("twin")(databases.twin)
app.command("film")(databases.film)

Out = Annotated[Path, typer.Option(help="The folder to write; it must not hold another set already.")]


@app.command("list")
def list_() -> None:
    """List the sets that can be named instead of giving a folder."""
    from rich.console import Console

    from mien.cli.tables import table
    from mien.prepare.catalogue import list_sets

    console = Console()
    console.print(table("Sets with a name", ("set", "what it is", "folder"), list_sets()))


@app.command("import")
def import_(
    folder: Annotated[
        Path, typer.Argument(help="Folder of ready-made arrays: MEGC 2019 flow images, or CK+ landmarks.")
    ],
    out: Out,
) -> None:
    """Turn ready-made arrays (MEGC 2019 flow images, CK+ landmarks) and their labels into a prepared set."""
    from mien.prepare.importing import import_ready_made

    _say_written(import_ready_made(folder, out))


@app.command("make")
def make(
    name: Annotated[Literal["synthetic-flow"], typer.Argument(help="Which set to make.")],
    out: Out,
    subjects: Annotated[int, typer.Option(min=1, help="How many synthetic people.")] = 24,
    clips_per_subject: Annotated[int, typer.Option(min=1, help="Clips of each of them.")] = 8,
    size: Annotated[int, typer.Option(min=1, help="Width and height of the flow images, in pixels.")] = 28,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
) -> None:
    """Make a synthetic set with exact flow and Action Units, no licence needed."""
    from mien.prepare.synthetic import synthetic_flow

    made = synthetic_flow(out, subjects=subjects, clips_per_subject=clips_per_subject, size=size, seed=seed)
    _say_written(made)


@app.command("show")
def show(
    data: Annotated[str, typer.Argument(metavar="SET", help="The folder or the name of a prepared set.")],
    task: Annotated[str | None, typer.Option(help="Also show the classes of this task.")] = None,
) -> None:
    """Show what a set holds: clips, subjects and emotions of each database, and its arrays."""
    from rich.console import Console

    from mien.prepare.catalogue import open_set

    console = Console()
    prepared = open_set(data)
    _show_clips(console, prepared)
    console.print()
    _show_arrays(console, prepared)
    if task is not None:
        console.print()
        _show_task(console, prepared, task)


def _say_written(prepared: PreparedSet) -> None:
    typer.echo(f"wrote {prepared.path}: {_clips_and_subjects(prepared)}, data {prepared.data_hash[:12]}")


def _clips_and_subjects(prepared: PreparedSet) -> str:
    return f"{len(prepared.table)} clips of {len(set(prepared.table.groups))} subjects"


def _show_clips(console: Console, prepared: PreparedSet) -> None:
    from mien.cli.tables import table

    rows = [
        (
            database,
            _counted(part["emotion"].replace("", "not given")),
            _range(part["fps"].dropna()),
            int(part["au"].notna().sum()),
            part["subject"].nunique(),
            len(part),
        )
        for database, part in prepared.table.frame.groupby("dataset")
    ]
    columns = ("database", "emotions", "fps", "AU-coded", "subjects", "clips")
    console.print(table(f"{prepared.name}: {_clips_and_subjects(prepared)}", columns, rows, numbers=4))


def _show_arrays(console: Console, prepared: PreparedSet) -> None:
    from mien.cli.tables import table

    rows = [
        (name, " x ".join(str(n) for n in spec.shape), spec.dtype, ", ".join(spec.channels), spec.unit)
        for name, spec in prepared.specs.items()
    ]
    console.print(table("Arrays", ("array", "shape", "type", "channels", "unit"), rows))
    typer.echo(f"folder {prepared.path}\ndata   {prepared.data_hash}")


def _show_task(console: Console, prepared: PreparedSet, name: str) -> None:
    from collections import Counter

    from mien.cli.tables import table
    from mien.clips.tasks import get

    task = get(name)
    assignment = task.assign(prepared.table)
    databases = prepared.table.datasets
    rows = []
    for database in sorted(set(databases)):
        labels = assignment.labels[databases == database]
        rows.append((database, *((labels == k).sum() for k in range(len(task.classes))), (labels < 0).sum()))
    columns = ("database", *task.classes, "left out")
    console.print(table(f"{task.name}: {task.title}", columns, rows, numbers=len(columns) - 1))
    reasons = Counter(reason for reason in assignment.reasons if reason)
    if reasons:
        console.print()
        console.print(table("Left out, and why", ("reason", "clips"), reasons.most_common(), numbers=1))


def _counted(values: Iterable[str]) -> str:
    from collections import Counter

    return ", ".join(f"{value} {n}" for value, n in Counter(values).most_common())


def _range(values: Iterable[float]) -> str:
    seen = sorted(set(values))
    if not seen:
        return "not given"
    return f"{seen[0]:g}" if len(seen) == 1 else f"{seen[0]:g}-{seen[-1]:g}"
