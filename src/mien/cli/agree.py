"""`mien agree`: how well the candidates agree with a human coder."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.metrics.agreement import Agreement, CodedPair, Match

_SUFFIXES = (".eaf", ".csv")


def agree(
    events: Annotated[
        Path, typer.Argument(help="events.csv of an analysis, its folder, or a folder of such folders.")
    ],
    coder: Annotated[
        Path,
        typer.Argument(help="The coding: an .eaf or .csv file, or a folder of them, named like the videos."),
    ],
    tier: Annotated[
        list[str] | None, typer.Option(help="ELAN tier of the coder; may be repeated.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for agreement.csv, matches.csv and confusion.csv.", show_default=False),
    ] = None,
) -> None:
    """Compare candidates with a human coder: movements by overlap, frames by kappa, labels of matched movements."""
    from rich.console import Console

    from mien.metrics.agreement import ALL, agreement, label_confusion, matches

    paired, gaps = _paired(events, coder)
    pairs = [_read(name, found, coded, tier or []) for name, found, coded in paired]
    kinds = [
        ALL,
        *(kind for kind in ("micro", "macro") if any(m.kind == kind for p in pairs for m in p.coder)),
    ]
    scores = [row for kind in kinds for row in agreement(pairs, kind)]
    rows = [row for pair in pairs for row in matches(pair)]
    confusion = sorted(label_confusion(rows).items())
    console = Console()
    console.print(_score_table(scores))
    if confusion:
        console.print()
        console.print(_confusion_table(confusion))
    console.print(
        "\nn: matched (IoU of at least 0.5, one to one) / found by Mien / seen by the coder. Intervals: 95 %, of one "
        "video by Wilson, of several by a bootstrap over videos. kappa: frames inside a movement or not. shift: mean of "
        "Mien minus the coder, onset and offset.",
        highlight=False,
    )
    if out is not None:
        _write(out, scores, rows, confusion)
        typer.echo(f"written: {out}")
    for gap in gaps:
        typer.echo(f"warning: {gap}", err=True)
    if gaps:
        raise typer.Exit(4)


def _paired(events: Path, coder: Path) -> tuple[list[tuple[str, Path, Path]], list[str]]:
    """Name, events.csv and coding of every video that has both, and what has no partner, in words."""
    from mien.errors import InputError

    found = _found_files(events)
    if coder.is_file() and len(found) == 1:
        return [(coder.stem, found[0], coder)], []
    if not coder.is_dir():
        raise InputError(
            "several analyses need a folder of codings"
            if len(found) > 1
            else "there is no such file or folder",
            where=coder,
        )
    codings: dict[str, list[Path]] = {}
    for path in sorted(coder.iterdir()):
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith("."):
            codings.setdefault(path.stem, []).append(path)
    pairs, gaps, used = [], [], set()
    for file in found:
        name = next((name for name in _names(file) if name in codings), None)
        if name is None:
            gaps.append(f"no coding for {file.parent.name}")
            continue
        if len(codings[name]) > 1 or name in used:
            raise InputError(
                f"'{name}' has several codings or analyses",
                where=coder,
                found=", ".join(path.name for path in codings[name]),
                do="keep one of them",
            )
        used.add(name)
        pairs.append((name, file, codings[name][0]))
    gaps += [f"no analysis for {path.name}" for name in codings.keys() - used for path in codings[name]]
    if not pairs:
        raise InputError(
            "no analysis has a coding of its name",
            where=coder,
            found=f"analyses {', '.join(file.parent.name for file in found)}; codings {', '.join(codings) or 'none'}",
            do="name each coding like its video",
        )
    return pairs, sorted(gaps)


def _found_files(events: Path) -> list[Path]:
    from mien.errors import InputError
    from mien.export.naming import EVENTS

    if events.is_file():
        return [events]
    found = [events / EVENTS] if (events / EVENTS).is_file() else sorted(events.glob(f"*/{EVENTS}"))
    if not found:
        raise InputError(
            f"there is no {EVENTS}", where=events, do="give the folder that `mien analyse` wrote"
        )
    return found


def _names(events: Path) -> list[str]:
    """What a coding of this analysis may be called: like the folder, or like the video."""
    from mien.export.naming import SUMMARY
    from mien.export.tables import read_csv

    folder = events.parent.resolve()
    summary = events.with_name(SUMMARY)
    videos = [row.get("video", "") for row in read_csv(summary)] if summary.is_file() else []
    return [folder.name, Path(folder.name).stem, *(name for v in videos for name in (v, Path(v).stem))]


def _read(name: str, events: Path, coding: Path, tiers: list[str]) -> CodedPair:
    import numpy as np

    from mien.export.coding import Marked, read_coder, read_found
    from mien.metrics.agreement import CodedPair, Movement

    found = read_found(events)
    compared = ~np.array(found.excluded, dtype=bool)

    def counted(marks: tuple[Marked, ...]) -> tuple[Movement, ...]:
        """Movements of which at least a frame was not taken out."""
        kept = (m for m in marks if compared[m.onset : m.offset + 1].any())
        return tuple(Movement(m.number, m.onset, m.offset, m.kind, m.label) for m in kept)

    coder = counted(read_coder(coding, found.time_s, tiers))
    return CodedPair(name, counted(found.movements), coder, np.array(found.time_s), compared)


def _score_table(scores: list[Agreement]) -> object:
    from mien.cli.tables import table

    def between(row: Agreement, name: str) -> str:
        value, low, high = (getattr(row, f"{name}{end}") for end in ("", "_low", "_high"))
        words = "undefined" if isnan(value) else f"{value:.2f}"
        # without the noughts the ends stand on one line of a narrow terminal
        ends = "-".join(f"{end:.2f}".removeprefix("0") for end in (low, high))
        return words if isnan(low) else f"{words}\n{ends}"

    rows = [
        (
            *(row.video, row.kind, f"{row.n_matched}/{row.n_found}/{row.n_coder}"),
            *(between(row, name) for name in ("precision", "recall", "f1", "kappa")),
            "" if isnan(row.onset_mean_ms) else f"{row.onset_mean_ms:+.0f}\n{row.offset_mean_ms:+.0f}",
        )
        for row in scores
    ]
    columns = ("video", "kind", "n", "precision", "recall", "F1", "kappa", "shift, ms")
    return table("Agreement with the coder", columns, rows, numbers=6)


def _confusion_table(confusion: list[tuple[tuple[str, str], int]]) -> object:
    from mien.cli.tables import table

    counts = dict(confusion)
    theirs, ours = (sorted({pair[side] for pair in counts}) for side in (0, 1))
    rows = [(name or "(none)", *(counts.get((name, other), 0) for other in ours)) for name in theirs]
    columns = ("coder \\ Mien", *(name or "(none)" for name in ours))
    return table("Labels of matched movements", columns, rows, numbers=len(ours))


def _write(
    out: Path, scores: list[Agreement], rows: list[Match], confusion: list[tuple[tuple[str, str], int]]
) -> None:
    from types import SimpleNamespace

    from mien.export import naming, tables
    from mien.export.described import OUTPUTS
    from mien.files import write_whole

    counted = [SimpleNamespace(coder_label=c, found_label=f, n=n) for (c, f), n in confusion]
    records: dict[str, Sequence[object]] = {
        naming.AGREEMENT: scores,
        naming.MATCHES: rows,
        naming.CONFUSION: counted,
    }
    for name, found in records.items():
        write_whole(out / name, tables.csv_bytes(*tables.rows(OUTPUTS[name], found, (), None)))
