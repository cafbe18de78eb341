"""Performances: when an expression is shown, how strongly, and what else a person does meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.facs.annotation import parse
from mien.facs.marks import AUMark
from mien.synthesis.distractors import Distractor
from mien.synthesis.head import load_head
from mien.synthesis.performance import (
    LETTERS,
    Expression,
    Manner,
    Performance,
    choose_actions,
    perform,
    time_course,
)

HEAD = load_head()
NUMBERS = tuple(range(1, 81))


def expression(text: str, *phases: float, strength: float | None = None) -> Expression:
    onset, apex, offset = phases or (10.0, 30.0, 60.0)
    return Expression(parse(text).certain, (onset, apex, offset), strength)


def shown(text: str, manner: Manner | None = None, clip: int = 0, fps: float = 200.0) -> Performance:
    return perform(HEAD, [expression(text)], NUMBERS, fps, (0, 1, clip), manner)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 50))
def test_a_course_is_zero_at_both_ends_and_one_at_the_apex(onset: int, rise: int, fall: int) -> None:
    apex, offset = onset + rise, onset + rise + fall
    numbers = np.arange(onset - 5.0, offset + 6.0)
    course = time_course(numbers, onset, apex, offset)
    assert course[numbers == apex] == 1 and course.max() == 1
    assert not course[numbers <= onset].any() and not course[numbers >= offset].any()
    assert (np.diff(course[numbers <= apex]) >= 0).all() and (np.diff(course[numbers >= apex]) <= 0).all()


def test_degenerate_courses_jump_and_disorder_is_refused() -> None:
    numbers = np.arange(6.0)
    np.testing.assert_array_equal(time_course(numbers, 2, 2, 2), [0, 0, 1, 0, 0, 0])
    assert time_course(numbers, 2, 2, 5)[[1, 2]].tolist() == [0, 1]
    assert time_course(numbers, 0, 3, 3)[[3, 4]].tolist() == [1, 0]
    with pytest.raises(UsageError, match="onset"):
        time_course(numbers, 3, 2, 5)


def test_marks_become_actions_with_their_sides_and_letters() -> None:
    manner = Manner.still(0.2)
    marks = parse("L12A+R12E+4+18").certain
    actions, skipped = choose_actions(marks, manner, np.random.default_rng(0))
    found = {(action.code, action.side): action.intensity for action in actions}
    assert found == pytest.approx(
        {(4, ""): 0.2, (12, "L"): 0.2 * LETTERS["A"], (12, "R"): 0.2 * LETTERS["E"], (18, ""): 0.2}
    )
    assert skipped == ()


def test_what_cannot_be_shown_is_said() -> None:
    marks = (AUMark(12), AUMark(31), AUMark(57))
    actions, skipped = choose_actions(marks, Manner(), np.random.default_rng(0))
    assert [action.code for action in actions] == [12]
    assert len(skipped) == 2 and skipped[0].startswith("31:")


def test_a_whole_action_drops_its_side() -> None:
    actions, _ = choose_actions((AUMark(26, "L"),), Manner(), np.random.default_rng(0))
    assert actions[0].side == ""


def test_still_people_show_the_annotated_actions_alone() -> None:
    found = shown("12", Manner.still(0.3))
    moving = np.flatnonzero(found.weights.any(axis=1))
    assert NUMBERS[moving[0]] == 11 and NUMBERS[moving[-1]] == 59
    for still in (found.blink, found.gaze_rad, found.turn_rad, found.shift_dm, found.sway_dm):
        assert not still.any()
    assert found.intensity[NUMBERS.index(30)] == pytest.approx([0.3])
    left, right = (HEAD.unit_index[f"mouthSmile{side}"] for side in ("Left", "Right"))
    np.testing.assert_array_equal(found.weights[:, left], found.weights[:, right])


def test_people_are_faint_and_never_quite_still() -> None:
    found = [shown("4+12", clip=clip) for clip in range(30)]
    intensity = np.concatenate([each.intensity.max(axis=0) for each in found])
    assert 0.08 < np.median(intensity) < 0.18
    shift = np.concatenate([np.ptp(each.shift_dm, axis=0) for each in found])
    assert 0.0005 < np.median(shift) < 0.02
    steps = np.concatenate([np.abs(np.diff(each.shift_dm, axis=0)).max(axis=0) for each in found])
    assert steps.max() < 0.002  # smooth: under half a pixel from frame to frame


def test_blinks_come_in_some_clips_and_last_a_tenth_to_a_third_of_a_second() -> None:
    blinks = [shown("4", clip=clip).blink for clip in range(150)]
    closed = [blink for blink in blinks if blink.max() > 0.5]
    assert 0.03 < len(closed) / len(blinks) < 0.4
    whole = [blink for blink in closed if blink[0] == 0 and blink[-1] == 0]
    lengths = [np.count_nonzero(blink) / 200 for blink in whole if blink.max() > 0.84]
    assert whole and min(lengths) > 0.08 and max(lengths) < 0.6  # two may run together


def test_time_is_counted_in_seconds_not_in_frames() -> None:
    slow, fast = shown("4", fps=25.0), shown("4", fps=200.0)

    def unrest(each: Performance) -> float:
        return float(np.abs(np.diff(each.shift_dm, axis=0)).mean())

    assert unrest(slow) > 3 * unrest(fast)


def test_draws_are_keyed_by_clip_and_person() -> None:
    np.testing.assert_array_equal(shown("4+12").weights, shown("4+12").weights)
    assert not np.array_equal(shown("4+12", clip=1).weights, shown("4+12", clip=2).weights)


def test_the_gaze_drives_the_units_of_both_eyes() -> None:
    found = next(each for clip in range(30) if np.ptp((each := shown("", clip=clip)).gaze_rad) > 0.05)
    index = HEAD.unit_index
    for first, second in (("eyeLookOutLeft", "eyeLookInRight"), ("eyeLookUpLeft", "eyeLookUpRight")):
        np.testing.assert_array_equal(found.weights[:, index[first]], found.weights[:, index[second]])
    assert (found.weights >= 0).all()


def test_several_expressions_have_their_own_course_and_strength() -> None:
    both = [expression("4", 5, 10, 20, strength=0.1), expression("12C", 40, 50, 70, strength=0.6)]
    found = perform(HEAD, both, NUMBERS, 30.0, (0, 1, 0), Manner.still())
    assert [action.code for action in found.actions] == [4, 12]
    np.testing.assert_allclose(found.intensity.max(axis=0), [0.1, 0.6])
    at_apex = [NUMBERS.index(10), NUMBERS.index(50)]
    np.testing.assert_allclose(found.intensity[at_apex], np.diag([0.1, 0.6]))
    alone = [perform(HEAD, [each], NUMBERS, 30.0, (0, 1, 0), Manner.still()).weights for each in both]
    np.testing.assert_allclose(found.weights, alone[0] + alone[1])


def test_a_told_strength_is_exact_and_no_expression_is_none() -> None:
    strengths = [
        perform(HEAD, [expression("12", strength=0.4)], NUMBERS, 30.0, (0, 1, clip)).actions[0].intensity
        for clip in range(3)
    ]
    assert strengths == [0.4] * 3
    assert perform(HEAD, [], NUMBERS, 30.0, (0, 0, 0)).intensity.shape == (80, 0)


def test_distractors_come_on_top_and_leave_the_expressions_as_they_are() -> None:
    also = (Distractor("blink", 15, 22, (1.0,)), Distractor("turn", 30, 70, (0.0, 0.3, 0.0)))
    key, manner = (0, 1, 0), Manner(blinks_per_s=0.0, gaze_share=0.0)
    plain = perform(HEAD, [expression("4")], NUMBERS, 30.0, key, manner)
    found = perform(HEAD, [expression("4")], NUMBERS, 30.0, key, manner, also)
    np.testing.assert_array_equal(found.intensity, plain.intensity)
    assert found.blink.max() > 0.9 and not plain.blink.any()
    assert np.ptp(found.turn_rad[:, 1] - plain.turn_rad[:, 1]) == pytest.approx(0.3)
    lid = HEAD.unit_index["eyeBlinkLeft"]
    np.testing.assert_allclose(found.weights[:, lid], plain.weights[:, lid] + found.blink)


def test_frames_are_found_by_number() -> None:
    found = shown("4")
    assert (found.index(1), found.index(80)) == (0, 79)
    with pytest.raises(UsageError, match="no such frame"):
        found.index(81)


def test_a_performance_without_frames_is_refused() -> None:
    with pytest.raises(UsageError, match="frames"):
        perform(HEAD, (), (), 200.0, (0, 0, 0))
