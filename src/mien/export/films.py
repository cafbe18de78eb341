"""The overlay video and the magnified clips, out of one pass over the source video, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from math import isnan
from pathlib import Path

from mien.analysis.result import VideoAnalysis
from mien.export import naming
from mien.export.encoding import mp4
from mien.export.magnified import EventClip, event_clips
from mien.export.overlay import Overlay
from mien.video.frame import Frame, Lost
from mien.video.isolated import IsolatedVideo
from mien.video.limits import Limits


def write_films(
    analysis: VideoAnalysis,
    video: Path,
    folder: Path,
    *,
    overlay: bool,
    clips: bool,
    limits: Limits | None = None,
) -> list[Path]:
    """The films that were written into the folder; the video is decoded in a process of its own, under limits.

    Every frame of the overlay is the very frame that was analysed, at its own time; one that cannot be decoded is a
    dark picture that says so.

    Raises:
        InputError: the video is gone, or cannot be read.
    """
    waiting = list(event_clips(analysis)) if clips else []
    wanted = None if overlay else sorted({index for clip in waiting for index in clip.wanted})
    if wanted == []:
        return []
    written: list[Path] = []
    with ExitStack() as stack:
        source = stack.enter_context(IsolatedVideo(video, limits))
        drawing = Overlay(analysis) if overlay else None
        if drawing is not None:
            path = folder / naming.OVERLAY
            # a video of a single frame has no rate
            rate = source.facts.fps if source.facts.fps > 0 else 1.0
            film = stack.enter_context(mp4(path, rate))
            written.append(path)
        size = source.facts.height, source.facts.width
        for frame in source.frames(wanted):
            index = frame.number
            if index >= len(analysis.frames):
                break
            if isinstance(frame, Lost):
                time_s = analysis.frames[index].timestamp
                if drawing is not None and not isnan(time_s):
                    film.add(drawing.slate(size, index), time_s)
                continue
            assert frame.time_s is not None
            if drawing is not None:
                film.add(drawing.draw(frame.image, index), frame.time_s)
            written += _shown_to(waiting, frame, folder)
        written += [_finish(clip, folder) for clip in waiting if clip.pictures]
    return written


def _shown_to(waiting: list[EventClip], frame: Frame, folder: Path) -> Iterator[Path]:
    """Show a frame to the clips that wait for it; those that need no later one are written."""
    assert frame.time_s is not None
    for clip in list(waiting):
        if frame.index < clip.wanted.start:
            continue
        clip.see(frame.image, frame.index, frame.time_s)
        if frame.index >= clip.wanted[-1]:
            waiting.remove(clip)
            if clip.pictures:
                yield _finish(clip, folder)


def _finish(clip: EventClip, folder: Path) -> Path:
    path = folder / naming.magnified(clip.event)
    clip.write(path)
    return path
