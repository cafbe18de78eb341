"""`mien prepare`: from a database on disk to a prepared set, or a picture of every stage of one clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.databases.loaded import Loaded
    from mien.prepare.recipe import Recipe

GAPS_SHOWN = 40


def prepare(
    name: Annotated[str, typer.Argument(help="The database; `mien data info` lists them.")],
    root: Annotated[Path, typer.Argument(help="The folder that holds it.")],
    recipe: Annotated[
        str, typer.Option(help="A recipe that comes with Mien (`mien recipes`), or a .toml file.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="The folder to write; repeating the command goes on where it was.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="The annotation sheet; looked for below ROOT if left out.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="Which copy of the frames, where ROOT holds several.")
    ] = None,
    kind: Annotated[
        Literal["micro", "macro"] | None, typer.Option(help="Only these expressions; all without it.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 is one per core.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another set in --out.")] = False,
    show: Annotated[
        str | None,
        typer.Option(metavar="CLIP", help="Only draw every stage of this clip (its key) to --out."),
    ] = None,
) -> None:
    """Cut out the faces, compute flow and sample time for all clips of a database, as a recipe says.

    Clips that cannot be prepared are listed with the reason (exit code 4); the others are written. `mien recipes` lists
    the recipes.
    """
    from dataclasses import replace

    from mien.databases.loaded import of_kind
    from mien.databases.registry import get
    from mien.prepare.recipe import load
    from mien.prepare.twin import is_twin

    chosen = load(recipe)
    loaded = get(name).load(root, sheet, variant)
    if show is not None:
        _show(loaded, show, chosen, out or Path(f"{show}.png"))
    elif out is None:
        raise UsageError("it is not said where the set shall be written", do="name a folder: --out SET")
    else:
        twin = is_twin(root)
        words = [name, "twin" if twin else None, kind, chosen.name]
        full_name = "-".join(word for word in words if word is not None)
        loaded = replace(loaded, table=of_kind(loaded.table, loaded.kinds, kind))
        _prepare(loaded, chosen, full_name, out, twin, kind, workers, overwrite)


def _prepare(
    loaded: Loaded,
    recipe: Recipe,
    name: str,
    out: Path,
    made_up: bool,
    kind: str | None,
    workers: int,
    overwrite: bool,
) -> None:
    from rich.console import Console

    from mien.cli.progress import progress_bar
    from mien.cli.tables import table
    from mien.prepare.running import prepare as prepare_set

    with progress_bar() as update:
        made, gaps = prepare_set(
            loaded.table,
            loaded.frames,
            recipe,
            out,
            name=name,
            made_up=made_up,
            kind=kind,
            workers=workers,
            progress=update,
            overwrite=overwrite,
        )
    console = Console()
    shapes = ", ".join(f"{array} {'x'.join(map(str, a.shape[1:]))}" for array, a in made.arrays.items())
    console.print(f"wrote {made.path}: {len(made)} clips; {shapes}", highlight=False, soft_wrap=True)
    noted = len(made.recipe["notes"])
    if noted:
        console.print(f"{noted} clips with notes (prepared.json), quality of every frame in quality.csv")
    if gaps:
        rows = [(gap.key, gap.reason) for gap in gaps[:GAPS_SHOWN]]
        console.print(table(f"{len(gaps)} clips left out", ("clip", "reason"), rows))
        if len(gaps) > GAPS_SHOWN:
            console.print(f"... and {len(gaps) - GAPS_SHOWN} more, all in prepared.json")
        raise typer.Exit(4)


def _show(loaded: Loaded, key: str, recipe: Recipe, out: Path) -> None:
    import difflib

    from mien.errors import InputError
    from mien.face.landmarks import Landmarker
    from mien.prepare.stages import stages_of
    from mien.prepare.timing import Annotation, NotPreparable
    from mien.report.stages import draw_stages

    row = next((row for row in loaded.table.rows() if row["key"] == key), None)
    if row is None or key not in loaded.frames:
        near = difflib.get_close_matches(key, loaded.frames, n=3, cutoff=0.3)
        what = "there is no such clip" if row is None else "no frames of this clip were found"
        raise UsageError(
            what, found=key, do=f"name a clip by its key, such as {', '.join(near) or 'those listed'}"
        )
    try:
        with Landmarker() as landmarker:
            annotation = Annotation(row["onset"], row["apex"], row["offset"])
            stages = stages_of(loaded.frames[key], annotation, recipe, landmarker)
            draw_stages(stages, f"{key}, recipe {recipe.name}, AUs {row['au'] or 'not coded'}", out)
    except NotPreparable as refused:
        raise InputError("this clip cannot be prepared", where=key, found=str(refused)) from refused
    typer.echo(f"wrote {out}")
