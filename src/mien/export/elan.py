"""events.eaf: the candidates as tiers of an ELAN file, beside which a coder can put tiers of their own."""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import mien
from mien.analysis.result import Event, VideoAnalysis
from mien.export import facts

if TYPE_CHECKING:
    from pympi import Eaf

CANDIDATE, LABEL, EXCLUDED, LOST = "candidate", "label", "excluded", "lost face"
KINDS = ("micro", "macro")
#: The tiers, in the order of the file; labels hang on the candidates, since micro and macro may overlap.
TIERS = (
    *(f"{name} {kind}" for kind in KINDS for name in (CANDIDATE, LABEL)),
    EXCLUDED,
    LOST,
)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def eaf_bytes(analysis: VideoAnalysis, folder: Path, video: Path) -> bytes:
    """The file; an annotation ends when the picture of its last frame does.

    Args:
        folder: where the file will lie: the video is linked relative to it.
        video: the video file.
    """
    from pympi.Elan import to_string

    eaf = _empty(_relative(video, folder), video)
    for kind in KINDS:
        _add_events(eaf, facts.of_kind(analysis, kind), facts.shown_until_s(analysis.frames), kind)
    for start_s, end_s in analysis.excluded:
        _annotate(eaf, EXCLUDED, start_s, end_s, "taken out by the user")
    ends_s = facts.shown_until_s(analysis.frames)
    for first, last, reason in facts.lost_runs(analysis.frames):
        _annotate(eaf, LOST, analysis.frames[first].timestamp, ends_s[last], reason)
    text: str = '<?xml version="1.0" encoding="UTF-8"?>\n' + to_string(eaf)
    return text.encode()


def _empty(linked: str, video: Path) -> Eaf:
    """A file with all tiers and nothing in them."""
    from pympi import Eaf

    eaf = Eaf(author=f"Mien {mien.__version__}")
    eaf.header.update({"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    eaf.add_linked_file(linked, linked, mimetypes.guess_type(video.name)[0] or "unknown")
    eaf.add_linguistic_type(LABEL, "Symbolic_Association", timealignable=False)
    for tier in TIERS:
        name, _, kind = tier.partition(" ")
        if name == LABEL:
            eaf.add_tier(tier, ling=LABEL, parent=f"{CANDIDATE} {kind}")
        else:
            eaf.add_tier(tier)
    eaf.remove_tier("default")
    return eaf


def _add_events(eaf: Eaf, events: Iterable[Event], ends_s: list[float], kind: str) -> None:
    for event in events:
        middle_ms = _annotate(
            eaf, f"{CANDIDATE} {kind}", event.onset_s, ends_s[event.offset_frame], f"{event.event_id}"
        )
        words = event.label or ("abstained" if event.abstained else "")
        if words:
            eaf.add_ref_annotation(f"{LABEL} {kind}", f"{CANDIDATE} {kind}", middle_ms, _xml(words))


def _annotate(eaf: Eaf, tier: str, start_s: float, end_s: float, words: str) -> int:
    """Add an annotation, at least a millisecond long, and return its middle."""
    start_ms = max(0, round(1000 * start_s))
    end_ms = max(round(1000 * end_s), start_ms + 1)
    eaf.add_annotation(tier, start_ms, end_ms, _xml(words))
    return (start_ms + end_ms) // 2


def _xml(words: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", words)


def _relative(video: Path, folder: Path) -> str:
    """The way from the folder to the video as ELAN writes it; no name of this machine's folders if it can be had."""
    try:
        way = os.path.relpath(video, folder)
    except ValueError:  # on another drive
        way = str(video.resolve())
    return _xml(Path(way).as_posix() if way.startswith("..") else f"./{Path(way).as_posix()}")
