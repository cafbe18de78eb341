"""`mien cache`: what Mien keeps to be faster next time, and deleting it."""

from __future__ import annotations

from typing import Annotated

import typer


def cache(
    clear: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART", help="Delete this part, or 'all'; may be given again.", show_default=False
        ),
    ] = None,
    older_than: Annotated[
        float, typer.Option(min=0, metavar="DAYS", help="With --clear: only what was made longer ago.")
    ] = 0.0,
) -> None:
    """Show what the cache holds and where; with --clear, delete it. Prepared clips show the faces of your data.

    All of it can be made again, at the cost of time, and of requests for the answers of models. Do not clear it while
    another command of Mien runs.
    """
    from rich.console import Console
    from rich.filesize import decimal

    from mien.cache import PARTS, cache_folder, held
    from mien.cache import clear as cleared
    from mien.cli.tables import table
    from mien.errors import UsageError, unknown

    chosen = clear or []
    for name in chosen:
        if name != "all" and name not in PARTS:
            raise unknown(f"the cache has no part '{name}'", name, PARTS, also="or all")
    if older_than and not chosen:
        raise UsageError("--older-than says what --clear deletes", do="add --clear PART, or --clear all")
    for part in PARTS if "all" in chosen else dict.fromkeys(chosen):
        gone = cleared(part, older_than)
        typer.echo(
            f"deleted from {part}: {gone.n_files} file{'' if gone.n_files == 1 else 's'}, {decimal(gone.n_bytes)}"
        )
    rows = []
    for part, about in PARTS.items():
        found = held(part)
        rows.append((part, about, f"{found.n_files:,}", decimal(found.n_bytes)))
    Console().print(
        table(f"Cache in {cache_folder()}", ("part", "what it holds", "files", "size"), rows, numbers=2)
    )
