"""`mien evaluate`: folds x seeds of one recogniser, into a run folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from mien.experiments.run import Run

BACKENDS = "auto, loop, stacked, processes or ray"


def evaluate(
    model: Annotated[str, typer.Argument(help="Name of a recogniser; `mien models` lists them.")],
    data: Annotated[str, typer.Option(help="A prepared set: its folder, or a name from `mien data list`.")],
    task: Annotated[str, typer.Option(help="Label set; `mien tasks` lists them.")],
    out: Annotated[Path, typer.Option(help="Run folder; an interrupted run found there is resumed.")],
    protocol: Annotated[
        str | None,
        typer.Option(help="loso (the default), cde, lodo, kfold[:k], holdout[:share], or transfer."),
    ] = None,
    train_on: Annotated[
        str | None, typer.Option(help="Another set, of other people, to train on; all of --data is held out.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="How many seeds: 0, 1, ...")] = 3,
    backend: Annotated[str, typer.Option(help=f"{BACKENDS}; auto measures and takes the fastest.")] = "auto",
    audit: Annotated[
        bool,
        typer.Option(
            "--audit", help="Also tell the invalid score if the epoch were chosen on held-out clips."
        ),
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the recogniser; may be repeated."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 is one per core.")] = 0,
    ray_address: Annotated[
        str | None, typer.Option(help="Address of a Ray cluster; without it a local one is started.")
    ] = None,
    gpus_per_fold: Annotated[
        float, typer.Option(min=0, help="GPU share of a fold on Ray, such as 0.25.")
    ] = 0.0,
) -> None:
    """Train on all subjects but some, predict those, for every fold and seed; write scores with intervals.

    The last epoch counts: no clip that is predicted has chosen anything. Repeating the same command resumes
    an interrupted run, or recomputes the outputs of a finished one without training.
    """
    from mien.cli.fields import config_of, options_of
    from mien.cli.progress import progress_bar
    from mien.experiments.evaluate import evaluate as run_evaluation
    from mien.experiments.setting import EvaluateConfig

    given: dict[str, Any] = {
        "model": model,
        "data": data,
        "task": task,
        "protocol": protocol or ("transfer" if train_on else "loso"),
        "train_on": train_on,
        "seeds": seeds,
        "options": options_of(option or []),
        "backend": backend,
        "audit": audit,
        "device": device,
        "workers": workers,
        "ray_address": ray_address,
        "gpus_per_fold": gpus_per_fold,
    }
    config = config_of(EvaluateConfig, given)
    with progress_bar() as update:
        run = run_evaluation(config, out, progress=update, command=_command(given, out))
    _tell(run)


#: Flags of the recorded command, with the values at which they are left out.
_FLAGS = {
    "train_on": None,
    "backend": "auto",
    "device": "auto",
    "workers": 0,
    "ray_address": None,
    "gpus_per_fold": 0.0,
}


def _command(given: dict[str, Any], out: Path) -> str:
    """The call that gives the same run again, without what has its default value."""
    parts = [given["model"], "--data", given["data"], "--task", given["task"]]
    parts += ["--protocol", given["protocol"], "--seeds", given["seeds"]]
    for key, value in given["options"].items():
        parts += ["--set", f"{key}={value}"]
    parts += ["--audit"] if given["audit"] else []
    for name, default in _FLAGS.items():
        parts += [] if given[name] == default else [f"--{name.replace('_', '-')}", given[name]]
    return "mien evaluate " + shlex.join(map(str, [*parts, "--out", out]))


def _tell(run: Run) -> None:
    """Print the scores of a finished run as a table, and where it lies."""
    import json

    from rich.console import Console

    from mien.cli.tables import table

    metrics = json.loads((run.path / "metrics.json").read_text(encoding="utf-8"))
    record = run.record
    peeked = metrics["audit"]
    columns = ["score", "mean", "sd over seeds", "95 % interval"]
    rows = []
    for name, title in (("accuracy", "accuracy"), ("uf1", "UF1"), ("uar", "UAR")):
        score = metrics[name]
        interval = f"{_number(score['low'])} to {_number(score['high'])}"
        row = [title, _number(score["mean"]), _number(score["sd"]), interval]
        rows.append([*row, _number(peeked[name])] if peeked else row)
    if peeked:
        columns.append("if one had peeked (invalid)")
    title = f"{record['title']} on {record['data']['name']}: {record['task']}, {record['protocol']}"
    console = Console()
    console.print(table(title, columns, rows, numbers=len(columns) - 1))
    console.print()
    console.print(_beside(metrics["references"]))
    for name, scores in metrics["references"].items():
        if "missing" in scores:
            console.print(f"{name}: {scores['missing']}", highlight=False)
    console.print(
        f"\n{metrics['n_clips']} clips, {metrics['n_subjects']} subjects, {metrics['n_seeds']} "
        f"{'seed' if metrics['n_seeds'] == 1 else 'seeds'}, "
        f"{len(record['excluded'])} clips left out; apex {record['apex']}; "
        "last epoch, nothing chosen on held-out clips",
        highlight=False,
    )
    aurc = metrics["aurc"]
    by_doubt = f", {_number(aurc['doubt'])} by doubt" if "doubt" in aurc else ""
    console.print(
        f"calibration: ECE {_number(metrics['ece'])}; AURC {_number(aurc['confidence'])} by confidence{by_doubt} "
        f"(least possible {_number(aurc['least_possible'])})",
        highlight=False,
    )
    if record["kind"] == "reference":
        console.print("This is a reference, not a recogniser to rank.", style="yellow")
    for warning in record["warnings"]:
        console.print(f"warning: {warning}", style="yellow", highlight=False)
    if metrics["undefined"]:
        console.print(f"undefined: {metrics['undefined']}", style="yellow")
    console.print(
        f"run: {run.path}   (a page of it: mien report {run.path})", highlight=False, soft_wrap=True
    )


def _beside(references: Mapping[str, Any]) -> Table:
    """What guessing and the true AUs give on the same clips, as a table."""
    from mien.cli.tables import table

    rows = []
    for name, scores in references.items():
        means = [_number(scores.get(score, {}).get("mean")) for score in ("accuracy", "uf1", "uar")]
        rows.append([name, str(scores.get("n_clips", "-")), *means])
    return table("", ["for comparison", "clips", "accuracy", "UF1", "UAR"], rows, numbers=4)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
