"""The `mien` command: gathers the commands, and turns errors into one clear message and an exit code.

Exit codes: 0 done, 1 a fault of ours, 2 wrong call, 3 bad input, 4 done with gaps (listed),
130 stopped by hand.
Modules of `mien.cli` import nothing heavy at their top: `mien --help` has to answer at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import mien
from mien.cli import (
    agree,
    analyse,
    cache,
    card,
    compare,
    data,
    doctor,
    evaluate,
    leaderboard,
    models,
    prepare,
    pretrain,
    probe,
    recipes,
    report,
    serve,
    spot,
    tasks,
    train,
    vlm,
)
from mien.errors import MienError

DONE, OUR_FAULT, WRONG_CALL, BAD_INPUT, DONE_WITH_GAPS, STOPPED = 0, 1, 2, 3, 4, 130

app = typer.Typer(
    help="Mien: facial micro-expressions, recognised and honestly evaluated. Data stay on your machines.",
    epilog="Exit codes: 0 done, 1 a fault of Mien, 2 wrong call, 3 bad input, 4 done with gaps (listed).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mien {mien.__version__}")
        raise typer.Exit


@app.callback()
def _options_of_every_command(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", envvar="MIEN_DEBUG", help="Show the full traceback of an error; may stand anywhere."
        ),
    ] = False,
) -> None:
    pass


app.command("analyse")(analyse.analyse)
app.add_typer(data.app, name="data")
app.command("prepare")(prepare.prepare)
app.command("recipes")(recipes.recipes)
app.command("pretrain")(pretrain.pretrain)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("card")(card.card)
app.add_typer(vlm.app, name="vlm")
app.add_typer(probe.app, name="probe")
app.command("compare")(compare.compare)
app.command("leaderboard")(leaderboard.leaderboard)
app.command("spot")(spot.spot)
app.command("agree")(agree.agree)
app.command("report")(report.report)
app.command("serve")(serve.serve)
app.command("models")(models.models)
app.command("tasks")(tasks.tasks)
app.command("cache")(cache.cache)
app.command("doctor")(doctor.doctor)


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit code; a failure is told on stderr, never raised."""
    debug = "--debug" in args or bool(os.environ.get("MIEN_DEBUG"))
    try:
        typer.main.get_command(app).main(args=[arg for arg in args if arg != "--debug"], prog_name="mien")
    except SystemExit as finished:
        code = finished.code if isinstance(finished.code, int) else DONE
        if code == STOPPED:
            _complain("stopped by hand")
        return code
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _explain(error, debug)
    return DONE


def _explain(error: Exception, debug: bool) -> int:
    """Tell what went wrong and return the exit code that belongs to it."""
    if isinstance(error, MienError) and error.exit_code != OUR_FAULT:
        _complain(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.errno is not None:
        _complain(
            f"the operating system refused: {error.strerror}\n"
            f"  where: {error.filename or 'not told'}\n"
            "  do:    check that the path exists, may be read or written, and that the disk is not full"
        )
        return BAD_INPUT
    more = "" if debug else " (repeat the command with --debug and add what it prints)"
    _complain(
        f"{type(error).__name__}: {error}\n"
        f"  where: {_innermost_line_of_mien(error)}\n"
        f"  do:    this is a fault of Mien {mien.__version__}, not of your data; please report it on the\n"
        f"         project's issue tracker with the command you gave{more}"
    )
    return OUR_FAULT


def _innermost_line_of_mien(error: BaseException) -> str:
    """Return `module file:line` of the last frame inside the package, without the path of this machine."""
    home = Path(mien.__file__).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(home)]
    if not frames:
        return "outside the package"
    return f"{Path(frames[-1].filename).relative_to(home.parent).as_posix()}:{frames[-1].lineno}"


def _complain(message: str) -> None:
    typer.secho("error: ", fg="red", bold=True, err=True, nl=False)
    typer.echo(message, err=True)


def main() -> NoReturn:
    """Entry point of the `mien` program."""
    sys.exit(run(sys.argv[1:]))
