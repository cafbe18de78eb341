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
from scipy.ndimage import map_coordinates

from mien.clips.frames import ClipFrames
from mien.clips.table import ClipTable
from mien.databases.registry import get
from mien.face.alignment import inverse, similarity, warp
from mien.face.clip import AlignedClip
from mien.face.landmarks import Landmarker
from mien.prepare import recipe as recipes
from mien.prepare.running import prepare
from mien.prepare.stages import stages_of
from mien.prepare.timing import Annotation, NotPreparable, plan_frames
from mien.prepare.twin import filmed_clip
from mien.synthesis.filming import film

RECIPE = recipes.load("aie-cmcl-small")
SIZE_PX = RECIPE.face.size_px
MOVING_PX = 0.2


def plain_clip(
    frames: ClipFrames, annotation: Annotation, landmarker: Landmarker, solver: cv2.DenseOpticalFlow
) -> np.ndarray:
    """Reads, crops and computes what the recipe asks for, one step after another; the flow of the apex (2, S, S)."""
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
        plan, aligned = stages.plan, stages.aligned
        with film(filmed_clip(root, row["key"])) as filmed:
            tracks = filmed.tracks(plan.apex, since=plan.onset)
        found["plain"].append(_error(plain, matrix, matrix, tracks))
        first, second = (_matrix_of(aligned, number) for number in (plan.onset, plan.apex))
        found["mien"].append(_error(stages.flow(plan.onset, plan.apex), first, second, tracks))
    return {
        side: tuple(float(np.concatenate([pair[i] for pair in pairs]).mean()) for i in (0, 1))
        for side, pairs in found.items()
    }


def _error(flow, first, second, tracks):
    """End-point errors of a crop's flow, where the face moves and where it is still."""
    rows, columns = np.mgrid[0:SIZE_PX, 0:SIZE_PX].astype(float)
    back = inverse(first)
    x, y = np.tensordot(back[:, :2], np.stack([columns, rows]), axes=1) + back[:, 2, None, None]

    def at(values: np.ndarray, order: int) -> np.ndarray:
        return map_coordinates(values, [y, x], order=order, mode="nearest")

    u, v = (at(part, 1) for part in tracks.flow)
    there = np.tensordot(second[:, :2], np.stack([x + u, y + v]), axes=1) + second[:, 2, None, None]
    true = there - np.stack([columns, rows])
    on_face = at((tracks.face & tracks.visible).astype(np.uint8), 0) > 0
    # What the whole head does is the median over the face; what is left is expression.
    alone = np.hypot(*(true - np.median(true[:, on_face], axis=1)[:, None, None]))
    error = np.hypot(*(flow - true))
    return error[on_face & (alone > MOVING_PX)], error[on_face & (alone <= MOVING_PX)]


def _matrix_of(aligned: AlignedClip, number: int) -> np.ndarray:
    return aligned.matrices[aligned.numbers.index(number)]


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
