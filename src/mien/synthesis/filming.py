"""Film a made-up person who shows what a coder annotated: frames, and the truth about every one of them.

with film(FilmedClip(seed=0, subject=3, clip=1, annotation=parse("4+L12"), onset=10, apex=30, offset=60,
                     first_number=1, n_frames=70, fps=200.0)) as filmed:
    for number, image in filmed.frames():
        ...
    filmed.truth.landmarks, filmed.tracks(30).flow
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.facs.marks import AUAnnotation, AUMark
from mien.synthesis.camera import CameraLook
from mien.synthesis.head import Floats
from mien.synthesis.performance import Expression, Manner, Performance, perform
from mien.synthesis.render import Image, Tracks
from mien.synthesis.scene import Light, View
from mien.synthesis.script import LID_TIGHTENER, Density, Kind
from mien.synthesis.studio import Studio


@dataclass(frozen=True)
class FilmedClip:
    """What is to be filmed. Frame numbers are the source's own.

    Attributes:
        seed, subject, clip: the key of every draw; one subject looks the same in all clips.
        annotation: the AU coding; its certain marks are shown.
        onset, apex, offset: of the expression. None: an unknown onset is the first frame, an unknown apex lies
            midway between onset and offset, an unknown offset as long after the apex as the onset before it.
        first_number, n_frames: the frames to film.
        fps: frames per second.
        size: width and height in pixels.
        grey: whether the camera sees no colour.
        seen_dm: height of the scene in the picture (decimetres): 2.5 shows the head, 1.6 the face alone.
        kind: how strongly it is shown: a micro-expression as the manner says, a macro-expression as in long videos.
    """

    seed: int
    subject: int
    clip: int
    annotation: AUAnnotation
    onset: int | None
    apex: int | None
    offset: int | None
    first_number: int
    n_frames: int
    fps: float
    size: tuple[int, int] = (640, 480)
    grey: bool = False
    seen_dm: float = 2.55
    kind: Kind = "micro"

    def __post_init__(self) -> None:
        if min(self.seed, self.subject, self.clip) < 0 or self.n_frames < 1:
            raise UsageError(
                "a clip to be filmed needs a seed, subject and clip of 0 or more, and a frame", found=self
            )

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(range(self.first_number, self.first_number + self.n_frames))

    def expression(self, phases: tuple[float, float, float]) -> Expression:
        """What is shown at these phases."""
        marks = self.annotation.certain
        if self.kind == "micro":
            return Expression(marks, phases)
        lowest, highest = Density().macro_strength
        rng = np.random.default_rng([self.seed, self.subject, self.clip, 5])
        strength = float(np.exp(rng.uniform(np.log(lowest), np.log(highest))))
        return Expression(tuple(_eyes_open(mark) for mark in marks), phases, strength)

    def phases(self) -> tuple[tuple[float, float, float], tuple[str, ...]]:
        """Onset, apex and offset that are filmed, in order, and what had to be assumed for it."""
        notes = []
        last = self.first_number + self.n_frames - 1
        onset = self.first_number if self.onset is None else self.onset
        if self.onset is None:
            notes.append(f"no onset given: taken as {onset}")
        offset = self.offset
        if offset is None:
            offset = last if self.apex is None else min(last, 2 * self.apex - onset)
            notes.append(f"no offset given: taken as {offset}")
        if offset < onset:
            notes.append(f"offset {offset} lies before onset {onset}: taken as {onset}")
            offset = onset
        apex: float = (onset + offset) / 2 if self.apex is None else self.apex
        if self.apex is None:
            notes.append(f"no apex given: taken as {apex:g}")
        if not onset <= apex <= offset:
            inside = min(max(apex, onset), offset)
            notes.append(f"apex {apex:g} lies outside onset {onset} to offset {offset}: taken as {inside:g}")
            apex = inside
        return (float(onset), float(apex), float(offset)), tuple(notes)


def _eyes_open(mark: AUMark) -> AUMark:
    """The mark, slight where it would close the eyes and the coder told no intensity."""
    tightens = str(mark.code) == LID_TIGHTENER and not mark.intensity
    return replace(mark, intensity="B") if tightens else mark


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known about every frame.

    Attributes:
        performance: actions and their intensity, blinks, gaze, head motion, face units, frame by frame.
        phases: onset, apex and offset that were filmed.
        notes: what of the annotation could not be shown, and what had to be assumed.
        landmark_names, landmarks: L names, and (T, L, 2) column and row; whole numbers are pixel centres.
        view, light, camera: how it was filmed.
    """

    performance: Performance
    phases: tuple[float, float, float]
    notes: tuple[str, ...]
    landmark_names: tuple[str, ...]
    landmarks: Floats
    view: View
    light: Light
    camera: CameraLook

    def arrays(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The truth as named arrays, for a file beside the frames."""
        return {
            "numbers": np.array(self.performance.numbers),
            "phases": np.array(self.phases),
            **self.performance.arrays(),
            "landmark_names": np.array(self.landmark_names),
            "landmarks_px": self.landmarks.astype(np.float32),
            "notes": np.array(self.notes, dtype=np.str_),
        }


class Film:
    """One clip being filmed; see `film`."""

    def __init__(self, clip: FilmedClip, manner: Manner | None, camera: CameraLook | None) -> None:
        key = (clip.seed, clip.subject, clip.clip)
        strong = clip.kind == "macro"
        studio = Studio(key, clip.size, clip.grey, clip.seen_dm, camera, lids_over_eyes=strong)
        self.clip, self._studio = clip, studio
        head, (phases, notes) = self._studio.person.bust.head, clip.phases()
        shown = perform(head, [clip.expression(phases)], clip.numbers, clip.fps, key, manner)
        doubtful = tuple(f"{mark}: not certain" for mark in clip.annotation.possible)
        names, landmarks = self._studio.landmarks(shown)
        self._shown = shown
        self.truth = Truth(
            shown,
            phases,
            notes + clip.annotation.notes + shown.skipped + doubtful,
            names,
            landmarks,
            self._studio.view,
            self._studio.light,
            self._studio.look,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._studio.close()

    def frames(self) -> Iterator[tuple[int, Image]]:
        """Number and picture (height, width, 3) of every frame, in order; each can be had alone by `frame`."""
        for number in self._shown.numbers:
            yield number, self.frame(number)

    def frame(self, number: int) -> Image:
        """The picture of one frame: the same whichever frames were asked for before."""
        return self._studio.picture(self._shown, self._shown.index(number))

    def tracks(self, number: int, since: int | None = None) -> Tracks:
        """The exact flow to frame `number` from frame `since`, by default the onset."""
        onset = round(self.truth.phases[0])
        first, last = self._shown.numbers[0], self._shown.numbers[-1]
        start = min(max(onset, first), last) if since is None else since
        return self._studio.tracks(self._shown, self._shown.index(start), self._shown.index(number))


def film(clip: FilmedClip, *, manner: Manner | None = None, camera: CameraLook | None = None) -> Film:
    """A film of the clip: a context manager that yields frames, truth and exact flow.

    The same clip gives the same bytes on the same machine. On many cores run one process per core with the
    environment variable LP_NUM_THREADS=0, which keeps the software renderer to one thread.

    Args:
        clip: what is to be filmed.
        manner: how strongly and restlessly people act; None takes the defaults.
        camera: the camera; None draws one per subject. `clip.grey` holds either way.

    Raises:
        InputError: pictures cannot be rendered on this machine.
    """
    return Film(clip, manner, None if camera is None else replace(camera, grey=camera.grey or clip.grey))
