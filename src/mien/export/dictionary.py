"""The data dictionary: every column of every output, with unit, range, order and meaning.

This is the one source of truth: the writers take their columns from it, so that none can lack an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from mien.analysis.result import VideoAnalysis

Type = Literal["integer", "number", "flag", "text", "object"]
CLASS = "{class}"


@dataclass(frozen=True)
class Column:
    """One column of a table, or one value of a JSON file.

    Attributes:
        name: as in the file; `{class}` stands for one column per class of the model.
        type: a flag is 0 or 1 in a table, false or true in JSON.
        unit: "1" for pure numbers, "-" for text.
        range: which values occur; an empty cell (JSON: null) is a number that was not measured.
        order: how the rows follow each other by it, what larger means, or in which order its values are listed.
        value: takes it from (the analysis, the row's record); by default the record's attribute of that name. For
            a column per class it takes the class as well.
    """

    name: str
    type: Type
    unit: str
    range: str
    order: str
    meaning: str
    value: Callable[..., Any] | None = None

    def of(self, analysis: VideoAnalysis | None, record: object, class_name: str = "") -> Any:
        """The value of one row."""
        if self.value is None:
            return attrgetter(self.name)(record)
        return (
            self.value(analysis, record, class_name) if CLASS in self.name else self.value(analysis, record)
        )


def expanded(columns: Iterable[Column], classes: Sequence[str]) -> list[tuple[str, Column, str]]:
    """The names in the file, each with its column and class ("" for all but columns per class)."""
    return [
        (column.name.replace(CLASS, class_name), column, class_name)
        for column in columns
        for class_name in (classes if CLASS in column.name else ("",))
    ]
