"""One self-contained HTML file about a run: no script, style, font or picture is loaded from elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from mien.report.charts.curves import BAND, term_curves
from mien.report.charts.reliability import reliability_diagram
from mien.report.charts.subjects import subject_chart
from mien.report.clips import map_of, worst_clips
from mien.report.html import page, write_page
from mien.report.prepared import ClipSource, PreparedLike
from mien.report.run_folder import RunFolder, read_run
from mien.report.schema import Excluded
from mien.report.scores import ClassCounts, audit_rows, cards, confusion_rows, confusion_words


def write_report(run: Path, data: PreparedLike | None = None, out: Path | None = None) -> Path:
    """The HTML file that was written: `out`, or `report.html` in the run folder.

    Args:
        run: a finished run folder.
        data: the prepared set that was evaluated, for the flow pictures and AU strings; without it, or with
            a set of other content, the report says why it has none.

    Raises:
        InputError: the run folder is incomplete or damaged.
        UsageError: `out` is a folder.
    """
    folder = read_run(run)
    return write_page([render(folder, data)], run / "report.html" if out is None else out)


def render(run: RunFolder, data: PreparedLike | None) -> str:
    """The page as text; the same run and set give the same text."""
    source = ClipSource(data, run.config.data.data_hash)
    counts = ClassCounts(run.predictions, run.config.classes)
    context = {
        "run": run.config,
        "metrics": run.metrics,
        "counts": counts,
        "n_databases": run.predictions["dataset"].nunique(),
        "cards": cards(run, counts),
        "audit": audit_rows(run.metrics),
        "confusion": confusion_rows(run.metrics),
        "confusion_words": confusion_words(run.metrics),
        "subjects": subject_chart(run.metrics.per_subject, run.metrics.per_database or {}),
        "reliability": reliability_diagram(run.metrics.reliability),
        "curves": None if run.curves is None else term_curves(run.curves),
        "n_curves": 0 if run.curves is None else len(run.curves[["seed", "fold"]].drop_duplicates()),
        "band": BAND,
        "map": map_of(run, source),
        "worst": worst_clips(run, source),
        "source": source,
        "excluded": _by_reason(run.config.excluded),
    }
    return page("report.html.j2", context)


def _by_reason(excluded: Iterable[Excluded]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in excluded:
        found[each.reason].append(each.key)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))
