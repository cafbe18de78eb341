"""The columns of frames.csv, events.csv and summary.csv: what each means, and where its value comes from."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from mien.analysis.result import VideoAnalysis
from mien.export import facts
from mien.export.dictionary import CLASS, Column
from mien.export.naming import video_name

#: How many of the nearest sentences and of the regions a row of events.csv holds; events.json holds all.
N_NEAREST, N_REGIONS = 3, 3

_SCORE = "robust standard deviations"
_FRAME = "0 to n_frames - 1"
_TIME = "0 to the length of the video"
_PX_RANGE = "0 or more"


def _number(name: str, unit: str, range_: str, order: str, meaning: str) -> Column:
    return Column(name, "number", unit, range_, order, meaning)


FRAMES = (
    Column(
        "frame", "integer", "frames", _FRAME, "rising, one row per frame of the file", "index of the frame"
    ),
    _number(
        "timestamp", "s", _TIME, "rising", "presentation time from the first frame; true for variable rates"
    ),
    Column(
        "face_id", "integer", "1", "-1 or more", "none; an identifier", "which face was followed; -1: none"
    ),
    _number("confidence", "1", "0 to 1", "larger is surer", "how well the face was found or followed"),
    Column("success", "flag", "1", "0 or 1", "1: found", "whether the face was found or followed"),
    Column("lost", "text", "-", "free text", "none", "why there is no face; empty on success"),
    _number("x", "px", "source picture", "grows to the right", "left edge of the face's box"),
    _number("y", "px", "source picture", "grows downwards", "top edge of the face's box"),
    _number("width", "px", "more than 0", "larger is nearer", "width of the face's box"),
    _number("height", "px", "more than 0", "larger is nearer", "height of the face's box"),
    _number("interocular_px", "px", "more than 0", "larger is nearer", "distance of the outer eye corners"),
    _number("yaw_deg", "degrees", "-180 to 180", "0 faces the camera", "turn of the head, left and right"),
    _number("pitch_deg", "degrees", "-180 to 180", "0 faces the camera", "nod of the head"),
    _number("roll_deg", "degrees", "-180 to 180", "0 is upright", "tilt of the head"),
    _number(
        "blur", "grey levels squared", _PX_RANGE, "larger is sharper", "variance of the crop's Laplacian"
    ),
    _number("brightness", "grey levels", "0 to 255", "larger is brighter", "mean grey value of the crop"),
    _number(
        "micro_score", _SCORE, "any", "larger stands out more", "how far the frame stands out, micro lag"
    ),
    _number(
        "macro_score", _SCORE, "any", "larger stands out more", "how far the frame stands out, macro lag"
    ),
    _number("micro_px", "px of the crop", _PX_RANGE, "larger moves more", "mean motion over the micro lag"),
    _number("macro_px", "px of the crop", _PX_RANGE, "larger moves more", "mean motion over the macro lag"),
    Column("excluded", "flag", "1", "0 or 1", "1: taken out", "whether the user took the frame out"),
)


def _listed(values: str, place: int, part: Callable[[Any], Any], absent: object) -> Callable[..., Any]:
    """Part of what stands at `place` of a list of the record; `absent` where the list is shorter."""

    def value(analysis: VideoAnalysis | None, record: object) -> Any:
        found = getattr(record, values)
        return part(found[place]) if place < len(found) else absent

    return value


def _region(place: int, name: str, absent: object) -> Callable[..., Any]:
    return _listed("regions", place, attrgetter(name), absent)


def _regions(place: int) -> tuple[Column, ...]:
    name, order, px = f"region_{place + 1}", f"number {place + 1} by size of motion", "px of the crop"
    across, down = f"horizontal motion of {name}", f"vertical motion of {name}"
    return (
        Column(
            name, "text", "-", "names of regions", order, "a region that moved", _region(place, "region", "")
        ),
        Column(
            f"{name}_u_px",
            "number",
            px,
            "any",
            "grows to the picture's right",
            across,
            _region(place, "u_px", facts.NAN),
        ),
        Column(
            f"{name}_v_px", "number", px, "any", "grows downwards", down, _region(place, "v_px", facts.NAN)
        ),
    )


def _nearest(place: int) -> tuple[Column, ...]:
    name, order = f"nearest_{place + 1}", f"number {place + 1} by cosine"
    near = "a sentence near the movement in the model's text space"
    return (
        Column(
            name,
            "text",
            "-",
            "sentences of Action Units",
            order,
            near,
            _listed("nearest", place, lambda pair: pair[0], ""),
        ),
        Column(
            f"{name}_cosine",
            "number",
            "1",
            "-1 to 1",
            "larger is nearer",
            f"cosine of {name}",
            _listed("nearest", place, lambda pair: pair[1], facts.NAN),
        ),
    )


VIDEO = Column("video", "text", "-", "a file name", "none", "the video", lambda found, _: video_name(found))
EVENTS = (
    VIDEO,
    Column("event_id", "integer", "1", "1 or more", "rising with onset", "number of the candidate"),
    Column("kind", "text", "-", "micro, macro", "none", "micro: half a second at most; macro: longer"),
    Column("onset_frame", "integer", "frames", _FRAME, "rising", "first frame of the movement"),
    Column(
        "apex_frame",
        "integer",
        "frames",
        _FRAME,
        "onset <= apex <= offset",
        "frame of the strongest movement",
    ),
    Column(
        "offset_frame",
        "integer",
        "frames",
        _FRAME,
        "last of the three",
        "last frame of the movement, included",
    ),
    _number("onset_s", "s", _TIME, "rising", "presentation time of the onset frame"),
    _number("apex_s", "s", _TIME, "onset <= apex <= offset", "presentation time of the apex frame"),
    _number("offset_s", "s", _TIME, "last of the three", "presentation time of the offset frame"),
    _number("duration_s", "s", "0 or more", "larger lasts longer", "offset_s - onset_s"),
    _number("score", "the detector's own", "any", "larger is surer", "how far the candidate stands out"),
    Column(
        "label",
        "text",
        "-",
        "a class of the model, or empty",
        "none",
        "most probable class; empty where the recogniser abstains or does not apply",
    ),
    Column(
        "abstained", "flag", "1", "0 or 1", "1: abstained", "highest probability below the model's threshold"
    ),
    _number(
        "doubt", "nats", "0 to ln(classes)", "larger doubts more", "mutual information of the model's members"
    ),
    Column(
        "prob_" + CLASS,
        "number",
        "1",
        "0 to 1; all together 1",
        "classes in the model's order",
        "calibrated probability of the class",
        lambda _, event, class_name: event.prob.get(class_name, facts.NAN),
    ),
    Column(
        "side",
        "text",
        "-",
        "left, right, both",
        "none",
        "where the movement is stronger, the subject's own side",
    ),
    _number(
        "asymmetry",
        "1",
        "-1 to 1",
        "positive: stronger on the subject's left",
        "(left - right) / (left + right)",
    ),
    *(column for place in range(N_REGIONS) for column in _regions(place)),
    *(column for place in range(N_NEAREST) for column in _nearest(place)),
    _number("lost_share", "1", "0 to 1", "larger is worse", "share of the candidate's frames without a face"),
    Column("note", "text", "-", "free text", "none", "what a reader should know"),
)


def _fact(name: str, range_: str = "more than 0", unit: str = "px", meaning: str = "") -> Column:
    return Column(
        name, "number", unit, range_, "none", meaning, lambda found, _: found.video.get(name, facts.NAN)
    )


def _count(kind: str) -> Callable[..., Any]:
    return lambda found, _: len(facts.of_kind(found, kind))


SUMMARY = (
    VIDEO,
    Column(
        "n_frames",
        "integer",
        "frames",
        "1 or more",
        "none",
        "frames of the file, lost ones included",
        lambda found, _: len(found.frames),
    ),
    _fact("duration_s", unit="s", meaning="length of the video"),
    _fact("fps", unit="frames per second", meaning="mean frame rate"),
    _fact("width", meaning="width of the picture as shown"),
    _fact("height", meaning="height of the picture as shown"),
    Column(
        "variable_rate",
        "flag",
        "1",
        "0 or 1",
        "1: varies",
        "whether the time between frames varies",
        lambda found, _: bool(found.video.get("variable_rate", False)),
    ),
    Column(
        "n_lost",
        "integer",
        "frames",
        "0 to n_frames",
        "larger is worse",
        "frames without a usable face",
        lambda found, _: sum(not row.success for row in found.frames),
    ),
    Column(
        "lost_share",
        "number",
        "1",
        "0 to 1",
        "larger is worse",
        "n_lost / n_frames",
        lambda found, _: found.lost_share,
    ),
    Column(
        "analysed_s",
        "number",
        "s",
        "0 to duration_s",
        "none",
        "seconds with a face that were not taken out",
        lambda found, _: facts.seconds(found, excluded=False),
    ),
    Column(
        "excluded_s",
        "number",
        "s",
        "0 to duration_s",
        "none",
        "seconds that the user took out",
        lambda found, _: facts.seconds(found, excluded=True),
    ),
    Column(
        "n_micro", "integer", "candidates", "0 or more", "none", "candidates of kind micro", _count("micro")
    ),
    Column(
        "n_macro", "integer", "candidates", "0 or more", "none", "candidates of kind macro", _count("macro")
    ),
    Column(
        "micro_per_min",
        "number",
        "1 / min",
        "0 or more",
        "none",
        "micro candidates per minute of analysed_s",
        lambda found, _: facts.per_minute(found, "micro"),
    ),
    Column(
        "macro_per_min",
        "number",
        "1 / min",
        "0 or more",
        "none",
        "macro candidates per minute of analysed_s",
        lambda found, _: facts.per_minute(found, "macro"),
    ),
    Column(
        "micro_mean_s",
        "number",
        "s",
        "0 or more",
        "none",
        "mean duration of the micro candidates",
        lambda found, _: facts.mean_duration_s(found, "micro"),
    ),
    Column(
        "macro_mean_s",
        "number",
        "s",
        "0 or more",
        "none",
        "mean duration of the macro candidates",
        lambda found, _: facts.mean_duration_s(found, "macro"),
    ),
    Column(
        "n_abstained",
        "integer",
        "candidates",
        "0 or more",
        "none",
        "candidates without a label: abstained",
        lambda found, _: sum(event.abstained for event in found.events),
    ),
    Column(
        "n_" + CLASS,
        "integer",
        "candidates",
        "0 or more",
        "classes in the model's order",
        "candidates with this label",
        lambda found, _, class_name: sum(event.label == class_name for event in found.events),
    ),
)
