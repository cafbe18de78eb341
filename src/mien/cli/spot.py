"""`mien spot`: detectors compared on coded long videos, with the files of the challenges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def spot(
    videos: Annotated[
        Path, typer.Argument(help="Folder with videos.csv and truth.csv, as `mien data film` writes it.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for scores, log and submissions.")],
    detector: Annotated[
        list[str] | None,
        typer.Option(help="A detector; may be repeated. [default: contrast]", show_default=False),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="loso, kfold:K or holdout:SHARE: who is held out of fitting.")
    ] = "loso",
    seed: Annotated[int, typer.Option(help="Of folds of kfold and holdout.")] = 0,
    model: Annotated[
        str,
        typer.Option(
            help="Name what is found, for the spot-then-recognise score: a model's file, or `shipped`."
        ),
    ] = "none",
) -> None:
    """Spot in videos of people that the detector was not fitted on, and score it against the coding."""
    from rich.console import Console

    from mien.analysis.spotting_run import SpotOrder
    from mien.analysis.spotting_run import spot as spot_videos
    from mien.cli.progress import progress_bar

    out.mkdir(parents=True, exist_ok=True)
    order = SpotOrder(tuple(detector or ("contrast",)), protocol, seed)
    with progress_bar() as update:
        told = spot_videos(videos, out, order, _model(model), update)
    console = Console()
    console.print(_table(told))
    for name, scores in told["detectors"].items():
        if "strs" in scores:
            console.print(_strs(name, scores["strs"]), highlight=False)
    console.print(
        "\nIntervals count from IoU 0.5 on, one to one, pooled over all videos; thresholds and lengths fitted on "
        "training subjects. F1 with a 95 % bootstrap interval over subjects.",
        highlight=False,
    )
    console.print(f"scores, logs and submissions: {out}", highlight=False, soft_wrap=True)


def _model(name: str) -> Any:
    if name == "none":
        return None
    from mien.training.deployed import load

    return lambda: load(None if name == "shipped" else Path(name))


def _table(told: dict[str, Any]) -> Any:
    from mien.cli.tables import table

    rows = []
    for name, scores in told["detectors"].items():
        for kind, row in scores["kinds"].items():
            rows.append(
                (
                    name,
                    kind,
                    f"{row['f1']:.3f}",
                    f"{row['f1_low']:.3f} to {row['f1_high']:.3f}",
                    f"{row['tp']}/{row['fp']}/{row['fn']}",
                    f"{row['false_alarms_per_min']:.2f}",
                    f"{row['onset_median_abs_ms']:.0f}",
                    f"{row['offset_median_abs_ms']:.0f}",
                )
            )
    columns = (
        "detector", "kind", "F1", "95 % interval", "TP/FP/FN", "false alarms per min", "onset ms", "offset ms",
    )  # fmt: skip
    return table(f"Spotting, {told['protocol']}", columns, rows)


def _strs(name: str, found: dict[str, Any]) -> str:
    spotted, named = found["spotting"], found["analysis"]
    return (
        f"{name}: STRS {found['strs']:.3f} on micro-expressions, from TP {spotted['tp']}, FP {spotted['fp']}, "
        f"FN {spotted['fn']} and an analysis F1 of {named['f1']:.3f} on the {named['n']} found that have a class of "
        f"{found['task']}"
    )
