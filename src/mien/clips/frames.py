"""Where the pictures of a clip are: numbered image files, or one video file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ClipFrames:
    """Where the pictures of one clip are: image files in the order of their source numbers, or one video file.

    Attributes:
        files: the image files, sorted by number, or exactly one video file.
        numbers: the source's own number of each image; () for a video.
        first_number: for a video, the source number of its frame 0.

    Raises:
        ValueError: the numbers do not belong to the files, or are not in rising order.
    """

    files: tuple[Path, ...]
    numbers: tuple[int, ...] = ()
    first_number: int = 0

    def __post_init__(self) -> None:
        if not self.numbers and len(self.files) != 1:
            raise ValueError(f"a video is one file, not {len(self.files)}; images need their numbers")
        if self.numbers and len(self.numbers) != len(self.files):
            raise ValueError(f"{len(self.files)} files have {len(self.numbers)} numbers")
        if any(b <= a for a, b in zip(self.numbers, self.numbers[1:], strict=False)):
            raise ValueError("the numbers of the images do not rise")

    @property
    def is_video(self) -> bool:
        """Whether this is one video file rather than images."""
        return not self.numbers
