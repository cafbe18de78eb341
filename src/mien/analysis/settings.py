"""What can be set of an analysis."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mien.face.choice import Rule
from mien.video.limits import Limits

Range = tuple[float, float]


class AnalyseSettings(BaseModel):
    """The settings of an analysis; times in seconds from the first frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    face: Rule = Field("largest", description="which face: largest, central, or nearest to a point (x, y)")
    exclude: tuple[Range, ...] = Field((), description="ranges that are left out (talking, eating)")
    baseline: Range | None = Field(
        None, description="range in which the face is at rest: what is usual is taken from it"
    )
    sensitivity: float = Field(1.0, gt=0, le=100, description="above 1 weaker movements are candidates too")
    recognise: Literal["micro", "all"] = Field(
        "micro", description="which candidates get a class; the models are made for micro-expressions"
    )
    limits: Limits = Field(Limits(), description="how much of a file is read")

    @model_validator(mode="after")
    def _ranges_run_forward(self) -> AnalyseSettings:
        for start, end in (*self.exclude, *([self.baseline] if self.baseline else [])):
            if not 0 <= start < end:
                raise ValueError(
                    f"a range goes from an earlier time to a later one, not {start:g} to {end:g}"
                )
        return self
