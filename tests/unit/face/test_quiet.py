"""Known noise on standard error."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from mien.face.quiet import without


def test_noise_is_dropped_and_all_else_passes(capfd: pytest.CaptureFixture[str]) -> None:
    with without(re.compile(rb"^W0000")):
        os.write(2, b"W0000 noise\na real fault\n")
        sys.stderr.write("said in Python\n")
    os.write(2, b"W0000 afterwards\n")
    lines = capfd.readouterr().err.splitlines()
    assert sorted(lines) == ["W0000 afterwards", "a real fault", "said in Python"]


def test_what_was_said_before_an_error_passes_too(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), without(re.compile(rb"noise")):
        os.write(2, b"why it fails\n")
        raise KeyError
    assert capfd.readouterr().err == "why it fails\n"


def test_a_landmarker_opens_works_and_closes_in_silence() -> None:
    code = (
        "import numpy as np\nfrom mien.face.landmarks import Landmarker\n"
        "with Landmarker() as landmarker: landmarker.find(np.zeros((99, 99, 3), np.uint8))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
