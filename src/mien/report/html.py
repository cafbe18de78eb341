"""Pages that load nothing: templates, with the style and the script they need inside, and numbers in words."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import mien
from mien.errors import UsageError
from mien.files import written_whole
from mien.report.charts.svg import marker, tag


def page(template: str, context: Mapping[str, object]) -> str:
    """The template's page as text."""
    return "".join(parts(template, context))


def parts(
    template: str,
    context: Mapping[str, object],
    scripts: Sequence[str] = ("page.js",),
    styles: Sequence[str] = ("style.css",),
) -> Iterator[str]:
    """The template's page piece by piece, with these bundled files inside; the page itself forbids all other
    scripts."""
    script, style = ("".join(map(_bundled, names)) for names in (scripts, styles))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = {
        "script": Markup(script),
        "style": Markup(style),
        "script_hash": f"sha256-{digest}",
        "mien_version": mien.__version__,
    }
    return _environment().get_template(template).generate({**context, **own})


def write_page(pieces: Iterable[str], out: Path) -> Path:
    """Write a page whole, or not at all, piece by piece: one of a long video has more pictures than should be held.

    Raises:
        UsageError: `out` is a folder.
    """
    if out.is_dir():
        raise UsageError(
            "The report cannot be written over a folder.", where=out, do="give the name of a file"
        )
    # a lone surrogate, legal in JSON and in file names, has no bytes in UTF-8: it is shown as an escape
    with (
        written_whole(out) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        file.writelines(pieces)
    return out


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
