"""The frames of the events of a video, read again in one sweep and held no longer than they are needed; and the
pictures of the events, kept on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.analysis.result import Pictures
from mien.errors import InputError
from mien.video.frame import Frame, Lost
from mien.video.isolated import IsolatedVideo
from mien.video.reading import FrameSequence, gathered


class EventFrames:
    """Hands out the frames of events that come in the order of their onsets.

    Seeking for each event would decode the same stretch between two key frames again and again; here the video is
    gone through once. A frame that was not foreseen is read by itself.

    Args:
        video: the opened video.
        wanted: for each event the numbers of the frames that it will ask for.
        longest_px: longer side of the pictures at most.
    """

    def __init__(self, video: IsolatedVideo, wanted: Sequence[Sequence[int]], longest_px: int | None) -> None:
        self._video, self._longest_px = video, longest_px
        self._wanted = [frozenset(numbers) for numbers in wanted]
        self._held: dict[int, Frame | Lost] = {}
        self._sweep: Generator[Frame | Lost, None, None] | None = None
        self._swept = -1

    def clip(self, numbers: Sequence[int]) -> EventClip:
        """A source of pictures for one event; `numbers` are the frames that there are."""
        return EventClip(self, tuple(numbers))

    def done(self, place: int) -> None:
        """Drop what no event after this one wants."""
        self._wanted[place] = frozenset()
        later = frozenset[int]().union(*self._wanted[place:])
        self._held = {number: frame for number, frame in self._held.items() if number in later}

    def read(self, numbers: Sequence[int]) -> list[Frame | Lost]:
        """The frames of these numbers, rising; with the video's own reasons for those that are lost.

        Raises:
            InputError: decoding failed.
        """
        foreseen = frozenset[int]().union(*self._wanted)
        for number in sorted(set(numbers)):
            if number not in self._held and number in foreseen and number > self._swept:
                self._sweep_to(number, foreseen)
        if strange := [number for number in set(numbers) if number not in self._held]:
            self._sweep = None  # reading these ends it; it begins again where it was
            self._held |= {_number(one): one for one in self._video.frames(strange, self._longest_px)}
        return [self._held[number] for number in sorted(set(numbers))]

    def _sweep_to(self, number: int, foreseen: frozenset[int]) -> None:
        if self._sweep is None:
            ahead = [one for one in foreseen if one > self._swept]
            self._sweep = self._video.frames(ahead, self._longest_px)
        while self._swept < number:
            outcome = next(self._sweep, None)
            if outcome is None:
                raise InputError("the frames of the video ended too early", where=self._video.path)
            self._swept = _number(outcome)
            self._held[self._swept] = outcome


@dataclass(frozen=True, eq=False)
class EventClip:
    """The pictures of one event, as `mien.prepare.stages` asks for them."""

    frames: EventFrames
    numbers: tuple[int, ...]

    def read(self, numbers: Sequence[int]) -> FrameSequence:
        video = self.frames._video
        return gathered(self.frames.read(numbers), video.path, video.limits, is_video=True)


@dataclass(frozen=True)
class _Place:
    """Where an array lies in a file."""

    start: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self, file: Any) -> npt.NDArray[Any]:
        file.seek(self.start)
        n_bytes = self.dtype.itemsize * int(np.prod(self.shape))
        return np.frombuffer(file.read(n_bytes), self.dtype).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class _StoredPictures:
    """`mien.analysis.result.Pictures` in a file: a memory map would count as memory once it was looked at."""

    file: Any
    places: tuple[_Place, _Place, _Place]

    @property
    def onset(self) -> npt.NDArray[np.uint8]:
        return self.places[0].read(self.file)

    @property
    def apex(self) -> npt.NDArray[np.uint8]:
        return self.places[1].read(self.file)

    @property
    def flow(self) -> npt.NDArray[np.float32]:
        return self.places[2].read(self.file)


class PictureStore:
    """Keeps the pictures of events in a temporary file without a name: hours of video may hold thousands of events."""

    def __init__(self) -> None:
        self._file: Any = tempfile.TemporaryFile()  # noqa: SIM115  it is gone with the last picture

    def keep(self, pictures: Pictures) -> Pictures:
        """The same pictures, in the file."""
        places = self._written(pictures.onset), self._written(pictures.apex), self._written(pictures.flow)
        return _StoredPictures(self._file, places)

    def _written(self, array: npt.NDArray[Any]) -> _Place:
        start = self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(array).tobytes())
        return _Place(start, array.shape, array.dtype)


def _number(outcome: Frame | Lost) -> int:
    return outcome.number
