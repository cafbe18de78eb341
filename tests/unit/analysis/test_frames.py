"""The table of frames gives each row as it was, made when it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from mien.analysis.frames import FrameLog, FrameTable
from mien.face.following import Followed

SEEN = Followed(
    face_id=0, confidence=0.75, box=(10, 20, 60, 90), interocular_px=25.0, blur=100.0, yaw_deg=-3.0
)
GONE = Followed(lost="no face was found")


@pytest.fixture
def table() -> FrameTable:
    log = FrameLog(share=0.5)
    for time_s, followed in ((0.0, SEEN), (0.04, GONE), (0.08, SEEN)):
        log.add(time_s, followed)
    assert log.success.tolist() == [True, False, True] and log.faces() == {0}
    assert log.centre(0) == (35.0, 55.0)
    scores = {
        name: np.array([1.0, np.nan, 2.0]) for name in ("micro_score", "macro_score", "micro_px", "macro_px")
    }
    return log.table({**scores, "excluded": np.array([False, False, True])})


def test_rows_are_those_that_were_logged(table: FrameTable) -> None:
    first, lost, last = table
    assert (first.frame, first.timestamp, first.success, first.lost) == (0, 0.0, True, "")
    assert (first.x, first.y, first.width, first.height, first.interocular_px) == (20, 40, 100, 140, 50)
    assert (first.micro_score, first.excluded, last.excluded) == (1.0, False, True)
    assert (lost.success, lost.lost, lost.face_id) == (False, "no face was found", -1)
    assert np.isnan([lost.x, lost.blur, lost.micro_score]).all()


def test_it_is_a_sequence(table: FrameTable) -> None:
    assert len(table) == 3 and repr(table[-1]) == repr(table[2]) == repr(list(table[1:])[1])
    assert [row.frame for row in reversed(table)] == [2, 1, 0]
    with pytest.raises(IndexError):
        table[3]


def test_an_hour_takes_some_megabytes() -> None:
    log = FrameLog()
    for index in range(5000):
        log.add(index / 30, SEEN)
    table = log.table({name: np.zeros(5000, np.float32) for name in
                       ("micro_score", "macro_score", "micro_px", "macro_px", "excluded")})  # fmt: skip
    held = sum(table.column(name).nbytes for name in ("timestamp", "face_id", "lost", "x", "micro_score"))
    assert held / 5000 < 30
