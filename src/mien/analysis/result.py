"""What an analysis of one video found: plain records that the exports, the report and the page all read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

NAN = float("nan")
Side = Literal["left", "right", "both"]


@dataclass(frozen=True)
class FrameRow:
    """One frame of the video; values that were not measured are nan, with the reason in `lost`.

    Attributes:
        frame: index from 0. timestamp: presentation time, seconds.
        face_id: which face was followed (0: the one chosen); -1 without a face.
        confidence: 0..1, the share of tracked points that agree; 1 where landmarks found the face anew.
        success: whether the face was found or followed in this frame.
        lost: why not; empty on success.
        x, y, width, height: box of the face in the picture, pixels.
        interocular_px, yaw_deg, pitch_deg, roll_deg, blur, brightness: see `mien.face.quality`; yaw and pitch as last
            seen, half a second ago at most.
        micro_score, macro_score: how far the frame stands out, robust standard deviations of this video.
        micro_px, macro_px: mean motion of the moving regions, pixels of the crop.
        excluded: whether the user took this frame out (talking, eating).
    """

    frame: int
    timestamp: float
    face_id: int
    confidence: float
    success: bool
    lost: str = ""
    x: float = NAN
    y: float = NAN
    width: float = NAN
    height: float = NAN
    interocular_px: float = NAN
    yaw_deg: float = NAN
    pitch_deg: float = NAN
    roll_deg: float = NAN
    blur: float = NAN
    brightness: float = NAN
    micro_score: float = NAN
    macro_score: float = NAN
    micro_px: float = NAN
    macro_px: float = NAN
    excluded: bool = False


@dataclass(frozen=True)
class RegionMotion:
    """How far one region moved from onset to apex, pixels of the crop; u to the picture's right, v down."""

    region: str
    u_px: float
    v_px: float

    @property
    def size_px(self) -> float:
        return float(np.hypot(self.u_px, self.v_px))


class Pictures(Protocol):
    """What is shown of an event: crops (S, S, 3) uint8 of onset and apex, flow (2, S, S) px between them.

    Those of a long video are read from the disk each time they are looked at.
    """

    @property
    def onset(self) -> npt.NDArray[np.uint8]: ...
    @property
    def apex(self) -> npt.NDArray[np.uint8]: ...
    @property
    def flow(self) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True, eq=False)
class EventPictures:
    """`Pictures` that are held in memory."""

    onset: npt.NDArray[np.uint8]
    apex: npt.NDArray[np.uint8]
    flow: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Event:
    """A candidate facial movement, for a human to check.

    Attributes:
        event_id: from 1, in order of onset.
        kind: micro (half a second at most) or macro. score: how far it stands out (detector's unit).
        onset_frame, apex_frame, offset_frame: indices from 0; onset_s, apex_s, offset_s: presentation times.
        label: the most probable class, or "" where the recogniser abstains or does not apply (`note` says why).
        prob: calibrated probability of every class. doubt: mutual information of the members, nats.
        abstained: the highest probability lies below the model's threshold.
        nearest: AU sentences nearest in the model's text space, with cosines, best first.
        regions: motion of every region, largest first. side: where the movement is stronger, of the subject's face.
        asymmetry: (left - right) / (left + right) of the motion, subject's own sides; -1..1.
        lost_share: share of its frames without a face.
        note: what a reader should know.
    """

    event_id: int
    kind: str
    score: float
    onset_frame: int
    apex_frame: int
    offset_frame: int
    onset_s: float
    apex_s: float
    offset_s: float
    label: str = ""
    prob: Mapping[str, float] = field(default_factory=dict)
    doubt: float = NAN
    abstained: bool = False
    nearest: tuple[tuple[str, float], ...] = ()
    regions: tuple[RegionMotion, ...] = ()
    side: Side = "both"
    asymmetry: float = NAN
    lost_share: float = 0.0
    note: str = ""
    pictures: Pictures | None = None

    @property
    def duration_s(self) -> float:
        return self.offset_s - self.onset_s


@dataclass(frozen=True, eq=False)
class VideoAnalysis:
    """Everything found in one video.

    Attributes:
        source: the file as given; video: its sha256, width, height, fps, duration_s, n_frames, variable_rate,
            rotation_deg, codec, cut.
        frames: one row per frame of the file, lost ones included. events: by onset.
        settings: the resolved options. model: the deployed model's card. detector: its card, false alarms included.
        stages_s: wall seconds by stage. notes: what a reader should know, in words.
        excluded: ranges (from_s, to_s) taken out. baseline: the range marked as the person's own, if any.
    """

    source: str
    video: Mapping[str, Any]
    frames: Sequence[FrameRow]
    events: tuple[Event, ...]
    settings: Mapping[str, Any]
    model: Mapping[str, Any]
    detector: Mapping[str, Any]
    stages_s: Mapping[str, float]
    notes: tuple[str, ...] = ()
    excluded: tuple[tuple[float, float], ...] = ()
    baseline: tuple[float, float] | None = None

    @property
    def lost_share(self) -> float:
        """Share of the frames without a usable face."""
        return sum(not row.success for row in self.frames) / max(len(self.frames), 1)
