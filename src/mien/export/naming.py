"""What the files of an analysis are called."""

from __future__ import annotations

from pathlib import Path

from mien.analysis.result import Event, VideoAnalysis

FRAMES, EVENTS, SUMMARY, DICTIONARY = "frames.csv", "events.csv", "summary.csv", "dictionary.csv"
JSON, WORKBOOK, ELAN, OVERLAY = "events.json", "events.xlsx", "events.eaf", "overlay.mp4"
AGREEMENT, MATCHES, CONFUSION = "agreement.csv", "matches.csv", "confusion.csv"


def video_name(analysis: VideoAnalysis) -> str:
    """The file name of the video without its folder."""
    return Path(analysis.source).name or analysis.source


def magnified(event: Event) -> str:
    """The magnified clip of an event, as a path in the folder of the analysis."""
    return f"magnified/event-{event.event_id:03d}-{event.kind}.mp4"
