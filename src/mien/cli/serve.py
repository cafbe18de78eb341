"""`mien serve`: the page on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.errors import UsageError

NEEDED = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "filelock": "filelock",
}


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default is reached from this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8745,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Videos analysed at a time.")] = 1,
    places: Annotated[
        int, typer.Option(min=1, help="Videos taken at a time: arriving, waiting and running.")
    ] = 10,
    max_upload: Annotated[float, typer.Option(min=0.001, metavar="GB", help="Size of one upload.")] = 4.0,
    max_minutes: Annotated[float, typer.Option(min=0.01, help="Time for the analysis of one video.")] = 60.0,
    max_memory: Annotated[float, typer.Option(min=0.1, metavar="GB", help="Memory of one analysis.")] = 6.0,
    model: Annotated[
        str | None,
        typer.Option(
            help="A model that `mien train` wrote; 'none' finds candidates without classes. Otherwise the one that "
            "comes with Mien."
        ),
    ] = None,
    keep: Annotated[
        float,
        typer.Option(min=0.01, metavar="MINUTES", help="Results are deleted so long after they were made."),
    ] = 60.0,
) -> None:
    """Serve a page in the browser: drop a video or record one, see the candidate movements, take the files.

    Nothing is sent anywhere. Videos are deleted once analysed, results after --keep minutes, and everything
    when the server ends (Ctrl-C).
    """
    _need_packages()
    if model is not None and model != "none" and not Path(model).is_file():
        raise UsageError("there is no such model", found=model, do="name a file that `mien train` wrote")
    from mien.web.child import RUNNER
    from mien.web.server import serve as serve_page
    from mien.web.settings import ServeSettings

    settings = ServeSettings(
        host=host,
        port=port,
        workers=workers,
        places=places,
        upload_bytes=round(max_upload * 1e9),
        job_s=max_minutes * 60,
        job_bytes=round(max_memory * 1e9),
        keep_s=keep * 60,
    )
    if not settings.is_local:
        typer.secho("warning: ", fg="yellow", bold=True, err=True, nl=False)
        typer.echo(
            f"with --host {host} everybody who reaches this machine over the network can send videos; there is\n"
            "  no password and no encryption, and browsers allow the camera on this machine only. Faces are\n"
            "  sensitive data: use it in a network you trust.",
            err=True,
        )
    serve_page(settings, _announce, RUNNER if model is None else (*RUNNER, "--model", model))
    typer.echo("stopped; every video and result it held is deleted")


def _announce(address: str) -> None:
    typer.echo(f"Mien is at {address} (Ctrl-C ends it)")


def _need_packages() -> None:
    from importlib.util import find_spec

    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise UsageError(
            "the page needs packages that are not installed",
            found=f"without {', '.join(missing)}",
            do='install the extra "web": pip install "mien[web]"',
        )
