"""Frames of events come in one sweep, each the one that was asked for, and are dropped when no one wants them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import pytest

from mien.analysis.pictures import EventFrames, PictureStore
from mien.analysis.result import EventPictures
from mien.errors import InputError
from mien.video.frame import Frame, Lost
from mien.video.limits import Limits


class Film:
    """A video of ten by ten pixels whose frames show their index; frame 13 is damaged. Counts what is asked of it."""

    path, limits = Path("film.mp4"), Limits()

    def __init__(self, n_frames: int = 40) -> None:
        self.n_frames, self.asked = n_frames, list[list[int]]()

    def frames(
        self, indices: Sequence[int], longest_px: int | None = None
    ) -> Generator[Frame | Lost, None, None]:
        self.asked.append(sorted(indices))
        for index in sorted(indices):
            if index == 13:
                yield Lost(13, "damaged")
            elif index < self.n_frames:
                yield Frame(index, index, index / 30, np.full((10, 10, 3), index, np.uint8))


def events(film: Film, *wanted: tuple[int, ...]) -> EventFrames:
    return EventFrames(film, wanted, None)  # type: ignore[arg-type]


def test_one_sweep_serves_all_events() -> None:
    film = Film()
    frames = events(film, (5, 7, 9), (8, 9, 12), (30,))
    for place, numbers in enumerate([(5, 7, 9), (8, 9, 12), (30,)]):
        read = frames.clip(tuple(range(40))).read(numbers)
        assert read.numbers == numbers and [int(image[0, 0, 0]) for image in read.images] == list(numbers)
        frames.done(place)
    assert film.asked == [[5, 7, 8, 9, 12, 30]]
    assert not frames._held


def test_what_was_not_foreseen_is_read_and_the_sweep_goes_on() -> None:
    film = Film()
    frames = events(film, (5, 9), (20, 22))
    assert frames.clip(()).read((5, 6)).numbers == (5, 6)
    frames.done(0)
    assert frames.clip(()).read((20, 22)).numbers == (20, 22)
    assert film.asked == [[5, 9, 20, 22], [6], [20, 22]]


def test_a_lost_frame_keeps_its_reason() -> None:
    read = events(Film(), (12, 13)).clip(()).read((12, 13))
    assert read.numbers == (12,) and read.lost == (Lost(13, "damaged"),)


def test_a_video_that_ends_too_early_is_told() -> None:
    with pytest.raises(InputError, match="too early"):
        events(Film(n_frames=10), (5, 20)).clip(()).read((20,))


def test_pictures_come_back_from_the_disk_as_they_were() -> None:
    rng = np.random.default_rng(0)
    given = [
        EventPictures(
            rng.integers(0, 255, (8, 8, 3), np.uint8),
            rng.integers(0, 255, (8, 8, 3), np.uint8),
            rng.normal(size=(2, 8, 8)).astype(np.float32),
        )
        for _ in range(2)
    ]
    store = PictureStore()
    found = []
    for pictures in given:
        found.append(store.keep(pictures))
        assert np.array_equal(found[0].onset, given[0].onset)  # reading between two writes moves nothing
    del store
    for kept, pictures in zip(found, given, strict=True):
        for name in ("onset", "apex", "flow"):
            there, here = getattr(kept, name), getattr(pictures, name)
            assert there.dtype == here.dtype and np.array_equal(there, here)
            assert getattr(kept, name) is not there  # read anew, not held
