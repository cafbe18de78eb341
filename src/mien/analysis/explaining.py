"""From a candidate interval to an event: prepared by the recogniser's own recipe, classified, doubted, pictured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mien.analysis.pictures import EventFrames, PictureStore
from mien.analysis.result import NAN, Event, EventPictures, RegionMotion, Side
from mien.analysis.settings import AnalyseSettings
from mien.analysis.watching import Progress, Watched
from mien.face.areas import AREAS, area_masks, is_eye, side_of
from mien.face.landmarks import Landmarker
from mien.prepare.recipe import Recipe
from mien.prepare.stages import Stages, arrays_of, stages_of
from mien.prepare.timing import Annotation, NotPreparable, plan_frames
from mien.spotting.contract import Interval
from mien.video.isolated import IsolatedVideo

#: One side must move more than the other by this share of their sum to be called the side of the movement.
ONE_SIDED = 0.2
#: Clips that are classified together: bounds the memory.
_BATCH = 16

MICRO_ONLY = "the recogniser is made for micro-expressions: longer movements get no class"


class Predictions(Protocol):
    """What `mien.training.deployed.Deployed.predict` returns."""

    @property
    def prob(self) -> npt.NDArray[np.float64]: ...
    @property
    def doubt(self) -> npt.NDArray[np.float64]: ...
    @property
    def nearest(self) -> Sequence[tuple[tuple[str, float], ...]]: ...


class Model(Protocol):
    """What an analysis asks of a deployed model (`mien.training.deployed.Deployed`)."""

    @property
    def card(self) -> Any: ...
    @property
    def recipe(self) -> Recipe: ...
    def predict(self, arrays: Mapping[str, npt.NDArray[Any]]) -> Predictions: ...


@dataclass(frozen=True, eq=False)
class _Clip:
    """An event whose frames are prepared, and its arrays if it is to be classified."""

    place: int
    arrays: Mapping[str, npt.NDArray[Any]]


class Explainer:
    """Makes the events of one video.

    Args:
        video: the opened video, from which the frames of the events are read again.
        watched: what is known of its frames.
        landmarker: an open one.
        recipe: how clips are prepared.
        model: None leaves classes out.
    """

    def __init__(
        self,
        video: IsolatedVideo,
        watched: Watched,
        landmarker: Landmarker,
        recipe: Recipe,
        model: Model | None,
        settings: AnalyseSettings,
    ) -> None:
        self._video, self._watched, self._landmarker = video, watched, landmarker
        self._recipe, self._model, self._settings = recipe, model, settings
        self._seen = watched.log.success

    def events(self, intervals: Sequence[Interval], progress: Progress | None = None) -> list[Event]:
        """An event for every interval, in their order."""
        events = [self._bare(number, interval) for number, interval in enumerate(intervals, start=1)]
        wanted = [self._wanted(interval) for interval in intervals]
        frames = EventFrames(self._video, wanted, self._watched.longest_px)
        store = PictureStore()
        waiting: list[_Clip] = []
        for place, interval in enumerate(intervals):
            events[place], arrays = self._explained(events[place], interval, frames, store)
            if arrays is not None:
                waiting.append(_Clip(place, arrays))
            frames.done(place)
            if len(waiting) == _BATCH or (waiting and place == len(intervals) - 1):
                for clip, answer in zip(waiting, self._answers(waiting), strict=True):
                    events[clip.place] = replace(events[clip.place], **answer)
                waiting = []
            if progress is not None:
                progress("recognise", place + 1, len(intervals))
        return events

    def _bare(self, number: int, interval: Interval) -> Event:
        """The event as the detector gave it, with the motion of its regions as far as the signal tells."""
        time_s, span = self._video.times_s, slice(interval.onset, interval.offset + 1)
        return Event(
            event_id=number,
            kind=interval.kind,
            score=interval.score,
            onset_frame=interval.onset,
            apex_frame=interval.apex,
            offset_frame=interval.offset,
            onset_s=float(time_s[interval.onset]),
            apex_s=float(time_s[interval.apex]),
            offset_s=float(time_s[interval.offset]),
            lost_share=float(1 - self._seen[span].mean()),
        )

    def _available(self, interval: Interval) -> tuple[int, ...]:
        """The frames of an interval that show the face."""
        return tuple(
            (np.flatnonzero(self._seen[interval.onset : interval.offset + 1]) + interval.onset).tolist()
        )

    def _wanted(self, interval: Interval) -> tuple[int, ...]:
        """The frames that preparing an interval will most likely ask for."""
        try:
            plan = plan_frames(self._available(interval), _annotation(interval), self._recipe)
        except NotPreparable:
            return ()
        return (*plan.wanted, interval.apex)

    def _explained(
        self, event: Event, interval: Interval, frames: EventFrames, store: PictureStore
    ) -> tuple[Event, Mapping[str, npt.NDArray[Any]] | None]:
        """The event with its motion, and its arrays if it is to be classified; its pictures are in the store."""
        source = frames.clip(self._available(interval))
        try:
            stages = stages_of(
                source,
                _annotation(interval),
                self._of_this_face(interval),
                self._landmarker,
                also=(interval.apex,),
            )
            classified = self._model is not None and (
                interval.kind == "micro" or self._settings.recognise == "all"
            )
            arrays = arrays_of(stages).arrays if classified else None
        except NotPreparable as refused:
            return replace(event, note=f"it could not be prepared as a clip: {refused}"), None
        pictures = _pictures(stages, interval.apex)
        regions = region_motion(pictures.flow, stages)
        side, asymmetry = side_and_asymmetry(regions)
        note = MICRO_ONLY if self._model is not None and not classified else ""
        return (
            replace(
                event,
                regions=regions,
                side=side,
                asymmetry=asymmetry,
                note=note,
                pictures=store.keep(pictures),
            ),
            arrays,
        )

    def _of_this_face(self, interval: Interval) -> Recipe:
        """The recipe with the face that was followed, where the picture shows several."""
        first = self._available(interval)[0] if self._available(interval) else interval.onset
        face = self._recipe.face.model_copy(update={"face": self._watched.log.centre(first)})
        return self._recipe.model_copy(update={"face": face})

    def _answers(self, clips: Sequence[_Clip]) -> Iterator[dict[str, Any]]:
        """What the model says of the clips, as attributes of their events."""
        assert self._model is not None
        stacked = {name: np.stack([clip.arrays[name] for clip in clips]) for name in clips[0].arrays}
        said = self._model.predict(stacked)
        card = self._model.card
        for prob, doubt, nearest in zip(said.prob, said.doubt, said.nearest, strict=True):
            abstained = bool(prob.max() < card.calibration.abstain_below)
            yield {
                "label": "" if abstained else card.classes[int(prob.argmax())],
                "prob": {name: float(p) for name, p in zip(card.classes, prob, strict=True)},
                "doubt": float(doubt),
                "abstained": abstained,
                "nearest": tuple((sentence, float(cosine)) for sentence, cosine in nearest),
                "note": "the recogniser abstains: it is not sure enough" if abstained else "",
            }


def _annotation(interval: Interval) -> Annotation:
    return Annotation(interval.onset, interval.apex, interval.offset)


def _pictures(stages: Stages, apex: int) -> EventPictures:
    numbers = stages.aligned.numbers
    shown = min(numbers, key=lambda number: (abs(number - apex), number))
    return EventPictures(
        stages.crop(stages.plan.onset), stages.crop(shown), stages.flow(stages.plan.onset, shown)
    )


def region_motion(flow: npt.NDArray[np.float32], stages: Stages) -> tuple[RegionMotion, ...]:
    """Mean motion of every area of the face in a flow (2, S, S), largest first."""
    masks = area_masks(stages.aligned.points, *flow.shape[1:])
    means = [(area, flow[:, mask].mean(axis=1)) for area, mask in zip(AREAS, masks, strict=True)]
    regions = [RegionMotion(area, float(u), float(v)) for area, (u, v) in means]
    return tuple(sorted(regions, key=lambda region: -region.size_px))


def side_and_asymmetry(regions: Sequence[RegionMotion]) -> tuple[Side, float]:
    """The side that moved more, and (left - right) / (left + right) of the motion, without the eyes."""
    moved = {"left": 0.0, "right": 0.0, "both": 0.0}
    for region in regions:
        if not is_eye(region.region):
            moved[side_of(region.region)] += region.size_px
    total = moved["left"] + moved["right"]
    if total <= 0:
        return "both", NAN
    asymmetry = (moved["left"] - moved["right"]) / total
    return "left" if asymmetry > ONE_SIDED else "right" if asymmetry < -ONE_SIDED else "both", asymmetry
