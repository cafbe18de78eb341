"""One video from file to events: opened, watched, spotted, recognised."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mien.analysis.explaining import Explainer, Model
from mien.analysis.finding import find
from mien.analysis.result import VideoAnalysis
from mien.analysis.settings import AnalyseSettings
from mien.analysis.watching import Progress, watch
from mien.face.landmarks import Landmarker
from mien.prepare import recipe as recipes
from mien.spotting.contract import KINDS, Detector, Feed
from mien.video.isolated import IsolatedVideo

#: Stages of an analysis as `progress` names them.
STAGES = ("open", "watch", "spot", "recognise")
#: How events are prepared for their pictures if no model says how.
_RECIPE_WITHOUT_MODEL = "onset-apex-face"


def analyse(
    path: Path,
    detector: Detector,
    model: Callable[[], Model] | None,
    settings: AnalyseSettings | None = None,
    *,
    detector_card: Mapping[str, Any] | None = None,
    feeds: Collection[Feed] = (),
    landmarker: Landmarker | None = None,
    progress: Progress | None = None,
) -> VideoAnalysis:
    """Everything found in one video.

    The file is decoded in a child process under `settings.limits`; memory does not grow with its length but by some
    hundred bytes a frame.

    Args:
        path: a video file.
        detector: finds the intervals.
        model: gives the recogniser; called when it is first needed, so that it can be loaded meanwhile. None leaves
            classes out.
        detector_card: what is told of the detector.
        feeds: what the detector reads besides the flow of regions (`mien.spotting.registry.feeds`).
        landmarker: an open one, so that many videos share it.
        progress: told of every step (stage, done, total).

    Raises:
        InputError: the file cannot be read, is over a limit, or shows no face.
        UsageError: a setting that does not go with the detector or the video.
    """
    chosen = settings or AnalyseSettings()
    tell: Progress = progress or (lambda stage, done, total: None)
    stages_s: dict[str, float] = {}
    clock = time.perf_counter()
    tell("open", 0, 1)
    opened: AbstractContextManager[Landmarker] = (
        Landmarker() if landmarker is None else nullcontext(landmarker)
    )
    with IsolatedVideo(path, chosen.limits) as video, opened as finder:
        sha256 = _sha256(path)
        stages_s["open"] = time.perf_counter() - clock
        watched = watch(video, finder, face=chosen.face, feeds=feeds, progress=tell)
        stages_s |= watched.stages_s
        clock = time.perf_counter()
        tell("spot", 0, 1)
        found = find(watched.signal, detector, chosen)
        stages_s["spot"] = time.perf_counter() - clock
        clock = time.perf_counter()
        tell("recognise", 0, len(found.intervals))
        given = None if model is None else model()
        stages_s["model"] = time.perf_counter() - clock
        clock = time.perf_counter()
        recipe = recipes.load(_RECIPE_WITHOUT_MODEL) if given is None else given.recipe
        events = Explainer(video, watched, finder, recipe, given, chosen).events(found.intervals, tell)
        stages_s["recognise"] = time.perf_counter() - clock
        facts = video.facts
    later = {f"{kind}_score": found.scores[kind] for kind in KINDS}
    later |= {f"{kind}_px": found.moved_px[kind] for kind in KINDS}
    notes = list(watched.notes)
    if given is None:
        notes.append("no recogniser was asked: candidates have no class")
    return VideoAnalysis(
        source=str(path),
        video={"sha256": sha256, **asdict(facts)},
        frames=watched.log.table({**later, "excluded": found.excluded}),
        events=tuple(events),
        settings=chosen.model_dump(mode="json"),
        model={} if given is None else given.card.model_dump(mode="json", by_alias=True),
        detector=dict(detector_card or {"name": type(detector).__name__}),
        stages_s=stages_s,
        notes=tuple(notes),
        excluded=chosen.exclude,
        baseline=chosen.baseline,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
