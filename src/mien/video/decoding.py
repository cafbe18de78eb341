"""Frames of a video file, each one the frame that was asked for or a reason, never a neighbour."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.errors import InputError
from mien.video.complaints import complaints
from mien.video.frame import Frame, Image, Lost
from mien.video.limits import Limits
from mien.video.timeline import Timeline, read_timeline, stamp

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

#: Local files in formats that hold their own pictures: play lists and scripts that name other files stay out.
_OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg",
}
#: Damage is an error; nothing is guessed from neighbours ("error concealment").
_DECODER_OPTIONS = {"err_detect": "crccheck+explode", "ec": "0"}
#: Decoders that fill a damaged part from the frame before and say so in their log only.
_TELLS_IN_LOG = frozenset({"ffv1"})
_DAMAGED = "the frame, or one that it is coded from, is damaged"


class VideoFile:
    """An opened video, to be used in a `with` statement.

    Args:
        path: a local file.
        limits: checked here (bytes, pixels, seconds, frames) and for every decoded frame (pixels).

    Raises:
        InputError: absent, empty, over a limit, or no video that can be read.
    """

    timeline: Timeline

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path, self.limits = path, limits or Limits()
        self.limits.check_file(path)
        self._open()
        try:
            self._check()
            self.timeline = read_timeline(self._container, self._stream, self.limits, self.path)
        except BaseException:
            self._container.close()
            raise
        starts = self.timeline.key & (not self.timeline.counted)
        self._longest_px: int | None = None
        self._key_before = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))

    def _open(self) -> None:
        import av
        from av.error import FFmpegError

        with complaints("matroska,webm") as complaint:
            try:
                self._container = av.open(
                    str(self.path.resolve()), options=dict(_OPEN_OPTIONS), metadata_errors="replace"
                )
            except (FFmpegError, OSError) as error:
                raise InputError(
                    "this is no video that can be read",
                    where=self.path,
                    found=getattr(error, "strerror", error),
                ) from error
            told = complaint()
        fault = ""
        if not self._container.streams.video:
            fault = "the file holds no video"
        elif self._container.streams.video[0].codec_context is None:
            fault = "there is no decoder for this video"
        elif told:
            fault = "the file is damaged at its beginning: its frames cannot be numbered"
        if fault:
            self._container.close()
            raise InputError(fault, where=self.path, found=told or None, do="repair it, or take another copy")
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.options = dict(_DECODER_OPTIONS)
        # Frame threads are slower on these sizes and report damage late.
        self._stream.thread_type = "NONE" if self._stream.codec_context.name in _TELLS_IN_LOG else "SLICE"

    def _check(self) -> None:
        """Refuse what the header alone shows to be too much."""
        context = self._stream.codec_context
        if not context.width or not context.height:
            raise InputError("the video cannot be decoded", where=self.path, found="no size or no decoder")
        self.limits.check_size(context.width, context.height, self.path)
        self.limits.check_length(self._stream.frames, (self._container.duration or 0) / 1e6, self.path)

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def n_frames(self) -> int:
        """Frames of the video, with those that it says it has but that cannot be found.

        A file that is cut off and does not say counts for one more than there are: its end is missing.
        """
        n_found, n_declared = len(self.timeline), self.timeline.n_declared
        return max(n_found, n_declared or n_found + 1) if self.timeline.cut else n_found

    @property
    def size(self) -> tuple[int, int]:
        """Coded (width, height), before rotation."""
        return self._stream.codec_context.width, self._stream.codec_context.height

    @property
    def codec(self) -> str:
        """FFmpeg's name of the coding."""
        return self._stream.codec_context.name

    def rotation_deg(self) -> int:
        """The counter-clockwise turn that the first frame asks for; 0 if it cannot be decoded."""
        for _, picture in self._decoded(0, _Damage()):
            return int(picture.rotation) % 360
        return 0

    def frames(
        self, indices: Sequence[int] | None = None, longest_px: int | None = None
    ) -> Iterator[Frame | Lost]:
        """The frames of these indices (None: all), once each and in rising order; `number` is the index.

        Memory stays constant. What cannot be decoded comes as `Lost`: a damaged frame takes the frames that
        are coded by their difference to it along, up to the next key frame.

        Args:
            longest_px: pictures whose longer side is longer than this are made smaller (means of areas).

        Raises:
            InputError: a frame is larger than the limits allow.
        """
        self._longest_px = longest_px
        wanted = range(self.n_frames) if indices is None else sorted(set(indices))
        start, stop = bisect_left(wanted, 0), bisect_left(wanted, len(self.timeline))
        yield from (Lost(index, "it lies before the first frame") for index in wanted[:start])
        yield from self._within(wanted[start:stop])
        after = self.timeline.cut or f"the video has {len(self.timeline)} frames"
        yield from (Lost(index, after) for index in wanted[stop:])

    def _within(self, wanted: Sequence[int]) -> Iterator[Frame | Lost]:
        begin = 0
        for end in range(1, len(wanted) + 1):
            if end == len(wanted) or (
                wanted[end] - wanted[end - 1] > 1 and self._key_before[wanted[end]] > wanted[end - 1]
            ):
                yield from self._run(wanted[begin:end])
                begin = end

    def _run(self, wanted: Sequence[int]) -> Iterator[Frame | Lost]:
        """Decode once from the key frame before the first index to the last one."""
        place, damage = 0, _Damage()
        for index, picture in self._decoded(int(self._key_before[wanted[0]]), damage):
            while place < len(wanted) and wanted[place] < index:
                yield damage.loss(wanted[place])
                place += 1
            if place < len(wanted) and wanted[place] == index:
                if index in damage.reasons:
                    yield damage.loss(index)
                else:
                    time_s = self.timeline.time_s(index)
                    yield Frame(index, index, time_s, self._rgb(picture))
                place += 1
            if place == len(wanted):
                return
        yield from (damage.loss(index) for index in wanted[place:])

    def _decoded(self, start: int, damage: _Damage) -> Iterator[tuple[int, VideoFrame]]:
        """Pictures in the order of showing, from a key frame on; `damage` learns which of them are spoilt."""
        started, n_shown, spoilt = False, 0, ""
        for packet in self._packets_from(start, damage):
            started = started or packet.is_keyframe
            if not started or (not packet.size and packet.pts is not None):
                continue  # an empty packet repeats the frame before it: it is no frame
            if packet.size and packet.is_keyframe:
                spoilt = ""
            pictures, error = self._pictures(packet)
            spoilt = error or spoilt
            if error and self.timeline.counted:
                damage.rest = error
                return
            at = self._index_of(stamp(packet))
            if spoilt and at is not None:
                damage.reasons[at] = spoilt
            for picture in pictures:
                index = n_shown if self.timeline.counted else self._index_of(picture.pts)
                n_shown += 1
                if index is None:
                    continue  # no frame of the file: made up by the decoder to fill a gap
                if picture.is_corrupt:
                    spoilt = spoilt or _DAMAGED
                    damage.reasons.setdefault(index, spoilt)
                yield index, picture

    def _pictures(self, packet: Packet[VideoStream]) -> tuple[list[VideoFrame], str]:
        """What the decoder gives for a packet, and what is wrong with it, in words."""
        from av.error import FFmpegError

        codec = self._stream.codec_context.name
        try:
            if codec not in _TELLS_IN_LOG:
                return packet.decode(), ""
            with complaints(codec) as complaint:
                pictures = packet.decode()
                return pictures, f"{_DAMAGED}: {complaint()}" if complaint() else ""
        except FFmpegError as error:
            return [], f"{_DAMAGED}: {error.strerror}"

    def _packets_from(self, start: int, damage: _Damage) -> Iterator[Packet[VideoStream]]:
        from av.error import FFmpegError

        try:
            yield from self._seek(start)
        except FFmpegError as error:
            damage.rest = self.timeline.cut or f"the file cannot be read on: {error.strerror}"

    def _seek(self, start: int) -> Iterator[Packet[VideoStream]]:
        """Packets from a place that is not after the frame; from the beginning if the seek went too far."""
        if start:
            pts = int(self.timeline.pts[start])
            self._container.seek(pts, stream=self._stream, backward=True)
            packets = self._container.demux(self._stream)
            first = next(packets, None)
            arrived = stamp(first) if first is not None else None
            if first is not None and arrived is not None and arrived <= pts:
                return chain([first], packets)
        self._container.close()
        self._open()
        return self._container.demux(self._stream)

    def _index_of(self, pts: int | None) -> int | None:
        if pts is None:
            return None
        place = int(np.searchsorted(self.timeline.pts, pts))
        found = place < len(self.timeline) and self.timeline.pts[place] == pts
        return place if found else None

    def _rgb(self, picture: VideoFrame) -> Image:
        self.limits.check_size(picture.width, picture.height, self.path)
        width, height = shrunk(picture.width, picture.height, self._longest_px)
        smaller: dict[str, Any] = {}
        if width < picture.width:
            smaller = {"width": width, "height": height, "interpolation": "AREA"}
        # FFmpeg would start a thread per core for every picture, which takes longer than the conversion.
        image = picture.reformat(format="rgb24", threads=1, **smaller).to_ndarray()
        quarter_turns = round(picture.rotation / 90)
        return np.ascontiguousarray(np.rot90(image, quarter_turns))


def shrunk(width: int, height: int, longest_px: int | None) -> tuple[int, int]:
    """Width and height of a picture whose longer side is to be `longest_px` at most; never larger than it was."""
    share = 1.0 if longest_px is None else min(1.0, longest_px / max(width, height))
    return max(1, round(share * width)), max(1, round(share * height))


@dataclass
class _Damage:
    """Which frames of a run are spoilt and why; `rest` holds for every frame that never came."""

    reasons: dict[int, str] = field(default_factory=dict)
    rest: str = "the decoder gave no picture for it"

    def loss(self, index: int) -> Lost:
        return Lost(index, self.reasons.get(index, self.rest))
