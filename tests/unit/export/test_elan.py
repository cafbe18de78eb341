"""The ELAN file, written and read back by pympi."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from pympi import Eaf

from mien.analysis.result import Event, FrameRow, VideoAnalysis
from mien.export.coding import read_coder
from mien.export.elan import TIERS, eaf_bytes
from mien.export.facts import shown_until_s


def written(analysis: VideoAnalysis, folder: Path, video: Path | None = None) -> Eaf:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.eaf").write_bytes(eaf_bytes(analysis, folder, video or Path(analysis.source)))
    return Eaf(str(folder / "events.eaf"))


def test_all_tiers_come_back_with_their_times_and_words(analysis: VideoAnalysis, tmp_path: Path) -> None:
    eaf = written(analysis, tmp_path)
    assert tuple(eaf.get_tier_names()) == TIERS
    ends_s = shown_until_s(analysis.frames)
    for kind in ("micro", "macro"):
        events = [event for event in analysis.events if event.kind == kind]
        expected = [
            (round(1000 * e.onset_s), round(1000 * ends_s[e.offset_frame]), str(e.event_id)) for e in events
        ]
        assert sorted(eaf.get_annotation_data_for_tier(f"candidate {kind}")) == expected
        labels = [each[2] for each in sorted(eaf.get_ref_annotation_data_for_tier(f"label {kind}"))]
        assert labels == [e.label or "abstained" for e in events]
    ((start, end, words),) = eaf.get_annotation_data_for_tier("lost face")
    lost = [row for row in analysis.frames if not row.success]
    assert (start, words) == (round(1000 * lost[0].timestamp), "no face found")
    assert end == round(1000 * ends_s[lost[-1].frame])
    ((start, end, _),) = eaf.get_annotation_data_for_tier("excluded")
    assert (start / 1000, end / 1000) == pytest.approx(analysis.excluded[0], abs=5e-4)


def test_the_video_is_linked_by_its_way_from_the_file(analysis: VideoAnalysis, tmp_path: Path) -> None:
    source = Path(analysis.source)
    (media,) = written(analysis, tmp_path / "out").get_linked_files()
    assert media["MIME_TYPE"] == "video/mp4"
    way = media["RELATIVE_MEDIA_URL"]
    assert not Path(way).is_absolute()
    assert (tmp_path / "out" / way).resolve() == source.resolve()
    (media,) = written(analysis, tmp_path, tmp_path / "beside me.mkv").get_linked_files()
    assert media["RELATIVE_MEDIA_URL"] == "./beside me.mkv"


@pytest.mark.parametrize("fps", [15.0, 29.97, 100.0, 240.0])
def test_frames_come_back_from_whole_milliseconds(fps: float, tmp_path: Path) -> None:
    times_s = [i / fps for i in range(200)]
    frames = tuple(FrameRow(i, t, 0, 1.0, True) for i, t in enumerate(times_s))
    spans = [(0, 0), (1, 7), (50, 61), (150, 199)]
    events = tuple(
        Event(n, "micro", 5.0, a, a, b, times_s[a], times_s[a], times_s[b], label="x")
        for n, (a, b) in enumerate(spans, start=1)
    )
    written(VideoAnalysis("v.mp4", {}, frames, events, {}, {}, {}, {}), tmp_path)
    found = read_coder(tmp_path / "events.eaf", times_s, ["candidate micro"])
    assert [(each.onset, each.offset) for each in found] == spans


def test_words_that_xml_cannot_hold_do_not_spoil_the_file(analysis: VideoAnalysis, tmp_path: Path) -> None:
    odd = 'a<b>&"c"\x07\udcff 悲しみ'
    event = replace(analysis.events[0], label=odd)
    eaf = written(replace(analysis, events=(event,), source="odd & name.mp4"), tmp_path)
    ((*_, words, _),) = eaf.get_ref_annotation_data_for_tier("label micro")
    assert words == 'a<b>&"c"\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} 悲しみ'


def test_the_file_has_what_elan_asks_for(analysis: VideoAnalysis, tmp_path: Path) -> None:
    written(analysis, tmp_path)
    root = ET.parse(tmp_path / "events.eaf").getroot()
    header = root.find("HEADER")
    assert header is not None
    assert header.attrib["TIME_UNITS"] == "milliseconds"
    slots = {slot.attrib["TIME_SLOT_ID"] for slot in root.iter("TIME_SLOT")}
    assert all(
        {a.attrib["TIME_SLOT_REF1"], a.attrib["TIME_SLOT_REF2"]} <= slots
        for a in root.iter("ALIGNABLE_ANNOTATION")
    )
    ids = [each.attrib["ANNOTATION_ID"] for each in root.iter() if "ANNOTATION_ID" in each.attrib]
    assert len(ids) == len(set(ids))
    types = {each.attrib["LINGUISTIC_TYPE_ID"] for each in root.iter("LINGUISTIC_TYPE")}
    assert {tier.attrib["LINGUISTIC_TYPE_REF"] for tier in root.iter("TIER")} <= types
