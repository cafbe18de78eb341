"""TV-L1 in torch: the same as OpenCV's, step by step and as a whole, and close to the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from mien.errors import InputError
from mien.motion.flow import compute
from mien.motion.settings import Tvl1
from mien.motion.tvl1_torch import tvl1_flow

if TYPE_CHECKING:
    from .conftest import KnownPair


def opencv(first: np.ndarray, second: np.ndarray, settings: Tvl1) -> np.ndarray:
    import cv2

    solver = cv2.optflow.DualTVL1OpticalFlow_create(
        nscales=settings.scales,
        warps=settings.warps,
        epsilon=settings.epsilon,
        outerIterations=settings.outer_iterations,
    )
    return np.moveaxis(solver.calc(first, second, None), -1, 0)


def ours(first: np.ndarray, second: np.ndarray, settings: Tvl1 | None = None) -> np.ndarray:
    pair = (torch.tensor(image, dtype=torch.float32)[None] for image in (first, second))
    return tvl1_flow(*pair, settings)[0].numpy()


@pytest.mark.parametrize("epsilon", [0.01, 0.0])
def test_one_warp_is_that_of_opencv(known_pair: KnownPair, epsilon: float) -> None:
    """At zero flow the warp falls on pixels: nothing but rounding may differ, stopping included."""
    settings = Tvl1(scales=1, warps=1, outer_iterations=2, epsilon=epsilon)
    theirs = opencv(known_pair.first, known_pair.second, settings)
    np.testing.assert_allclose(ours(known_pair.first, known_pair.second, settings), theirs, atol=5e-4)
    assert np.abs(theirs).max() > 0.3


@pytest.mark.parametrize(("shift_px", "noise"), [((0, 0), 0), ((0, 0), 2), ((0.5, -0.3), 1)])
def test_it_agrees_with_opencv_and_the_truth(
    known_pair: KnownPair, shift_px: tuple[float, float], noise: float
) -> None:
    from .conftest import textured, warped

    random = np.random.default_rng(1)
    flow = known_pair.flow + np.array(shift_px)[:, None, None]
    texture = textured(96, random)
    first, second = (
        np.rint(image + noise * random.normal(size=image.shape)).clip(0, 255).astype(np.uint8)
        for image in (warped(texture, flow), texture)
    )
    theirs, mine = compute(first, second), ours(first, second)
    moving = known_pair.moving
    apart, error, their_error = (
        np.hypot(*(a - b))[moving].mean() for a, b in ((mine, theirs), (mine, flow), (theirs, flow))
    )
    assert apart < 0.02
    assert error < 0.19
    assert abs(error - their_error) < 0.01


def test_a_pair_does_not_depend_on_its_batch(known_pair: KnownPair) -> None:
    first, second = (
        torch.tensor(i[:48, :48], dtype=torch.float32) for i in (known_pair.first, known_pair.second)
    )
    batch = tvl1_flow(torch.stack([first, first, second]), torch.stack([second, first, first]))
    alone = tvl1_flow(first[None], second[None])[0]
    torch.testing.assert_close(batch[0], alone, atol=1e-4, rtol=0)


def test_equal_images_have_no_flow(known_pair: KnownPair) -> None:
    for image in (known_pair.first, known_pair.first[:20, :33]):
        assert np.abs(ours(image, image)).max() < 1e-3


def test_images_are_needed() -> None:
    with pytest.raises(InputError, match="16 x 16"):
        tvl1_flow(torch.zeros(1, 15, 20), torch.zeros(1, 15, 20))
    with pytest.raises(InputError, match="one shape"):
        tvl1_flow(torch.zeros(1, 20, 20), torch.zeros(2, 20, 20))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_flow_of_the_cpu(known_pair: KnownPair) -> None:
    pair = [torch.tensor(image, dtype=torch.float32)[None] for image in (known_pair.first, known_pair.second)]
    apart = tvl1_flow(*(image.cuda() for image in pair)).cpu() - tvl1_flow(*pair)
    assert torch.linalg.vector_norm(apart[0], dim=0)[known_pair.moving].mean() < 0.02
