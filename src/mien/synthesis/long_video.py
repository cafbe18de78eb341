"""Film a made-up person for minutes: several expressions and what is none, frame by frame, with exact truth.

script = draw_script((0, 3, 1), minutes=1.0)
with film_long(LongVideo(seed=0, subject=3, video=1, script=script)) as filmed:
    for number, image in filmed.frames():
        ...
    filmed.truth.landmarks, filmed.truth.seen
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.synthesis.camera import CameraLook
from mien.synthesis.distractors import light_levels
from mien.synthesis.head import Floats
from mien.synthesis.performance import Manner, Performance, perform
from mien.synthesis.render import Image, Tracks
from mien.synthesis.script import Script
from mien.synthesis.studio import Studio


@dataclass(frozen=True)
class LongVideo:
    """What is to be filmed; frames count from 1.

    Attributes:
        seed, subject, video: the key of every draw; one subject looks the same in all videos.
        script: what happens.
        size: width and height in pixels.
        seen_dm: height of the scene in the picture (decimetres).
    """

    seed: int
    subject: int
    video: int
    script: Script
    size: tuple[int, int] = (640, 480)
    seen_dm: float = 2.55

    def __post_init__(self) -> None:
        if min(self.seed, self.subject, self.video) < 0:
            raise UsageError("a video to be filmed needs a seed, subject and video of 0 or more", found=self)

    @property
    def key(self) -> tuple[int, int, int]:
        return self.seed, self.subject, self.video


@dataclass(frozen=True, eq=False)
class LongTruth:
    """What is known about every frame.

    Attributes:
        performance: actions and their intensity, blinks, gaze, head motion, frame by frame.
        levels: (T, 3) of the two lamps and of the surroundings, 1 at first.
        landmark_names, landmarks: L names, and (T, L, 2) column and row; whole numbers are pixel centres.
        seen: (T,) share of the landmarks that lie in the picture.
    """

    performance: Performance
    levels: Floats
    landmark_names: tuple[str, ...]
    landmarks: Floats
    seen: Floats

    def arrays(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The truth as named arrays, for a file beside the video."""
        return {
            "numbers": np.array(self.performance.numbers),
            **self.performance.arrays(),
            "light_levels": self.levels.astype(np.float32),
            "landmark_names": np.array(self.landmark_names),
            "landmarks_px": self.landmarks.astype(np.float32),
            "seen": self.seen.astype(np.float32),
        }


class LongFilm:
    """One long video being filmed; see `film_long`."""

    def __init__(self, video: LongVideo, manner: Manner | None, camera: CameraLook | None) -> None:
        script = video.script
        numbers = tuple(range(1, script.n_frames + 1))
        self.video = video
        self._studio = Studio(video.key, video.size, False, video.seen_dm, camera, lids_over_eyes=True)
        shown = perform(
            self._studio.person.bust.head,
            [each.as_expression() for each in script.expressions],
            numbers,
            script.fps,
            video.key,
            # what a manner draws at random is in the script
            manner or Manner(blinks_per_s=0.0, gaze_share=0.0),
            script.distractors,
        )
        names, landmarks = self._studio.landmarks(shown)
        inside = ((landmarks > -0.5) & (landmarks < np.array(video.size) - 0.5)).all(axis=2)
        levels = light_levels(script.distractors, np.array(numbers, dtype=np.float64))
        self._lit: Floats = np.ones(3)
        self.truth = LongTruth(shown, levels, names, landmarks, inside.mean(axis=1))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._studio.close()

    def frames(self) -> Iterator[tuple[int, Image]]:
        """Number and picture (height, width, 3) of every frame, in order, one at a time."""
        for number in self.truth.performance.numbers:
            yield number, self.frame(number)

    def frame(self, number: int) -> Image:
        """The picture of one frame: the same whichever frames were asked for before."""
        index = self.truth.performance.index(number)
        if (self.truth.levels[index] != self._lit).any():
            self._lit = self.truth.levels[index]
            self._studio.relight(self._lit)
        return self._studio.picture(self.truth.performance, index)

    def tracks(self, number: int, since: int) -> Tracks:
        """The exact flow to frame `number` from frame `since`."""
        shown = self.truth.performance
        return self._studio.tracks(shown, shown.index(since), shown.index(number))


def film_long(
    video: LongVideo, *, manner: Manner | None = None, camera: CameraLook | None = None
) -> LongFilm:
    """A film of the video: a context manager that yields frames, one at a time, and the truth (1 kB per frame).

    The same video gives the same bytes on the same machine, see `mien.synthesis.filming.film`.

    Args:
        video: what is to be filmed.
        manner: how strongly and restlessly people act; None: faint, and blinks and glances from the script alone.
        camera: the camera; None draws one per subject.

    Raises:
        InputError: pictures cannot be rendered on this machine.
    """
    return LongFilm(video, manner, camera)
