"""Reading a coder's movements: ELAN tiers and tables, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pympi import Eaf

from mien.analysis.result import VideoAnalysis
from mien.errors import InputError, UsageError
from mien.export import write_all
from mien.export.coding import Marked, read_coder, read_found

TIMES_S = [i / 25 for i in range(100)]


def eaf(path: Path, **tiers: list[tuple[int, int, str]]) -> Path:
    made = Eaf()
    for name, marks in tiers.items():
        made.add_tier(name.replace("_", " "))
        for mark in marks:
            made.add_annotation(name.replace("_", " "), *mark)
    made.to_file(str(path))
    return path


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_what_was_written_is_read_back(analysis: VideoAnalysis, tmp_path: Path) -> None:
    write_all(analysis, tmp_path, overlay=False, clips=False)
    found = read_found(tmp_path / "events.csv")
    assert found.movements == tuple(
        Marked(e.event_id, e.onset_frame, e.offset_frame, e.kind, e.label) for e in analysis.events
    )
    assert found.time_s == tuple(row.timestamp for row in analysis.frames)
    assert found.excluded == tuple(row.excluded for row in analysis.frames)
    (tmp_path / "frames.csv").unlink()
    with pytest.raises(InputError, match="table of frames is missing"):
        read_found(tmp_path / "events.csv")


def test_an_analysis_without_candidates_is_read(analysis: VideoAnalysis, tmp_path: Path) -> None:
    from dataclasses import replace

    write_all(replace(analysis, events=()), tmp_path, overlay=False, clips=False)
    assert read_found(tmp_path / "events.csv").movements == ()


def test_the_only_filled_tier_is_taken(tmp_path: Path) -> None:
    path = eaf(tmp_path / "a.eaf", notes=[], AU=[(400, 640, "AU12"), (81, 200, " AU4 ")])
    assert read_coder(path, TIMES_S) == (Marked(1, 2, 4, "", "AU4"), Marked(2, 10, 15, "", "AU12"))


def test_of_several_tiers_one_must_be_named_and_they_are_listed(tmp_path: Path) -> None:
    path = eaf(tmp_path / "a.eaf", Micro_events=[(400, 640, "x")], Macro=[(0, 2000, "y"), (3000, 3900, "z")])
    with pytest.raises(UsageError, match=r"not clear which tier[\s\S]*'Micro events' \(1\), 'Macro' \(2\)"):
        read_coder(path, TIMES_S)
    with pytest.raises(UsageError, match=r"no tier 'micro'[\s\S]*'Micro events'"):
        read_coder(path, TIMES_S, ["micro"])
    found = read_coder(path, TIMES_S, ["Micro events", "Macro"])
    assert [(each.kind, each.label) for each in found] == [("macro", "y"), ("micro", "x"), ("macro", "z")]


def test_an_annotation_within_one_frame_is_that_frame(tmp_path: Path) -> None:
    path = eaf(tmp_path / "a.eaf", AU=[(410, 415, "x")])
    (found,) = read_coder(path, TIMES_S)
    assert (found.onset, found.offset) == (10, 10)


def test_an_annotation_beyond_the_video_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="begins after the last frame"):
        read_coder(eaf(tmp_path / "a.eaf", AU=[(4100, 4200, "x")]), TIMES_S)


@pytest.mark.parametrize(
    "content", ["", "<a/>", "<ANNOTATION_DOCUMENT><TIER/></ANNOTATION_DOCUMENT>", "onset,offset\n1,2\n"]
)
def test_what_is_no_elan_file_is_told(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match="no ELAN file"):
        read_coder(table(tmp_path / "a.eaf", content), TIMES_S)
    with pytest.raises(InputError, match="no such file"):
        read_coder(tmp_path / "b.eaf", TIMES_S)


@pytest.mark.parametrize(
    "text",
    [
        "onset_frame,offset_frame,label\n10,15,happy\n",
        "label,onset_s,offset_s\nhappy,0.4,0.6\n",
        "label;onset_s;offset_s\nhappy;0,41;0,63\n",
        "coder,onset_frame,offset_frame,kind,label\nA,10,15.0,Micro,happy\n",
    ],
)
def test_tables_of_frames_or_seconds_are_read(tmp_path: Path, text: str) -> None:
    (found,) = read_coder(table(tmp_path / "a.csv", text), TIMES_S)
    assert (found.number, found.onset, found.offset, found.label) == (1, 10, 15, "happy")
    assert found.kind == ("micro" if "Micro" in text else "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("start,end\n1,2\n", "does not say when"),
        ("onset_frame,offset_frame\n5,x\n", "no number"),
        ("onset_frame,offset_frame\n5,\n", "no number"),
        ("onset_frame,offset_frame\n5,4\n", "ends .4. before it begins .5."),
        ("onset_frame,offset_frame\n5,100\n", "do not lie in the video's 100 frames"),
        ("onset_frame,offset_frame\n5,6.5\n", "no whole numbers"),
        ("onset_frame,offset_frame,kind\n5,6,big\n", "neither micro nor macro"),
    ],
)
def test_every_fault_of_a_table_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_coder(table(tmp_path / "a.csv", text), TIMES_S)


def test_tiers_for_a_table_are_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no tiers"):
        read_coder(table(tmp_path / "a.csv", "onset_s,offset_s\n"), TIMES_S, ["x"])
