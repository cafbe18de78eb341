"""Clips of images and of video through one door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from mien.clips.frames import ClipFrames
from mien.errors import InputError
from mien.video.reading import Limits, Lost, iterate, read_frames


@pytest.fixture
def folder(tmp_path: Path, numbered_picture: Callable[..., np.ndarray]) -> ClipFrames:
    """Images 46, 47, 49, 50, 52: 48 and 51 were never there."""
    numbers = (46, 47, 49, 50, 52)
    files = tuple(tmp_path / f"img{number}.png" for number in numbers)
    for number, file in zip(numbers, files, strict=True):
        Image.fromarray(numbered_picture(number)).save(file)
    return ClipFrames(files, numbers)


def test_gaps_in_a_folder_keep_the_numbers(
    folder: ClipFrames, shown_number: Callable[[np.ndarray], int]
) -> None:
    sequence = read_frames(folder)
    assert sequence.numbers == (46, 47, 49, 50, 52) and not sequence.lost and sequence.time_s is None
    assert [shown_number(image) for image in sequence.images] == [46, 47, 49, 50, 52]
    chosen = read_frames(folder, [51, 50, 46, 50])
    assert chosen.numbers == (46, 50)
    assert chosen.lost == (Lost(51, "there is no image of this number"),)


def test_unreadable_and_absent_images_are_lost_by_name(folder: ClipFrames) -> None:
    folder.files[1].write_bytes(b"no image")
    folder.files[3].unlink()
    sequence = read_frames(folder)
    assert sequence.numbers == (46, 49, 52)
    assert [one.number for one in sequence.lost] == [47, 50]
    assert "img47.png" in sequence.lost[0].reason and "cannot be read" in sequence.lost[0].reason
    assert "absent" in sequence.lost[1].reason


def test_an_image_of_another_size_is_lost(folder: ClipFrames) -> None:
    Image.new("RGB", (20, 10)).save(folder.files[2])
    sequence = read_frames(folder)
    assert sequence.lost == (Lost(49, "20 x 10, but the first frame is 160 x 64"),)


def test_a_video_counts_from_its_first_number(
    plain_video: Path, shown_number: Callable[[np.ndarray], int]
) -> None:
    clip = ClipFrames((plain_video,), first_number=1)
    sequence = read_frames(clip, [1, 31, 90, 91, 0])
    assert sequence.numbers == (1, 31, 90)
    assert [shown_number(image) for image in sequence.images] == [0, 30, 89]
    assert sequence.time_s == pytest.approx((0.0, 1.0, 89 / 30))
    assert [one.number for one in sequence.lost] == [0, 91]
    assert len(read_frames(clip).images) == 90


def test_what_would_fill_the_memory_is_refused_while_reading(plain_video: Path, folder: ClipFrames) -> None:
    limits = Limits(held_bytes=3 * 160 * 64 * 3)
    for clip in (ClipFrames((plain_video,)), folder):
        with pytest.raises(InputError, match="4 frames of 160 x 64"):
            read_frames(clip, limits=limits)
    assert len(list(iterate(plain_video, limits))) == 90
    with pytest.raises(InputError, match="5 frames, at most 4"):
        read_frames(folder, limits=Limits(n_frames=4))


def test_iterating_gives_what_reading_gives(plain_video: Path, folder: ClipFrames) -> None:
    for clip in (ClipFrames((plain_video,), first_number=5), folder):
        whole = read_frames(clip)
        one_by_one = list(iterate(clip))
        assert tuple(frame.number for frame in one_by_one) == whole.numbers
        assert [frame.index for frame in one_by_one] == list(range(len(whole.images)))
        for frame, image in zip(one_by_one, whole.images, strict=True):
            np.testing.assert_array_equal(frame.image, image)


def test_a_loss_while_iterating_is_told_or_raised(folder: ClipFrames) -> None:
    folder.files[2].write_bytes(b"no image")
    lost: list[Lost] = []
    assert [frame.number for frame in iterate(folder, on_lost=lost.append)] == [46, 47, 50, 52]
    assert [one.number for one in lost] == [49]
    with pytest.raises(InputError, match="frame 49 cannot be shown"):
        list(iterate(folder))


def test_memory_does_not_grow_with_the_video(tmp_path: Path, write_video: Callable[..., Path]) -> None:
    path = write_video(tmp_path / "long.mp4", 400, height=320, preset="ultrafast")
    held_bytes = [psutil.Process().memory_info().rss for _ in iterate(path)]
    assert len(held_bytes) == 400
    assert held_bytes[-1] - held_bytes[50] < 0.2 * 350 * 160 * 320 * 3
