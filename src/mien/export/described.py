"""Every output of Mien for one's own video, column by column: as rows of dictionary.csv, and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mien.export import naming
from mien.export.agreement_columns import AGREEMENT, CONFUSION, MATCHES
from mien.export.columns import EVENTS, FRAMES, SUMMARY
from mien.export.dictionary import CLASS, Column, expanded

#: Columns of a table that events.json holds as lists and objects instead.
LISTED = ("prob_", "region_", "nearest_")


@dataclass(frozen=True)
class Entry:
    """One row of the data dictionary: a column, or a value of a JSON file, and where it stands."""

    file: str
    position: int
    column: str
    of: Column

    @property
    def type(self) -> str:
        return self.of.type

    @property
    def unit(self) -> str:
        return self.of.unit

    @property
    def range(self) -> str:
        return self.of.range

    @property
    def order(self) -> str:
        return self.of.order

    @property
    def meaning(self) -> str:
        return self.of.meaning


def _text(name: str, range_: str, order: str, meaning: str) -> Column:
    return Column(name, "text", "-", range_, order, meaning)


def _seconds(name: str, meaning: str) -> Column:
    return Column(name, "number", "s", "0 or more", "none", meaning)


DICTIONARY = (
    _text("file", "names of outputs", "as listed", "which output"),
    Column(
        "position", "integer", "1", "1 or more", "rising within the file", "place of the column in its file"
    ),
    _text("column", "names", "as in the file", "name of the column; in JSON the way to the value"),
    _text(
        "type",
        "integer, number, flag, text, object",
        "none",
        "flag: 0 or 1 in a table, false or true in JSON",
    ),
    _text("unit", "units; 1: a pure number; -: no number", "none", "unit of the values"),
    _text("range", "free text", "none", "which values occur; an empty cell (JSON: null) was not measured"),
    _text("order", "free text", "none", "order of the rows, what larger means, or order of the values"),
    _text("meaning", "free text", "none", "what the column says"),
)


def _kept(columns: Sequence[Column], under: str) -> list[Column]:
    return [replace(c, name=f"{under}.{c.name}") for c in columns if not c.name.startswith(LISTED)]


def _object(name: str, meaning: str) -> Column:
    return Column(name, "object", "-", "names and values", "none", meaning)


_REGION, _NEAREST = "events[].regions[]", "events[].nearest[]"
RECORD = (
    _text("schema", "mien-events/1", "none", "form of this file"),
    _text("source", "a path", "none", "the video as it was given"),
    _object("software", "versions of Mien, Python and the libraries that measured"),
    Column("video.width", "integer", "px", "1 or more", "none", "width of the picture as shown"),
    Column("video.height", "integer", "px", "1 or more", "none", "height of the picture as shown"),
    Column("video.fps", "number", "frames per second", "more than 0", "none", "mean frame rate"),
    _seconds("video.duration_s", "length of the video"),
    Column("video.n_frames", "integer", "frames", "1 or more", "none", "frames of the file"),
    Column(
        "video.variable_rate", "flag", "1", "false, true", "true: varies", "whether the frame rate varies"
    ),
    Column(
        "video.rotation_deg",
        "integer",
        "degrees",
        "0, 90, 180, 270",
        "none",
        "counter-clockwise turn that the file asks for; it was applied",
    ),
    _text("video.codec", "names of FFmpeg", "none", "how the video is coded"),
    _text("video.cut", "free text", "none", "why the file ends too early; empty if it does not"),
    _text("video.sha256", "64 hexadecimal digits", "none", "checksum of the file"),
    *_kept(SUMMARY, "summary"),
    _seconds("excluded[].from_s", "start of a range that was taken out"),
    _seconds("excluded[].to_s", "end of a range that was taken out"),
    _seconds("baseline.from_s", "start of the range that was marked as the person's own"),
    _seconds("baseline.to_s", "end of the range that was marked as the person's own"),
    _object("settings", "the resolved options of the analysis"),
    _object("model", "the model card: classes, checksum, and the record on known data"),
    _object("detector", "the card of the detector, its false alarms included"),
    _object("stages_s", "wall seconds of each stage"),
    _text("notes[]", "free text", "as they came up", "what a reader should know"),
    _text("frames_file", naming.FRAMES, "none", "the table of all frames"),
    *_kept(EVENTS, "events[]"),
    Column(
        "events[].prob." + CLASS,
        "number",
        "1",
        "0 to 1; all together 1",
        "classes in the model's order",
        "calibrated probability of the class",
    ),
    _text(_REGION + ".region", "names of regions", "largest motion first", "a region of the face"),
    Column(
        _REGION + ".u_px",
        "number",
        "px of the crop",
        "any",
        "grows to the picture's right",
        "its motion across",
    ),
    Column(_REGION + ".v_px", "number", "px of the crop", "any", "grows downwards", "its motion down"),
    Column(_REGION + ".size_px", "number", "px of the crop", "0 or more", "falling", "length of its motion"),
    _text(
        _NEAREST + ".sentence", "sentences of Action Units", "nearest first", "a sentence near the movement"
    ),
    Column(_NEAREST + ".cosine", "number", "1", "-1 to 1", "falling", "cosine to the sentence"),
)

_TIERS = "names in the model's words"
TIERS = (
    _text(
        "candidate micro",
        "event_id",
        "by onset",
        "micro candidates; times in ms, from the onset to the end of the offset frame's picture",
    ),
    _text("label micro", _TIERS, "hangs on its candidate", "label, or abstained"),
    _text("candidate macro", "event_id", "by onset", "macro candidates, likewise"),
    _text("label macro", _TIERS, "hangs on its candidate", "label, or abstained"),
    _text("excluded", "free text", "by time", "ranges that the user took out, ms"),
    _text("lost face", "free text", "by time", "stretches without a face and why, ms"),
)

#: Every output with its columns, in the order in which the dictionary lists them.
OUTPUTS: Mapping[str, Sequence[Column]] = {
    naming.FRAMES: FRAMES,
    naming.EVENTS: EVENTS,
    naming.SUMMARY: SUMMARY,
    naming.JSON: RECORD,
    naming.ELAN: TIERS,
    naming.DICTIONARY: DICTIONARY,
    naming.AGREEMENT: AGREEMENT,
    naming.MATCHES: MATCHES,
    naming.CONFUSION: CONFUSION,
}


def described(classes: Sequence[str]) -> Iterator[Entry]:
    """The rows of the dictionary of an analysis with these classes."""
    for file, columns in OUTPUTS.items():
        for position, (name, column, _) in enumerate(expanded(columns, classes), start=1):
            yield Entry(file, position, name, column)


def document() -> str:
    """The data dictionary as Markdown, for the documents; `{class}` stands for one column per class."""
    parts = [_PREFACE]
    for file, columns in OUTPUTS.items():
        parts.append(
            f"\n## {file}\n\n| column | type | unit | range | order | meaning |\n|---|---|---|---|---|---|"
        )
        for column in columns:
            cells = (f"`{column.name}`", column.type, column.unit, column.range, column.order, column.meaning)
            parts.append(f"| {' | '.join(cells)} |")
    return "\n".join(parts) + "\n"


_PREFACE = """# Data dictionary

Every column of every file that `mien` writes about a video of one's own. Written by `mien.export.described.document`;
a test fails when this page and the code differ.

CSV files follow RFC 4180: UTF-8, commas, CRLF, decimal points whatever the locale of the machine. Numbers have the
fewest digits that give them back exactly. An empty cell of a number was not measured (pandas and R read it as NaN and
NA). A spreadsheet set to decimal commas misreads such files on a double click: open `events.xlsx` instead, which holds
the events, the summary and this dictionary, numbers as numbers. Frames count from 0; a movement's onset and offset
frame both belong to it. Left and right of a movement are the subject's own; `u` grows to the picture's right.

`overlay.mp4` shows every analysed frame at its own time. The clips in `magnified/` show a candidate as filmed beside
the same with its motion made nine times as large (linear Eulerian magnification), four times slower than filmed; noise
and motion of the head grow too.

## A coder's table, for `mien agree`

One CSV file per video, one row per movement that the coder saw. Columns, in any order; others are left alone:

| column | meaning |
|---|---|
| `onset_frame`, `offset_frame` | first and last frame, from 0, both included; or instead: |
| `onset_s`, `offset_s` | times that lie within the first and the last frame, seconds from the first frame |
| `kind` | `micro` or `macro`; may be absent or empty |
| `label` | the coder's class; may be absent or empty |

Or one ELAN file per video: every annotation of the chosen tier is a movement, its text is the label. A tier with
"micro" or "macro" in its name says the kind."""
