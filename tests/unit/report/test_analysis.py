"""The page of an analysis: what stands in it, that it loads nothing, and that it works in a browser."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_page import Page

from analysis_cases import MODEL, renamed
from mien.analysis.result import FrameRow, RegionMotion, VideoAnalysis
from mien.errors import UsageError
from mien.report.analysis import write_analysis_report
from mien.report.charts.timeline import MOST_POINTS, clock, timeline
from mien.report.events import direction, event_cards

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def page(analysis: VideoAnalysis, tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("page")
    names = ("events.csv", "overlay.mp4", "magnified/event-001-micro.mp4", "odd name #1?.csv")
    return Page(write_analysis_report(analysis, folder / "report.html", [folder / name for name in names]))


def words(page: Page) -> str:
    return " ".join(page.all("main")[0].text.split())


def test_tags_close_and_ids_are_unique(page: Page) -> None:
    assert page.faults == []
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    targets = {
        each.attributes["href"][1:]
        for each in page.elements
        if each.attributes.get("href", "").startswith("#")
    }
    assert targets <= set(ids)


def test_nothing_is_loaded_from_elsewhere(page: Page) -> None:
    for each in page.elements:
        for name in ("src", "xlink:href", "srcset", "action", "data", "poster"):
            assert each.attributes.get(name, "data:image/jpeg;base64,").startswith("data:image/jpeg;base64,")
        if each.name == "image":
            assert each.attributes["href"].startswith("data:image/jpeg;base64,")
    assert not {each.name for each in page.elements} & {"link", "iframe", "object", "embed", "base", "video"}
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)", page.source)
    assert "url(#" in page.source
    assert not re.search(r"url\((?!#)|@import", page.source)


def test_foreign_scripts_are_forbidden_and_its_own_is_allowed(page: Page) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", page.source, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(e.attributes["content"] for e in page.all("meta") if e.attributes.get("http-equiv"))
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_each_candidate_has_its_card_with_times_answer_and_words(page: Page, analysis: VideoAnalysis) -> None:
    text = words(page)
    for event in analysis.events:
        assert f"{round(1000 * event.onset_s)} ms" in text
        assert f"{event.onset_frame} · {event.apex_frame} · {event.offset_frame}" in text
        assert all(f"{sentence} {cosine:.2f}" in text for sentence, cosine in event.nearest)
    assert "stronger on the person's right (asymmetry -0.31)" in text
    assert "left brow 1.92 px up" in text
    assert "The recogniser abstains : no class reaches 0.50" in text
    assert "Answer: surprise" in text
    assert len(page.all("svg", "on-face")) == 3


def test_the_page_says_how_far_to_trust_it(page: Page) -> None:
    text = words(page)
    for said in (
        "Candidates for a human to check",
        "3.4 false micro alarms per minute",
        "12 long synthetic videos",
        "0.703 (0.651 to 0.749)",
        "0.689 (0.633 to 0.738)",
        "told by the annotation",
        "undefined",
        "Article 5(1)(f)",
        "medical or safety",
        "made-up people: 900 clips of 60 people (made up)",
    ):
        assert said in text, said
    assert not re.search(r"decepti|lie detect|lying|truthful", text, re.IGNORECASE)


def test_what_is_not_known_is_said_so(analysis: VideoAnalysis, tmp_path: Path) -> None:
    bare = replace(
        analysis, model={}, detector={"name": "x"}, events=(), baseline=None, excluded=(), notes=()
    )
    text = words(Page(write_analysis_report(bare, tmp_path / "a.html")))
    assert "they are unknown, not few" in text
    assert "No recogniser was used" in text
    assert "Nothing stood out enough" in text
    assert "This page was written alone" in text
    no_record = replace(analysis, model={"classes": ["a"]})
    assert "holds no record" in words(Page(write_analysis_report(no_record, tmp_path / "b.html")))


def test_files_are_linked_by_their_way_from_the_page(page: Page) -> None:
    links = [each.attributes["href"] for each in page.all("a") if not each.attributes["href"].startswith("#")]
    assert {"events.csv", "overlay.mp4", "magnified/event-001-micro.mp4", "odd%20name%20%231%3F.csv"} == set(
        links
    )
    assert links.count("magnified/event-001-micro.mp4") == 2, "in its card and in the list"


def test_words_from_outside_stay_words(analysis: VideoAnalysis, tmp_path: Path) -> None:
    odd = renamed(analysis, "<script>alert(1)</script>\"' \udcff")
    odd = replace(odd, model={**MODEL, "notes": ["<b>"], "record": [{"on": "<i>"}]}, settings={"<u>": "<u>"})
    made = Page(write_analysis_report(odd, tmp_path / "a.html"))
    assert made.faults == []
    assert len(made.all("script")) == 1
    assert not {"i", "u"} & {each.name for each in made.elements if not each.attributes}
    assert "alert(1)" in words(made)
    assert "<script>alert" not in made.source


def test_the_lost_share_is_told(analysis: VideoAnalysis, tmp_path: Path) -> None:
    rows = tuple(
        row
        if row.frame % 10 > 2
        else FrameRow(row.frame, row.timestamp, -1, 0.0, False, "face left the picture")
        for row in analysis.frames
    )
    text = words(Page(write_analysis_report(replace(analysis, frames=rows), tmp_path / "a.html")))
    share = sum(not row.success for row in rows) / len(rows)
    assert f"{100 * share:.0f} % of the frames" in text
    assert "there was no usable face" in text


def test_a_page_over_a_folder_is_refused(analysis: VideoAnalysis, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="over a folder"):
        write_analysis_report(analysis, tmp_path)


def test_the_timeline_draws_events_and_gaps_in_seconds(analysis: VideoAnalysis) -> None:
    drawn = str(timeline(analysis))
    for event in analysis.events:
        x = f"{event.onset_s:.4f}".rstrip("0").rstrip(".")
        assert re.search(rf'<rect x="{re.escape(x)}"[^>]* class="event {event.kind}"', drawn)
    assert drawn.count('class="lost"') == 1
    assert "no face found" in drawn
    assert "nan" not in drawn


def test_a_long_video_keeps_its_peaks_in_few_points(analysis: VideoAnalysis) -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(120_000)
    scores[77_777] = 40.0
    rows = tuple(FrameRow(i, i / 30, 0, 1.0, True, micro_score=float(s)) for i, s in enumerate(scores))
    drawn = str(timeline(replace(analysis, frames=rows, events=(), excluded=())))
    d = re.findall(r'<path d="([^"]*)" class="score micro"', drawn)[0]
    points = re.findall(r"[ML]([\d.]+),([\d.]+)", d)
    assert len(points) <= MOST_POINTS
    assert min(points, key=lambda p: float(p[1]))[0] == f"{77_777 / 30:.3f}"


@pytest.mark.parametrize(
    ("seconds", "step", "text"),
    [(0, 2, "0:00"), (75, 5, "1:15"), (75.5, 0.5, "1:15.5"), (0.05, 0.05, "0:00.05"), (3600, 600, "60:00")],
)
def test_the_clock(seconds: float, step: float, text: str) -> None:
    assert clock(seconds, step) == text


def test_directions_are_those_of_the_picture() -> None:
    said = {
        (1, 0): "right",
        (0, 1): "down",
        (0, -1): "up",
        (-1, 0): "left",
        (1, -1): "up and right",
        (-1, 1): "down and left",
    }
    assert {way: direction(RegionMotion("r", *map(float, way))) for way in said} == said


def test_an_event_of_which_nothing_is_known_has_a_card(analysis: VideoAnalysis, tmp_path: Path) -> None:
    bare = replace(
        analysis.events[0],
        label="",
        prob={},
        doubt=math.nan,
        nearest=(),
        regions=(),
        asymmetry=math.nan,
        pictures=None,
    )
    found = replace(analysis, events=(bare,))
    (card,) = event_cards(found)
    assert (card.flow, card.bars, card.motion, card.side) == (None, [], [], "not measured")
    assert "No pictures were kept" in words(Page(write_analysis_report(found, tmp_path / "a.html")))


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")
def test_the_script_runs_in_a_browser(analysis: VideoAnalysis, tmp_path: Path) -> None:
    page = write_analysis_report(analysis, tmp_path / "report.html")
    asked = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000"]
    dom = subprocess.run(
        [*asked, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=800,900", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    assert 'class="scripted"' in dom
    assert re.search(r"0\.00 to [\d.]+ s of", dom), "the window is told"
    box = re.search(r'<svg viewBox="0 0 (\d+) [\d.]+" class="chart timeline"', dom)
    assert box
    assert int(box[1]) < 800
