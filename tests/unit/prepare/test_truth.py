"""Exact flow in crop pixels: it agrees with what is measured there, and knows what moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.databases.registry import get
from mien.errors import InputError
from mien.face.landmarks import Landmarker
from mien.prepare import recipe
from mien.prepare.stages import Stages, stages_of
from mien.prepare.timing import Annotation
from mien.prepare.truth import CropTruth, crop_truth

SMALL = recipe.load("aie-cmcl-small")
FLOW_ALONE = SMALL.model_copy(update={"flow": SMALL.flow.model_copy(update={"remove_head_motion": False})})


@pytest.fixture(scope="module")
def smile(small_twin: Path) -> Stages:
    frames = get("casme2").load(small_twin).frames["sub01_EP01_01"]
    with Landmarker() as landmarker:
        stages = stages_of(frames, Annotation(11, 15, 19), FLOW_ALONE, landmarker)
        stages.flow(11, 15)
        return stages


def _truth(stages: Stages, root: Path, start: int, end: int) -> CropTruth:
    matrices = (stages.matrix(start), stages.matrix(end))
    return crop_truth(root, "sub01_EP01_01", start, end, matrices, SMALL.face.size_px)


def test_measured_flow_is_near_the_truth(smile: Stages, small_twin: Path) -> None:
    truth = _truth(smile, small_twin, 11, 15)
    moving, still = truth.errors_px(smile.flow(11, 15))
    nothing, _ = truth.errors_px(np.zeros_like(smile.flow(11, 15)))
    assert len(moving) > 100 and len(still) > 1000
    assert moving.mean() < 0.5 * nothing.mean() and still.mean() < 0.1


def test_the_mouth_moves_in_a_smile_and_the_forehead_does_not(smile: Stages, small_twin: Path) -> None:
    truth = _truth(smile, small_twin, 11, 15)
    points = smile.aligned.points68.round().astype(int)
    for corner in points[[48, 54]]:
        assert truth.moving[corner[1] - 3 : corner[1] + 4, corner[0] - 3 : corner[0] + 4].any()
    bridge = points[27]
    assert not truth.moving[bridge[1], bridge[0]]


def test_a_frame_and_itself_differ_by_nothing(smile: Stages, small_twin: Path) -> None:
    truth = _truth(smile, small_twin, 15, 15)
    assert np.abs(truth.flow[:, truth.face]).max() < 1e-3 and not truth.moving.any()


def test_a_clip_without_truth_is_refused(smile: Stages, small_twin: Path) -> None:
    eye = np.eye(2, 3)
    with pytest.raises(InputError, match="no truth"):
        crop_truth(small_twin, "nobody", 11, 15, (eye, eye), 128)
