"""What follows from an analysis by counting."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mien.analysis.result import Event, FrameRow, VideoAnalysis
from mien.export import facts

NAN = float("nan")


def rows(*times_s: float, lost: tuple[int, ...] = (), excluded: tuple[int, ...] = ()) -> tuple[FrameRow, ...]:
    return tuple(
        FrameRow(i, t, 0, 1.0, i not in lost, "dark" if i in lost else "", excluded=i in excluded)
        for i, t in enumerate(times_s)
    )


def of(frames: tuple[FrameRow, ...], *events: Event, **model: object) -> VideoAnalysis:
    return VideoAnalysis("a.mp4", {}, frames, events, {}, model, {}, {})


def test_each_frame_is_shown_until_the_next_and_the_last_for_a_median_step() -> None:
    assert facts.frame_steps_s(rows(0.0, 0.1, 0.4, 0.5)) == pytest.approx([0.1, 0.3, 0.1, 0.1])
    assert facts.shown_until_s(rows(0.0, 0.1, 0.4)) == pytest.approx([0.1, 0.4, 0.6])
    assert facts.frame_steps_s(()) == []
    assert facts.frame_steps_s(rows(0.0)) == [0.0]


def test_a_frame_whose_time_is_unknown_counts_for_nothing() -> None:
    assert facts.frame_steps_s(rows(0.0, 0.1, NAN)) == pytest.approx([0.1, 0.0, 0.0])


def test_seconds_follow_the_times_of_a_variable_rate() -> None:
    found = of(rows(0.0, 0.1, 0.4, 0.5, lost=(1,), excluded=(2,)))
    assert facts.seconds(found, excluded=False) == pytest.approx(0.2)
    assert facts.seconds(found, excluded=True) == pytest.approx(0.1)


def test_rates_are_per_analysed_minute_and_undefined_without_any() -> None:
    event = Event(1, "micro", 5.0, 0, 1, 2, 0.0, 0.1, 0.25)
    found = of(rows(0.0, 0.5, 1.0, lost=(2,)), event, replace(event, event_id=2, offset_s=0.35))
    assert facts.per_minute(found, "micro") == pytest.approx(120)
    assert facts.per_minute(found, "macro") == 0
    assert facts.mean_duration_s(found, "micro") == pytest.approx(0.3)
    assert math.isnan(facts.mean_duration_s(found, "macro"))
    assert math.isnan(facts.per_minute(of(rows(0.0, 1.0, lost=(0, 1)), event), "micro"))


def test_the_classes_are_the_cards_or_those_of_the_first_answer() -> None:
    event = Event(1, "micro", 5.0, 0, 1, 2, 0.0, 0.1, 0.2, prob={"b": 0.6, "a": 0.4})
    assert facts.classes(of(rows(0.0), event, classes=("z", "y"))) == ("z", "y")
    assert facts.classes(of(rows(0.0), event)) == ("b", "a")
    assert facts.classes(of(rows(0.0))) == ()


def test_runs_of_lost_frames_split_where_the_reason_changes() -> None:
    frames = list(rows(0.0, 0.1, 0.2, 0.3, 0.4, lost=(1, 2, 3)))
    frames[3] = replace(frames[3], lost="cut")
    assert facts.lost_runs(tuple(frames)) == [(1, 2, "dark"), (3, 3, "cut")]
