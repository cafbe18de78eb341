"""The recognisers on gradients: the features they use."""

from __future__ import annotations

import numpy as np
import pytest

from made_arrays import face_points
from mien.models import registry
from mien.models.grey_clips import GreyOptions, grey_clip
from mien.models.support_vectors import SvmRecogniser
from mien.motion.face_rois import twelve_masks
from mien.motion.gradients import hog_3d, hog_top

CLIP = np.random.default_rng(0).integers(0, 256, (3, 10, 128, 128)).astype(np.uint8)
POINTS = face_points() * 127


@pytest.mark.parametrize(("name", "weighted"), [("hog-top", True), ("higo-top", False)])
def test_hog_and_higo_differ_by_the_weight_of_a_vote(name: str, weighted: bool) -> None:
    method = registry.create(name)
    assert isinstance(method, SvmRecogniser)
    found = method.features({"rgb": CLIP})
    expected = hog_top(grey_clip(CLIP, GreyOptions()), blocks=6, blocks_t=2, weighted=weighted)
    np.testing.assert_array_equal(found, expected)
    assert found.shape == (6 * 6 * 2 * 3 * 8,)


def test_3dhog_reads_the_regions_of_the_first_frame() -> None:
    method = registry.create("3dhog")
    assert isinstance(method, SvmRecogniser)
    points = np.stack([POINTS, POINTS + 3]).transpose(2, 0, 1).astype(np.float32)
    found = method.features({"rgb": CLIP, "landmarks": points})
    masks = twelve_masks(POINTS.astype(np.float32), 128, 128)
    np.testing.assert_array_equal(found, hog_3d(grey_clip(CLIP, GreyOptions()), masks, blocks_t=2))
    assert found.shape == (12 * 2 * 3 * 8,)
