"""What is said of a video before it is decoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.video.probing import probe


def test_the_plain_video(plain_video: Path) -> None:
    facts = probe(plain_video)
    assert (facts.width, facts.height, facts.n_frames, facts.codec) == (160, 64, 90, "h264")
    assert facts.fps == pytest.approx(30) and facts.duration_s == pytest.approx(3)
    assert (facts.variable_rate, facts.rotation_deg, facts.cut) == (False, 0, "")


@pytest.mark.parametrize(("turn", "size"), [(90, (64, 160)), (180, (160, 64)), (270, (64, 160))])
def test_a_turned_video_has_the_size_that_is_shown(
    tmp_path: Path, write_video: Callable[..., Path], turn: int, size: tuple[int, int]
) -> None:
    facts = probe(write_video(tmp_path / "v.mp4", 3, rotation_deg=turn))
    assert (facts.width, facts.height) == size and facts.rotation_deg == turn


def test_a_cut_off_video_says_so(tmp_path: Path, write_video: Callable[..., Path]) -> None:
    path = write_video(tmp_path / "v.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    facts = probe(path)
    assert 0 < facts.n_frames < 40 and ("of 2.000 s" in facts.cut or "damaged after" in facts.cut)
