"""When each frame of a video is shown, from its packets alone: nothing is decoded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.video.complaints import complaints
from mien.video.limits import Limits

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True, eq=False)
class Timeline:
    """The frames of a video in the order of showing.

    Attributes:
        pts: (N,) int64 presentation time stamps, rising, in units of `tick_s`.
        key: (N,) bool, whether decoding can begin at the frame.
        tick_s: the unit of the time stamps.
        last_ticks: how long the last frame is shown; 0 if the file does not say.
        n_declared: how many frames the file says it has; 0 if it does not say.
        cut: why the file ends too early, in words; empty if it does not.
        counted: the stamps are no stamps but a count (AVI with reordered frames): frames are known by the
            order in which the decoder gives them, and decoding always begins at the start.
    """

    pts: npt.NDArray[np.int64]
    key: npt.NDArray[np.bool_]
    tick_s: float
    last_ticks: int
    n_declared: int
    cut: str
    counted: bool

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """When each frame is shown, (N,) seconds from the first one."""
        return np.asarray((self.pts - self.pts[0]) * self.tick_s)

    def time_s(self, index: int) -> float:
        """When one frame is shown, seconds from the first one."""
        return float((self.pts[index] - self.pts[0]) * self.tick_s)

    @property
    def fps(self) -> float:
        """Mean rate over the whole video; nan for a single frame."""
        if len(self) < 2:
            return float("nan")
        span_s = float((self.pts[-1] - self.pts[0]) * self.tick_s)
        return (len(self) - 1) / span_s if span_s > 0 else float("inf")

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last."""
        return float((self.pts[-1] - self.pts[0] + self.last_ticks) * self.tick_s)

    @property
    def variable_rate(self) -> bool:
        """Whether the steps between frames differ by more than rounding to ticks (and 1 %) explains."""
        steps = np.diff(self.pts)
        return bool(len(steps) and np.ptp(steps) > max(1.0, 0.01 * float(np.median(steps))))


def read_timeline(container: InputContainer, stream: VideoStream, limits: Limits, where: object) -> Timeline:
    """The timeline of an opened video; its reading position is then at the end.

    Frames have their numbers by counting. Where the file shows that it is damaged (its declared length, the
    places of AVI packets, what FFmpeg complains of), frames after the damage are left out: `cut` says why. A
    transport stream shows nothing when its first frames are missing: it then begins later.

    Raises:
        InputError: no frame in it, frames without time stamps, or more frames or seconds than the limits allow.
    """
    from av.error import FFmpegError

    tick_s = float(stream.time_base or 0)
    table = _PacketTable()
    with complaints(container.format.name, "") as complaint:
        try:
            for packet in container.demux(stream):
                if not packet.size or packet.is_discard:
                    continue
                if stamp(packet) is None:
                    raise InputError("the video has frames without time stamps", where=where)
                if packet.is_corrupt or complaint():
                    table.doubt()
                table.add(packet)
                limits.check_length(len(table.pts), (table.pts[-1] - table.lowest) * tick_s, where)
            end = _why_short(stream, table, tick_s)
        except FFmpegError as error:
            end = f"the file is damaged: {error.strerror}"
        if complaint():
            table.doubt()
    is_avi, reordered = container.format.name == "avi", bool(stream.codec_context.has_b_frames)
    in_place = _n_in_place(container, stream, table) if is_avi else len(table.pts)
    n_sound = min(in_place, len(table.pts) if table.n_sound is None else table.n_sound)
    cut = end if n_sound == len(table.pts) else f"the file is damaged after {n_sound} frames"
    pts, key = np.array(table.pts[:n_sound], np.int64), np.array(table.key[:n_sound], np.bool_)
    last_dts = table.dts[n_sound - 1] if n_sound else None
    if cut and reordered and last_dts is not None:
        # A frame that is missing is shown no earlier than the last one that was read is decoded: what is shown
        # after that may stand behind a gap, and its number cannot be known.
        pts, key = pts[pts <= last_dts], key[pts <= last_dts]
    if not len(pts):
        raise InputError("the video holds no frame", where=where, found=cut or None)
    order = np.argsort(pts, kind="stable")
    timeline = Timeline(
        pts=pts[order],
        key=key[order],
        tick_s=tick_s,
        last_ticks=table.last_ticks,
        n_declared=stream.frames,
        cut=cut,
        counted=reordered and is_avi,
    )
    limits.check_rate(timeline.fps, where)
    return timeline


def stamp(packet: Packet[VideoStream]) -> int | None:
    """When the packet's frame is shown, in ticks; its decoding time where the file gives nothing else."""
    return packet.dts if packet.pts is None else packet.pts


class _PacketTable:
    """What is kept of each packet, in the order of the file."""

    def __init__(self) -> None:
        self.pts: list[int] = []
        self.dts: list[int | None] = []
        self.key: list[bool] = []
        self.place: list[int] = []
        self.n_bytes: list[int] = []
        self.lowest = 0
        self.last_ticks = 0
        self.n_sound: int | None = None

    def add(self, packet: Packet[VideoStream]) -> None:
        """Keep one more packet."""
        pts = stamp(packet)
        assert pts is not None
        self.lowest = min(self.lowest, pts) if self.pts else pts
        self.pts.append(pts)
        self.dts.append(packet.dts)
        self.key.append(packet.is_keyframe)
        self.place.append(-1 if packet.pos is None else packet.pos)
        self.n_bytes.append(packet.size)
        self.last_ticks = packet.duration or 0

    def doubt(self) -> None:
        """Something went wrong here: the packet before may be damaged, and frames may be missing after it."""
        if self.n_sound is None:
            self.n_sound = max(0, len(self.pts) - 1)


def _why_short(stream: VideoStream, table: _PacketTable, tick_s: float) -> str:
    """Why the file holds less than it says, in words; empty if it does not, or does not say."""
    n_read = len(table.pts)
    if stream.frames:
        return f"the file ends after {n_read} of {stream.frames} frames" if n_read < stream.frames else ""
    said = re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", ""))
    if not said or not n_read:
        return ""
    hours, minutes, seconds = map(float, said.groups())
    said_s = 3600 * hours + 60 * minutes + seconds
    end_s = (max(table.pts) + table.last_ticks) * tick_s
    step_s = end_s / n_read
    return f"the file ends at {end_s:.3f} of {said_s:.3f} s" if said_s - end_s > 2 * step_s else ""


def _n_in_place(container: InputContainer, stream: VideoStream, table: _PacketTable) -> int:
    """How many packets of an AVI file, from the first on, stand where they must.

    AVI frames are known by counting alone: after a packet that is not found every number would be wrong. An
    index says where each must stand; without one (the file was cut off) the first follows the mark `movi` and
    each other the one before, as far as pictures are all there is in the file.
    """
    header_bytes = 8
    index = [entry.pos + header_bytes for entry in stream.index_entries]
    if len(index) != stream.frames or len(index) < 2:
        if len(container.streams) > 1:
            return len(table.pts)
        follows = [
            place + n_bytes + n_bytes % 2 + header_bytes
            for place, n_bytes in zip(table.place, table.n_bytes, strict=True)
        ]
        with Path(container.name).open("rb") as file:
            first = file.read(1 << 16).find(b"movi") + 4 + header_bytes
        index = [first, *follows]
    for number, (found, must) in enumerate(zip(table.place, index, strict=False)):
        if found != must:
            return max(0, number - 1)
    return min(len(table.place), len(index))
