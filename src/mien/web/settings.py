"""How the page is served: address, limits, how long things are kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from mien.loopback import is_loopback

LOOPBACK = "127.0.0.1"


class ServeSettings(BaseModel):
    """Settings of `mien serve`; every limit holds for one server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(LOOPBACK, min_length=1, description="address to listen on")
    port: int = Field(8745, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    workers: int = Field(1, ge=1, le=64, description="videos analysed at a time")
    places: int = Field(10, ge=1, description="videos taken at a time: arriving, waiting and running")
    finished: int = Field(50, ge=1, description="results kept at a time; the oldest goes first")
    upload_bytes: int = Field(4_000_000_000, gt=0, description="size of one upload")
    spare_bytes: int = Field(1_000_000_000, ge=0, description="room on the disk that stays free")
    idle_s: float = Field(30.0, gt=0, description="an upload that brings nothing for so long is given up")
    job_s: float = Field(3600.0, gt=0, description="time for the analysis of one video")
    job_bytes: int = Field(6 * 1024**3, gt=0, description="memory of the processes that analyse one video")
    result_bytes: int = Field(8_000_000_000, gt=0, description="size of the files one analysis writes")
    keep_s: float = Field(3600.0, gt=0, description="results are deleted so long after they were made")
    forget_s: float = Field(
        600.0, gt=0, description="a waiting or running job nobody asks for in so long is dropped"
    )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the page."""
        return is_loopback(self.host)
