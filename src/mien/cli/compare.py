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
    from rich.table import Table

    from mien.experiments.compare import compare as compare_runs

    found = compare_runs(first, second)
    table = Table(
        title=f"{first.name} minus {second.name}: {found.n_clips} clips, {found.n_subjects} subjects"
    )
    for name in ("score", first.name, second.name, "difference", "95 % interval", "p"):
        table.add_column(name, justify="left" if name == "score" else "right")
    for name, title in (("accuracy", "accuracy"), ("uf1", "UF1"), ("uar", "UAR")):
        d = found.differences[name]
        table.add_row(
            title,
            f"{d.a:.3f}",
            f"{d.b:.3f}",
            f"{d.difference:+.3f}",
            f"{d.low:+.3f} to {d.high:+.3f}",
            f"{d.p:.4f}",
        )
    console = Console()
    console.print(table)
    console.print(
        f"right in both {found.both}, only in {first.name} {found.only_a}, only in {second.name} {found.only_b}, "
        f"in neither {found.neither} clips (majority of {len(found.seeds_a)} and {len(found.seeds_b)} seeds). "
        f"p: sign-flip permutation of whole subjects, seeds held fixed; interval: bootstrap over subjects and seeds.",
        highlight=False,
    )
