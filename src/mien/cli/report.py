"""`mien report`: one self-contained HTML file from a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.prepare.prepared import PreparedSet


def report(
    run: Annotated[Path, typer.Argument(help="A run folder, as `mien evaluate` or `mien vlm` writes it.")],
    data: Annotated[
        str | None,
        typer.Option(
            help="The prepared set (name or folder), to draw the flow of the worst clips; without it, "
            "the folder the run was made from, if it is still there.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write RUN/report.html, a single file that needs no network, and print where it is."""
    from mien.prepare.catalogue import open_set
    from mien.report import write_answers_report, write_report
    from mien.report.run_folder import kind_of

    if kind_of(run) == "vlm":
        typer.echo(f"report: {write_answers_report(run)}")
        return
    prepared = _set_of_the_run(run) if data is None else open_set(data)
    typer.echo(f"report: {write_report(run, prepared)}")


def _set_of_the_run(run: Path) -> PreparedSet | None:
    """Return the set the run was made from, or None where it is gone; a damaged one is told, and left out."""
    from mien.errors import InputError
    from mien.prepare.prepared import PreparedSet
    from mien.report.run_folder import read_run

    recorded = read_run(run).config.data.path
    if not recorded or not Path(recorded).is_dir():
        return None
    try:
        return PreparedSet.open(recorded)
    except InputError as error:
        typer.echo(f"warning: the report has no flow pictures: {error}", err=True)
        return None
