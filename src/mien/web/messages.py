"""What the server says: the typed answers of the API, and its refusals."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from mien.errors import MienError

State = Literal["uploading", "queued", "running", "done", "failed", "deleted"]


class Refused(MienError):
    """A request that is not served; `status` is the HTTP status."""

    def __init__(
        self,
        status: int,
        what: str,
        *,
        where: object = None,
        found: object = None,
        do: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(what, where=where, found=found, do=do)
        self.status = status
        self.retry_after_s = retry_after_s


class Problem(BaseModel):
    """What went wrong, in words."""

    what: str = Field(description="what is wrong, one sentence")
    found: str | None = Field(None, description="what was found")
    do: str | None = Field(None, description="what can be done about it")

    @classmethod
    def of(cls, error: MienError) -> Problem:
        found = None if error.found is None else str(error.found)
        return cls(what=error.what, found=found, do=error.do)


class Stage(BaseModel):
    """One stage of an analysis."""

    name: str
    done: int = Field(0, description="how much of `total` is done")
    total: int = Field(0, description="0 while it is not known")
    state: Literal["waiting", "running", "done"] = "waiting"


class JobState(BaseModel):
    """Where the analysis of one video stands."""

    id: str = Field(
        description="names the job in every further request; whoever knows it can read the result"
    )
    name: str = Field(description="name of the file, for display")
    state: State
    position: int | None = Field(None, description="place in the queue, 1 is next; only while queued")
    size_bytes: int = Field(description="size of the upload")
    stages: list[Stage] = Field(description="in order; more may be added while it runs")
    error: Problem | None = Field(None, description="why it failed")
    warnings: list[str] = Field(description="what could not be done")
    seconds: float = Field(description="time the analysis has taken so far")
    deleted_in_s: float | None = Field(None, description="seconds until the result is deleted")


class Limits(BaseModel):
    """What this server takes."""

    version: str
    local: bool = Field(description="whether only the machine that runs the server can reach it")
    upload_bytes: int
    job_s: float
    keep_s: float
    workers: int
    free_places: int = Field(description="uploads that would be taken now")


class ResultFile(BaseModel):
    """One file of a result."""

    path: str = Field(description="below `files/` of the job")
    size_bytes: int


class Timeline(BaseModel):
    """How far the face moved along the video, as the largest value of each of `points` equal stretches of time.

    Lists have the same length; null where nothing was measured.
    """

    n_frames: int
    duration_s: float
    from_s: float
    to_s: float
    micro_score: list[float | None] = Field(description="robust standard deviations of this video")
    macro_score: list[float | None] = Field(description="robust standard deviations of this video")
    seen: list[float | None] = Field(description="share of the frames in which the face was found")
    excluded: list[float | None] = Field(description="share of the frames that were left out on demand")
