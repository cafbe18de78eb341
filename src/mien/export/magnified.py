"""Magnified clips: each candidate as filmed beside the same with its small motions made larger, played slowly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mien.analysis.result import Event, FrameRow, VideoAnalysis
from mien.export.encoding import mp4
from mien.motion.magnification import Magnification, magnify

Image = npt.NDArray[np.uint8]

ALPHA = 8.0
#: How many times slower than filmed.
SLOWER = 4
SIDE_PX = 256
#: What is shown before the onset and after the offset.
LEAD_S = 0.4
#: Frames of one clip that are held at most; of a longer one every n-th is taken.
MOST_FRAMES = 160
#: Side of the square that is cut out, in sides of the face's box.
_ROOM = 1.35


@dataclass
class EventClip:
    """The pictures of one candidate, gathered as the video passes by."""

    event: Event
    wanted: range
    square: tuple[int, int, int]
    pictures: list[Image] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)

    def see(self, image: Image, index: int, time_s: float) -> None:
        """Keep this frame's face if the clip wants it."""
        import cv2

        if index not in self.wanted:
            return
        left, top, side = self.square
        # beyond the edge of the picture its last pixels go on
        rows = np.clip(np.arange(top, top + side), 0, image.shape[0] - 1)
        columns = np.clip(np.arange(left, left + side), 0, image.shape[1] - 1)
        cut = image[rows[:, None], columns]
        method = cv2.INTER_AREA if side > SIDE_PX else cv2.INTER_CUBIC
        self.pictures.append(np.asarray(cv2.resize(cut, (SIDE_PX, SIDE_PX), interpolation=method), np.uint8))
        self.times_s.append(time_s)

    def write(self, path: Path) -> None:
        """Write what was gathered: as filmed at the left, magnified at the right; then forget it."""
        step_s = (self.times_s[-1] - self.times_s[0]) / max(len(self.times_s) - 1, 1)
        fps = 1 / step_s if step_s > 0 else 1.0
        larger = magnify(np.stack(self.pictures), fps, band(self.event.duration_s, fps))
        with mp4(path, fps / SLOWER) as film:
            for filmed, magnified, time_s in zip(self.pictures, larger, self.times_s, strict=True):
                moving = self.event.onset_s <= time_s <= self.event.offset_s
                film.add(_beside(filmed, magnified, moving), SLOWER * (time_s - self.times_s[0]))
        self.pictures.clear()


def band(duration_s: float, fps: float) -> Magnification:
    """The frequencies of a movement that rises and falls once within `duration_s`, as far as the frame rate goes."""
    highest = 0.48 * fps
    period_s = max(duration_s, 4 / fps)
    low_hz = min(0.4 / period_s, highest / 4)
    return Magnification(alpha=ALPHA, low_hz=low_hz, high_hz=min(3 / period_s, highest))


def event_clips(analysis: VideoAnalysis) -> Iterator[EventClip]:
    """An empty clip for every candidate of which a face's box is known."""
    times = np.array([row.timestamp for row in analysis.frames])
    for event in analysis.events:
        square = _square(analysis.frames[event.onset_frame : event.offset_frame + 1])
        if square is None:
            continue
        first, last = np.searchsorted(times, [event.onset_s - LEAD_S, event.offset_s + LEAD_S])
        step = math.ceil((last - first) / MOST_FRAMES)
        yield EventClip(event, range(int(first), int(last), max(step, 1)), square)


def _square(rows: Sequence[FrameRow]) -> tuple[int, int, int] | None:
    """Left, top and side of the square about the first known box; it stays where it is, so that motion shows."""
    for row in rows:
        if all(map(math.isfinite, (row.x, row.y, row.width, row.height))):
            side = max(16, round(_ROOM * max(row.width, row.height)))
            left = round(row.x + row.width / 2 - side / 2)
            top = round(row.y + row.height / 2 - side / 2)
            return left, top, side
    return None


def _beside(filmed: Image, magnified: Image, moving: bool) -> Image:
    """Both pictures with their names; a bar under them shows while the movement lasts."""
    import cv2

    pair = np.concatenate([filmed, magnified], axis=1)
    drawn = np.concatenate([pair, np.full((24, pair.shape[1], 3), 24, np.uint8)])
    if moving:
        drawn[-24:-20] = (235, 115, 40)
    for words, x in (("as filmed", 8), (f"motion x{ALPHA + 1:g}", SIDE_PX + 8)):
        cv2.putText(
            drawn, words, (x, SIDE_PX + 17), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (235,) * 3, 1, cv2.LINE_AA
        )
    cv2.putText(
        drawn,
        f"1/{SLOWER} speed",
        (2 * SIDE_PX - 92, SIDE_PX + 17),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.42,
        (235,) * 3,
        1,
    )
    return drawn
