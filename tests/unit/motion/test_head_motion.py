"""Head motion: known motions are found and taken away, expressions stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError, UsageError
from mien.motion.head_motion import HeadMotion, remove

HEIGHT, WIDTH = 40, 48
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
BRIDGE = (abs(COLUMNS - 24) < 6) & (ROWS > 4) & (ROWS < 24)
MOTION = HeadMotion((0.4, -0.7), rotation_rad=0.01, zoom=1.004)
SMILE = np.exp(-((COLUMNS - 12) ** 2 + (ROWS - 32) ** 2) / 18)[None] * np.array([0.5, -0.8])[:, None, None]


def test_the_flow_of_a_motion_is_where_its_points_go() -> None:
    flow = MOTION.flow(HEIGHT, WIDTH)
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    x, y = 40, 7
    turn, size = MOTION.rotation_rad, MOTION.zoom
    matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    goes_to = centre + matrix @ (np.array([x, y]) - centre) + MOTION.shift_px
    np.testing.assert_allclose(np.array([x, y]) + flow[:, y, x], goes_to, atol=1e-5)


def test_the_flow_at_points_is_the_flow_there() -> None:
    flow = MOTION.flow(HEIGHT, WIDTH)
    at = MOTION.at([(40, 7), (3, 30)], HEIGHT, WIDTH)
    np.testing.assert_allclose(at, [flow[:, 7, 40], flow[:, 30, 3]], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    st.floats(-0.05, 0.05),
    st.floats(0.97, 1.03),
    st.booleans(),
)
def test_a_known_motion_is_found_and_the_expression_stays(
    shift_px: tuple[float, float], rotation_rad: float, zoom: float, as_points: bool
) -> None:
    motion = HeadMotion(shift_px, rotation_rad, zoom)
    rigid = np.argwhere(BRIDGE)[::7, ::-1] + 0.0 if as_points else BRIDGE
    flow, found = remove(motion.flow(HEIGHT, WIDTH) + SMILE, rigid)
    np.testing.assert_allclose(flow, SMILE, atol=1e-3)
    np.testing.assert_allclose(found.shift_px, shift_px, atol=1e-3)
    assert found.rotation_rad == pytest.approx(rotation_rad, abs=1e-4)
    assert found.zoom == pytest.approx(zoom, abs=1e-4)


@pytest.mark.parametrize("share", [0.15, 0.33])
def test_rigid_places_that_move_otherwise_are_left_out(share: float) -> None:
    random = np.random.default_rng(0)
    flow = MOTION.flow(HEIGHT, WIDTH) + 0.02 * random.normal(size=(2, HEIGHT, WIDTH))
    raised = BRIDGE & (np.quantile(ROWS[BRIDGE], share) > ROWS)  # the brows above the bridge are raised
    flow[1, raised] -= 0.8
    still, found = remove(flow, BRIDGE)
    assert np.hypot(*still)[BRIDGE & ~raised].mean() < 0.04
    np.testing.assert_allclose(found.shift_px, MOTION.shift_px, atol=0.02)
    assert found.rotation_rad == pytest.approx(MOTION.rotation_rad, abs=0.001)


def test_a_translation_is_the_median() -> None:
    flow = np.full((2, HEIGHT, WIDTH), 0.25)
    flow[:, BRIDGE & (ROWS < 12)] = 5.0
    flow[0, ~BRIDGE] = 1.0
    still, motion = remove(flow, BRIDGE, "translation")
    assert motion == HeadMotion((0.25, 0.25))
    np.testing.assert_allclose(still[0, ~BRIDGE], 0.75)


def test_no_motion_is_no_motion() -> None:
    flow, motion = remove(np.zeros((2, HEIGHT, WIDTH)), BRIDGE)
    assert not flow.any() and motion.zoom == 1 and motion.shift_px == (0, 0)


@pytest.mark.parametrize(
    ("rigid", "words"),
    [
        (np.zeros((HEIGHT, WIDTH), bool), "fewer than 3"),
        (np.array([[3.0, 3.0]] * 5), "fewer than 3"),
        (np.ones((HEIGHT, WIDTH + 1), bool), "bool mask"),
        (np.array([[1.0, 2.0], [3.0, 4.0], [WIDTH, 4.0]]), "outside"),
        (np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 4.0]]), "outside"),
    ],
)
def test_regions_that_fix_nothing_are_refused(rigid: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        remove(np.zeros((2, HEIGHT, WIDTH)), rigid)


def test_wrong_calls_are_refused() -> None:
    with pytest.raises(UsageError, match="similarity or translation"):
        remove(np.zeros((2, HEIGHT, WIDTH)), BRIDGE, "affine")  # type: ignore[arg-type]
    for flow in (np.zeros((3, HEIGHT, WIDTH)), np.full((2, HEIGHT, WIDTH), np.nan)):
        with pytest.raises(InputError, match="finite flow"):
            remove(flow, BRIDGE)
