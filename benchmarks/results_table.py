"""Finished runs as a Markdown table, for docs/results.md.

    python benchmarks/results_table.py RUN [RUN ...] [--against RUN]

With --against, each row also holds the difference in UF1 to that run, with its interval and p-value (`mien compare`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mien.experiments.compare import compare
from mien.experiments.run import Run


def _score(score: dict[str, Any]) -> str:
    spread = "" if score["sd"] is None else f" ± {score['sd']:.3f}"
    return f"{score['mean']:.3f}{spread} ({score['low']:.3f} to {score['high']:.3f})"


def row(path: Path, against: Path | None) -> str:
    """One line of the table."""
    run = Run.open(path)
    metrics = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
    cells = [path.name, str(metrics["n_seeds"]), _score(metrics["uf1"]), _score(metrics["uar"])]
    cells.append(f"{metrics['accuracy']['mean']:.3f}")
    databases = metrics["per_database"] or {}
    cells.append(", ".join(f"{name} {scores['uf1']:.3f}" for name, scores in databases.items()))
    audit = metrics["audit"]
    cells.append(f"{audit['uf1']:.3f}/{audit['uar']:.3f}" if audit else "")
    cells.append(f"{run.record['seconds'] / 60:.1f}")
    if against is not None:
        d = compare(path, against).differences["uf1"]
        cells.append(f"{d.difference:+.3f} ({d.low:+.3f} to {d.high:+.3f}), p {d.p:.3f}")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    titles = ["run", "seeds", "UF1", "UAR", "accuracy", "UF1 per database", "peeked UF1/UAR", "core minutes"]
    if given.against is not None:
        titles.append(f"UF1 minus {given.against.name}")
    print("| " + " | ".join(titles) + " |")
    print("|" + "---|" * len(titles))
    for path in given.runs:
        print(row(path, given.against))


if __name__ == "__main__":
    main()
