"""The published result of the MEGC 2020 baseline on CAS(ME)^2 comes out of its own scores.

Every count is exact, and every ratio to 14 digits. Frames count from 1 in the published files; the scores are arrays,
whose first entry is frame 1.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from mien.metrics import spotting
from mien.metrics.spotting import Counts, FoundCounts, Spans, spans
from mien.spotting.curves import runs
from mien.spotting.files import LogRow, read_log, write_log
from mien.spotting.mdmd import allowed_lengths

FPS = 30


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "spotting" / "casme_sq_mdmd"


@pytest.fixture(scope="module")
def levels(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "levels.npz", allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, Spans]:
    found: dict[str, list[tuple[int, int]]] = {}
    with (folder / "ground_truth.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            span = int(float(row["onset"])), int(float(row["offset"]))
            found.setdefault(f"{row['type']}/{row['video']}", []).append(span)
    return {key: spans(pairs) for key, pairs in found.items()}


def predictions(level: np.ndarray, kind: str, p: int, first: int = 1) -> Spans:
    found = runs(level >= p, keep_last=False) + first
    length = found[:, 1] - found[:, 0] + 1
    shortest, longest = allowed_lengths(kind, FPS)
    return found[(length >= shortest) & (length <= longest)]


def found_at(levels, truth, kind: str, p: int, first: int = 1) -> FoundCounts:
    total = FoundCounts()
    for key, level in levels.items():
        if key.startswith(kind):
            total += spotting.count_found(predictions(level, kind, p, first), truth.get(key, spans([])))
    return total


@pytest.mark.parametrize("kind", ["macro", "micro"])
def test_all_published_rows_come_out_exactly(kind: str, folder, levels, truth) -> None:
    text = (folder / f"ME2_{kind}_all_p.txt").read_text()
    rows = re.findall(r"p=(\d+):\nnumber of videos: 98\n(.+)\n", text)
    assert [int(p) for p, _ in rows] == list(range(1, 100))
    for p, row in rows:
        c = found_at(levels, truth, kind, int(p))
        cells = row.split()
        assert [c.predictions, c.found, c.labels] == [int(cell) for cell in cells[:3]], f"p={p}"
        ratios = [c.recall, c.precision if c.predictions else 0.0, c.f1]
        assert ratios == pytest.approx([float(cell) for cell in cells[3:]], rel=1e-14), f"p={p}"


def test_one_to_one_counting_finds_fewer(levels, truth) -> None:
    total = Counts()
    for key, level in levels.items():
        if key.startswith("macro"):
            total += spotting.count(
                predictions(level, "macro", 1), truth.get(key, spans([])), matching="maximum"
            )
    assert (total.tp, total.tp + total.fp, total.tp + total.fn) == (104, 1523, 300)


def test_counting_frames_from_0_by_mistake_is_noticed(levels, truth) -> None:
    wrong = [found_at(levels, truth, kind, 1, first=0).found for kind in ("macro", "micro")]
    assert wrong == [111, 20]
    assert [found_at(levels, truth, kind, 1).found for kind in ("macro", "micro")] == [109, 21]


def test_the_published_log_is_read_and_written_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    published = folder / "MEGC2020_log_ME2.txt"
    sections = read_log(published)
    verdicts = [row.verdict for row in sections[2]]
    assert [verdicts.count(word) for word in ("TP", "FP", "FN")] == [130, 6433, 227]
    assert sections[2][0] == LogRow("23_0502", None, (110, 129)), "frames from 0: 111 and 130 in the file"
    write_log(tmp_path / "log.txt", sections)
    assert (tmp_path / "log.txt").read_bytes() == published.read_bytes()


def test_the_log_holds_the_intervals_of_the_scores(folder: Path, levels) -> None:
    logged = {
        (row.video, row.predicted) for row in read_log(folder / "MEGC2020_log_ME2.txt")[2] if row.predicted
    }
    expected = set()
    for key, level in levels.items():
        kind, _, video = key.partition("/")
        for first, last in predictions(level, kind, 1).tolist():
            expected.add((video.removeprefix("s"), (first - 1, last - 1)))
    assert logged == expected
