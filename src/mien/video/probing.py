"""What a video holds, before its frames are decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mien.video.decoding import VideoFile
from mien.video.limits import Limits


@dataclass(frozen=True)
class VideoFacts:
    """What is known of a video before it is decoded.

    Attributes:
        width, height: as shown, after rotation.
        fps: mean frame rate from the time stamps; nan for a single frame.
        duration_s: from the first frame to the end of the last.
        n_frames: frames that stand in the file.
        variable_rate: whether the time between frames varies: then index / fps is not the time.
        rotation_deg: counter-clockwise turn that the file asks for; it is applied to the pictures.
        codec: FFmpeg's name of the coding.
        cut: why the file ends too early; empty if it does not.
    """

    width: int
    height: int
    fps: float
    duration_s: float
    n_frames: int
    variable_rate: bool
    rotation_deg: int
    codec: str
    cut: str


def probe(path: Path, limits: Limits | None = None) -> VideoFacts:
    """What a video holds: size, rate, duration, frames; all frames are counted, only the first is decoded.

    Raises:
        InputError: absent, empty, over a limit, or no video that can be read.
    """
    with VideoFile(path, limits) as video:
        return facts_of(video)


def facts_of(video: VideoFile) -> VideoFacts:
    """What an opened video holds; its first frame is decoded."""
    rotation_deg = video.rotation_deg()
    width, height = video.size if rotation_deg % 180 == 0 else video.size[::-1]
    timeline = video.timeline
    return VideoFacts(
        width=width,
        height=height,
        fps=timeline.fps,
        duration_s=timeline.duration_s,
        n_frames=len(timeline),
        variable_rate=timeline.variable_rate,
        rotation_deg=rotation_deg,
        codec=video.codec,
        cut=timeline.cut,
    )
