"""CK+ as face meshes: pairs of a neutral and a peak image, in pixels; damaged files are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.databases.ckplus_mesh import FILE, landmark_pairs
from mien.errors import InputError

ROWS = [
    ("S005", "001", 1, "neutral", "disgust"),
    ("S005", "001", 11, "disgust", "disgust"),
    ("S010", "003", 1, "neutral", ""),
    ("S010", "004", 19, "anger", "anger"),
    ("S010", "004", 1, "neutral", "anger"),
]


def content(rows: list[tuple[str, str, int, str, str]] = ROWS) -> dict[str, Any]:
    """The arrays of a file; the points of an image are all at a place that tells its row."""
    n = len(rows)
    box = np.tile(np.array([100, 50, 0, 300, 250, 9], np.float32), (n, 1))
    columns = dict(
        zip(("subject", "seq", "frame", "label", "seq_label"), zip(*rows, strict=True), strict=True)
    )
    points = np.zeros((n, 468, 3), np.float16)
    points[:, :, 0] = (np.arange(n) / 8)[:, None]
    points[:, :, 1] = 0.5
    points[:, :, 2] = np.nan  # the depth is not read
    return {name: np.array(values) for name, values in columns.items()} | {
        "landmarks": points,
        "bbox_px": box,
    }


def written(folder: Path, arrays: dict[str, Any]) -> Path:
    np.savez(folder / FILE, **arrays)
    return folder


def test_pairs_go_from_the_neutral_image_to_the_peak(tmp_path: Path) -> None:
    table, points = landmark_pairs(written(tmp_path, content()))
    assert points.shape == (2, 2, 468, 2) and points.dtype == np.float32
    rows = table.rows()
    assert [row["key"] for row in rows] == ["S005_001", "S010_004"]
    assert [(row["onset"], row["apex"], row["offset"]) for row in rows] == [(1, 11, 11), (1, 19, 19)]
    assert [row["emotion"] for row in rows] == ["disgust", "anger"]
    # Rows 0, 1 and (the neutral one comes second in the file) 4, 3; 200 px to the width of the box.
    np.testing.assert_allclose(points[:, :, 0, 0], [[100, 125], [200, 175]])
    np.testing.assert_allclose(points[..., 1], 150)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (ROWS[1:], "S005_001: 0 neutral images, 1 of"),
        ([*ROWS, ROWS[1]], "S005_001: 1 neutral images, 2 of"),
        ([("S005", "001", 1, "neutral", "fear"), *ROWS[1:]], "S005_001"),
        (ROWS[2:3], "no sequence has an emotion"),
    ],
)
def test_sequences_that_are_no_pair_are_told(
    tmp_path: Path, rows: list[tuple[str, str, int, str, str]], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        landmark_pairs(written(tmp_path, content(rows)))
    assert words in str(caught.value)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        landmark_pairs(tmp_path)
    (tmp_path / FILE).write_bytes(b"PK no archive")
    with pytest.raises(InputError, match="cannot be read"):
        landmark_pairs(tmp_path)
    arrays = content()
    del arrays["bbox_px"]
    with pytest.raises(InputError, match="cannot be read"):
        landmark_pairs(written(tmp_path, arrays))
    for name, wrong in (("landmarks", arrays["landmarks"][:, :68]), ("frame", arrays["frame"].astype(float))):
        with pytest.raises(InputError, match=name):
            landmark_pairs(written(tmp_path, content() | {name: wrong}))
    spoilt = content()
    spoilt["landmarks"][1, 3, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        landmark_pairs(written(tmp_path, spoilt))
