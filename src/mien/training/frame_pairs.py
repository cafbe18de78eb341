"""Pairs of frames shortly after one another in the clips of prepared sets: what encoders are pre-trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.clips.people import people, person
from mien.errors import InputError, unknown
from mien.models.future_frames import N_PAIRS, PAIRS, RGB, FuturePlan
from mien.models.pretrained import Framing, SeenSet
from mien.motion import flow
from mien.prepare.prepared import PreparedSet

#: Motion is judged on pictures of this side, and told in pixels of the side that thresholds are meant for.
LOOK_PX, TOLD_PX = 64, 224

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class FramePairs:
    """Clips with the pairs of their frames that may be drawn.

    Attributes:
        arrays: `rgb` (N, 3, T, S, S) uint8, `pairs` (N, P, 2) earlier and later frame, of which the first `n_pairs`
            (N,) count. groups: (N,) `database/subject`.
        refused: how many pairs were left out, by reason. left_out: clips without any pair, with reasons.
    """

    arrays: dict[str, NDArray[Any]]
    groups: NDArray[np.str_]
    datasets: NDArray[np.str_]
    sets: tuple[SeenSet, ...]
    framing: Framing
    refused: dict[str, int]
    left_out: tuple[tuple[str, str], ...]

    def take(self, rows: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
        """The arrays of some clips."""
        return {name: array[rows] for name, array in self.arrays.items()}


def frame_pairs(
    sets: Sequence[PreparedSet],
    plan: FuturePlan,
    without: Collection[str] = (),
    progress: Progress | None = None,
) -> FramePairs:
    """All pairs of the sets that lie within `plan.gap_s`, differ, and in which the head keeps still.

    Args:
        without: subjects (`database/subject`) to leave out, under whatever name a set has the same person.

    Raises:
        UsageError: no set has one of the subjects to leave out.
        InputError: a set lacks `rgb`, the sets differ in how faces were cut out, or no pair is left.
    """
    _check(sets)
    known = {str(group) for data in sets for group in data.table.groups}
    for name in without:
        if person(name) not in people(known):
            raise unknown(f"no set has a subject '{name}', so nobody would be left out", name, sorted(known))
    unseen = people(without)
    rows = [
        (at, row, clip)
        for at, data in enumerate(sets)
        for clip, row in enumerate(data.table.rows())
        if person(str(data.table.groups[clip])) not in unseen
    ]
    if not rows:
        raise InputError("no clip is left to pre-train on", found=f"all subjects are among {sorted(without)}")
    found: list[tuple[int, int, NDArray[np.int64]]] = []
    refused: Counter[str] = Counter()
    left_out = []
    for done, (at, row, clip) in enumerate(rows):
        frames = np.asarray(sets[at].arrays[RGB][clip])
        times = _times(row, frames.shape[1])
        pairs, reasons = ([], Counter()) if times is None else _usable(frames, times, plan)
        refused += reasons
        if pairs:
            found.append((at, clip, np.array(pairs)))
        else:
            why = "onset and offset are not annotated" if times is None else "no pair of frames can be used"
            left_out.append((str(row["key"]), why))
        if progress is not None:
            progress(done + 1, len(rows), "looking for pairs of frames")
    if not found:
        raise InputError(
            "no pair of frames can be used", found=", ".join(f"{n} {why}" for why, n in refused.items())
        )
    return _gathered(sets, found, dict(refused), tuple(left_out))


def _check(sets: Sequence[PreparedSet]) -> None:
    for data in sets:
        if RGB not in data.arrays:
            raise InputError(
                "the prepared set has no frames in colour",
                where=data.path,
                found=f"it has {', '.join(data.arrays)}",
                do="prepare it with a recipe that makes rgb, such as macro-rgb or macro-rgb-small",
            )
    framings = [Framing.of(data, RGB) for data in sets]
    shapes = {data.arrays[RGB].shape[1:] for data in sets}
    if any(framing != framings[0] for framing in framings) or len(shapes) > 1:
        raise InputError(
            "the sets show faces that were cut out in different ways",
            where=" and ".join(str(data.path) for data in sets),
            found=" and ".join(sorted(map(str, shapes))),
            do="prepare them with one recipe",
        )


def _times(row: dict[str, Any], n: int) -> NDArray[np.float64] | None:
    """When each of `n` frames, spread evenly over the clip, was taken (s); None if that is not known."""
    onset, apex, offset = row["onset"], row["apex"], row["offset"]
    if onset is None or (offset is None and apex is None):
        return None
    length = offset - onset if offset is not None else 2 * (apex - onset)
    return np.linspace(0, length / row["fps"], n)


def _usable(
    frames: NDArray[np.uint8], times: NDArray[np.float64], plan: FuturePlan
) -> tuple[list[tuple[int, int]], Counter[str]]:
    """The pairs of one clip (3, T, S, S) that can be used, and how many cannot, by reason."""
    small = [
        cv2.resize(np.ascontiguousarray(one), (LOOK_PX, LOOK_PX), interpolation=cv2.INTER_AREA)
        for one in frames.transpose(1, 2, 3, 0)
    ]
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in small]
    pairs, refused = [], Counter[str]()
    for i, first in enumerate(grey):
        for j in range(i + 1, len(grey)):
            if times[j] - times[i] > plan.gap_s + 1e-9:
                break
            if np.abs(frames[:, j].astype(np.int16) - frames[:, i]).mean() < plan.least_change:
                refused["without change"] += 1
                continue
            motion = np.hypot(*flow.compute(first, np.asarray(grey[j], np.uint8), "dis"))
            if np.median(motion) * TOLD_PX / LOOK_PX > plan.most_motion_px:
                refused["with a moving head"] += 1
                continue
            pairs.append((i, j))
    return pairs, refused


def _gathered(
    sets: Sequence[PreparedSet],
    found: Sequence[tuple[int, int, NDArray[np.int64]]],
    refused: dict[str, int],
    left_out: tuple[tuple[str, str], ...],
) -> FramePairs:
    most = max(len(pairs) for _, _, pairs in found)
    padded = np.zeros((len(found), most, 2), np.int64)
    for row, (_, _, pairs) in enumerate(found):
        padded[row, : len(pairs)] = pairs
    counts = np.array([len(pairs) for _, _, pairs in found])
    of = np.array([at for at, _, _ in found])
    return FramePairs(
        arrays={
            RGB: np.stack([sets[at].arrays[RGB][clip] for at, clip, _ in found]),
            PAIRS: padded,
            N_PAIRS: counts,
        },
        groups=np.array([sets[at].table.groups[clip] for at, clip, _ in found]),
        datasets=np.array([sets[at].table.datasets[clip] for at, clip, _ in found]),
        sets=tuple(
            SeenSet(
                name=data.name,
                data_hash=data.data_hash,
                made_up=data.made_up,
                kind=data.kind,
                n_clips=int((of == at).sum()),
                n_pairs=int(counts[of == at].sum()),
                subjects=tuple(sorted({str(sets[i].table.groups[clip]) for i, clip, _ in found if i == at})),
            )
            for at, data in enumerate(sets)
        ),
        framing=Framing.of(sets[0], RGB),
        refused=refused,
        left_out=left_out,
    )
