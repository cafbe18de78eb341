"""Telling people with a trained network in place of the linear probe: SlowFast, as Kay et al. (arXiv 2306.13907)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.clips.tasks import Task
from mien.errors import UsageError
from mien.experiments.identity import Views, forms
from mien.experiments.linear_probe import FloatArray, IntArray
from mien.facs.annotation import parse
from mien.models.clip_images import RGB
from mien.models.slowfast import CLIPS, PeopleSlowFast, SlowFastOptions
from mien.prepare.prepared import PreparedSet
from mien.protocols.view import TrainView
from mien.training.fit import recogniser


@dataclass(frozen=True, eq=False)
class NetworkNamer:
    """Names people by a SlowFast network, trained afresh on every call from the same seed.

    Attributes:
        clips: (N, 3, T, H, W) pictures, or their changes, of 0..255; a single frame is shown `n_frames` times.
    """

    clips: npt.NDArray[Any]
    n_frames: int
    options: SlowFastOptions
    seed: int

    def scores(self, train: IntArray, test: IntArray, people: IntArray, parts: IntArray) -> FloatArray:
        """Log-probabilities (n, K) of test clips for the training people; `parts` is not read: nothing is chosen."""
        names = tuple(f"person {number}" for number in range(int(people.max()) + 1))
        task = Task("people", "who it is", names, "the people of the training clips", {})
        view = TrainView(
            arrays={CLIPS: self._shown(train)},
            labels=people,
            groups=np.array(names)[people],
            datasets=np.full(people.size, "one"),
            annotations=(parse(None),) * people.size,
            task=task,
            fold="people",
        )
        fitted = recogniser(PeopleSlowFast(self.options), seed=self.seed)
        fitted.fit(view)
        return np.log(np.maximum(fitted.predict_proba({CLIPS: self._shown(test)}), 1e-30))

    def _shown(self, at: IntArray) -> npt.NDArray[np.float32]:
        chosen: npt.NDArray[np.float32] = self.clips[at].astype(np.float32) / np.float32(255)
        return np.repeat(chosen, self.n_frames, axis=2) if chosen.shape[2] == 1 else chosen


def network_views(prepared: PreparedSet, options: SlowFastOptions, seed: int) -> Views:
    """A network each for the clips, the still first frames and the changes since them, of the array `rgb`.

    Raises:
        UsageError: the set has no such array, or its number of frames is no multiple of alpha.
    """
    if RGB not in prepared.arrays:
        raise UsageError(
            f"the network reads pictures, the array '{RGB}'",
            where=prepared.path,
            found=", ".join(sorted(prepared.arrays)),
            do="prepare the set with a recipe that holds it (mien recipes)",
        )
    array = prepared.arrays[RGB]
    n_frames = array.shape[2]
    if n_frames % options.alpha:
        raise UsageError(
            "the number of frames must be a multiple of alpha",
            found=f"{n_frames} frames, alpha {options.alpha}",
            do="set alpha to a divisor of the number of frames",
        )
    return {
        title: NetworkNamer(clips, n_frames, options, seed)
        for title, clips in forms(RGB, array, prepared.specs[RGB].channels)
    }
