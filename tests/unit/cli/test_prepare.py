"""`mien prepare` and `mien data twin`, as a user types them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.prepare.prepared import PreparedSet


def test_a_database_becomes_a_prepared_set_with_its_gaps_listed(
    mien: Callable, small_twin: Path, tmp_path: Path
) -> None:
    what = ["prepare", "casme2", small_twin, "--recipe", "onset-apex-legacy", "--workers", "1"]
    code, out, _ = mien(*what, "--out", tmp_path / "set")
    assert code == 4
    assert "4 clips; onset_apex_flow 3x28x28" in out and "sub02_EP01_03" in out
    made = PreparedSet.open(tmp_path / "set")
    assert (
        made.name == "casme2-twin-onset-apex-legacy"
        and made.made_up
        and str(made.arrays["onset_apex_flow"].dtype) == "uint8"
    )


def test_the_stages_of_one_clip_are_drawn(mien: Callable, small_twin: Path, tmp_path: Path) -> None:
    picture = tmp_path / "smile.png"
    what = ["prepare", "casme2", small_twin, "--recipe", "onset-apex", "--out", picture]
    code, out, _ = mien(*what, "--show", "sub01_EP01_01")
    assert code == 0 and str(picture.name) in out and picture.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--recipe", "aie-cmcl"], 2, "--out SET"),
        (["--recipe", "nothing", "--out", "x"], 2, "there is no recipe"),
        (["--recipe", "onset-apex", "--show", "sub01_EP01_99"], 2, "no such clip"),
        (["--recipe", "onset-apex", "--show", "sub02_EP01_03"], 2, "no frames of this clip"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    mien: Callable, small_twin: Path, more: list[str], code: int, words: str
) -> None:
    found, _, err = mien("prepare", "casme2", small_twin, *more)
    assert found == code and words in err


def test_a_twin_is_filmed_from_a_sheet(mien: Callable, small_twin: Path, tmp_path: Path) -> None:
    sheet = small_twin / "CASME2-coding-small.csv"
    out = tmp_path / "twin"
    code, text, _ = mien(
        "data", "twin", "casme2", "--sheet", sheet, "--out", out, "--clips", "1", "--workers", "1"
    )
    assert code == 0 and "1 clips, 9 frames" in text
    assert len(list((out / "CASME2_RAW_selected" / "sub01" / "EP01_01").glob("img*.jpg"))) == 9
    code, text, _ = mien("data", "check", "casme2", out)
    assert code == 4 and "sub02_EP01_03" in text
