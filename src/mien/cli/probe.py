"""`mien probe`: what else than the expression a prepared set, or one's own features, give away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Measure what a representation gives away besides the expression.", no_args_is_help=True
)


@app.callback()
def _probes() -> None:
    """Keep `identity` a command of its own: with a single one, Typer would leave its name out."""


@app.command("identity")
def identity(
    data: Annotated[Path, typer.Option(help="Prepared set.")],
    out: Annotated[Path | None, typer.Option(help="JSON file for the findings.")] = None,
    array: Annotated[
        list[str] | None, typer.Option(help="An array of the set; may be repeated. [default: all]")
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(help="A .npy file with a row per clip of the set, probed in place of its arrays."),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(help="`identity-slowfast`: train this network on `rgb` in place of the linear probe."),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, an option of the network; may be repeated.")
    ] = None,
    folds: Annotated[int, typer.Option(help="Parts that are held out in turn.")] = 5,
    seed: Annotated[int, typer.Option(help="Deals clips to parts, draws the bootstrap.")] = 0,
) -> None:
    """Tell how well people can be named from clips: high means that a random split cannot be trusted."""
    from rich.console import Console

    from mien.cli.progress import progress_bar
    from mien.experiments.identity import ProbeConfig, probe
    from mien.files import write_json
    from mien.prepare.prepared import PreparedSet

    prepared = PreparedSet.open(data)
    views, settings = _views(prepared, tuple(array or ()), features, network, set_ or [], seed)
    with progress_bar() as update:
        told = probe(prepared.table, views, ProbeConfig(folds, seed), update)
    console = Console()
    for database, facts in told["databases"].items():
        console.print(_facts(database, facts), highlight=False)
    for database in dict.fromkeys(row["database"] for row in told["rows"]):
        console.print()
        console.print(_table(database, [row for row in told["rows"] if row["database"] == database]))
    by = "SlowFast network" if network else "Linear probe"
    console.print(
        f"\n{by}; 95 % bootstrap intervals over people. Chance: always naming the people most frequent in training. "
        "AUC and EER: pairs of people who were in no training; chance is 0.5.",
        highlight=False,
    )
    if out:
        of = {"set": prepared.name, "data_hash": prepared.data_hash, "made_up": prepared.made_up}
        write_json(out, {**of, **settings, **told})
        console.print(f"findings: {out}", highlight=False, soft_wrap=True)


def _views(
    prepared: Any,
    arrays: tuple[str, ...],
    features: Path | None,
    network: str | None,
    pairs: list[str],
    seed: int,
) -> tuple[Any, dict[str, Any]]:
    """What names people, and the settings that a reader of the findings needs."""
    from mien.errors import UsageError, unknown
    from mien.experiments.identity import features_view, set_views

    if sum(map(bool, (arrays, features, network))) > 1:
        raise UsageError("--array, --features and --network exclude each other", do="name one of them")
    if pairs and not network:
        raise UsageError("--set sets options of a network", do="name it: --network identity-slowfast")
    if not network:
        views = features_view(_read(features), len(prepared)) if features else set_views(prepared, arrays)
        return views, {"by": "linear", "features": str(features) if features else None}
    from mien.cli.fields import options_of
    from mien.experiments.identity_network import network_views
    from mien.models import registry
    from mien.models.slowfast import SlowFastOptions

    if network not in registry.probes():
        raise unknown(f"there is no network '{network}' that names people", network, registry.probes())

    options = SlowFastOptions.parse(options_of(pairs), model=network)
    return network_views(prepared, options, seed), {"by": network, "options": options.model_dump()}


def _read(path: Path) -> Any:
    import numpy as np

    from mien.errors import InputError

    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError("the features cannot be read", where=path, found=str(error)) from error


def _facts(database: str, facts: dict[str, Any]) -> str:
    """One line about a database: who is probed, and what its splits keep apart."""
    who = f"{database}: {facts['clips']} of {facts['clips_of_all']} clips, {facts['people']} of "
    who += f"{facts['people_of_all']} people (with two sessions or more)"
    if not facts["probed"]:
        return f"{who}; too few, not probed"
    return who if facts["sessions_known"] else f"{who}; sessions unknown: only clips are kept apart"


def _table(database: str, rows: list[dict[str, Any]]) -> Any:
    """What was found in one database; intervals and chance on lines of their own, so that 80 columns will do."""
    from mien.cli.tables import table

    def cell(row: dict[str, Any], name: str) -> str:
        return f"{row[name]:.3f}\n{row[name + '_low']:.2f}-{row[name + '_high']:.2f}"

    cells = [
        (
            f"{row['view']}\nby {row['split']}",
            f"{cell(row, 'top1')}\nchance {row['chance1']:.2f}",
            f"{cell(row, 'top5')}\nchance {row['chance5']:.2f}",
            cell(row, "auc"),
            cell(row, "eer"),
        )
        for row in rows
    ]
    columns = ("read, by what was trained on", "top-1", "top-5", "AUC", "EER")
    return table(f"Who is it? {database}", columns, cells, numbers=4)
