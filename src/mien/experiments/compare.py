"""Two runs side by side: paired by clip, tested over subjects."""

from __future__ import annotations

from pathlib import Path

from mien.errors import InputError
from mien.experiments.run import Run
from mien.metrics import paired


def compare(a: Path, b: Path) -> paired.Comparison:
    """The differences between two finished runs on the same clips.

    Raises:
        InputError: a folder is no finished run, or the runs differ in task, classes or clips.
    """
    first, second = Run.open(a), Run.open(b)
    for name in ("task", "classes"):
        if first.record[name] != second.record[name]:
            raise InputError(
                f"the runs cannot be compared: they differ in {name}",
                found=f"{first.record[name]} and {second.record[name]}",
                do="compare runs of one task",
            )
    return paired.compare(first.predictions(), second.predictions(), classes=first.record["classes"])
