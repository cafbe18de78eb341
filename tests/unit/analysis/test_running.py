"""One video from file to events, and what the recogniser's answer becomes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mien.analysis.explaining import MICRO_ONLY
from mien.analysis.result import VideoAnalysis
from mien.analysis.running import STAGES, analyse
from mien.analysis.settings import AnalyseSettings
from mien.errors import InputError
from mien.face.landmarks import Landmarker
from mien.prepare import recipe as recipes
from mien.spotting.contract import Detector, Interval
from mien.spotting.registry import create
from portraits import RAISED_S, picture, write_video

CLASSES = ("negative", "positive", "surprise")


class Card(SimpleNamespace):
    def model_dump(self, **_: object) -> dict[str, Any]:
        return {"title": self.title, "classes": list(self.classes)}


class Oracle:
    """Says what it was told to say, and remembers what it was shown."""

    recipe = recipes.load("onset-apex")

    def __init__(self, prob: tuple[float, ...] = (0.1, 0.2, 0.7)) -> None:
        self.prob = np.array(prob)
        self.card = Card(title="oracle", classes=CLASSES, calibration=SimpleNamespace(abstain_below=0.5))
        self.seen: list[Mapping[str, np.ndarray]] = []

    def predict(self, arrays: Mapping[str, np.ndarray]) -> Any:
        self.seen.append(arrays)
        n = len(next(iter(arrays.values())))
        return SimpleNamespace(
            prob=np.tile(self.prob, (n, 1)),
            members=np.tile(self.prob, (2, n, 1)),
            doubt=np.full(n, 0.01),
            nearest=((("inner brow raiser", 0.9),),) * n,
        )


class Fixed:
    """Finds given intervals."""

    def __init__(self, *intervals: Interval) -> None:
        self.intervals = list(intervals)

    def fit(self, videos: object) -> Fixed:
        return self

    def score(self, signal: Any, kind: Any) -> np.ndarray:
        return np.zeros(len(signal))

    def detect(self, signal: Any) -> list[Interval]:
        return self.intervals


BROWS = Interval(60, 63, 73, "micro", 5.0)


def run(path: Path, landmarker: Landmarker, detector: Detector | None = None, **given: Any) -> VideoAnalysis:
    model = given.pop("model", None)
    return analyse(
        path,
        detector or Fixed(BROWS),
        None if model is None else lambda: model,
        given.pop("settings", None),
        landmarker=landmarker,
        **given,
    )


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture(scope="module")
def done(brow_video: Path, open_landmarker: Landmarker, oracle: Oracle) -> VideoAnalysis:
    return run(brow_video, open_landmarker, create("contrast"), model=oracle)


def test_raised_brows_are_found_in_time_and_place(done: VideoAnalysis) -> None:
    assert len(done.events) == 1
    (event,) = done.events
    onset, apex, offset = RAISED_S
    assert event.kind == "micro" and event.onset_s < apex < event.offset_s
    assert event.apex_s == pytest.approx(apex, abs=0.07)
    assert abs(event.onset_s - onset) < 0.2 and abs(event.offset_s - offset) < 0.25
    assert "brow" in event.regions[0].region and event.regions[0].v_px < -0.5
    assert event.side == "both" and event.lost_share == 0
    assert event.pictures is not None
    assert event.pictures.onset.shape == (128, 128, 3) and event.pictures.flow.shape == (2, 128, 128)
    assert np.abs(event.pictures.onset.astype(float) - event.pictures.apex).mean() > 0.5


def test_the_recogniser_is_shown_its_own_recipe_and_its_answer_is_told(
    done: VideoAnalysis, oracle: Oracle
) -> None:
    (event,) = done.events
    (shown,) = oracle.seen
    assert {name: array.shape for name, array in shown.items()} == {"onset_apex_flow": (1, 3, 28, 28)}
    assert event.label == "surprise" and event.prob == dict(zip(CLASSES, (0.1, 0.2, 0.7), strict=True))
    assert (event.doubt, event.abstained, event.nearest) == (0.01, False, (("inner brow raiser", 0.9),))
    assert done.model == {"title": "oracle", "classes": list(CLASSES)}


def test_every_frame_has_a_row_and_the_record_is_complete(done: VideoAnalysis, brow_video: Path) -> None:
    assert len(done.frames) == 120 and [row.frame for row in done.frames] == list(range(120))
    assert done.lost_share == 0
    assert done.frames[60].timestamp == pytest.approx(2.0)
    assert 90 < done.frames[0].width < 130 and 0 < done.frames[0].x < 160
    assert np.nanmax([row.micro_score for row in done.frames]) > 5
    assert done.video["n_frames"] == 120 and len(done.video["sha256"]) == 64
    assert set(done.stages_s) == {"open", "decode", "face", "motion", "spot", "model", "recognise"}
    assert done.source == str(brow_video)


def test_progress_goes_through_all_stages(brow_video: Path, open_landmarker: Landmarker) -> None:
    told: list[tuple[str, int, int]] = []
    run(brow_video, open_landmarker, progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == list(STAGES)
    assert ("watch", 120, 120) in told and told[-1] == ("recognise", 1, 1)


def test_too_little_probability_is_an_abstention(brow_video: Path, open_landmarker: Landmarker) -> None:
    (event,) = run(brow_video, open_landmarker, model=Oracle((0.3, 0.3, 0.4))).events
    assert event.abstained and event.label == "" and "abstains" in event.note
    assert event.prob["surprise"] == 0.4


def test_long_movements_get_a_class_only_if_asked_for(brow_video: Path, open_landmarker: Landmarker) -> None:
    long = Fixed(Interval(55, 66, 85, "macro", 4.0), BROWS)
    macro, micro = run(brow_video, open_landmarker, long, model=Oracle()).events
    assert micro.label and not macro.label and macro.note == MICRO_ONLY and macro.pictures is not None
    both = run(
        brow_video, open_landmarker, long, model=Oracle(), settings=AnalyseSettings(recognise="all")
    ).events
    assert all(event.label for event in both)


def test_many_events_are_classified_in_batches(brow_video: Path, open_landmarker: Landmarker) -> None:
    oracle = Oracle()
    many = Fixed(*(Interval(at, at + 3, at + 8, "micro", 1.0) for at in range(6, 45, 2)))
    events = run(brow_video, open_landmarker, many, model=oracle).events
    assert [event.event_id for event in events] == list(range(1, 21)) and all(e.label for e in events)
    assert [len(arrays["onset_apex_flow"]) for arrays in oracle.seen] == [16, 4]


def test_the_same_video_gives_the_same_result(brow_video: Path, open_landmarker: Landmarker) -> None:
    first, again = (run(brow_video, open_landmarker) for _ in range(2))
    assert repr(list(first.frames)) == repr(list(again.frames))
    assert repr(first.events[0].regions) == repr(again.events[0].regions)


def test_an_event_whose_frames_are_lost_stays_with_the_reason(
    tmp_path: Path, open_landmarker: Landmarker
) -> None:
    def hidden(time_s: float) -> np.ndarray:
        return np.full((240, 320, 3), 60, np.uint8) if 2.0 < time_s < 2.6 else picture(time_s)

    video = write_video(tmp_path / "hidden.mp4", hidden)
    (event,) = run(video, open_landmarker, model=Oracle()).events
    assert event.label == "" and "could not be prepared" in event.note and event.lost_share > 0.8


def test_a_single_frame_is_refused(tmp_path: Path, open_landmarker: Landmarker) -> None:
    with pytest.raises(InputError, match="between frames"):
        run(write_video(tmp_path / "one.mp4", seconds=1 / 30), open_landmarker)
