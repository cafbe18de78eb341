"""The seven ways to show a clip."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mien.errors import InputError, UsageError
from mien.vlm.encodings import ENCODINGS, REGIONS, encode, hsv, motion_in_words
from mien.vlm.material import Framing, Material

FRAMING = Framing(eyes_at=0.38, side_per_interocular=2.2)


def material(**changed: object) -> Material:
    frames = {
        name: np.full((32, 32, 3), grey, np.uint8)
        for name, grey in (("onset", 10), ("apex", 100), ("offset", 200))
    }
    flow = np.zeros((3, 32, 32), np.float32)
    flow[0, :, :16] = 2.0
    given = {"clip": "c", "frames": frames, "flow": flow, "framing": FRAMING}
    return Material(**(given | changed))  # type: ignore[arg-type]


def pictures(name: str, shown: Material, side_px: int = 64) -> list[np.ndarray]:
    return [np.asarray(Image.open(io.BytesIO(data))) for data in encode(shown, name, side_px).pictures]


def test_the_letters_are_a_to_g() -> None:
    assert "".join(encoding.letter for encoding in ENCODINGS.values()) == "abcdefg"


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("apex", [(64, 64, 3)]),
        ("strip", [(64, 192, 3)]),
        ("frames", [(64, 64, 3)] * 3),
        ("flow", [(64, 64, 3)]),
        ("overlay", [(64, 64, 3)]),
        ("numbers", []),
        ("none", []),
    ],
)
def test_pictures_and_words_of_every_encoding(name: str, shapes: list[tuple[int, ...]]) -> None:
    assert [picture.shape for picture in pictures(name, material())] == shapes
    assert encode(material(), name, 64).words
    assert encode(material(), name, 64) == encode(material(), name, 64)


def test_frames_come_in_the_order_of_time() -> None:
    assert pictures("apex", material())[0].mean() == 100
    assert [int(picture.mean()) for picture in pictures("frames", material())] == [10, 100, 200]
    strip = pictures("strip", material())[0]
    assert [int(strip[:, 64 * k : 64 * k + 64].mean()) for k in range(3)] == [10, 100, 200]


def test_a_long_video_becomes_a_sheet() -> None:
    frames = {f"frame {k + 1}": np.full((8, 8, 3), 20 * k, np.uint8) for k in range(6)}
    (sheet,) = pictures("strip", material(frames=frames), 32)
    assert sheet.shape == (64, 128, 3)
    assert [int(sheet[0, 32 * k, 0]) for k in range(4)] == [0, 20, 40, 60]
    assert [int(sheet[32, 32 * k, 0]) for k in range(4)] == [80, 100, 0, 0]


def test_flow_turns_direction_into_colour() -> None:
    flow = np.zeros((3, 4, 4), np.float32)
    for u, v, colour in ((1, 0, "red"), (-1, 0, "cyan")):
        flow[0], flow[1] = u, v
        red, green, blue = hsv(flow)[0, 0].astype(int)
        assert (red > 200 and green < 30) if colour == "red" else (green > 200 and blue > 200 and red < 30)
    assert not hsv(np.zeros((3, 4, 4), np.float32)).any()


def test_an_overlay_is_half_face_and_half_motion() -> None:
    (mixed,) = pictures("overlay", material(), 32)
    assert np.abs(mixed[16, 30].astype(int) - 5).max() <= 1  # still skin: half of the onset's 10
    assert mixed[16, 4, 0] > 120  # moving to the right: red


def test_flow_whose_zero_is_lost_is_shown_as_panels_only() -> None:
    lost = material(flow_in_px=False)
    assert pictures("flow", lost)[0].shape == (64, 192, 3)
    for name in ("overlay", "numbers"):
        with pytest.raises(InputError):
            encode(lost, name, 64)


def test_numbers_say_where_and_whereto() -> None:
    size = 220
    flow = np.zeros((3, size, size), np.float32)
    flow[
        1, 40:75, :110
    ] = -2.0  # the brow at the left of the picture, up by 2 of the 100 px between the eye corners
    lines = motion_in_words(flow, FRAMING).splitlines()[1:]
    said = dict(line.removeprefix("- ").split(": ", 1) for line in lines)
    assert list(said) == list(REGIONS)
    assert said["right brow"].startswith("2.0 % up,") or said["right brow"].startswith("1.")
    assert " up," in said["right brow"]
    assert all(
        text.startswith("still") for name, text in said.items() if name in ("left brow", "nose", "chin")
    )


@pytest.mark.parametrize(
    ("u", "v", "word"),
    [
        (1, 0, "right"),
        (1, 1, "down-right"),
        (0, 1, "down"),
        (-1, 0, "left"),
        (-1, -1, "up-left"),
        (0, -1, "up"),
    ],
)
def test_directions_are_those_of_the_picture(u: int, v: int, word: str) -> None:
    flow = np.zeros((3, 220, 220), np.float32)
    flow[0], flow[1] = u, v
    assert f" {word}," in motion_in_words(flow, FRAMING).splitlines()[1]


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("apex", {"frames": {}}),
        (
            "strip",
            {"frames": {"onset": np.zeros((8, 8, 3), np.uint8), "apex": np.zeros((8, 8, 3), np.uint8)}},
        ),
        ("frames", {"frames": {}}),
        ("flow", {"flow": None}),
        ("overlay", {"flow": None}),
        ("overlay", {"frames": {}}),
        ("numbers", {"framing": None}),
    ],
)
def test_what_is_missing_is_told_with_a_way_out(name: str, lacks: dict[str, object]) -> None:
    with pytest.raises(InputError, match="recipe vlm"):
        encode(material(**lacks), name, 64)


def test_an_unknown_encoding_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="overlay"):
        encode(material(), "hologram", 64)


def test_a_picture_file_holds_nothing_but_pixels() -> None:
    with Image.open(io.BytesIO(encode(material(), "apex", 32).pictures[0])) as opened:
        assert opened.info == {}
