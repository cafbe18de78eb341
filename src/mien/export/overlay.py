"""What is drawn on each frame of the overlay video: the face's box, the candidates, and a strip of scores below."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.analysis.result import Event, FrameRow, VideoAnalysis

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

#: Colours (RGB) of the kinds, the same as in the report, and of what is not analysed.
COLOURS: dict[str, Colour] = {"micro": (235, 115, 40), "macro": (70, 130, 240)}
_FOUND, _LOST, _TAKEN_OUT = (120, 220, 140), (240, 80, 90), (150, 150, 150)
_INK, _GROUND, _GRID = (240, 240, 240), (24, 25, 28), (60, 62, 68)
#: The strip shows this many seconds before and after the frame.
REACH_S = 3.0


class Overlay:
    """Draws on frames; one pass over the video, in any order of frames."""

    def __init__(self, analysis: VideoAnalysis) -> None:
        rows = analysis.frames
        self._rows = rows
        self._time_s = np.array([row.timestamp for row in rows])
        self._scores = {
            "micro": np.array([row.micro_score for row in rows]),
            "macro": np.array([row.macro_score for row in rows]),
        }
        self._lost = np.array([not row.success for row in rows])
        self._taken_out = np.array([row.excluded for row in rows])
        known = np.concatenate([each[np.isfinite(each)] for each in self._scores.values()])
        self._top = max(5.0, float(known.max())) if known.size else 5.0
        self._events = analysis.events

    def draw(self, image: Image, index: int) -> Image:
        """The picture (H, W, 3) of frame `index` with all marks, and the strip below: (H + strip, W, 3)."""
        row = self._rows[index]
        height, width = image.shape[:2]
        strip = max(48, round(0.16 * height))
        drawn = np.full((height + strip, width, 3), _GROUND, np.uint8)
        drawn[:height] = image
        shown = [event for event in self._events if event.onset_frame <= index <= event.offset_frame]
        self._draw_face(drawn, row, height)
        self._draw_words(drawn, row, shown, height)
        self._draw_strip(drawn[height:], row, shown)
        return drawn

    def slate(self, size: tuple[int, int], index: int) -> Image:
        """What stands for a frame that cannot be decoded: a dark picture of this height and width that says so."""
        return self.draw(np.full((*size, 3), _GROUND, np.uint8), index)

    def _draw_face(self, drawn: Image, row: FrameRow, height: int) -> None:
        import cv2

        box = (row.x, row.y, row.width, row.height)
        if not all(map(math.isfinite, box)):
            return
        colour = _TAKEN_OUT if row.excluded else _FOUND
        first = round(row.x), min(round(row.y), height - 1)
        last = round(row.x + row.width), min(round(row.y + row.height), height - 1)
        cv2.rectangle(drawn, first, last, colour, max(1, height // 360), cv2.LINE_AA)

    def _draw_words(self, drawn: Image, row: FrameRow, shown: Sequence[Event], height: int) -> None:
        words = f"frame {row.frame}  {row.timestamp:.3f} s"
        if row.success:
            lines = [(f"{words}  face {row.confidence:.2f}", _INK)]
        else:
            lines = [(f"{words}  no face: {row.lost}", _LOST)]
        if row.excluded:
            lines.append(("taken out by the user", _TAKEN_OUT))
        for event in shown:
            phase = (
                "apex"
                if row.frame == event.apex_frame
                else "rising"
                if row.frame < event.apex_frame
                else "falling"
            )
            label = event.label or ("abstained" if event.abstained else "no label")
            lines.append(
                (f"candidate {event.event_id}, {event.kind}: {label} ({phase})", COLOURS[event.kind])
            )
        scale = max(0.35, height / 900)
        for number, (text, colour) in enumerate(lines, start=1):
            _write(drawn, text, (round(16 * scale), round(34 * scale * number)), scale, colour)

    def _draw_strip(self, strip: Image, row: FrameRow, shown: Sequence[Event]) -> None:
        """Scores around this moment, which is in the middle; bands are candidates, dark red is a lost face."""
        import cv2

        height, width = strip.shape[:2]
        now = row.timestamp
        if not math.isfinite(now):
            return
        start, end = np.searchsorted(np.nan_to_num(self._time_s, nan=np.inf), [now - REACH_S, now + REACH_S])
        at = ((self._time_s[start:end] - now) / (2 * REACH_S) + 0.5) * (width - 1)
        for event in self._events:
            if event.offset_s >= now - REACH_S and event.onset_s <= now + REACH_S:
                left, right = (
                    ((t - now) / (2 * REACH_S) + 0.5) * (width - 1) for t in (event.onset_s, event.offset_s)
                )
                colour = tuple(round(0.45 * part) for part in COLOURS[event.kind])
                cv2.rectangle(
                    strip, (round(left), 0), (max(round(right), round(left) + 1), height), colour, -1
                )
        for colour, places in ((_LOST, self._lost[start:end]), (_TAKEN_OUT, self._taken_out[start:end])):
            strip[-5:, np.unique(np.round(at[places]).astype(int))] = colour
        cv2.line(strip, (0, 0), (width, 0), _GRID, 1)
        for kind, scores in self._scores.items():
            y = (height - 6) * (1 - np.clip(scores[start:end], 0, self._top) / self._top) + 1
            _curve(strip, at, y, COLOURS[kind])
        cv2.line(strip, (width // 2, 0), (width // 2, height), _INK, 1)
        scale = max(0.3, width / 1800)
        for number, kind in enumerate(self._scores):
            _write(strip, f"{kind} score", (6, round(26 * scale * (number + 1))), scale, COLOURS[kind])


def _curve(strip: Image, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], colour: Colour) -> None:
    """A line through the points; it breaks where nothing is known."""
    import cv2

    known = np.isfinite(y) & np.isfinite(x)
    breaks = np.flatnonzero(np.diff(known.astype(np.int8))) + 1
    for places in np.split(np.arange(len(x)), breaks):
        if len(places) and known[places[0]]:
            points = np.round(np.stack([x[places], y[places]], axis=1)).astype(np.int32)
            cv2.polylines(strip, [points.reshape(-1, 1, 2)], False, colour, 1, cv2.LINE_AA)


def _write(image: Image, words: str, at: tuple[int, int], scale: float, colour: Colour) -> None:
    """Text with a dark edge; OpenCV's letters are ASCII, others become question marks."""
    import cv2

    plain = words.encode("ascii", "replace").decode()
    for ink, weight in ((_GROUND, 3), (colour, 1)):
        cv2.putText(image, plain, at, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, weight, cv2.LINE_AA)
