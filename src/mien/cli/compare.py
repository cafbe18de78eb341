"""`mien compare`: two runs on the same clips, with a paired test over subjects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compare(
    first: Annotated[Path, typer.Argument(help="A run folder.")],
    second: Annotated[Path, typer.Argument(help="Another run folder, with the same task and clips.")],
) -> None:
    """Tell how much the first run is better than the second, paired by clip, tested over subjects."""
    from rich.console import Console

    from mien.cli.tables import table
    from mien.experiments.compare import compare as compare_runs

    found = compare_runs(first, second)
    same = first.name == second.name
    name_a, name_b = (str(first), str(second)) if same else (first.name, second.name)
    rows = []
    for name, score in (("accuracy", "accuracy"), ("uf1", "UF1"), ("uar", "UAR")):
        d = found.differences[name]
        interval = f"{d.low:+.3f} to {d.high:+.3f}"
        rows.append((score, f"{d.a:.3f}", f"{d.b:.3f}", f"{d.difference:+.3f}", interval, f"{d.p:.4f}"))
    columns = ("score", "first", "second", "difference", "95 % interval", "p")
    title = f"{name_a} minus {name_b}: {found.n_clips} clips, {found.n_subjects} subjects"
    console = Console()
    console.print(table(title, columns, rows, numbers=5))
    console.print(
        f"\nclips right in both {found.both}, only in {name_a} {found.only_a}, only in {name_b} "
        f"{found.only_b}, in neither {found.neither} (majority of {len(found.seeds_a)} and "
        f"{len(found.seeds_b)} seeds). p: sign-flip permutation of whole subjects, seeds held fixed; "
        "interval: bootstrap over subjects and seeds.",
        highlight=False,
    )
