"""Accuracy per subject: one dot each, its area the number of clips, one panel per database."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mien.report.charts.svg import Plot, line, tag, text
from mien.report.schema import DatabaseScores, SubjectScores

COLUMN = (12.0, 28.0)  # narrowest and widest column of a subject, in picture units
PAGE = 908.0  # width of the picture on a wide screen; more subjects than fit are scrolled
LEFT, RIGHT, GAP = 48.0, 12.0, 16.0
LETTER = 7.6  # of a panel's title, about
LONGEST_NAME = 14


@dataclass(frozen=True)
class Panel:
    """The subjects of one database, and the width their panel takes."""

    dataset: str
    members: Sequence[SubjectScores]
    column: float

    @property
    def title(self) -> str:
        return f"{self.dataset or 'subjects'} · {len(self.members)}"

    @property
    def width(self) -> float:
        return max(self.column * len(self.members), LETTER * len(self.title))


def subject_chart(subjects: Sequence[SubjectScores], databases: Mapping[str, DatabaseScores]) -> Markup:
    """The chart, sorted by accuracy; the page's script sorts it anew by `data-` values."""
    members: dict[str, list[SubjectScores]] = {}
    for each in subjects:
        members.setdefault(each.dataset, []).append(each)
    room = PAGE - LEFT - RIGHT - GAP * (len(members) - 1)
    column = min(max(room / max(len(subjects), 1), COLUMN[0]), COLUMN[1])
    panels = [Panel(dataset, some, column) for dataset, some in members.items()]
    width = LEFT + RIGHT + sum(panel.width for panel in panels) + GAP * (len(panels) - 1)
    names = max((len(_short(each)) for each in subjects), default=3) * 6.4 + 16
    plot = Plot(width, 226 + names, (0, 1), (0, 1), LEFT, RIGHT, 40, names)
    most = max([1, *(each.n_clips for each in subjects)])
    parts = [plot.y_axis("accuracy", [0.0, 0.25, 0.5, 0.75, 1.0])]
    start = LEFT
    for panel in panels:
        parts.append(_panel(plot, panel, databases.get(panel.dataset), start, most))
        start += panel.width + GAP
    perfect = sum(each.accuracy == 1 for each in subjects)
    label = (
        f"Accuracy of {len(subjects)} subjects in {len(panels)} databases; "
        f"{perfect} of them are wholly right. The table under the chart holds every value."
    )
    size = (
        f"min-width:{min(width, PAGE) if column > COLUMN[0] else width:.0f}px;max-width:{1.1 * width:.0f}px"
    )
    return plot.svg(*parts, label=label, class_="chart subjects", style=size)


def _panel(plot: Plot, panel: Panel, pooled: DatabaseScores | None, start: float, most: int) -> Markup:
    end, base = start + panel.width, plot.py(0)
    parts = [text(start, 17, panel.title, class_="panel"), line(start, base, end, base, "base")]
    if pooled is not None and not math.isnan(pooled.accuracy):
        y = plot.py(pooled.accuracy)
        words = f"all clips of {panel.dataset}: accuracy {pooled.accuracy:.3f}"
        parts.append(tag("g", tag("title", words), line(start, y, end, y, "pooled")))
    ordered = sorted(panel.members, key=lambda each: (-_sortable(each.accuracy), each.group))
    for place, each in enumerate(ordered):
        parts.append(_subject(plot, each, start + panel.column * (place + 0.5), panel.column, most))
    return tag("g", *parts, class_="panel-group", data_start=start, data_column=panel.column)


def _subject(plot: Plot, each: SubjectScores, x: float, column: float, most: int) -> Markup:
    undefined = math.isnan(each.accuracy)
    accuracy = "undefined" if undefined else f"{each.accuracy:.3f}"
    radius = 2.2 + 5.3 * math.sqrt(each.n_clips / most)
    below = plot.height - plot.bottom + 12
    return tag(
        "g",
        tag("title", f"{each.group}: accuracy {accuracy}, {each.n_clips} clips"),
        tag("rect", x=-column / 2, y=plot.top, width=column, height=plot.height - plot.top, class_="hit"),
        "" if undefined else tag("circle", cx=0, cy=plot.py(each.accuracy), r=radius, class_="dot accent"),
        text(
            0,
            0,
            _short(each),
            text_anchor="end",
            class_="tick",
            transform=f"translate(3.5 {below:.1f}) rotate(-90)",
        ),
        class_="subject",
        transform=f"translate({x:.1f} 0)",
        data_accuracy=f"{_sortable(each.accuracy):.6f}",
        data_clips=each.n_clips,
        data_name=each.group,
    )


def _short(each: SubjectScores) -> str:
    name = each.subject or each.group
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _sortable(accuracy: float) -> float:
    return -1.0 if math.isnan(accuracy) else accuracy
