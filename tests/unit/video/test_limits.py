"""Limits on foreign files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from mien.errors import InputError
from mien.video.limits import Limits


def test_what_lies_within_passes_and_one_more_does_not(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"12345")
    limits = Limits(file_bytes=5, frame_pixels=100, duration_s=2.0, n_frames=4, fps=60.0, held_bytes=1200)
    limits.check_file(file)
    limits.check_size(10, 10, file)
    limits.check_length(4, 2.0, file)
    limits.check_rate(60.0, file)
    limits.check_rate(float("nan"), file)  # a single frame
    limits.check_held(4, 10, 10, file)
    file.write_bytes(b"123456")
    for call, found in [
        (lambda: limits.check_file(file), "6 bytes"),
        (lambda: limits.check_size(11, 10, file), "110 pixels"),
        (lambda: limits.check_length(5, 2.0, file), "5 frames"),
        (lambda: limits.check_length(4, 2.5, file), "2.5 s"),
        (lambda: limits.check_rate(60.5, file), "60.5 frames per second"),
        (lambda: limits.check_rate(float("inf"), file), "inf frames per second"),
        (lambda: limits.check_held(5, 10, 10, file), "5 frames of 10 x 10"),
    ]:
        with pytest.raises(InputError, match=found) as raised:
            call()
        assert str(file) in str(raised.value) and "do:" in str(raised.value)


def test_an_absent_and_an_empty_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="no such file"):
        Limits().check_file(tmp_path / "absent")
    with pytest.raises(InputError, match="0 bytes"):
        Limits().check_file(tmp_path / "empty")


@pytest.mark.parametrize("wrong", [{"n_frames": 0}, {"duration_s": -1.0}, {"frames": 3}])
def test_limits_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Limits(**wrong)
