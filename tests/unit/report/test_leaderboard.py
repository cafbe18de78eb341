"""The page of a leaderboard: one table per group, every cell in its column, what is undefined is said."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from leaderboard_cases import BOARD, ROW

from mien.errors import InputError, UsageError
from mien.report.leaderboard import COLUMNS, ROWS, markdown, read_leaderboard, write_leaderboard


def cells(page: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith("| `")]
    return [cell.strip() for cell in line.strip("|").replace("\\|", "/").split("|")]


def test_every_cell_stands_in_its_column() -> None:
    found = dict(zip(COLUMNS, cells(markdown([BOARD], "page")), strict=True))
    assert (found["method"], found["set"]) == ("`ststnet` (epochs=2)", "a-set")
    assert found["UF1 (95 % interval)"] == "0.710 (0.600 to 0.800)"
    assert (found["parameters"], found["peeked UF1"], found["core minutes"]) == ("1,683", "0.770", "12.3")
    assert found["published"] == "UF1 .73 / x"


def test_a_group_is_named_by_its_clips_and_protocol() -> None:
    page = markdown([BOARD, replace(BOARD, protocol="kfold:3")], "page")
    assert "## megc-3, loso: casme2, samm" in page and "## megc-3, kfold:3: casme2, samm" in page
    assert "442 clips of 68 people; apex given." in page
    page = markdown([replace(BOARD, made_up=True)], "page")
    assert "68 made-up people" in page and "## megc-3, loso: casme2, samm, made-up people" in page


def test_a_reference_and_an_undefined_score_are_said() -> None:
    undefined = {"mean": None, "sd": None, "low": None, "high": None}
    row = replace(
        ROW, ranked=False, uf1=undefined, parameters=None, peeked_uf1=None, core_minutes=None, n_clips=278
    )
    found = dict(zip(COLUMNS, cells(markdown([replace(BOARD, rows=(row,))], "page")), strict=True))
    assert found["method"].endswith("a reference (on 278 of the clips)")
    assert found["UF1 (95 % interval)"] == "undefined"
    assert found["parameters"] == found["peeked UF1"] == found["core minutes"] == ""


def test_a_page_shows_the_picture_of_every_table(tmp_path: Path) -> None:
    write_leaderboard(
        [BOARD, replace(BOARD, clips_hash="fedcba"), replace(BOARD, made_up=True)], tmp_path / "page.md"
    )
    shown = re.findall(r"\]\((page/[^)]+)\)", (tmp_path / "page.md").read_text(encoding="utf-8"))
    assert len(set(shown)) == 3
    assert {f"page/{file.name}" for file in (tmp_path / "page").iterdir()} == {*shown, f"page/{ROWS}"}


def test_the_numbers_beside_a_page_come_back_as_they_were(tmp_path: Path) -> None:
    undefined = {"mean": None, "sd": None, "low": None, "high": None}
    boards = [BOARD, replace(BOARD, task="casme2-5", rows=(ROW, replace(ROW, uf1=undefined, commit=None)))]
    write_leaderboard(boards, tmp_path / "page.md")
    assert read_leaderboard(tmp_path / "page.md") == boards


@pytest.mark.parametrize("content", [None, "[{]", '[{"task": "megc-3"}]'])
def test_missing_or_damaged_numbers_are_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "page").mkdir()
        (tmp_path / "page" / ROWS).write_text(content, "utf-8")
    with pytest.raises(InputError, match="without --add"):
        read_leaderboard(tmp_path / "page.md")


def test_a_page_without_an_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ending"):
        write_leaderboard([BOARD], tmp_path / "page")
    assert not list(tmp_path.iterdir())
