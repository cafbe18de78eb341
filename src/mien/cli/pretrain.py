"""`mien pretrain`: encoders that learn from macro-expressions before they classify micro-expressions."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.models.pretrained import PretrainingCard


def pretrain(
    model: Annotated[str, typer.Argument(help="Whose encoders: ma2mi, ma2mi-small or mmnet.")],
    data: Annotated[
        list[str], typer.Option(help="A prepared set of macro-expressions with rgb; may be repeated.")
    ],
    out: Annotated[Path, typer.Option(help="The file, such as macro.safetensors.")],
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="SUBJECT", help="Leave out this subject, such as mmew/S01; may be repeated."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the pre-training; may be repeated."),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE", help="An option of the network, such as width=32; give it to evaluate too."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same weights.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Let a network rebuild near-future frames of macro-expressions, and keep its encoders.

    Progress tells the error beside that of copying the present frame. Repeating the command goes on where it was
    interrupted. Evaluate with: mien evaluate MODEL --set weights=FILE; held-out people must not be among those seen.
    """
    from mien.cli.fields import options_of
    from mien.cli.progress import progress_bar
    from mien.models.future_frames import FuturePlan
    from mien.prepare.catalogue import open_set
    from mien.training.pretraining import pretrain as run

    if out.suffix != ".safetensors":
        raise UsageError("a file of weights ends in .safetensors", found=out)
    plan = FuturePlan.parse(options_of(option or []), model="mien pretrain")
    command = _command(model, data, out, without or [], option or [], network or [], seed, device)
    with progress_bar() as update:
        card = run(
            model,
            options_of(network or []),
            plan,
            [open_set(name) for name in data],
            out,
            without=without or [],
            seed=seed,
            device=device,
            progress=update,
            command=command,
        )
    _tell(card, out)


def _command(
    model: str,
    data: Sequence[str],
    out: Path,
    without: Sequence[str],
    option: Sequence[str],
    network: Sequence[str],
    seed: int,
    device: str,
) -> str:
    """The call that makes the same file again."""
    parts = [model]
    given = (("--data", data), ("--without", without), ("--set", option), ("--network", network))
    for flag, values in given:
        parts += [part for value in values for part in (flag, value)]
    parts += ["--seed", str(seed)] if seed else []
    parts += ["--device", device] if device != "cpu" else []
    return "mien pretrain " + shlex.join([*parts, "--out", str(out)])


def _tell(card: PretrainingCard, out: Path) -> None:
    from rich.console import Console

    from mien.cli.tables import table

    console = Console()
    rows = [
        (one.name, one.kind, "yes" if one.made_up else "no", len(one.subjects), one.n_clips, one.n_pairs)
        for one in card.sets
    ]
    columns = ("set", "expressions", "made up", "people", "clips", "pairs")
    console.print(table(f"{card.network}, pre-trained", columns, rows, numbers=3))
    test = card.copy_test
    whom = "people left aside" if card.told_of_others else "nobody left aside, so the clips trained on"
    console.print(
        f"\n{whom}, {test.n_pairs} pairs: error {test.error:.3e}; copying the present frame "
        f"{test.copying:.3e}; gain {test.gain:+.3f} ({test.without_action:+.3f} when not told of the motion); "
        f"spread of the targets {test.spread:.2f}",
        highlight=False,
    )
    if test.gain <= 0:
        console.print("warning: copying the present frame is as good", style="yellow")
    for one in card.sets:
        if one.kind != "macro":
            console.print(
                f"warning: {one.name} is not known to hold macro-expressions alone (mien prepare --kind macro)",
                style="yellow",
                highlight=False,
            )
    if card.left_out:
        console.print(
            f"{len(card.left_out)} clips left out, such as {card.left_out[0][0]}: {card.left_out[0][1]}"
        )
    console.print(f"weights: {out}", highlight=False, soft_wrap=True)
