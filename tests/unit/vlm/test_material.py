"""What can be shown of a clip: from prepared sets, and from videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.clips.table import ClipTable
from mien.errors import InputError
from mien.prepare.prepared import MIN_MAX_UNIT, ArrayToWrite, PreparedSet
from mien.vlm.material import Framing, Videos, of_set


def written(
    folder: Path, *, unit: str = "px", recipe: dict | None = None, **marks: int | None
) -> PreparedSet:
    """A set of one clip whose frame number t is grey t."""
    row = {"dataset": "samm", "subject": "1", "clip": "a", "key": "1_a", "fps": 200.0}
    rgb = np.broadcast_to(np.arange(9, dtype=np.uint8)[:, None, None], (1, 3, 9, 16, 16))
    flow = np.zeros((1, 3, 8, 8), np.float32)
    return PreparedSet.write(
        folder,
        name="one",
        table=ClipTable.from_rows([{**row, **marks}]),
        arrays={
            "rgb": ArrayToWrite(rgb, ("r", "g", "b"), "0..255", "made"),
            "onset_apex_flow": ArrayToWrite(flow, ("u", "v", "strain"), unit, "made"),
        },
        recipe=recipe or {},
    )


@pytest.mark.parametrize(("apex", "frame"), [(100, 0), (140, 4), (159, 6), (180, 8), (170, 7), (500, 8)])
def test_the_apex_is_the_frame_nearest_to_the_annotated_one(tmp_path: Path, apex: int, frame: int) -> None:
    found = of_set(written(tmp_path / "set", onset=100, apex=apex, offset=180), 0)
    assert {name: int(picture[0, 0, 0]) for name, picture in found.frames.items()} == {
        "onset": 0, "apex": frame, "offset": 8,
    }  # fmt: skip
    assert found.frames["apex"].shape == (16, 16, 3)
    assert found.notes == ()


def test_without_an_apex_the_middle_is_taken_and_said(tmp_path: Path) -> None:
    found = of_set(written(tmp_path / "set", onset=100, apex=None, offset=180), 0)
    assert found.frames["apex"][0, 0, 0] == 4
    assert "middle" in found.notes[0]


def test_flow_whose_zero_is_lost_is_known_as_such(tmp_path: Path) -> None:
    assert of_set(written(tmp_path / "a"), 0).flow_in_px
    assert not of_set(written(tmp_path / "b", unit=MIN_MAX_UNIT), 0).flow_in_px


def test_the_framing_is_that_of_the_part_that_is_shown(tmp_path: Path) -> None:
    face = {
        "eyes_at": 0.38,
        "side_per_interocular": 2.2,
        "shown_per_interocular": None,
        "shown_eyes_at": 0.25,
    }
    assert of_set(written(tmp_path / "a", recipe={"face": face}), 0).framing == Framing(0.38, 2.2)
    cut = {"face": {**face, "shown_per_interocular": 1.6}}
    assert of_set(written(tmp_path / "b", recipe=cut), 0).framing == Framing(0.25, 1.6)
    assert of_set(written(tmp_path / "c"), 0).framing is None


def test_a_name_of_a_video_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "videos"
    (inside / "frames").mkdir(parents=True)
    (tmp_path / "secret.mp4").write_bytes(b"x")
    (inside / "clip.mp4").write_bytes(b"x")
    videos = Videos(inside, whole=False)
    assert videos.find("clip") == inside / "clip.mp4"
    assert videos.find("frames") == inside / "frames"
    for name in ("../secret", "../secret.mp4", str(tmp_path / "secret.mp4"), "", ".", "..", "gone"):
        assert videos.find(name) is None, name


def test_a_missing_folder_video_or_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        Videos(tmp_path / "gone", whole=False)
    (tmp_path / "empty").mkdir()
    videos = Videos(tmp_path, whole=False)
    with pytest.raises(InputError, match="no video of this name"):
        videos.material("gone")
    with pytest.raises(InputError, match="no pictures"):
        videos.material("empty")
    videos.close()


@pytest.mark.parametrize("whole", [False, True])
def test_a_video_shows_its_face_from_first_to_last(brow_video: Path, whole: bool) -> None:
    videos = Videos(brow_video.parent, whole=whole)
    try:
        found = videos.material(brow_video.stem)
    finally:
        videos.close()
    assert all(picture.shape == (224, 224, 3) for picture in found.frames.values())
    if whole:
        assert list(found.frames)[0::11] == ["frame 1 of 12", "frame 12 of 12"]
        assert found.flow is None
    else:
        assert list(found.frames) == ["onset", "apex", "offset"]
        assert found.flow is not None and found.flow.shape == (3, 112, 112)
        assert any("middle" in note for note in found.notes)
