"""Coded long videos to spotting scores: signals kept, detectors compared on unseen people, challenge files, STRS."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mien.analysis.explaining import Explainer, Model
from mien.analysis.settings import AnalyseSettings
from mien.analysis.watching import watch
from mien.clips.tasks import get as task_of
from mien.errors import InputError, UsageError
from mien.face.landmarks import Landmarker
from mien.files import write_json, written_whole
from mien.metrics import strs as strs_metric
from mien.metrics.spotting import match
from mien.prepare.long_videos import SpottingVideo, read_long_videos
from mien.spotting import registry
from mien.spotting.contract import FEEDS, KINDS, CodedVideo, Feed, Interval, VideoSignal
from mien.spotting.evaluate import Evaluation, evaluate
from mien.spotting.files import (
    Submitted,
    SubmittedEmotion,
    log_rows,
    write_log,
    write_str_submission,
    write_submission,
)
from mien.video.isolated import IsolatedVideo

#: Told of the videos watched: done, all, name.
Progress = Callable[[int, int, str], None]
#: What a task calls the emotions of coded videos: those of the clips that Mien makes up.
DATASET = "synthetic"
#: The index under which a log lists videos that are of neither database of the challenge (1 and 2).
OTHER_VIDEOS = 0


@dataclass(frozen=True, eq=False)
class SpotOrder:
    """What is to be compared.

    Attributes:
        detectors: names.
        protocol: "loso", "kfold[:k]" or "holdout[:share]", over subjects.
    """

    detectors: tuple[str, ...] = ("contrast",)
    protocol: str = "loso"
    seed: int = 0


#: How the parts of a kept signal are called in its file.
_SHORT: Mapping[Feed, str] = {"flow_maps": "maps", "block_differences": "blocks"}


def coded_videos(
    films: Sequence[SpottingVideo],
    signals: Path,
    *,
    feeds: Collection[Feed],
    progress: Progress | None = None,
) -> list[CodedVideo]:
    """The videos with their signals; a signal is computed once and kept in the folder `signals`.

    Raises:
        InputError: a video cannot be read or shows no face, or a kept signal is damaged.
    """
    found = []
    with Landmarker() as finder:
        for number, film in enumerate(films):
            if progress is not None:
                progress(number, len(films), film.key)
            signal = _signal(film, signals, finder, feeds)
            truth = tuple(Interval(t.onset - 1, t.apex - 1, t.offset - 1, t.kind, 1.0) for t in film.truth)
            found.append(CodedVideo(film.key, film.subject, signal, truth))
        if progress is not None:
            progress(len(films), len(films), "watched")
    return found


def _signal(film: SpottingVideo, folder: Path, finder: Landmarker, feeds: Collection[Feed]) -> VideoSignal:
    parts = [_SHORT[feed] for feed in FEEDS if feed in feeds]
    file = folder / f"{'-'.join([film.key, *parts])}.npz"
    if not file.is_file():
        with IsolatedVideo(film.path) as video:
            signal = watch(video, finder, feeds=feeds).signal
        arrays = {f"flow_{kind}": np.asarray(signal.region_flow[kind]) for kind in KINDS}
        for feed, short in _SHORT.items():
            arrays |= {
                f"{short}_{kind}": np.asarray(v, np.float16) for kind, v in getattr(signal, feed).items()
            }
        facts = json.dumps({"fps": signal.fps, "lag": dict(signal.lag), "regions": signal.regions})
        with written_whole(file) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(
                stream, allow_pickle=False, time_s=signal.time_s, facts=np.array(facts), **arrays
            )
    try:
        with np.load(file, allow_pickle=False) as kept:
            facts = json.loads(str(kept["facts"]))
            return VideoSignal(
                fps=facts["fps"],
                time_s=kept["time_s"],
                lag=facts["lag"],
                regions=tuple(facts["regions"]),
                region_flow={kind: kept[f"flow_{kind}"] for kind in KINDS},
                **{
                    feed: {kind: kept[f"{short}_{kind}"] for kind in KINDS if f"{short}_{kind}" in kept}
                    for feed, short in _SHORT.items()
                },
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError("a kept signal is damaged", where=file, found=error, do="delete it") from error


def spot(
    root: Path,
    out: Path,
    order: SpotOrder,
    model: Callable[[], Model] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The scores of every detector on people it was not fitted on; writes the files below into `out`.

    spotting.json       everything that is returned here
    NAME-log.txt        the log of MEGC 2020: every coded and every predicted interval
    NAME-spotting.csv   the spotting submission of MEGC 2022 and later
    NAME-str.csv        with a model: the spot-then-recognise submission
    signals/            what the detectors read of each video: kept, so that the next call is quick

    Args:
        root: a folder with videos.csv and truth.csv, as `mien data film` writes.
        model: gives the recogniser that names the micro-expressions found; none: no STRS.

    Raises:
        InputError: a table or video is missing or damaged, or the videos are of one subject.
        UsageError: an unknown detector, option or protocol.
    """
    makers = {name: partial(registry.create, name) for name in order.detectors}
    for make in makers.values():
        make()
    films = read_long_videos(root)
    videos = coded_videos(films, out / "signals", feeds=registry.feeds(order.detectors), progress=progress)
    told: dict[str, Any] = {
        "videos": str(root),
        "protocol": order.protocol,
        "seed": order.seed,
        "detectors": {},
    }
    recogniser = None if model is None else model()
    for name, make in makers.items():
        found = evaluate(videos, make, protocol=order.protocol, seed=order.seed)
        _write_files(out, name, videos, found)
        told["detectors"][name] = found.as_dict()
        if recogniser is not None:
            named = _named(films, found, recogniser, progress)
            write_str_submission(out / f"{name}-str.csv", (row for rows in named.values() for row in rows))
            told["detectors"][name]["strs"] = _strs(films, found, named, recogniser)
    write_json(out / "spotting.json", told)
    return told


def _write_files(out: Path, name: str, videos: Sequence[CodedVideo], found: Evaluation) -> None:
    rows = [row for video in videos for row in log_rows(video.key, found.predictions[video.key], video.truth)]
    write_log(out / f"{name}-log.txt", {OTHER_VIDEOS: rows})
    write_submission(
        out / f"{name}-spotting.csv",
        (
            Submitted(video.key, one.onset, one.offset, one.kind)
            for video in videos
            for one in found.predictions[video.key]
        ),
    )


def _micro(found: Evaluation, key: str) -> list[Interval]:
    return [one for one in found.predictions[key] if one.kind == "micro"]


def _named(
    films: Sequence[SpottingVideo], found: Evaluation, model: Model, progress: Progress | None
) -> dict[str, list[SubmittedEmotion]]:
    """The predicted micro-expressions of every video with their most probable class, "" where it cannot be told."""
    named: dict[str, list[SubmittedEmotion]] = {}
    with Landmarker() as finder:
        for number, film in enumerate(films):
            if progress is not None:
                progress(number, len(films), f"recognising {film.key}")
            named[film.key] = [
                SubmittedEmotion(film.subject, film.video, one.onset, one.offset, label)
                for one, label in zip(
                    _micro(found, film.key), _labels(film, found, model, finder), strict=True
                )
            ]
    return named


def _labels(film: SpottingVideo, found: Evaluation, model: Model, finder: Landmarker) -> Iterator[str]:
    wanted = _micro(found, film.key)
    if not wanted:
        return iter(())
    with IsolatedVideo(film.path) as video:
        watched = watch(video, finder)
        settings = AnalyseSettings(recognise="all")
        events = Explainer(video, watched, finder, model.recipe, model, settings).events(wanted)
    return (max(event.prob, key=event.prob.__getitem__) if event.prob else "" for event in events)


def _strs(
    films: Sequence[SpottingVideo],
    found: Evaluation,
    named: Mapping[str, Sequence[SubmittedEmotion]],
    model: Model,
) -> dict[str, Any]:
    """STRS of the micro-expressions: those found whose coded emotion has a class of the model's task."""
    task = task_of(model.card.task)
    classes = task.classes_of.get(DATASET)
    if classes is None:
        raise UsageError(f"the task {task.name} of the model says nothing of the emotions of coded videos")
    truth: list[int] = []
    predicted: list[int] = []
    for film in films:
        coded = [t for t in film.truth if t.kind == "micro"]
        rows = named[film.key]
        pairs = match([(r.onset, r.offset) for r in rows], [(t.onset - 1, t.offset - 1) for t in coded])
        for p, g in pairs:
            label = classes.get(coded[g].emotion)
            if label is not None and rows[p].emotion:
                truth.append(task.classes.index(label))
                predicted.append(task.classes.index(rows[p].emotion))
    counts = found.scores["micro"].counts
    score = strs_metric.strs(counts, strs_metric.analysis(truth, predicted, len(task.classes)))
    return {
        "strs": score.score,
        "spotting": asdict(counts),
        "analysis": asdict(score.analysis),
        "task": task.name,
    }
