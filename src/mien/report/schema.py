"""What `run.json` and `metrics.json` hold, as typed records: the report's side of the run folder's contract.

Keys this file does not know are ignored, so that a newer run folder of the same schema still reads. A number
that was written as `null` or `NaN` is undefined; it arrives here as NaN and is never dropped.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

SCHEMA = 1


def _nan_for_null(value: object) -> object:
    return math.nan if value is None else value


def _mean_of(value: object) -> object:
    """The number itself, or the mean where a summary {"mean": ...} stands in its place."""
    return _nan_for_null(value.get("mean") if isinstance(value, dict) else value)


def _lines(value: object) -> object:
    if isinstance(value, str):
        return [value] if value else []
    return [] if value is None else value


def _not_infinite(value: float) -> float:
    if math.isinf(value):
        raise ValueError("an infinite score")
    return value


Number = Annotated[float, BeforeValidator(_nan_for_null), AfterValidator(_not_infinite)]
MeanNumber = Annotated[float, BeforeValidator(_mean_of), AfterValidator(_not_infinite)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Record(BaseModel):
    """A frozen record that ignores keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class DataInfo(Record):
    """Which prepared set was evaluated; `data_hash` is the sha256 of its content."""

    name: str
    path: str = ""
    data_hash: str = ""
    n_clips_in_set: int | None = None


class Excluded(Record):
    """One clip of the set that the task leaves out, and why."""

    key: str
    reason: str


class FoldInfo(Record):
    """One fold: how many clips were trained on and how many were held out."""

    name: str
    index: int
    n_train: int
    n_held_out: int


class Opening(Record):
    """The moment at which the held-out clips of one fold were opened, after training had ended."""

    seed: int
    fold: str
    held_out_opened_at: str


class Origin(Record):
    """How a run came about: what every `run.json` holds."""

    schema_version: int = Field(alias="schema")
    model: str
    title: str = ""
    options: dict[str, Any] = {}
    protocol_words: Annotated[tuple[str, ...], BeforeValidator(_lines)] = ()
    versions: dict[str, Any] = {}
    commit: str | None = None
    machine: dict[str, Any] = {}
    command: Annotated[tuple[str, ...], BeforeValidator(_lines)] = ()
    started: str | None = None
    finished: str | None = None


class RunConfig(Origin):
    """`run.json`: what was evaluated, how, on what machine."""

    paper: str = ""
    kind: Literal["recogniser", "reference"]
    data: DataInfo
    task: str
    classes: tuple[str, ...] = Field(min_length=2)
    protocol: str
    seeds: tuple[int, ...] = Field(min_length=1)
    backend: str | None = None
    backend_reason: str | None = None
    device: str | None = None
    apex: str | None = None
    excluded: tuple[Excluded, ...] = ()
    seconds: Amount | None = None
    warnings: tuple[str, ...] = ()
    folds: tuple[FoldInfo, ...] = ()
    needs: dict[str, Any] = {}
    opened: tuple[Opening, ...] = ()


class Rate(Record):
    """A score of one answerer, with the ends of its 95 % subject-bootstrap interval."""

    value: Number
    low: Number = math.nan
    high: Number = math.nan


class Topic(Record):
    """What one kind of question came to: `scores` by who answers, then by score; of several databases also each."""

    kind: Literal["label", "yes-no", "units", "count", "text"]
    labels: tuple[str, ...] = ()
    n_questions: Count
    n_clips: Count
    n_subjects: Count
    flip_rate: Number = math.nan
    scores: dict[str, dict[str, Rate]] = Field(min_length=1)
    databases: dict[str, Topic] = {}


class Contradiction(Record):
    """The share of clips whose answers contradict each other in one way."""

    broken: Share
    clips: Count


class AnswersConfig(Origin):
    """`run.json` of `mien vlm`: who was asked, about what, and how."""

    schema_version: Literal[1] = Field(alias="schema")
    kind: Literal["vlm"]
    data: DataInfo | None = None
    task: str | None = None
    made_up: bool = False
    answered_by: tuple[str, ...] = ()


class AnswersMetrics(Record):
    """`metrics.json` of `mien vlm`."""

    topics: dict[str, Topic] = {}
    consistency: dict[str, Contradiction] = {}

    @property
    def tables(self) -> dict[str, Topic]:
        """Every topic, and behind it its part of each database, by title."""
        return {
            title: table
            for name, topic in self.topics.items()
            for title, table in [
                (name, topic),
                *((f"{name}, {each}", t) for each, t in topic.databases.items()),
            ]
        }


class Summary(Record):
    """A score: mean over seeds, sd over seeds, and the ends of its 95 % subject-bootstrap interval."""

    mean: Number
    sd: Number = math.nan
    low: Number = math.nan
    high: Number = math.nan


class ClassScores(Record):
    """Scores of one class; `support` counts its clips."""

    precision: Number
    recall: Number
    f1: Number
    support: Amount


class SeedScores(Record):
    """Pooled scores of one seed."""

    seed: int
    accuracy: Number
    uf1: Number
    uar: Number
    weighted_f1: Number = math.nan


class DatabaseScores(Record):
    """Scores over the clips of one database."""

    n_clips: Count
    n_subjects: Count
    accuracy: MeanNumber
    uf1: MeanNumber
    uar: MeanNumber


class SubjectScores(Record):
    """Scores over the clips of one subject; UF1 is undefined where the subject lacks a class."""

    group: str
    dataset: str = ""
    subject: str = ""
    n_clips: Count
    accuracy: MeanNumber
    uf1: MeanNumber = math.nan


class ReliabilityBin(Record):
    """One bin of the reliability curve: predictions whose highest probability lies in [low, high]."""

    low: Share
    high: Share
    n: Count
    confidence: Number = math.nan
    accuracy: Number = math.nan


class Audit(Record):
    """The scores after choosing the epoch on the held-out clips: invalid by construction."""

    accuracy: MeanNumber = math.nan
    uf1: MeanNumber
    uar: MeanNumber
    words: str = ""


class Reference(Record):
    """A reference on the same task and folds; `missing` says why there is none, and the scores are undefined then."""

    n_clips: Count = 0
    accuracy: Summary = Summary(mean=math.nan)
    uf1: Summary = Summary(mean=math.nan)
    uar: Summary = Summary(mean=math.nan)
    missing: str = ""


class RunMetrics(Record):
    """`metrics.json`: every score the report shows."""

    n_clips: Count
    n_subjects: Count
    n_seeds: Count
    accuracy: Summary
    uf1: Summary
    uar: Summary
    weighted_f1: Summary | None = None
    undefined: str | None = None
    per_class: dict[str, ClassScores] = {}
    per_seed: tuple[SeedScores, ...] = ()
    per_database: dict[str, DatabaseScores] | None = None
    per_subject: tuple[SubjectScores, ...] = ()
    confusion: tuple[tuple[Amount, ...], ...]
    ece: MeanNumber = math.nan
    brier: MeanNumber = math.nan
    aurc: dict[str, MeanNumber] = {}
    reliability: tuple[ReliabilityBin, ...] = ()
    audit: Audit | None = None
    references: dict[str, Reference] = {}
