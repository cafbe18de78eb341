"""Flow of every method against the truth, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.motion.flow import METHODS, compute, sequence

if TYPE_CHECKING:
    from .conftest import KnownPair

ON_CPU = [method for method in METHODS if method != "tvl1-torch"]
# Mean error in pixels where the images move, about a third above what was seen; doing nothing has 0.47.
MOST_ERROR_PX = {"tvl1": 0.18, "tvl1-fast": 0.09, "tvl1-torch": 0.18, "dis": 0.07, "farneback": 0.13}
FACE = np.random.default_rng(0).uniform(0, 255, (24, 20))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_known_flow(known_pair: KnownPair, method: str) -> None:
    flow = compute(known_pair.first, known_pair.second, method)
    assert flow.shape == (2, 96, 96) and flow.dtype == np.float32
    error = np.hypot(*(flow - known_pair.flow))
    assert error[known_pair.moving].mean() < MOST_ERROR_PX[method]
    assert error[known_pair.still].mean() < 0.045


@pytest.mark.parametrize("method", ON_CPU)
def test_a_result_does_not_depend_on_what_was_computed_before(known_pair: KnownPair, method: str) -> None:
    before = compute(known_pair.first, known_pair.second, method)
    compute(known_pair.first[:18, :17], known_pair.second[:18, :17], method)
    np.testing.assert_array_equal(compute(known_pair.first, known_pair.second, method), before)


def test_tvl1_of_bytes_is_that_of_opencv_to_the_bit(known_pair: KnownPair) -> None:
    import cv2

    theirs = cv2.optflow.createOptFlow_DualTVL1().calc(known_pair.first, known_pair.second, None)
    np.testing.assert_array_equal(compute(known_pair.first, known_pair.second), np.moveaxis(theirs, -1, 0))


@pytest.mark.parametrize("method", ON_CPU)
def test_bytes_and_floats_give_the_same_flow(known_pair: KnownPair, method: str) -> None:
    first, second = known_pair.first, known_pair.second
    as_floats = compute(first.astype(np.float32), second.astype(float), method)
    np.testing.assert_allclose(compute(first, second, method), as_floats, atol=0.05)
    assert np.abs(compute(first, second.astype(float), method) - as_floats).max() < 1e-6


def test_threads_do_not_share_a_solver(known_pair: KnownPair) -> None:
    pairs = [(np.roll(known_pair.first, k, 1), np.roll(known_pair.second, k, 1)) for k in range(6)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda pair: compute(*pair, "tvl1-fast"), pairs))
    for pair, flow in zip(pairs, together, strict=True):
        np.testing.assert_array_equal(flow, compute(*pair, "tvl1-fast"))


@pytest.mark.parametrize("method", ["dis", "tvl1-torch"])
def test_a_sequence_is_its_pairs(known_pair: KnownPair, method: str) -> None:
    a, b = known_pair.first[:40, :44], known_pair.second[:40, :44]
    frames = np.stack([a, b, a])
    onset, consecutive = sequence(frames, method=method), sequence(frames, "consecutive", method)
    assert onset.shape == consecutive.shape == (3, 2, 40, 44)
    assert not onset[0].any() and not consecutive[0].any()
    np.testing.assert_allclose(onset[2], 0, atol=1e-3)
    for flow, first, second in ((onset[1], a, b), (consecutive[1], a, b), (consecutive[2], b, a)):
        np.testing.assert_allclose(flow, compute(first, second, method), atol=1e-5)
    assert np.abs(consecutive[2]).max() > 0.3
    np.testing.assert_array_equal(sequence(frames[:1], method=method), np.zeros((1, 2, 40, 44)))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (FACE, FACE[:, :-1], "one shape"),
        (np.stack([FACE] * 3), np.stack([FACE] * 3), "one shape"),
        (FACE[:15], FACE[:15], "16 x 16"),
        (np.where(FACE > 250, np.nan, FACE), FACE, "not finite"),
        (FACE, FACE * np.inf, "not finite"),
        (FACE - 10, FACE, r"0\.\.255"),
        (FACE + 10, FACE, r"0\.\.255"),
        (FACE / 255, FACE / 255, r"lie in 0\.\.1"),
    ],
)
def test_what_has_no_flow_is_refused(first: np.ndarray, second: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        compute(first, second)


def test_wrong_names_are_refused_even_where_nothing_would_be_computed() -> None:
    with pytest.raises(UsageError, match="choose from tvl1, "):
        sequence(FACE[None], method="tvl2")
    with pytest.raises(UsageError, match="onset or consecutive"):
        sequence(FACE[None], "apex")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="16 x 16"):
        sequence(np.zeros((0, 20, 20)))
