"""How much of somebody else's file is read: bytes, pixels, seconds, frames."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from mien.errors import InputError

_MORE = "cut or shrink it, or raise this limit if you trust the file"


class Limits(BaseModel):
    """Limits that are checked before and while a file is decoded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file_bytes: int = Field(4_000_000_000, gt=0, description="size of one file on disk")
    frame_pixels: int = Field(4096 * 4096, gt=0, description="width x height of one frame")
    duration_s: float = Field(7200.0, gt=0, description="length of one video")
    n_frames: int = Field(1_728_000, gt=0, description="frames of one video or clip: two hours at 240 fps")
    fps: float = Field(1000.0, gt=0, description="mean frame rate of one video")
    held_bytes: int = Field(4 * 1024**3, gt=0, description="decoded frames that are held in memory at a time")
    child_bytes: int = Field(4 * 1024**3, gt=0, description="memory of the process that decodes")
    silence_s: float = Field(120.0, gt=0, description="wait for the next frame of the process that decodes")
    times_real: float = Field(
        20.0, gt=0, description="processor time of decoding over the length of the video, after a minute"
    )

    def check_file(self, path: Path) -> None:
        """Raise InputError if there is no such file, or it is empty or too large."""
        if not path.is_file():
            raise InputError("there is no such file", where=path)
        size = path.stat().st_size
        if size == 0:
            raise InputError("the file is empty", where=path, found="0 bytes", do="copy it again")
        _refuse_more("the file is larger than allowed", size, self.file_bytes, "bytes", path)

    def check_size(self, width: int, height: int, where: object) -> None:
        """Raise InputError if a frame of this size is too large."""
        _refuse_more(
            f"the picture of {width} x {height} is larger than allowed",
            width * height,
            self.frame_pixels,
            "pixels",
            where,
        )

    def check_length(self, n_frames: int, duration_s: float, where: object) -> None:
        """Raise InputError if there are too many frames or seconds."""
        _refuse_more("there are more frames than allowed", n_frames, self.n_frames, "frames", where)
        _refuse_more("the video is longer than allowed", duration_s, self.duration_s, "s", where)

    def check_rate(self, fps: float, where: object) -> None:
        """Raise InputError if frames follow each other faster than allowed: a damaged header can say anything."""
        _refuse_more("the frame rate is higher than allowed", fps, self.fps, "frames per second", where)

    def check_held(self, n_frames: int, width: int, height: int, where: object) -> None:
        """Raise InputError if this many RGB frames would fill the memory."""
        if n_frames * width * height * 3 > self.held_bytes:
            raise InputError(
                "the frames that are asked for do not fit into memory together",
                where=where,
                found=f"{n_frames} frames of {width} x {height}, at most {self.held_bytes} bytes",
                do="ask for fewer frames, or take them one by one with `mien.video.reading.iterate`",
            )


def _refuse_more(what: str, found: float, most: float, unit: str, where: object) -> None:
    if found > most:
        raise InputError(what, where=where, found=f"{found:g} {unit}, at most {most:g}", do=_MORE)
