"""mien.web.pictures: three files for each event, each readable by itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from mien.analysis.result import Event, EventPictures
from mien.web.pictures import write_pictures


def event(number: int, *, pictured: bool) -> Event:
    rng = np.random.default_rng(number)
    onset, apex = rng.integers(0, 255, (2, 112, 112, 3), np.uint8)
    flow = np.zeros((2, 112, 112), np.float32)
    flow[1, 40:60, 40:60] = -2.0
    shown = EventPictures(onset, apex, flow) if pictured else None
    return Event(number, "micro", 1.0, 0, 1, 2, 0.0, 0.1, 0.2, pictures=shown)


def test_every_event_with_pictures_gets_three(tmp_path: Path) -> None:
    write_pictures((event(1, pictured=True), event(2, pictured=False)), tmp_path / "pictures")
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["event-001-apex.png", "event-001-flow.svg", "event-001-onset.png"]


def test_onset_and_apex_are_the_crops_themselves(tmp_path: Path) -> None:
    shown = event(3, pictured=True)
    write_pictures((shown,), tmp_path / "pictures")
    assert shown.pictures is not None
    for name, expected in (("onset", shown.pictures.onset), ("apex", shown.pictures.apex)):
        assert (np.asarray(Image.open(tmp_path / "pictures" / f"event-003-{name}.png")) == expected).all()


def test_the_flow_is_a_drawing_of_its_own_that_loads_nothing(tmp_path: Path) -> None:
    write_pictures((event(1, pictured=True),), tmp_path / "pictures")
    root = ElementTree.parse(tmp_path / "pictures" / "event-001-flow.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert [child.tag for child in root] == [f"{space}{name}" for name in ("style", "image", "path", "path")]
    assert root.find(f"{space}image").attrib["href"].startswith("data:image/jpeg;base64,")
    assert root.findall(f"{space}path")[1].attrib["d"].startswith("M")


def test_without_pictures_there_is_no_folder(tmp_path: Path) -> None:
    write_pictures((event(1, pictured=False),), tmp_path / "pictures")
    assert not (tmp_path / "pictures").exists()
