"""Distractors: each moves what it should, between its first and its last frame, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.synthesis.distractors import (
    EYES_STAY,
    Distraction,
    Distractor,
    DistractorKind,
    distract,
    light_levels,
    there_and_back,
)
from mien.synthesis.head import load_head

HEAD = load_head()
NUMBERS = np.arange(1.0, 301.0)
FPS = 30.0
ALL: tuple[tuple[DistractorKind, tuple[float, ...]], ...] = (
    ("blink", (1.0,)),
    ("gaze", (0.2, -0.1)),
    ("speech", (1.0,)),
    ("turn", (0.05, 0.3, -0.04)),
    ("nod", (0.08, 2.0)),
    ("away", (4.0,)),
)


def done(*distractors: Distractor) -> Distraction:
    return distract(HEAD, distractors, NUMBERS, FPS, (0, 1, 2))


@pytest.mark.parametrize(("kind", "amounts"), ALL)
def test_it_happens_between_its_frames_and_nowhere_else(
    kind: DistractorKind, amounts: tuple[float, ...]
) -> None:
    found = done(Distractor(kind, 100, 190, amounts))
    moved = {
        name: np.abs(values.reshape(len(NUMBERS), -1)).max(axis=1)
        for name, values in vars(found).items()
        if values.any()
    }
    expected = {
        "blink": {"blink"},
        "gaze": {"gaze_rad"},
        "speech": {"weights"},
        "turn": {"turn_rad", "gaze_rad"},
        "nod": {"turn_rad"},
        "away": {"sway_dm"},
    }
    assert set(moved) == expected[kind]
    for course in moved.values():
        assert course[(NUMBERS <= 100) | (NUMBERS >= 190)].max() < 1e-12
        assert course[(NUMBERS > 110) & (NUMBERS < 180)].max() > 0.01


def test_amounts_are_reached() -> None:
    found = done(Distractor("turn", 20, 80, (0.1, 0.3, 0.05)), Distractor("away", 100, 250, (-4.0,)))
    np.testing.assert_allclose(found.turn_rad[49], [0.1, 0.3, 0.05])
    np.testing.assert_allclose(
        found.gaze_rad[49], EYES_STAY * np.array([-0.3, 0.1])
    )  # eyes stay on the screen
    np.testing.assert_allclose(found.sway_dm[170], [-4.0, 0.0, 0.0])
    nod = done(Distractor("nod", 20, 80, (0.1, 3.0))).turn_rad[:, 0]
    peaks = (nod[1:-1] > nod[:-2]) & (nod[1:-1] > nod[2:])
    assert peaks.sum() == 3 and nod.max() == pytest.approx(0.1, abs=0.005)


def test_head_moves_are_smooth() -> None:
    turn = done(Distractor("turn", 20, 56, (0.0, 0.4, 0.0))).turn_rad[:, 1]
    assert np.abs(np.diff(turn)).max() < 2.5 / FPS  # below 2.5 rad/s, as people turn


def test_speech_opens_and_closes_the_mouth_several_times_a_second_and_pauses() -> None:
    found = done(Distractor("speech", 1, 300, (1.0,)))
    jaw = found.weights[:, HEAD.unit_index["jawOpen"]]
    turns = np.count_nonzero(np.diff(np.sign(np.diff(jaw))))
    assert 40 < turns < 150  # in 10 s
    assert 0.15 < jaw.max() < 0.5
    still = ~found.weights.any(axis=1)
    assert 10 < still.sum() < 150
    lids = [row for name, row in HEAD.unit_index.items() if name.startswith(("eye", "brow"))]
    assert not found.weights[:, lids].any()


def test_speech_is_drawn_by_video_and_place() -> None:
    first = done(Distractor("speech", 1, 150, (1.0,))).weights
    np.testing.assert_array_equal(first, done(Distractor("speech", 1, 150, (1.0,))).weights)
    later = done(Distractor("speech", 151, 300, (1.0,))).weights
    assert not np.allclose(first[:149], later[150:299])


def test_light_goes_from_level_to_level() -> None:
    changes = (Distractor("light", 50, 60, (0.7, 1.0, 0.8)), Distractor("light", 200, 260, (1.2, 1.0, 1.0)))
    levels = light_levels(changes[::-1], NUMBERS)
    np.testing.assert_array_equal(levels[:50], 1.0)
    np.testing.assert_allclose(levels[59:200], np.tile([0.7, 1.0, 0.8], (141, 1)))
    np.testing.assert_allclose(levels[-1], [1.2, 1.0, 1.0])
    assert not any(each.any() for each in vars(done(*changes)).values())


def test_there_and_back() -> None:
    np.testing.assert_allclose(there_and_back(NUMBERS[:7], 2, 4, 6), [0, 0, 0.5, 1, 0.5, 0, 0])


@pytest.mark.parametrize(
    "wrong", [("sneeze", 1, 9, (1.0,)), ("blink", 1, 9, (1.0, 2.0)), ("blink", 9, 9, (1.0,))]
)
def test_what_is_none_is_refused(wrong: tuple[DistractorKind, int, int, tuple[float, ...]]) -> None:
    with pytest.raises(UsageError, match="distractor"):
        Distractor(*wrong)
