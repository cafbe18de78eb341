"""How fast a twin of a database is prepared, and how far its flow is from the truth, against a plain loop.

    python benchmarks/prepare.py --twin ROOT [--database casme2] [--clips 40] [--repeats 3]

Both sides make the same arrays of the same clips (8 frames of 64 px in colour, their flow from the onset, and the
flow image of the apex), in turn, the repeats interleaved. "plain" is what one would write first: one process, clip by
clip, the face found in the onset frame, one similarity transform, OpenCV's default TV-L1, all its threads, no cache.
"mien" is `mien.prepare.running.prepare` with an empty cache and one process per core, start of the processes included.
The error is measured on the onset-to-apex pair of every clip: the exact flow of the twin, taken into the pixels of the
crop, against the flow before head motion is removed, where the expression moves more than 0.2 px and elsewhere
on the face. Times are wall time, medians over the repeats.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from mien.clips.frames import ClipFrames
from mien.clips.table import ClipTable
from mien.databases.registry import get
from mien.face.alignment import Matrix, similarity, warp
from mien.face.landmarks import Landmarker
from mien.prepare import recipe as recipes
from mien.prepare.running import prepare
from mien.prepare.stages import stages_of
from mien.prepare.timing import Annotation, NotPreparable, plan_frames
from mien.prepare.truth import crop_truth

RECIPE = recipes.load("aie-cmcl-small")
SIZE_PX = RECIPE.face.size_px


def plain_clip(
    frames: ClipFrames, annotation: Annotation, landmarker: Landmarker, solver: cv2.DenseOpticalFlow
) -> tuple[np.ndarray, Matrix]:
    """Reads, crops and computes what the recipe asks for, step by step; the apex's flow (2, S, S) and the transform."""
    plan = plan_frames(frames.numbers, annotation, RECIPE)
    place = dict(zip(frames.numbers, frames.files, strict=True))
    images = {n: cv2.cvtColor(cv2.imread(str(place[n])), cv2.COLOR_BGR2RGB) for n in plan.wanted}
    faces = landmarker.find(images[plan.onset])
    if not faces:
        raise NotPreparable("no face was found")
    settings = RECIPE.face
    matrix = similarity(
        faces[0].points,
        SIZE_PX,
        side_per_interocular=settings.side_per_interocular,
        eyes_at=settings.eyes_at,
    )
    crops = {n: warp(image, matrix, SIZE_PX) for n, image in images.items()}
    greys = {n: cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for n, crop in crops.items()}
    for number in plan.sampled:
        flow = solver.calc(greys[plan.onset], greys[number], None)
        cv2.resize(flow, (64, 64), interpolation=cv2.INTER_AREA)
        cv2.resize(crops[number], (64, 64), interpolation=cv2.INTER_AREA)
    assert plan.apex is not None
    return np.moveaxis(solver.calc(greys[plan.onset], greys[plan.apex], None), -1, 0), matrix


def plain_loop(table: ClipTable, frames: dict[str, ClipFrames], landmarker: Landmarker) -> None:
    """All clips in one process."""
    cv2.setNumThreads(os.cpu_count() or 1)
    solver = cv2.optflow.DualTVL1OpticalFlow_create()
    for row in table.rows():
        try:
            plain_clip(frames[row["key"]], _annotation(row), landmarker, solver)
        except NotPreparable:
            continue


def mien_prepare(table: ClipTable, frames: dict[str, ClipFrames]) -> None:
    """All clips by `prepare`, with a cache of its own that is empty."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MIEN_CACHE"] = folder
        prepare(table, frames, RECIPE, Path(folder) / "set", name="bench")


def errors_px(
    table: ClipTable, frames: dict[str, ClipFrames], root: Path, landmarker: Landmarker
) -> dict[str, tuple[float, float]]:
    """Mean end-point error where the face moves and where it is still, of the plain loop and of Mien."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"plain": [], "mien": []}
    solver = cv2.optflow.DualTVL1OpticalFlow_create()
    flow_alone = RECIPE.model_copy(
        update={"flow": RECIPE.flow.model_copy(update={"remove_head_motion": False})}
    )
    for row in table.rows():
        try:
            stages = stages_of(frames[row["key"]], _annotation(row), flow_alone, landmarker)
            plain, matrix = plain_clip(frames[row["key"]], _annotation(row), landmarker, solver)
        except NotPreparable:
            continue
        start, end = stages.plan.onset, stages.plan.apex
        assert end is not None
        ours = (stages.matrix(start), stages.matrix(end))
        for side, flow, matrices in (
            ("plain", plain, (matrix, matrix)),
            ("mien", stages.flow(start, end), ours),
        ):
            truth = crop_truth(root, row["key"], start, end, matrices, SIZE_PX)
            found[side].append(truth.errors_px(flow))
    return {
        side: tuple(float(np.concatenate([pair[i] for pair in pairs]).mean()) for i in (0, 1))
        for side, pairs in found.items()
    }


def _annotation(row: dict[str, int | None]) -> Annotation:
    return Annotation(row["onset"], row["apex"], row["offset"])


def timed(actions: Sequence[Callable[[], None]], repeats: int) -> list[list[float]]:
    """Seconds of each action, the repeats in turn."""
    seconds: list[list[float]] = [[] for _ in actions]
    for _ in range(repeats):
        for own, action in zip(seconds, actions, strict=True):
            start = time.perf_counter()
            action()
            own.append(time.perf_counter() - start)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--twin", type=Path, required=True)
    parser.add_argument("--database", default="casme2")
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    loaded = get(given.database).load(given.twin)
    keys = loaded.table.keys.tolist()
    there = [i for i, key in enumerate(keys) if key in loaded.frames]
    table = loaded.table.take(there[:: max(1, len(there) // given.clips)][: given.clips])
    frames = {key: loaded.frames[key] for key in table.keys.tolist()}
    with Landmarker() as landmarker:
        plain, ours = timed(
            [lambda: plain_loop(table, frames, landmarker), lambda: mien_prepare(table, frames)],
            given.repeats,
        )
        error = errors_px(table, frames, given.twin, landmarker)
    ratios = [a / b for a, b in zip(plain, ours, strict=True)]
    print(f"{len(table)} clips, {os.cpu_count()} cores, {given.repeats} repeats")
    for name, seconds in (("plain", plain), ("mien", ours)):
        print(
            f"{name:6} {1e3 * statistics.median(seconds) / len(table):7.0f} ms a clip, "
            f"error moving {error[name][0]:.3f} px, still {error[name][1]:.3f} px"
        )
    print(f"times faster: {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
