"""`mien card`: what is known of a deployed model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from mien.training.deployed import Card, Score


def card(
    model: Annotated[
        Path | None, typer.Argument(help="A model's file; without one, the model that comes with Mien.")
    ] = None,
) -> None:
    """Show what a model was trained on, how well it does on other people, and when it abstains."""
    from rich.console import Console

    from mien.training.deployed import read_card, shipped

    tell(read_card(model or shipped()), Console())


def tell(card: Card, console: Console) -> None:
    """Print a card as a table."""
    from mien.cli.tables import table

    calibration = card.calibration
    sources = "; ".join(
        f"{s.name}: {s.n_clips} clips of {s.n_subjects} {'made-up people' if s.made_up else 'people'}"
        for s in card.trained_on
    )
    rows = [
        ["method", f"{card.title} ({card.paper})"],
        ["task", f"{card.task}: {', '.join(card.classes)}"],
        ["members", str(card.n_members)],
        ["trained on", sources],
        ["reads", f"{', '.join(card.arrays)} by recipe {card.recipe['name']}"],
    ]
    for record in card.record:
        rows += [
            ["record on", f"{record.on}: {record.n_clips} clips, {record.n_subjects} subjects"],
            ["", record.protocol],
            ["", f"UF1 {_score(record.uf1)}, UAR {_score(record.uar)}; apex {record.apex}"],
            ["", record.command],
        ]
    rows += [
        ["temperature", f"{calibration.temperature:.2f}, from {calibration.fitted_on}"],
        [
            "calibration error",
            f"{calibration.ece_before:.3f} before, {calibration.ece_after:.3f} after (15 bins)",
        ],
        [
            "abstains",
            f"below {calibration.abstain_below:.2f}: answers {calibration.coverage:.0%} of the clips, "
            f"{calibration.accuracy_answered:.0%} of them rightly",
        ],
        *(["note", note] for note in card.notes),
    ]
    console.print(table("model", ["", ""], rows, numbers=0))


def _score(score: Score) -> str:
    if score.mean is None or score.low is None or score.high is None:
        return "undefined"
    return f"{score.mean:.3f} ({score.low:.3f} to {score.high:.3f})"
