"""What is said about rows and frames that do not fit together."""

from __future__ import annotations

import pytest

from mien.clips.table import ClipTable
from mien.databases.card import Counts
from mien.databases.checking import absent_frames, compare, span_of, table_problems


def clip(
    onset: int | None = 10, apex: int | None = 15, offset: int | None = 20, **more: object
) -> dict[str, object]:
    frames = {"onset": onset, "apex": apex, "offset": offset}
    return {"dataset": "samm", "subject": "006", "clip": "c", "key": "k", "fps": 200, **frames, **more}


def said(*clips: dict[str, object]) -> list[str]:
    rows = [{**row, "key": str(number)} for number, row in enumerate(clips)]
    return [f"{p.key}: {p.what}" for p in table_problems(ClipTable.from_rows(rows), "sheet")]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (clip(apex=9), "the apex 9 lies before the onset 10"),
        (clip(apex=21), "the apex 21 lies after the offset 20"),
        (clip(apex=10), "the apex 10 is the onset frame"),
        (clip(apex=None, offset=9), "the offset 9 lies before the onset 10"),
        (clip(apex=None), "the apex is not known"),
        (clip(onset=None), "the onset is not known"),
        (clip(offset=None), "the offset is not known"),
        (clip(au="4+glare"), "AUs '4+glare': not read: glare"),
        (clip(au="3+4"), "AUs '3+4': no such code: 3"),
    ],
)
def test_each_oddity_of_a_row_is_told(row: dict[str, object], expected: str) -> None:
    assert f"1: {expected}" in said(clip(), row)


def test_a_sound_row_is_not_mentioned() -> None:
    assert said(clip(au="R14+A12C+ref(7)"), clip(offset=15)) == []


def test_what_no_row_has_is_not_missed() -> None:
    assert said(clip(apex=None), clip(apex=None)) == []


def test_a_movement_without_offset_ends_at_the_apex() -> None:
    assert span_of(clip(offset=None)) == (10, 15)
    assert span_of(clip(apex=None, offset=None)) is None
    assert span_of(clip(onset=None)) is None


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (range(10, 21), ""),
        (range(1, 100), ""),
        ([*range(10, 14), *range(16, 21)], "2 of 11 frames from 10 to 20 are absent, apex among them: 14-15"),
        ([*range(11, 20)], "2 of 11 frames from 10 to 20 are absent, onset and offset among them: 10, 20"),
        ([*range(10, 18), 19, 20], "1 of 11 frames from 10 to 20 is absent: 18"),
        (range(30, 40), "no frame from 10 to 20 is there; the folder holds 30 to 39"),
    ],
)
def test_absent_frames_are_counted_and_named(numbers: list[int], expected: str) -> None:
    assert absent_frames(clip(), list(numbers)) == expected


def test_many_gaps_are_cut_short() -> None:
    assert absent_frames(clip(1, 30, 59), range(1, 60, 2)).endswith("12, 14, 16 and 21 more")


def test_without_annotation_gaps_inside_the_folder_count() -> None:
    assert "absent: 3" in absent_frames(clip(None, None, None), [1, 2, 4])


def test_counts_stand_beside_the_published_ones() -> None:
    rows = [clip(emotion="fear", key="a"), clip(emotion="", key="b")]
    counts = Counts(3, 1, {"fear": 2, "anger": 1})
    assert compare(counts, ClipTable.from_rows(rows), {}) == [
        ("clips", 3, 2),
        ("subjects", 1, 1),
        ("micro", None, 2),
        ("fear", 2, 1),
        ("anger", 1, 0),
        ("not given", 0, 1),
    ]
    assert compare(None, ClipTable.from_rows(rows), {"a": "macro"})[:4] == [
        ("clips", None, 2),
        ("subjects", None, 1),
        ("macro", None, 1),
        ("micro", None, 1),
    ]
