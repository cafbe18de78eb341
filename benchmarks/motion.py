"""How far each flow method is from the truth, where the face moves and where it is still, and what it costs.

    python benchmarks/motion.py [--repeats 3] [--methods tvl1 dis ...] [--twin ROOT [--database casme2] [--clips 24]]

The face (scikit-image's astronaut, NASA, public domain; 224 x 224) is warped by known fields: bumps of 0.7 to 1.0 px
at brows, lids and lip corners. Errors are mean end-point errors in pixels, over all pairs; "noisy" has grain of
sigma 2 in both images. CPU ms is process time of one pair, the median over pairs and repeats, after a warm-up:
TV-L1 stops when it has converged, so grain and shifts cost time too.
With --twin, the pairs are the onset and the apex of clips of a twin (`mien data twin`) instead: aligned crops of 128
px, still on the face only, exact flow; "clean" is then as filmed, with the camera's own noise and compression.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import map_coordinates

from mien.motion.flow import METHODS, compute

SIZE_PX = 224
NOISE_SIGMA = 2.0
# Place (x, y) and motion (u, v) of each bump in pixels of the 224 px face, and its width.
BROWS_UP = ((68, 79, 0.1, -0.9), (146, 82, -0.1, -0.8))
BROWS_TOGETHER = ((88, 83, 0.6, 0.5), (126, 84, -0.6, 0.4))
SMILE = ((76, 161, -0.6, -0.7), (138, 163, 0.5, -0.6))
CORNER_DOWN = ((138, 163, 0.3, 0.7),)
LIDS = ((72, 93, 0.0, -0.7), (140, 96, 0.0, -0.7))
EXPRESSIONS = (BROWS_UP, BROWS_TOGETHER + LIDS, SMILE + BROWS_UP[:1], CORNER_DOWN + BROWS_TOGETHER)
BUMP_PX = 11.0
MOVING_PX = 0.2


class Pair(NamedTuple):
    """Two grey images (H, W), 0..255, the flow (2, H, W) from the first to the second, where the face moves, and
    where it is still."""

    first: np.ndarray
    second: np.ndarray
    true_flow: np.ndarray
    moving: np.ndarray
    still: np.ndarray


class Score(NamedTuple):
    """What was measured of one method on some pairs."""

    moving_px: float
    still_px: float
    cpu_ms: float


class Row(NamedTuple):
    """What was measured of one method."""

    method: str
    clean: Score
    noisy: Score


def measure(pairs: Iterable[Pair], methods: Sequence[str], repeats: int) -> list[Row]:
    """One row per method, and first one for no flow at all."""
    pairs = list(pairs)
    noisy = [with_grain(pair, seed) for seed, pair in enumerate(pairs)]
    nothing = Score(*errors_px(pairs, [np.zeros_like(pair.true_flow) for pair in pairs]), 0.0)
    rows = [Row("no flow at all", nothing, nothing)]
    for method in methods:
        compute(pairs[0].first, pairs[0].second, method)
        rows.append(Row(method, score(pairs, method, repeats), score(noisy, method, repeats)))
    return rows


def score(pairs: Sequence[Pair], method: str, repeats: int) -> Score:
    times_ms: list[float] = []
    errors = errors_px(pairs, [timed(pair, method, repeats, times_ms) for pair in pairs])
    return Score(*errors, statistics.median(times_ms))


def timed(pair: Pair, method: str, repeats: int, times_ms: list[float]) -> np.ndarray:
    for _ in range(repeats):
        start = time.process_time()
        flow = compute(pair.first, pair.second, method)
        times_ms.append((time.process_time() - start) * 1000)
    return flow


def errors_px(pairs: Sequence[Pair], flows: Sequence[np.ndarray]) -> tuple[float, float]:
    """Mean end-point error over all moving, and over all still pixels."""
    errors = [np.hypot(*(flow - pair.true_flow)) for pair, flow in zip(pairs, flows, strict=True)]
    moving = np.concatenate([e[pair.moving] for e, pair in zip(errors, pairs, strict=True)])
    still = np.concatenate([e[pair.still] for e, pair in zip(errors, pairs, strict=True)])
    return float(moving.mean()), float(still.mean())


def with_grain(pair: Pair, seed: int) -> Pair:
    random = np.random.default_rng(seed)
    first, second = (
        as_bytes(image + NOISE_SIGMA * random.normal(size=image.shape)) for image in (pair.first, pair.second)
    )
    return pair._replace(first=first, second=second)


def warped_faces(shift_px: tuple[float, float] = (0.0, 0.0)) -> list[Pair]:
    """The face with each of the expressions, the whole of it shifted besides."""
    face = still_face()
    rows, columns = np.mgrid[:SIZE_PX, :SIZE_PX]
    pairs = []
    for bumps in EXPRESSIONS:
        flow = np.zeros((2, SIZE_PX, SIZE_PX))
        for x, y, u, v in bumps:
            bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * BUMP_PX**2))
            flow += np.array([u, v])[:, None, None] * bump
        moving = np.hypot(*flow) > MOVING_PX
        flow += np.array(shift_px)[:, None, None]
        # What stands at x in the first image stands at x + flow(x) in the second: so the truth is exact.
        first = map_coordinates(face, [rows + flow[1], columns + flow[0]], order=5, mode="nearest")
        pairs.append(Pair(as_bytes(first), as_bytes(face), flow.astype(np.float32), moving, ~moving))
    return pairs


def filmed_faces(root: Path, database: str, n_clips: int) -> list[Pair]:
    """Onset and apex of clips of a twin, spread over its people, as `mien prepare` aligns them."""
    from mien.databases.registry import get
    from mien.face.landmarks import Landmarker
    from mien.prepare import recipe
    from mien.prepare.stages import stages_of
    from mien.prepare.timing import Annotation, NotPreparable
    from mien.prepare.truth import crop_truth

    loaded, chosen = get(database).load(root), recipe.load("onset-apex")
    rows = [row for row in loaded.table.rows() if row["key"] in loaded.frames]
    pairs = []
    with Landmarker() as landmarker:
        for row in rows[:: max(1, len(rows) // n_clips)][:n_clips]:
            annotation = Annotation(row["onset"], row["apex"], row["offset"])
            try:
                stages = stages_of(loaded.frames[row["key"]], annotation, chosen, landmarker)
            except NotPreparable:
                continue
            start, end = stages.plan.onset, stages.plan.apex
            assert end is not None
            matrices = (stages.matrix(start), stages.matrix(end))
            truth = crop_truth(root, row["key"], start, end, matrices, chosen.face.size_px)
            still = truth.face & ~truth.moving
            pairs.append(Pair(stages.grey(start), stages.grey(end), truth.flow, truth.moving, still))
    return pairs


def still_face() -> np.ndarray:
    from skimage import color, data

    grey = color.rgb2gray(data.astronaut()) * 255
    top, left, side = 40, 158, 140
    rows, columns = (start + (np.arange(SIZE_PX) + 0.5) * side / SIZE_PX - 0.5 for start in (top, left))
    return map_coordinates(grey, np.meshgrid(rows, columns, indexing="ij"), order=3)


def as_bytes(image: np.ndarray) -> np.ndarray:
    return np.rint(image).clip(0, 255).astype(np.uint8)


def show(title: str, rows: Sequence[Row]) -> None:
    print(f"\n{title}\n")
    print("| method | clean: moving px | still px | CPU ms | noisy: moving px | still px | CPU ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        cells = [f"{s.moving_px:.3f} | {s.still_px:.3f} | {s.cpu_ms:.1f}" for s in (row.clean, row.noisy)]
        print(f"| {row.method} | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--twin", type=Path, help="measure on a twin of a database instead")
    parser.add_argument("--database", default="casme2")
    parser.add_argument("--clips", type=int, default=24)
    asked = parser.parse_args()
    if asked.twin is not None:
        pairs = filmed_faces(asked.twin, asked.database, asked.clips)
        show(f"{len(pairs)} clips of {asked.twin.name}", measure(pairs, asked.methods, asked.repeats))
        return
    show("aligned", measure(warped_faces(), asked.methods, asked.repeats))
    show("shifted by half a pixel", measure(warped_faces((0.5, 0.3)), asked.methods, asked.repeats))


if __name__ == "__main__":
    main()
