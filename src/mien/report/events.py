"""The candidates of one video as the page shows them: pictures with the flow drawn on the face, and words."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.analysis.result import Event, RegionMotion, VideoAnalysis
from mien.export import facts
from mien.report.charts.flow import FlowPicture, flow_on_picture

_JPEG_QUALITY = 88
#: Regions that are listed, and how much of the largest motion they must have.
MOST_REGIONS, LEAST_SHARE = 4, 0.25


@dataclass(frozen=True)
class ClassBar:
    """One class of a candidate with its probability."""

    name: str
    prob: float
    best: bool


@dataclass(frozen=True)
class EventCard:
    """One candidate, ready for the page.

    Attributes:
        onset, apex: pictures as data URIs; "" if the analysis kept none. flow: to the apex, drawn on the onset.
        end_s: when the picture of the offset frame ends.
        doubt_share: doubt, of the most that so many classes allow; nan if unknown.
        bars: classes in the model's order. motion: the regions that moved most, with words for their direction.
    """

    event: Event
    end_s: float
    onset: str
    apex: str
    flow: FlowPicture | None
    bars: Sequence[ClassBar]
    doubt_share: float
    motion: Sequence[tuple[RegionMotion, str]]
    side: str

    @property
    def ms(self) -> dict[str, int]:
        """Times in whole milliseconds."""
        event = self.event
        return {
            "onset": round(1000 * event.onset_s),
            "apex": round(1000 * event.apex_s),
            "offset": round(1000 * event.offset_s),
            "lasts": round(1000 * event.duration_s),
            "rises": round(1000 * (event.apex_s - event.onset_s)),
        }


def event_cards(analysis: VideoAnalysis) -> Iterator[EventCard]:
    """A card for every candidate, by onset; each is made when it is asked for, and holds pictures."""
    ends_s = facts.shown_until_s(analysis.frames)
    return (_card(event, ends_s[event.offset_frame]) for event in analysis.events)


def _card(event: Event, end_s: float) -> EventCard:
    onset = apex = ""
    flow = None
    if event.pictures is not None:
        onset, apex = (jpeg_uri(picture) for picture in (event.pictures.onset, event.pictures.apex))
        label = f"Motion of candidate {event.event_id} from onset to apex, as arrows on the face."
        flow = flow_on_picture(event.pictures.flow, onset, label=label)
    highest = max(event.prob.values(), default=math.nan)
    bars = [ClassBar(name, prob, prob == highest) for name, prob in event.prob.items()]
    most = math.log(len(event.prob)) if len(event.prob) > 1 else math.nan
    largest = max((region.size_px for region in event.regions), default=0.0)
    shown = [region for region in event.regions if region.size_px >= LEAST_SHARE * largest > 0][:MOST_REGIONS]
    return EventCard(
        event=event,
        end_s=end_s,
        onset=onset,
        apex=apex,
        flow=flow,
        bars=bars,
        doubt_share=event.doubt / most,
        motion=[(region, direction(region)) for region in shown],
        side=_side(event),
    )


def jpeg_uri(picture: npt.NDArray[np.uint8]) -> str:
    """A picture (H, W, 3) RGB as a data URI."""
    import cv2

    ok, coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    assert ok
    return "data:image/jpeg;base64," + base64.b64encode(coded.tobytes()).decode("ascii")


def direction(region: RegionMotion) -> str:
    """Where a region moved, as seen in the picture: one of eight words."""
    names = ("right", "down and right", "down", "down and left", "left", "up and left", "up", "up and right")
    turn = math.atan2(region.v_px, region.u_px) / (2 * math.pi)
    return names[round(8 * turn) % 8]


def _side(event: Event) -> str:
    if math.isnan(event.asymmetry):
        return "not measured" if event.side == "both" else f"stronger on the person's {event.side}"
    if event.side == "both":
        return f"both sides alike (asymmetry {event.asymmetry:+.2f})"
    return f"stronger on the person's {event.side} (asymmetry {event.asymmetry:+.2f})"
