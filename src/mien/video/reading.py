"""The pictures of a clip, from image files or a video: what can be read, and why the rest cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mien.clips.frames import ClipFrames
from mien.errors import InputError
from mien.video.decoding import VideoFile
from mien.video.frame import Frame, Image, Lost
from mien.video.limits import Limits
from mien.video.pictures import UnreadablePicture, read_picture

__all__ = ["Frame", "FrameSequence", "Limits", "Lost", "iterate", "read_frames"]


@dataclass(frozen=True, eq=False)
class FrameSequence:
    """Decoded frames of one clip in the order of their numbers.

    Attributes:
        images: uint8 (H, W, 3) RGB, all of one size.
        numbers: the source's own number of each image.
        time_s: presentation time of each, from the video's first frame; None for image files, which carry none.
        lost: the frames that were asked for and cannot be shown, with reasons.
    """

    images: list[Image]
    numbers: tuple[int, ...]
    time_s: tuple[float, ...] | None
    lost: tuple[Lost, ...]


def read_frames(
    source: ClipFrames, numbers: Sequence[int] | None = None, limits: Limits | None = None
) -> FrameSequence:
    """The frames of these numbers (None: all of the clip), each once, in rising order, held in memory.

    A damaged or absent frame is in `lost` with its reason, and so is one of another size than the first that
    can be read; none is ever replaced by a neighbour.

    Raises:
        InputError: a limit is passed, or a video cannot be read at all.
    """
    chosen = limits or Limits()
    return gathered(_outcomes(source, numbers, chosen), source.files[0], chosen, is_video=source.is_video)


def gathered(
    outcomes: Iterable[Frame | Lost], where: object, limits: Limits, *, is_video: bool
) -> FrameSequence:
    """Frames that come one by one, held together as `read_frames` does it."""
    images: list[Image] = []
    found: list[Frame] = []
    lost: list[Lost] = []
    for frame in outcomes:
        if isinstance(frame, Lost):
            lost.append(frame)
            continue
        height, width = frame.image.shape[:2]
        if images and frame.image.shape != images[0].shape:
            reason = f"{width} x {height}, but the first frame is {_size(images[0])}"
            lost.append(Lost(frame.number, reason))
            continue
        limits.check_held(len(images) + 1, width, height, where)
        images.append(frame.image)
        found.append(frame)
    return FrameSequence(
        images=images,
        numbers=tuple(frame.number for frame in found),
        time_s=tuple(f.time_s for f in found if f.time_s is not None) if is_video else None,
        lost=tuple(sorted(lost, key=lambda one: one.number)),
    )


def iterate(
    source: ClipFrames | Path,
    limits: Limits | None = None,
    on_lost: Callable[[Lost], object] | None = None,
) -> Iterator[Frame]:
    """Frame after frame of a video file or clip, in constant memory.

    Args:
        source: a clip, or the path of a video, whose frames are numbered from 0.
        limits: how much is read at most.
        on_lost: told of every frame that cannot be shown, for instance the `append` of a list.

    Raises:
        InputError: a limit is passed, the video cannot be read at all, or a frame is lost and no `on_lost`
            was given.
    """
    clip = ClipFrames((source,)) if isinstance(source, Path) else source
    for frame in _outcomes(clip, None, limits or Limits()):
        if isinstance(frame, Frame):
            yield frame
        elif on_lost is not None:
            on_lost(frame)
        else:
            raise InputError(
                f"frame {frame.number} cannot be shown",
                where=clip.files[0],
                found=frame.reason,
                do="repair the file, or ask for what can be read",
            )


def _outcomes(source: ClipFrames, numbers: Sequence[int] | None, limits: Limits) -> Iterator[Frame | Lost]:
    return (_from_video if source.is_video else _from_images)(source, numbers, limits)


def _from_video(source: ClipFrames, numbers: Sequence[int] | None, limits: Limits) -> Iterator[Frame | Lost]:
    first = source.first_number
    indices = None if numbers is None else [number - first for number in numbers]
    with VideoFile(source.files[0], limits) as video:
        for frame in video.frames(indices):
            yield replace(frame, number=frame.number + first)


def _from_images(source: ClipFrames, numbers: Sequence[int] | None, limits: Limits) -> Iterator[Frame | Lost]:
    limits.check_length(len(source.files), 0.0, source.files[0].parent)
    places = {number: index for index, number in enumerate(source.numbers)}
    for number in source.numbers if numbers is None else sorted(set(numbers)):
        if number not in places:
            yield Lost(number, "there is no image of this number")
            continue
        try:
            image = read_picture(source.files[places[number]], limits)
        except UnreadablePicture as error:
            reason = error.what if error.found is None else f"{error.what}: {error.found}"
            yield Lost(number, f"{source.files[places[number]].name}: {reason}")
        else:
            yield Frame(places[number], number, None, image)


def _size(image: Image) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"
