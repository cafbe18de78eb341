"""The motion of a face through a video, region by region: what detectors read, made frame by frame."""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.face.alignment import Matrix
from mien.face.areas import AREAS, area_masks
from mien.face.landmarks import Points
from mien.face.regions import rigid_mask
from mien.motion.flow import compute
from mien.motion.head_motion import HeadMotion, estimate
from mien.spotting.blocks import BLOCKS, GAPS_S, block_differences
from mien.spotting.contract import KINDS, Feed, Kind, VideoSignal
from mien.spotting.maps import MAP_SHAPE, MapCutter

#: Time over which the motion of each kind is taken: about half of a movement.
LAG_S: Mapping[Kind, float] = MappingProxyType({"micro": 0.2, "macro": 0.6})
#: Flow is not taken more often than this: movements of a face hold nothing faster.
MOST_HZ: Mapping[Kind, float] = MappingProxyType({"micro": 60.0, "macro": 15.0})
#: A frame this much nearer or farther than the lag (as a share of it) stands in for one that is missing.
_TOLERANCE = 0.25
#: Places at which the head's own motion is measured: more of them say no more.
_RIGID_PLACES = 150
_CHUNK = 4096
#: Frames whose flow is waited for at a time.
_AHEAD = 8

Crop = npt.NDArray[np.uint8]


class SignalBuilder:
    """Makes the signal of one video from its aligned crops, in memory of some hundred bytes a frame.

    Flow (DIS) of both kinds is computed in two threads beside the caller's. To be used in a `with` statement.

    Args:
        fps: mean rate of the video; above `MOST_HZ` the flow of every second, third, ... frame is computed and the
            rows between are interpolated.
        feeds: what is made besides the flow of regions. `flow_maps`, which SOFTNet and MEAN read, are kept in a
            temporary file, 20 kB a frame; `block_differences`, which MDMD reads, take two more flows of each kind.
        lag_s: time over which the flow of each kind is taken.

    Attributes:
        stride: how many frames apart the computed rows of each kind are.
        lag: frames over which the flow is taken, at a constant rate.

    Example:
        with SignalBuilder(video.fps) as builder:
            for crop, points, time_s in aligned_frames:
                builder.add(crop, points, time_s)
            signal = builder.finish()
    """

    def __init__(
        self, fps: float, *, feeds: Collection[Feed] = (), lag_s: Mapping[Kind, float] = LAG_S
    ) -> None:
        if not fps > 0:
            raise InputError("a signal needs the frame rate of its video", found=fps)
        self.fps = fps
        finest = max(1, round(fps / MOST_HZ["micro"]))
        self.stride: dict[Kind, int] = {
            kind: finest * max(1, round(fps / MOST_HZ[kind] / finest)) for kind in KINDS
        }
        self.lag: dict[Kind, int] = {
            kind: stride * max(1, round(lag_s[kind] * fps / stride)) for kind, stride in self.stride.items()
        }
        self._lag_s = {kind: lag / fps for kind, lag in self.lag.items()}
        self._times: list[float] = []
        self._past: deque[_Past] = deque()
        self._face: _Face | None = None
        self._points: Points | None = None
        self._rows = {kind: _Rows((len(AREAS), 2)) for kind in KINDS}
        self._maps = {kind: _MapFile() for kind in KINDS} if "flow_maps" in feeds else {}
        self._blocks = {kind: _Rows((BLOCKS**2,)) for kind in KINDS} if "block_differences" in feeds else {}
        self._gap_s = {
            kind: stride * max(1, round(GAPS_S[kind] * fps / stride)) / fps
            for kind, stride in self.stride.items()
        }
        self._longest_s = max(*self._lag_s.values(), *(2 * self._gap_s[kind] for kind in self._blocks))
        self._pools = {kind: ThreadPoolExecutor(1) for kind in KINDS}
        self._room = threading.Semaphore(_AHEAD * len(KINDS))
        self._failed: BaseException | None = None

    def __enter__(self) -> SignalBuilder:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)

    def add(
        self,
        crop: Crop | None,
        points: Points | None,
        time_s: float,
        *,
        rebase: Matrix | None = None,
        broken: bool = False,
    ) -> None:
        """The next frame.

        Args:
            crop: (S, S) uint8 grey, aligned; None where the frame or the face is lost: its row is nan.
            points: (478, 2) mesh of the face in crop pixels.
            time_s: when it is shown.
            rebase: (2, 3) from the crop pixels of the frames before to those of this one, if they changed.
            broken: no flow is taken from frames before to this one: the face was lost, or the scene was cut.
        """
        index = len(self._times)
        self._times.append(time_s)
        for rows in (*self._rows.values(), *self._blocks.values()):
            rows.grow(index)
        if broken:
            self._past.clear()
        if rebase is not None:
            self._past = deque(past.rebased(rebase) for past in self._past)
        if crop is None or points is None or index % self.stride["micro"]:
            return
        if self._face is None or points is not self._points:
            self._face, self._points = _Face(points, crop.shape, bool(self._maps)), points
        for kind in KINDS:
            if index % self.stride[kind]:
                continue
            if (past := self._ago(time_s, self._lag_s[kind])) is not None:
                self._submit(kind, self._measure, kind, index, past.crop, crop, self._face)
            if kind in self._blocks:
                first, middle = (self._ago(time_s, n * self._gap_s[kind]) for n in (2, 1))
                if first is not None and middle is not None:
                    self._submit(kind, self._compare, kind, middle.index, first.crop, middle.crop, crop)
        self._past.append(_Past(index, time_s, crop))
        while time_s - self._past[0].time_s > (1 + _TOLERANCE) * self._longest_s:
            self._past.popleft()
        if self._failed is not None:
            raise self._failed

    def finish(self) -> VideoSignal:
        """The signal of all frames that were added."""
        for pool in self._pools.values():
            pool.shutdown()
        if self._failed is not None:
            raise self._failed
        n_frames = len(self._times)
        flow = {kind: self._rows[kind].joined(n_frames) for kind in KINDS}
        maps = {kind: file.mapped(n_frames) for kind, file in self._maps.items()}
        blocks = {kind: rows.joined(n_frames) for kind, rows in self._blocks.items()}
        for kind in KINDS:
            _fill_between(flow[kind], self.stride[kind])
            if kind in maps:
                _fill_between(maps[kind], self.stride[kind])
            if kind in blocks:
                _fill_between(blocks[kind], self.stride[kind])
        return VideoSignal(
            fps=self.fps,
            time_s=np.array(self._times),
            lag=dict(self.lag),
            regions=AREAS,
            region_flow=flow,
            flow_maps=maps,
            block_differences=blocks,
        )

    def _ago(self, time_s: float, lag_s: float) -> _Past | None:
        """The frame that was shown nearest to `lag_s` ago."""
        nearest = min(self._past, key=lambda past: abs(time_s - past.time_s - lag_s), default=None)
        if nearest is None:
            return None
        off_s = abs(time_s - nearest.time_s - lag_s)
        # Farther than half a frame only where the rate varies, and not because nothing older is known.
        between = self._past[0].time_s < time_s - lag_s
        return nearest if off_s <= 0.51 / self.fps or (between and off_s <= _TOLERANCE * lag_s) else None

    def _submit(self, kind: Kind, work: Callable[..., None], *args: Any) -> None:
        """Have work done in the thread of a kind, once there is room for it."""

        def guarded() -> None:
            try:
                work(*args)
            except BaseException as error:  # raised again in the caller's thread
                self._failed = error
            finally:
                self._room.release()

        self._room.acquire()
        self._pools[kind].submit(guarded)

    def _measure(self, kind: Kind, index: int, before: Crop, now: Crop, face: _Face) -> None:
        flow = compute(before, now, "dis")
        head = estimate(flow, face.rigid)
        self._rows[kind][index] = face.means(flow, head)
        if face.cutter is not None:
            self._maps[kind].put(index, face.cutter.cut(flow - head.flow(*flow.shape[1:])))

    def _compare(self, kind: Kind, index: int, first: Crop, middle: Crop, last: Crop) -> None:
        there, further = compute(first, middle, "dis"), compute(first, last, "dis")
        self._blocks[kind][index] = block_differences(there, further).astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Past:
    """A frame that later ones are compared with."""

    index: int
    time_s: float
    crop: Crop

    def rebased(self, matrix: Matrix) -> _Past:
        import cv2

        height, width = self.crop.shape
        moved = cv2.warpAffine(
            self.crop, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return _Past(self.index, self.time_s, np.asarray(moved, dtype=np.uint8))


class _Face:
    """Where the regions of the face are in the crop, ready for means over them."""

    def __init__(self, points: Points, shape: tuple[int, ...], maps: bool) -> None:
        height, width = shape
        masks = area_masks(points, height, width).reshape(len(AREAS), -1)
        self._weights = (masks / masks.sum(axis=1, keepdims=True)).astype(np.float32)
        rows, columns = np.divmod(np.arange(height * width), width)
        self._centres = self._weights @ np.stack([columns, rows], axis=1).astype(np.float32)
        self._size = height, width
        rigid = np.argwhere(rigid_mask(points, height, width))[:, ::-1]
        self.rigid = rigid[:: max(1, len(rigid) // _RIGID_PLACES)].astype(np.float64)
        self.cutter = MapCutter(points, height, width) if maps else None

    def means(self, flow: npt.NDArray[np.float32], head: HeadMotion) -> npt.NDArray[np.float32]:
        """Mean u, v of each region (R, 2) without the head's motion: that is linear, so its mean is that of the
        region's centre."""
        means = (flow.reshape(2, -1) @ self._weights.T).T
        return np.asarray(means - head.at(self._centres, *self._size), np.float32)


class _Rows:
    """Rows of small floats, nan until written, in chunks: growing copies nothing."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape, self._chunks = shape, list[npt.NDArray[np.float32]]()

    def grow(self, index: int) -> None:
        if index >= len(self._chunks) * _CHUNK:
            self._chunks.append(np.full((_CHUNK, *self._shape), np.nan, np.float32))

    def __setitem__(self, index: int, row: npt.NDArray[np.float32]) -> None:
        self._chunks[index // _CHUNK][index % _CHUNK] = row

    def joined(self, n_rows: int) -> npt.NDArray[np.float32]:
        joined = np.empty((n_rows, *self._shape), np.float32)
        for number in range(len(self._chunks)):
            part = joined[number * _CHUNK : (number + 1) * _CHUNK]
            part[:] = self._chunks[number][: len(part)]
            self._chunks[number] = part  # frees what was copied
        return joined


class _MapFile:
    """Maps of all frames in a temporary file, nan until written: they would fill the memory."""

    def __init__(self) -> None:
        # Without a name: it is gone when the maps are.
        self._file: Any = tempfile.TemporaryFile()  # noqa: SIM115
        self._written: list[int] = []
        self._n_bytes = 2 * int(np.prod(MAP_SHAPE))

    def put(self, index: int, maps: npt.NDArray[np.float32]) -> None:
        self._file.seek(index * self._n_bytes)
        self._file.write(maps.astype(np.float16).tobytes())
        self._written.append(index)

    def mapped(self, n_frames: int) -> npt.NDArray[np.float16]:
        self._file.truncate(max(1, n_frames) * self._n_bytes)
        self._file.flush()
        maps = np.memmap(self._file, np.float16, mode="r+", shape=(n_frames, *MAP_SHAPE))
        known = np.zeros(n_frames, bool)
        known[self._written] = True
        for index in np.flatnonzero(~known):
            maps[index] = np.nan
        return maps


def _fill_between(rows: npt.NDArray[Any], stride: int) -> None:
    """Rows between computed ones, by linear interpolation, in place; a gap stays a gap."""
    for step in range(1, stride):
        share = step / stride
        between = rows[step::stride]
        before, after = rows[: len(rows) - step : stride][: len(between)], rows[stride::stride]
        between[: len(after)] = (1 - share) * before[: len(after)] + share * after
