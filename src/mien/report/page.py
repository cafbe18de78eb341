"""One self-contained HTML file about a run: no script, style, font or picture is loaded from elsewhere."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import math
import os
from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import mien
from mien.errors import UsageError
from mien.report.charts.curves import BAND, term_curves
from mien.report.charts.reliability import reliability_diagram
from mien.report.charts.subjects import subject_chart
from mien.report.charts.svg import marker, tag
from mien.report.clips import map_of, worst_clips
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
    out = run / "report.html" if out is None else out
    if out.is_dir():
        raise UsageError(
            "The report cannot be written over a folder.", where=out, do="give the name of a file"
        )
    page = render(folder, data)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        # a lone surrogate, legal in JSON, has no bytes in UTF-8: it is shown as an escape
        partial.write_bytes(page.encode("utf-8", "backslashreplace"))
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return out


def render(run: RunFolder, data: PreparedLike | None) -> str:
    """The page as text; the same run and set give the same text."""
    source = ClipSource(data, run.config.data.data_hash)
    counts = ClassCounts(run.predictions, run.config.classes)
    script, style = _bundled("page.js"), _bundled("style.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
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
        "script": Markup(script),
        "style": Markup(style),
        "script_hash": f"sha256-{digest}",
        "mien_version": mien.__version__,
    }
    return _environment().get_template("report.html.j2").render(context)


def _bundled(name: str) -> str:
    return files("mien.report").joinpath("templates", name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mien.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(score=score, duration=duration, plain=plain, spoken=spoken, count=count)
    environment.globals.update(swatch=swatch, isnan=math.isnan)
    return environment


def score(value: float, reason: str = "") -> Markup:
    """The number with three decimals, or the word undefined that carries its reason."""
    if not math.isnan(value):
        return Markup(f"{value:.3f}")
    return tag("span", "undefined", class_="undefined", title=reason or None)


def count(value: float) -> str:
    """A whole number as such, another with one decimal."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def duration(seconds: float | None) -> str:
    """Seconds in words, to a sensible precision."""
    if seconds is None:
        return "not recorded"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def plain(value: object) -> str:
    """A configuration value as text: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def spoken(value: object) -> str:
    """A recorded value in a reader's words: yes, no, none, lists with commas."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, dict):
        return ", ".join(f"{name} ({spoken(inner)})" for name, inner in value.items())
    return ", ".join(map(spoken, value)) if isinstance(value, list) else plain(value)


def swatch(place: int) -> Markup:
    """The mark of class number `place`, as legends show it."""
    drawn = marker(place, 8, 8, 5.5, class_=f"point c{place % 7} right")
    return tag("svg", drawn, viewBox="0 0 16 16", class_="swatch", aria_hidden="true")


def _by_reason(excluded: Iterable[Excluded]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in excluded:
        found[each.reason].append(each.key)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))
