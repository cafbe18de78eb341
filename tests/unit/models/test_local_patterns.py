"""The recognisers on local patterns: the features they use, and the sizes they ask for."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.models import registry
from mien.models.grey_clips import GreyOptions, grey_clip
from mien.models.support_vectors import SvmRecogniser
from mien.motion.integral_projection import stlbp_ip
from mien.motion.local_patterns import lbp_mop, lbp_sip, lbp_top

CLIP = np.random.default_rng(0).integers(0, 256, (3, 10, 64, 64)).astype(np.uint8)


def made(name: str, **given: object) -> SvmRecogniser:
    method = registry.create(name, given)
    assert isinstance(method, SvmRecogniser)
    return method


def test_features_are_the_descriptors_at_the_published_settings() -> None:
    grey = grey_clip(CLIP, GreyOptions())
    published = {"blocks": 5, "radius": 1, "radius_t": 4}
    expected = {
        "lbp-top": lbp_top(grey, **published),
        "lbp-mop": lbp_mop(grey, **published),
        "lbp-sip": lbp_sip(grey, blocks=5, radius=1, radius_t=1),
        "stlbp-ip": stlbp_ip(grey, blocks=5),
    }
    for name, features in expected.items():
        np.testing.assert_array_equal(made(name).features({"rgb": CLIP}), features)
    port = made("lbp-top", blocks=8, radius=3, radius_t=3).features({"rgb": CLIP})
    assert port.shape == (11_328,)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("lbp-top", {"frames": 0, "blocks_t": 2}),
        ("lbp-mop", {"frames": 0, "radius": 3}),
        ("lbp-sip", {"frames": 0, "levels": 2}),
        ("lbp-sip", {"frames": 0, "levels": 3, "radius": 2}),
        ("stlbp-ip", {"frames": 0, "blocks": 3, "radius_t": 3}),
        ("stlbp-ip", {"frames": 8, "blocks": 2}),
    ],
)
def test_the_smallest_clip_that_is_asked_for_can_be_read_and_a_smaller_one_cannot(
    name: str, given: dict[str, object]
) -> None:
    method = made(name, **given)
    least = method.needs.at_least["rgb"]
    random = np.random.default_rng(1)
    assert np.isfinite(method.features({"rgb": random.integers(0, 256, least).astype(np.uint8)})).all()
    for shrunk in ((0, 0, 1, 1), (0, 1, 0, 0)):
        if shrunk[1] and given["frames"]:
            continue  # TIM makes the frames
        size = tuple(np.array(least) - shrunk)
        with pytest.raises(UsageError):
            method.features({"rgb": random.integers(0, 256, size).astype(np.uint8)})


def test_too_few_frames_after_tim_are_refused() -> None:
    with pytest.raises(UsageError, match="frames after TIM"):
        made("lbp-top", frames=8)
