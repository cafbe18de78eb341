"""Tasks: which emotions are told apart, on which databases, and which clips are left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from mien.clips.table import ClipTable
from mien.errors import InputError, unknown

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Exclusion:
    """One clip that a task leaves out although its label has a class."""

    dataset: str
    subject: str
    clip: str
    reason: str


@dataclass(frozen=True, eq=False)
class Assignment:
    """The labels that a task gives to the clips of a table.

    Attributes:
        labels: (N,) the class number of each clip, -1 for a clip that is left out.
        reasons: why each clip is left out, "" for one that is kept.
    """

    task: Task
    keys: NDArray[np.str_]
    labels: NDArray[np.int64]
    reasons: tuple[str, ...]

    @property
    def kept(self) -> NDArray[np.int64]:
        """The rows of the table that take part."""
        return np.flatnonzero(self.labels >= 0).astype(np.int64)

    @property
    def excluded(self) -> pd.DataFrame:
        """The clips left out: columns `key`, `reason`."""
        out = np.flatnonzero(self.labels < 0)
        return pd.DataFrame({"key": self.keys[out].tolist(), "reason": [self.reasons[row] for row in out]})

    @property
    def counts(self) -> dict[str, int]:
        """How many clips each class has, in the order of the classes."""
        return {name: int((self.labels == k).sum()) for k, name in enumerate(self.task.classes)}


@dataclass(frozen=True)
class Task:
    """A label set.

    Attributes:
        classes: the classes, in the order of the class numbers.
        source: where the label set comes from.
        classes_of: for each database, the class of each value of `column`; other values are left out.
        column: the column of the clip table that decides.
        left_out: for each database, why its other values are left out, in words.
        exclusions: single clips that are left out.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    source: str
    classes_of: Mapping[str, Mapping[str, str]] = field(hash=False)
    column: Literal["emotion", "objective"] = "emotion"
    left_out: Mapping[str, str] = field(default_factory=dict, hash=False)
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def databases(self) -> tuple[str, ...]:
        return tuple(self.classes_of)

    def assign(self, table: ClipTable) -> Assignment:
        """The label of every clip, and why the others are left out.

        Raises:
            InputError: no clip of the table has a class.
        """
        frame = table.frame
        excluded = {(out.dataset, out.subject, out.clip): out.reason for out in self.exclusions}
        labels = np.full(len(table), -1, dtype=np.int64)
        reasons: list[str] = []
        names = ["dataset", "subject", "clip", self.column]
        for row, (dataset, subject, clip, value) in enumerate(frame[names].itertuples(index=False)):
            text = "" if value is pd.NA else str(value)
            reason = excluded.get((dataset, subject, clip)) or self._reason(dataset, text)
            reasons.append(reason)
            if not reason:
                labels[row] = self.classes.index(self.classes_of[dataset][text])
        if not (labels >= 0).any():
            raise InputError(
                f"the task {self.name} keeps none of the clips",
                found=f"clips of {', '.join(sorted(set(table.datasets))) or 'no database'}",
                do=f"use clips of {', '.join(self.databases)}, or another task",
            )
        return Assignment(self, table.keys, labels, tuple(reasons))

    def _reason(self, dataset: str, value: str) -> str:
        """Why a clip with this value is left out, "" if it has a class."""
        if dataset not in self.classes_of:
            return f"{self.name} is not defined for the database {dataset}"
        if value in self.classes_of[dataset]:
            return ""
        label = "emotion" if self.column == "emotion" else "objective class"
        if not value:
            return f"no {label} is given"
        return f"{label} {value}: {self.left_out.get(dataset, f'no class of {self.name}')}"


def get(name: str) -> Task:
    """The task of this name.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if name in TASKS:
        return TASKS[name]
    raise unknown(f"there is no task '{name}'", name, TASKS)


def _same(*values: str) -> dict[str, str]:
    return {value: value for value in values}


def _into(class_name: str, *values: str) -> dict[str, str]:
    return dict.fromkeys(values, class_name)


_THREE = ("negative", "positive", "surprise")
_BASIC_NEGATIVE = _into("negative", "anger", "contempt", "disgust", "fear", "sadness")
_CASME3_THREE = {
    **_into("negative", "anger", "disgust", "fear", "sad"),
    "happy": "positive",
    "surprise": "surprise",
}
_CASME3_SOURCE = "Li et al. 2023 (CAS(ME)^3), part A, second release of the labels"

_MEGC_3 = Task(
    name="megc-3",
    title="MEGC 2019: negative, positive, surprise, over CASME II, SAMM and SMIC",
    classes=_THREE,
    source="See et al. 2019 (MEGC 2019); CASME II by its 2014 emotions",
    classes_of={
        "casme2": {
            **_into("negative", "disgust", "repression"),
            "happiness": "positive",
            "surprise": "surprise",
        },
        "samm": {**_BASIC_NEGATIVE, "happiness": "positive", "surprise": "surprise"},
        "smic": _same(*_THREE),
        "synthetic": {**_same(*_THREE), **_BASIC_NEGATIVE, "happiness": "positive"},
    },
    left_out={
        "casme2": "MEGC 2019 takes only disgust, repression, happiness and surprise of CASME II",
        "samm": "MEGC 2019 leaves out what SAMM calls other",
    },
    exclusions=(
        Exclusion("casme2", "sub04", "EP12_01f", "no apex is annotated, and MEGC 2019 leaves the clip out"),
        Exclusion(
            "casme2", "sub05", "EP09_05f", "the apex is the onset frame, and MEGC 2019 leaves the clip out"
        ),
    ),
)

_CASME2_5 = Task(
    name="casme2-5",
    title="CASME II, the five emotions that most papers use",
    classes=("happiness", "disgust", "repression", "surprise", "others"),
    source="Yan et al. 2014 (CASME II)",
    classes_of={"casme2": _same("happiness", "disgust", "repression", "surprise", "others")},
    left_out={"casme2": "too few clips; the five-class set leaves out fear and sadness"},
)

_SAMM_5 = Task(
    name="samm-5",
    title="SAMM, the five emotions with more than ten clips",
    classes=("anger", "contempt", "happiness", "surprise", "other"),
    source="Davison et al. 2018 (SAMM)",
    classes_of={"samm": _same("anger", "contempt", "happiness", "surprise", "other")},
    left_out={"samm": "fewer than ten clips; the five-class set leaves out disgust, fear and sadness"},
)

_MMEW_4 = Task(
    name="mmew-4",
    title="MMEW, the four emotions with most clips",
    classes=("happiness", "surprise", "disgust", "others"),
    source="Ben et al. 2022 (MMEW); the four classes of later papers",
    classes_of={"mmew": _same("happiness", "surprise", "disgust", "others")},
    left_out={"mmew": "too few clips; the four-class set leaves out anger, fear and sadness"},
)

_MMEW_6 = Task(
    name="mmew-6",
    title="MMEW, the six basic emotions",
    classes=("happiness", "surprise", "disgust", "anger", "fear", "sadness"),
    source="Ben et al. 2022 (MMEW)",
    classes_of={"mmew": _same("happiness", "surprise", "disgust", "anger", "fear", "sadness")},
    left_out={"mmew": "it is none of the six basic emotions"},
)

_CASME3_3 = Task(
    name="casme3-3",
    title="CAS(ME)^3 part A: negative, positive, surprise",
    classes=_THREE,
    source=_CASME3_SOURCE,
    classes_of={"casme3": _CASME3_THREE},
    left_out={"casme3": "it is neither negative, positive nor surprise"},
)

_CASME3_4 = Task(
    name="casme3-4",
    title="CAS(ME)^3 part A: negative, positive, surprise, others",
    classes=(*_THREE, "others"),
    source=_CASME3_SOURCE,
    classes_of={"casme3": {**_CASME3_THREE, "others": "others"}},
)

_CASME3_7 = Task(
    name="casme3-7",
    title="CAS(ME)^3 part A, all seven labels",
    classes=("happiness", "surprise", "disgust", "anger", "fear", "sadness", "others"),
    source=_CASME3_SOURCE,
    classes_of={
        "casme3": {
            "happy": "happiness",
            "sad": "sadness",
            **_same("surprise", "disgust", "anger", "fear", "others"),
        }
    },
)

_I_TO_V = {"1": "I", "2": "II", "3": "III", "4": "IV", "5": "V"}
_SIX_AND_SEVEN = "the five-class set leaves out VI (few clips) and VII (contempt, and no link to an emotion)"
_OBJECTIVE_5 = Task(
    name="objective-5",
    title="The objective classes I to V: groups of Action Units, whatever the emotion",
    classes=("I", "II", "III", "IV", "V"),
    source="Davison et al. 2018 (objective classes for micro-facial expression recognition); MEGC 2018",
    classes_of={"casme2": _I_TO_V, "samm": _I_TO_V, "casme3": _I_TO_V},
    column="objective",
    left_out=dict.fromkeys(("casme2", "samm", "casme3"), _SIX_AND_SEVEN),
)

_CKPLUS_7 = Task(
    name="ckplus-7",
    title="CK+, its seven emotions (posed macro-expressions)",
    classes=("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"),
    source="Lucey et al. 2010 (CK+); neutral faces are no class",
    classes_of={"ckplus": _same("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")},
)

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        _MEGC_3,
        _CASME2_5,
        _SAMM_5,
        _MMEW_4,
        _MMEW_6,
        _CASME3_3,
        _CASME3_4,
        _CASME3_7,
        _OBJECTIVE_5,
        _CKPLUS_7,
    )
}
