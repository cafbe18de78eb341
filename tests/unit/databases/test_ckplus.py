"""CK+: sequences from neutral to the peak, with labels in text files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.databases.ckplus import CKPLUS
from mien.errors import InputError, UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sequences of one subject, the first with an emotion and AUs."""
    root = tmp_path / "CK+"
    for clip, last in (("001", 4), ("002", 3)):
        row = {"subject": "S005", "clip": clip}
        for number in range(1, last + 1):
            file = root / CKPLUS.frame_path(row, number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    label(root / "Emotion/S005/001/S005_001_00000004_emotion.txt", "   3.0000000e+00\n")
    label(root / "FACS/S005/001/S005_001_00000004_facs.txt", "   9.0e+00   4.0e+00\n   1.7e+01   0.0e+00\n")
    return root


def label(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_sequences_end_at_the_peak(root: Path) -> None:
    loaded = CKPLUS.load(root)
    first, second = loaded.table.rows()
    assert (first["key"], first["emotion"], first["au"]) == ("S005_001", "disgust", "9+17")
    assert (first["onset"], first["apex"], first["offset"]) == (1, 4, 4)
    assert (second["key"], second["emotion"], second["au"]) == ("S005_002", "", None)
    assert loaded.frames["S005_001"].numbers == (1, 2, 3, 4)
    assert set(loaded.kinds.values()) == {"macro"}
    assert loaded.problems == ()


def test_a_lost_image_and_an_unreadable_label_are_told(root: Path) -> None:
    (root / "cohn-kanade-images/S005/001/S005_001_00000002.png").unlink()
    label(root / "Emotion/S005/002/S005_002_00000003_emotion.txt", "nine")
    problems = CKPLUS.load(root).problems
    assert [problem.what.partition(":")[0] for problem in problems] == [
        "the label cannot be read",
        "1 of 4 frames from 1 to 4 is absent",
    ]


def test_there_is_no_sheet(root: Path) -> None:
    with pytest.raises(UsageError, match="no annotation sheet"):
        CKPLUS.load(root, sheet=root / "codes.xlsx")


def test_a_folder_without_sequences_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of the clips"):
        CKPLUS.load(tmp_path)
