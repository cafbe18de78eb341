"""Which frames are read: every odd annotation has a stated outcome."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.prepare import recipe
from mien.prepare.recipe import Recipe
from mien.prepare.timing import Annotation, NotPreparable, plan_frames


def _recipe(**time: Any) -> Recipe:
    arrays = [{"name": "flow"}, {"name": "onset_apex_flow"}]
    return Recipe.model_validate({"name": "x", "title": "x", "time": {"frames": 4, **time}, "arrays": arrays})


ALL = tuple(range(1, 101))


def test_frames_are_spread_evenly_from_onset_to_offset() -> None:
    plan = plan_frames(ALL, Annotation(10, 20, 40), _recipe())
    assert plan.sampled == (10, 20, 30, 40)
    assert (plan.onset, plan.apex, plan.offset, plan.notes) == (10, 20, 40, ())
    assert plan.wanted == (10, 20, 30, 40)


def test_a_clip_of_three_frames_repeats_them() -> None:
    plan = plan_frames((5, 6, 7), Annotation(5, 6, 7), _recipe())
    assert plan.sampled == (5, 6, 6, 7)


def test_interpolation_reads_every_frame_between() -> None:
    assert plan_frames(ALL, Annotation(3, 4, 9), _recipe(sampling="interpolated")).sampled == tuple(
        range(3, 10)
    )


def test_gaps_on_disk_are_noted_and_the_nearest_frame_is_taken() -> None:
    present = tuple(n for n in ALL if n not in (20, 30))
    plan = plan_frames(present, Annotation(10, 25, 40), _recipe())
    assert plan.sampled == (10, 19, 29, 40)
    assert plan.notes == ("2 frames between onset and offset are not on disk",)


def test_an_annotated_frame_that_is_absent_is_replaced_by_one_close_by_and_said_so() -> None:
    plan = plan_frames(tuple(n for n in ALL if n != 20), Annotation(10, 20, 40), _recipe())
    assert plan.apex == 19 and "the apex frame 20 is not on disk: 19 taken" in plan.notes


@pytest.mark.parametrize(
    ("available", "annotation", "words"),
    [
        ((), Annotation(1, 2, 3), "no frame of the clip"),
        (ALL, Annotation(None, 20, 40), "no onset"),
        (ALL, Annotation(10, None, None), "neither apex nor offset"),
        (ALL, Annotation(10, None, 40), "no apex is annotated"),
        (ALL, Annotation(10, 50, 40), "lies outside the clip"),
        (ALL, Annotation(10, 10, 40), "the same frame"),
        (ALL, Annotation(40, 45, 10), "before the onset"),
        (ALL, Annotation(110, 120, 140), "the onset frame 110 is not on disk"),
        (tuple(range(50, 101)), Annotation(10, 60, 70), "the onset frame 10 is not on disk"),
    ],
)
def test_what_cannot_be_used_says_why(available: tuple[int, ...], annotation: Annotation, words: str) -> None:
    with pytest.raises(NotPreparable, match=words):
        plan_frames(available, annotation, _recipe())


def test_a_missing_apex_matters_only_where_an_array_needs_one() -> None:
    assert plan_frames(ALL, Annotation(10, None, 40), recipe.load("landmarks")).apex is None
    plan = plan_frames(ALL, Annotation(10, None, 40), _recipe(missing_apex="middle"))
    assert plan.apex == 25 and "the middle frame 25 taken" in plan.notes[0]


def test_a_missing_offset_mirrors_the_onset() -> None:
    plan = plan_frames(ALL, Annotation(10, 20, None), _recipe())
    assert plan.offset == 30 and "no offset is annotated: 30" in plan.notes[0]


@given(
    present=st.sets(st.integers(0, 60), min_size=1),
    onset=st.none() | st.integers(0, 60),
    apex=st.none() | st.integers(0, 60),
    offset=st.none() | st.integers(0, 60),
)
def test_only_frames_that_exist_are_ever_read(
    present: set[int], onset: int | None, apex: int | None, offset: int | None
) -> None:
    try:
        plan = plan_frames(tuple(sorted(present)), Annotation(onset, apex, offset), _recipe())
    except NotPreparable:
        return
    assert set(plan.wanted) <= present and plan.wanted[0] == plan.onset
    assert plan.sampled == tuple(sorted(plan.sampled)) and len(plan.sampled) == 4
    assert plan.apex is not None and plan.onset < plan.apex <= plan.offset


def _window(available: tuple[int, ...], onset: int, apex: int, offset: int) -> tuple[int, ...]:
    around = _recipe(frames=11, sampling="around apex")
    return plan_frames(available, Annotation(onset, apex, offset), around).sampled


def test_a_window_around_the_apex_keeps_its_length_where_the_clip_allows_it() -> None:
    assert _window(ALL, 10, 30, 60) == tuple(range(25, 36))
    # An apex close to the onset: the window begins behind the onset and reaches further on.
    assert _window(ALL, 10, 12, 60) == tuple(range(11, 22))


def test_a_window_is_cut_at_the_offset_and_what_is_missing_is_noted() -> None:
    assert _window(ALL, 10, 30, 32) == tuple(range(25, 33))
    plan = plan_frames(ALL, Annotation(10, 11, 12), _recipe(frames=11, sampling="around apex"))
    assert plan.sampled == (11, 12)
    assert plan.notes == ("9 of 11 frames around the apex are blends of their neighbours",)


def test_a_window_needs_an_apex_even_if_no_array_does() -> None:
    assert recipe.load("slstt").needs_apex
    with pytest.raises(NotPreparable, match="no apex"):
        plan_frames(ALL, Annotation(10, None, 40), recipe.load("slstt"))


def test_the_frames_beside_onset_and_apex_lie_a_small_share_of_the_way_inside() -> None:
    arrays = [{"name": "key_frames"}]
    wanted = Recipe.model_validate({"name": "x", "title": "x", "arrays": arrays})
    plan = plan_frames(ALL, Annotation(10, 90, 95), wanted)
    assert plan.beside == (13, 87) and plan.sampled == ()
    assert plan.wanted == (10, 13, 87, 90, 95)
    assert plan_frames(ALL, Annotation(10, 20, 40), wanted).beside == (10, 20)
    assert plan_frames(ALL, Annotation(10, 90, 95), _recipe()).beside == ()
