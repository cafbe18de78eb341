"""Where the pictures of a clip are."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.clips.frames import ClipFrames


def test_images_have_numbers_and_a_video_has_none() -> None:
    images = ClipFrames((Path("img46.jpg"), Path("img48.jpg")), (46, 48))
    assert not images.is_video
    assert ClipFrames((Path("EP02_01f.avi"),), first_number=1).is_video


@pytest.mark.parametrize(
    ("files", "numbers", "said"),
    [
        ((), (), "one file, not 0"),
        (("a.jpg", "b.jpg"), (), "one file, not 2"),
        (("a.jpg", "b.jpg"), (1,), "2 files have 1 numbers"),
        (("a.jpg", "b.jpg"), (2, 1), "do not rise"),
        (("a.jpg", "b.jpg"), (1, 1), "do not rise"),
    ],
)
def test_files_and_numbers_that_do_not_belong_together_are_refused(
    files: tuple[str, ...], numbers: tuple[int, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        ClipFrames(tuple(map(Path, files)), numbers)
