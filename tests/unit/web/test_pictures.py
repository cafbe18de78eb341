"""mien.web.pictures: three files for each event, and arrows that point where the face moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.analysis.result import Event, EventPictures
from mien.web.pictures import INK, SIDE_PX, flow_picture, write_pictures


def pictures(u: float = 0.0, v: float = 0.0, side: int = 128) -> EventPictures:
    grey = np.full((side, side, 3), 128, np.uint8)
    flow = np.zeros((2, side, side), np.float32)
    flow[:, 60:68, 60:68] = [[[u]], [[v]]]
    return EventPictures(grey, grey, flow)


def event(number: int, shown: EventPictures | None) -> Event:
    return Event(number, "micro", 1.0, 0, 1, 2, 0.0, 0.1, 0.2, pictures=shown)


def inked(shown: EventPictures) -> np.ndarray:
    """Rows and columns of the arrows' pixels."""
    return np.argwhere((np.asarray(flow_picture(shown)) == INK).all(axis=2))


def test_every_event_with_pictures_gets_three(tmp_path: Path) -> None:
    write_pictures((event(1, pictures(1)), event(2, None)), tmp_path / "pictures")
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["event-001-apex.png", "event-001-flow.png", "event-001-onset.png"]
    assert Image.open(tmp_path / "pictures" / names[0]).size == (SIDE_PX, SIDE_PX)


def test_without_pictures_there_is_no_folder(tmp_path: Path) -> None:
    write_pictures((event(1, None),), tmp_path / "pictures")
    assert not (tmp_path / "pictures").exists()


@pytest.mark.parametrize(("u", "v"), [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
def test_an_arrow_starts_where_it_moved_and_points_where_to(u: float, v: float) -> None:
    rows, columns = inked(pictures(u, v)).T
    centre = SIDE_PX / 2
    reach = np.array([columns.mean(), rows.mean()]) - centre
    assert reach @ [u, v] > 10
    assert abs(reach @ [v, u]) < 5


def test_noise_is_not_drawn_as_movement() -> None:
    assert len(inked(pictures(0.01, 0.01))) == 0
    assert len(inked(pictures(np.nan, np.nan))) == 0


@pytest.mark.parametrize("side", [18, 28, 112, 137, 224])
def test_crops_of_any_size_are_drawn(side: int) -> None:
    flow = np.ones((2, side, side), np.float32)
    crop = np.zeros((side, side, 3), np.uint8)
    assert flow_picture(EventPictures(crop, crop, flow)).size == (SIDE_PX, SIDE_PX)
