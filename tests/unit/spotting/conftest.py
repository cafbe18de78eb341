"""Lets these tests import the module beside them, `spotting_videos`, and makes its videos once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def coded_videos():
    """Six people, one video each; the last has no event at all."""
    from spotting_videos import coded_video

    return [*(coded_video(key) for key in range(5)), coded_video(5, [])]


@pytest.fixture(scope="session")
def mapped_videos():
    """Three short videos with flow maps for the networks."""
    from spotting_videos import coded_video

    return [coded_video(key, ["micro", "macro"], n_frames=480, maps=True) for key in range(20, 23)]
