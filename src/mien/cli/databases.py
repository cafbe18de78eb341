"""`mien data info`, `check`, `twin` and `film`: what a database is, whether a copy is whole, made-up ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from mien.databases.card import Card, Counts
    from mien.databases.loaded import Loaded, Problem


def info(
    name: Annotated[str | None, typer.Argument(help="A database; without it, all are listed.")] = None,
) -> None:
    """Say what a database holds, how to apply for it, which files are needed and where they must lie."""
    from rich.console import Console

    from mien.cli.tables import table
    from mien.databases.registry import get, names

    if name is not None:
        source = get(name)
        _show_card(source.card, source.variants)
        return
    rows = []
    for each in names():
        source = get(each)
        clips = max((counts.clips for counts in source.card.counts.values()), default=None)
        rows.append((each, source.card.title, ", ".join(source.variants), clips))
    Console().print(table("Databases", ("name", "title", "variants", "clips"), rows, numbers=1))


def twin(
    name: Annotated[str, typer.Argument(help="The database; `mien data info` lists them.")],
    sheet: Annotated[Path, typer.Option(help="Its annotation sheet.")],
    out: Annotated[
        Path, typer.Option(help="The folder to write; repeating the command goes on where it was.")
    ],
    variant: Annotated[
        str | None, typer.Option(help="Which layout of the frames; the official one first.")
    ] = None,
    kind: Annotated[
        Literal["micro", "macro"] | None, typer.Option(help="Only these expressions; all without it.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other people.")] = 0,
    clips: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many rows, to try it out.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 is one per core.")] = 0,
) -> None:
    """Film made-up people who show what a real sheet says, into the official folders, with the truth beside it.

    No picture of anybody is needed or made. Macro-expressions are shown more strongly. CASME II takes 17,161 frames,
    700 MB and some ten minutes on two cores.
    """
    from mien.cli.progress import progress_bar
    from mien.prepare.twin import make_twin

    with progress_bar() as update:
        made = make_twin(
            name,
            sheet,
            out,
            variant=variant,
            seed=seed,
            most_clips=clips,
            kind=kind,
            workers=workers,
            progress=update,
        )
    typer.echo(
        f"wrote {made.root}: {made.n_clips} clips, {made.n_frames} frames; their truth in {made.root}/truth"
    )
    for key, reason in made.left_out:
        typer.echo(f"left out: {key}: {reason}")
    if made.left_out:
        raise typer.Exit(4)


def film(
    out: Annotated[
        Path, typer.Option(help="The folder to write; repeating the command goes on where it was.")
    ],
    subjects: Annotated[int, typer.Option(min=1, help="How many made-up people.")] = 10,
    videos_per_subject: Annotated[int, typer.Option(min=1, help="Videos of each of them.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.25, help="Length of each video.")] = 1.0,
    fps: Annotated[float, typer.Option(min=15, help="Frames per second.")] = 30.0,
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "640x480",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    away: Annotated[bool, typer.Option("--away", help="Everybody leaves the picture once.")] = False,
    two_people: Annotated[
        bool, typer.Option("--two-people", help="Somebody without expressions is seen beside.")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 is one per core.")] = 0,
) -> None:
    """Film made-up people for minutes: micro- and macro-expressions among blinks, speech, turns of the head, light.

    With exact truth, to try spotting out and to measure it. A minute at 640x480 takes about 100 s on one core.
    """
    from mien.cli.progress import progress_bar
    from mien.prepare.long_videos import FilmOrder, make_long_videos

    order = FilmOrder(
        subjects, videos_per_subject, minutes, fps, _width_and_height(size), seed, away, two_people
    )
    with progress_bar() as update:
        made = make_long_videos(order, out, workers=workers, progress=update)
    n_micro = sum(each.kind == "micro" for video in made for each in video.truth)
    n_all = sum(len(video.truth) for video in made)
    typer.echo(
        f"wrote {out}: {len(made)} videos, {n_micro} micro- and {n_all - n_micro} macro-expressions; "
        f"see {out / 'README.md'}"
    )


def _width_and_height(text: str) -> tuple[int, int]:
    from mien.errors import UsageError

    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isdecimal() for side in sides):
        raise UsageError("this is no size of a picture", found=text, do="write it like 640x480")
    return int(sides[0]), int(sides[1])


def check(
    name: Annotated[str, typer.Argument(help="The database; `mien data info` lists them.")],
    root: Annotated[Path, typer.Argument(help="The folder that holds it.")],
    sheet: Annotated[
        Path | None, typer.Option(help="The annotation sheet; looked for below ROOT if left out.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="Which copy of the frames, where ROOT holds several.")
    ] = None,
) -> None:
    """Load a database and show everything that is not as it should be, with the counts beside the published.

    Case, zero padding and doubled folders do not matter; what is absent or odd is a problem, not the end.
    Exit code 0: nothing was found; 4: there are gaps, all of them listed; 3: it cannot be used.
    """
    from rich.console import Console

    from mien.databases.registry import get

    source = get(name)
    loaded = source.load(root, sheet, variant)
    console = Console()
    typer.echo(
        f"{source.card.title}, {loaded.variant}: {len(loaded.table)} clips, frames of {len(loaded.frames)}"
    )
    console.print()
    off = _show_counts(console, source.card.counts.get(loaded.release), loaded)
    if loaded.corrections:
        console.print()
        _show_problems(console, "Known errors of the sheet, put right", loaded.corrections)
    if loaded.problems:
        console.print()
        _show_problems(console, f"Problems: {len(loaded.problems)}", loaded.problems)
    if loaded.problems or off:
        raise typer.Exit(4)
    typer.echo("\nno problems")


def _show_card(card: Card, variants: Sequence[str]) -> None:
    typer.echo(f"{card.title} ({card.name})\n{card.paper}\n\n{card.holds}\n")
    typer.echo(f"How to get it\n  {card.apply}\n\nFiles")
    for file in card.files:
        typer.echo(f"  {file}")
    typer.echo(f"\nVariants\n  {', '.join(variants)}\n\nExpected folders")
    for line in card.tree.splitlines():
        typer.echo(f"  {line}")
    if card.counts:
        typer.echo("\nPublished counts")
    for release, counts in card.counts.items():
        typer.echo(f"  {release + ': ' if release else ''}{_in_words(counts)}")
    if card.unverified:
        typer.echo(f"\nNot verified\n  {card.unverified}")


def _in_words(counts: Counts) -> str:
    parts = [f"{counts.clips} clips of {counts.subjects} subjects"]
    parts += [f"{name} {n}" for name, n in {**counts.kinds, **counts.emotions}.items()]
    return "; ".join([parts[0], ", ".join(parts[1:])]) if len(parts) > 1 else parts[0]


def _show_counts(console: Console, counts: Counts | None, loaded: Loaded) -> bool:
    """Show the counts beside the published ones; whether any of these is another."""
    from mien.cli.tables import table
    from mien.databases.checking import compare

    rows = compare(counts, loaded.table, loaded.kinds)
    cells = [
        (
            what,
            "" if published in (None, found) else "differs",
            "-" if published is None else published,
            found,
        )
        for what, published, found in rows
    ]
    release = f" ({loaded.release})" if loaded.release else ""
    console.print(table(f"Counts{release}", ("count", "", "published", "found"), cells, numbers=2))
    return any(published not in (None, found) for _, published, found in rows)


def _show_problems(console: Console, title: str, problems: Sequence[Problem]) -> None:
    from mien.cli.tables import table

    rows = [(problem.key or "-", problem.where, problem.what) for problem in problems]
    console.print(table(title, ("clip", "where", "what"), rows))
