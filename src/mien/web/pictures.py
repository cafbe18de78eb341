"""Pictures of the candidates as files, for the page and for the download: onset, apex, and the flow between them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from mien.analysis.result import Event
from mien.files import write_whole
from mien.report.charts.flow import flow_on_picture
from mien.report.events import jpeg_uri

#: An SVG file of its own has neither the name space nor the style of the page it is drawn for.
_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" '
_STYLE = (
    "<style>path{fill:none;stroke-linecap:round;stroke-linejoin:round}"
    ".arrows-edge{stroke:#17181b;stroke-width:3.2}.arrows-ink{stroke:#ffd640;stroke-width:1.5}</style>"
)


def write_pictures(events: tuple[Event, ...], folder: Path) -> None:
    """Write `event-001-onset.png`, `-apex.png` and `-flow.svg` for every event that has pictures."""
    for event in events:
        if event.pictures is None:
            continue
        folder.mkdir(exist_ok=True)
        stem = f"event-{event.event_id:03d}"
        Image.fromarray(event.pictures.onset).save(folder / f"{stem}-onset.png")
        Image.fromarray(event.pictures.apex).save(folder / f"{stem}-apex.png")
        label = f"Motion of candidate {event.event_id} from onset to apex, as arrows on the face."
        drawn = flow_on_picture(event.pictures.flow, jpeg_uri(event.pictures.onset), label=label).picture
        text = str(drawn).replace("<svg ", _HEAD, 1).replace(">", f">{_STYLE}", 1)
        write_whole(folder / f"{stem}-flow.svg", text.encode(), durable=False)
