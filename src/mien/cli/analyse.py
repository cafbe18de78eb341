"""`mien analyse`: a person's own videos in; candidate movements, tables and films out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.analysis.explaining import Model
    from mien.analysis.queue import Status
    from mien.analysis.result import VideoAnalysis
    from mien.analysis.settings import AnalyseSettings

#: Words for the stages of an analysis.
WORDS = {"open": "opening", "watch": "watching", "spot": "spotting", "recognise": "recognising"}
NO_MODEL = "none"
REPORT = "report.html"


def analyse(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files.")],
    out: Annotated[Path, typer.Option(help="A folder; it gets one folder for each video, and status.json.")],
    model: Annotated[
        str | None,
        typer.Option(
            help=f"A model that `mien train` wrote; '{NO_MODEL}' finds candidates without classes. Otherwise the one "
            "that comes with Mien."
        ),
    ] = None,
    detector: Annotated[str, typer.Option(help="What finds the candidates.")] = "contrast",
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FROM-TO", help="Seconds to leave out (talking, eating), as 12.5-20; repeatable."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="FROM-TO", help="Seconds in which the face is at rest: what is usual is taken from them."
        ),
    ] = None,
    face: Annotated[
        str, typer.Option(metavar="RULE", help="Which face: largest, central, or the one nearest to x,y.")
    ] = "largest",
    sensitivity: Annotated[
        float, typer.Option(min=0.01, max=100, help="Above 1, weaker movements are candidates too.")
    ] = 1.0,
    recognise: Annotated[
        str,
        typer.Option(metavar="micro|all", help="Which candidates get a class; models are made for micro."),
    ] = "micro",
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A limit on the file: file_bytes, frame_pixels, duration_s, n_frames, fps, child_bytes, silence_s, "
            "times_real; repeatable.",
        ),
    ] = None,
    films: Annotated[
        bool, typer.Option(help="Write the overlay video and a magnified clip of each candidate.")
    ] = True,
) -> None:
    """Find candidate facial movements in videos, and tell for each when, where, how sure, and why.

    Candidates are for a human to check: facial movement, not inner state. Everything stays on this machine. A video
    that cannot be analysed is told of and stops none of the others (exit code 4). Repeating the command goes on where
    it was.
    """
    settings = _settings(exclude or [], baseline, face, sensitivity, recognise, limit or [])
    named = None if model is None or model == NO_MODEL else Path(model)
    if named is not None and not named.is_file():
        raise UsageError("there is no such model", found=model, do="name a file that `mien train` wrote")
    _run(videos, out, named, model != NO_MODEL, detector, settings, films)


def _run(
    videos: Sequence[Path],
    out: Path,
    model: Path | None,
    classes: bool,
    detector: str,
    settings: AnalyseSettings,
    films: bool,
) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import asdict

    from mien.analysis.queue import run_queue
    from mien.analysis.running import analyse as analyse_one
    from mien.cli.progress import progress_bar
    from mien.export import write_all
    from mien.face.landmarks import Landmarker
    from mien.report.analysis import write_analysis_report
    from mien.spotting.registry import card, create, feeds

    told = card(detector)
    if told.needs_training:
        raise UsageError(
            "this detector can do nothing before it is trained",
            found=detector,
            do="take the detector contrast",
        )
    spotter = create(detector)
    made_of = {
        "settings": settings.model_dump(mode="json", exclude={"limits"}),
        "detector": detector,
        "films": films,
        "model": _model_key(model) if classes else NO_MODEL,
    }
    results = []
    with ThreadPoolExecutor(1) as pool, progress_bar() as update, Landmarker() as landmarker:
        # Loading takes seconds, and the first video can be watched meanwhile.
        loaded = pool.submit(_load, model) if classes else None
        given: Callable[[], Model] | None = None if loaded is None else loaded.result

        def analyse_video(video: Path) -> VideoAnalysis:
            def tell(stage: str, done: int, total: int) -> None:
                update(done, total, f"{video.name}: {WORDS[stage]}")

            return analyse_one(
                video,
                spotter,
                given,
                settings,
                detector_card=asdict(told),
                feeds=feeds((detector,)),
                landmarker=landmarker,
                progress=tell,
            )

        def export(analysis: VideoAnalysis, folder: Path) -> None:
            update(0, 1, f"{Path(analysis.source).name}: writing")
            written = write_all(analysis, folder, overlay=films, clips=films, limits=settings.limits)
            write_analysis_report(analysis, folder / REPORT, written)

        for status, error in run_queue(videos, out, analyse_video, export, made_of):
            if error is not None and len(videos) == 1:
                raise error
            results.append(status)
    _tell(results, out)


def _load(model: Path | None) -> Model:
    from mien.training.deployed import load

    return load(model)


def _model_key(model: Path | None) -> str:
    """What the model is: its bytes, or the version it came with."""
    import hashlib

    from mien.training.deployed import shipped

    with (shipped() if model is None else model).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tell(results: Sequence[Status], out: Path) -> None:
    from rich.console import Console

    from mien.cli.tables import table

    rows = [
        (
            one.video,
            "done before" if one.skipped else one.state,
            one.n_events if one.state == "done" else "",
            f"{one.lost_share:.0%}" if one.state == "done" else "",
            f"{one.seconds:.0f}",
            one.reason or one.folder,
        )
        for one in results
    ]
    columns = ("video", "status", "candidates", "lost", "s", "folder or reason")
    console = Console()
    console.print(table(f"results in {out}", columns, rows))
    console.print(
        "Candidates are facial movements for a human to check; they say nothing of intent or truth."
    )
    failed = sum(one.state == "failed" for one in results)
    if failed:
        console.print(f"{failed} of {len(results)} videos could not be analysed; status.json tells why")
        raise typer.Exit(3 if failed == len(results) else 4)


def _settings(
    exclude: Sequence[str],
    baseline: str | None,
    face: str,
    sensitivity: float,
    recognise: str,
    limit: Sequence[str],
) -> AnalyseSettings:
    from pydantic import ValidationError

    from mien.analysis.settings import AnalyseSettings

    given: dict[str, Any] = {
        "exclude": [_range(text, "--exclude") for text in exclude],
        "baseline": None if baseline is None else _range(baseline, "--baseline"),
        "face": _rule(face),
        "sensitivity": sensitivity,
        "recognise": recognise,
        "limits": dict(_limit(text) for text in limit),
    }
    try:
        return AnalyseSettings.model_validate(given)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise UsageError(
            "an option cannot be used", found="; ".join(told), do="see mien analyse --help"
        ) from error


def _range(text: str, option: str) -> tuple[float, float]:
    start, dash, end = text.partition("-")
    try:
        return float(start), float(end if dash else "none")
    except ValueError:
        raise UsageError(
            f"{option} is a range of seconds", found=text, do=f"write it as {option} 12.5-20"
        ) from None


def _rule(text: str) -> str | tuple[float, float]:
    if text in ("largest", "central"):
        return text
    x, comma, y = text.partition(",")
    try:
        return float(x), float(y if comma else "none")
    except ValueError:
        raise UsageError(
            "--face is a rule or a place", found=text, do="write largest, central, or x,y in pixels"
        ) from None


def _limit(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError("--limit is NAME=VALUE", found=text, do="write it as --limit duration_s=14400")
    return name, value
