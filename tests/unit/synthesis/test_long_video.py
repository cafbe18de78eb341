"""Long videos: every frame does what the script says, and the truth says so too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import UsageError
from mien.synthesis.camera import CameraLook
from mien.synthesis.distractors import Distractor
from mien.synthesis.long_video import LongFilm, LongVideo, film_long
from mien.synthesis.performance import Manner
from mien.synthesis.script import Script, ScriptedExpression

SCRIPT = Script(
    30.0,
    260,
    (
        ScriptedExpression("micro", 11, 16, 22, "1+2", 0.15),
        ScriptedExpression("macro", 41, 60, 80, "12", 0.6),
    ),
    (
        Distractor("blink", 25, 32, (1.0,)),
        Distractor("light", 90, 100, (0.6, 0.7, 0.7)),
        Distractor("turn", 101, 140, (0.0, 0.35, 0.0)),
        Distractor("away", 150, 250, (4.0,)),
    ),
)
VIDEO = LongVideo(seed=0, subject=2, video=1, script=SCRIPT, size=(200, 150))


@pytest.fixture(scope="module")
def filmed(egl: None) -> Iterator[LongFilm]:
    with film_long(VIDEO, manner=Manner.still(), camera=CameraLook.perfect()) as made:
        yield made


def change(filmed: LongFilm, first: int, second: int) -> float:
    return float(np.abs(filmed.frame(first).astype(float) - filmed.frame(second)).mean())


def test_each_expression_is_seen_in_its_frames_alone(filmed: LongFilm) -> None:
    # frames 1, 11, 22, 41 and 80 are at rest
    assert all(change(filmed, 1, number) == 0 for number in (11, 22, 41, 80))
    micro, macro, blink = change(filmed, 1, 16), change(filmed, 1, 60), change(filmed, 1, 28)
    assert 0 < micro < macro and blink > 0
    intensity = filmed.truth.performance.intensity
    np.testing.assert_allclose(intensity.max(axis=0), [0.15, 0.15, 0.6])
    assert np.flatnonzero(intensity[:, 2]).tolist() == list(range(41, 79))


def test_the_light_changes_and_stays(filmed: LongFilm) -> None:
    assert filmed.frame(145).mean() < 0.93 * filmed.frame(85).mean()
    assert change(filmed, 1, 85) == 0  # whatever was asked for in between
    np.testing.assert_allclose(
        filmed.truth.levels[[0, 99, 259]], [[1, 1, 1], [0.6, 0.7, 0.7], [0.6, 0.7, 0.7]]
    )


def test_who_is_away_is_not_seen_and_comes_back(filmed: LongFilm) -> None:
    seen = filmed.truth.seen
    assert (seen[:150] == 1).all() and (seen[185:215] == 0).all() and seen[255] == 1
    wall = filmed.frame(200).reshape(-1, 3)
    assert np.ptp(wall, axis=0).max() < 40
    assert change(filmed, 145, 255) == 0


def test_the_flow_is_the_travel_of_the_landmarks_also_when_the_head_turns(filmed: LongFilm) -> None:
    names, places = filmed.truth.landmark_names, filmed.truth.landmarks
    for since, number, name in ((41, 60, "lip_corner_left"), (101, 115, "nose_tip")):
        first, last = places[[since - 1, number - 1], names.index(name)]
        column, row = np.rint(first).astype(int)
        flow = filmed.tracks(number, since).flow[:, row, column]
        assert np.hypot(*(last - first)) > 1
        np.testing.assert_allclose(flow, last - first, atol=0.35)


def test_frames_come_in_order_and_the_same_again(filmed: LongFilm) -> None:
    with film_long(replace(VIDEO, script=replace(SCRIPT, n_frames=250))) as first:
        head = [image for _, image in zip(range(4), first.frames(), strict=False)]
        assert [number for number, _ in head] == [1, 2, 3, 4]
        with film_long(first.video) as again:
            np.testing.assert_array_equal(again.frame(3), head[2][1])
    with pytest.raises(UsageError, match="no such frame"):
        filmed.frame(261)


def test_the_truth_fits_into_a_file(filmed: LongFilm) -> None:
    arrays = filmed.truth.arrays()
    assert not any(array.dtype == object for array in arrays.values())
    per_frame = ("blink", "gaze_rad", "head_turn_rad", "light_levels", "landmarks_px", "seen", "au_intensity")
    assert all(len(arrays[name]) == 260 for name in per_frame)
    assert arrays["au_codes"].tolist() == [1, 2, 12]


def test_a_negative_key_is_refused() -> None:
    with pytest.raises(UsageError, match="0 or more"):
        replace(VIDEO, seed=-1)
