"""`mien train`: one model for use, fitted on all clips, with its honest record and calibration inside."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from mien.errors import UsageError


def train(
    model: Annotated[str, typer.Argument(help="Name of a network; `mien models` lists them.")],
    data: Annotated[list[str], typer.Option(help="A prepared set to train on; may be repeated.")],
    task: Annotated[str, typer.Option(help="Label set; `mien tasks` lists them.")],
    out: Annotated[Path, typer.Option(help="The model's file, such as mine.safetensors.")],
    record_on: Annotated[
        str | None,
        typer.Option(help="A set of other people for the record and the calibration, instead of --protocol."),
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(
            help="How the record on the training sets is made: loso, or kfold:5 where time is short."
        ),
    ] = "loso",
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Seeds of the record.")] = 1,
    members: Annotated[
        int,
        typer.Option(
            min=1, max=64, help="Networks whose probabilities are averaged; their spread is the doubt."
        ),
    ] = 3,
    recipe: Annotated[
        str | None,
        typer.Option(help="Recipe for the clips of a video, where the sets do not name theirs."),
    ] = None,
    accuracy: Annotated[
        float,
        typer.Option(min=0, max=1, help="Abstain below the confidence from which on this share is right."),
    ] = 0.75,
    option: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the network; may be repeated."),
    ] = None,
    backend: Annotated[str, typer.Option(help="How the record is computed; see mien evaluate.")] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Make a model for `mien analyse` from sets you are licensed for.

    First an honest evaluation (a run folder beside the file, resumed if interrupted), then a fit on every clip.
    The file holds weights, recipe, calibration and record; it holds no clip.
    """
    from rich.console import Console

    from mien.cli.card import tell
    from mien.cli.fields import config_of, options_of
    from mien.cli.progress import progress_bar
    from mien.experiments.deploy import Deployment, deploy
    from mien.experiments.setting import EvaluateConfig

    if out.suffix != ".safetensors":
        raise UsageError("a model's file ends in .safetensors", found=out)
    sets = tuple(data)
    config = config_of(
        EvaluateConfig,
        {
            "model": model,
            "data": sets if record_on is None else record_on,
            "train_on": None if record_on is None else sets,
            "protocol": protocol if record_on is None else "transfer",
            "task": task,
            "seeds": seeds,
            "options": {"members": str(members), **options_of(option or [])},
            "backend": backend,
            "device": device,
        },
    )
    record_folder = out.with_suffix(".record")
    given = {
        "record_on": record_on,
        "protocol": None if record_on else protocol,
        "seeds": seeds,
        "members": members,
        "recipe": recipe,
        "accuracy": accuracy,
    }
    command = _command(model, sets, task, given, option or [], out)
    with progress_bar() as update:
        card = deploy(
            Deployment(config, recipe, accuracy), out, record_folder, progress=update, command=command
        )
    console = Console()
    tell(card, console)
    console.print(f"model: {out}   record: {record_folder}", highlight=False, soft_wrap=True)


def _command(
    model: str, sets: Sequence[str], task: str, given: Mapping[str, object], options: Sequence[str], out: Path
) -> str:
    """The call that makes the same model again."""
    parts = [model, *(part for name in sets for part in ("--data", name)), "--task", task]
    for name, value in given.items():
        parts += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
    parts += [part for pair in options for part in ("--set", pair)]
    return "mien train " + shlex.join([*parts, "--out", str(out)])
