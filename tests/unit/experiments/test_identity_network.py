"""SlowFast as the namer of people: it learns them, a still stays still, and wrong sets are refused."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.experiments.identity_network import NetworkNamer, network_views
from mien.models.slowfast import SlowFastOptions
from mien.prepare.prepared import PreparedSet

OPTIONS = SlowFastOptions(width=8, epochs=24, batch_size=8, learning_rate=3e-3)
PEOPLE = np.arange(24) % 3


def coloured() -> np.ndarray:
    """Clips of three people, each mainly of a colour of his own."""
    clips = np.random.default_rng(0).integers(80, size=(24, 3, 4, 16, 16))
    clips[np.arange(24), PEOPLE] += 150
    return clips.astype(np.uint8)


def test_people_are_learned() -> None:
    namer = NetworkNamer(coloured(), 4, OPTIONS, seed=0)
    train, test = np.arange(16), np.arange(16, 24)
    scores = namer.scores(train, test, PEOPLE[train], np.zeros(16, dtype=int))
    assert np.array_equal(scores.argmax(axis=1), PEOPLE[test])
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, atol=1e-6)


def test_a_single_frame_is_shown_as_often_as_a_clip_has_frames() -> None:
    clips = coloured()
    short = OPTIONS.model_copy(update={"epochs": 1})
    train, test, parts = np.arange(16), np.arange(16, 24), np.zeros(16, dtype=int)
    still = NetworkNamer(clips[:, :, :1], 4, short, 0).scores(train, test, PEOPLE[train], parts)
    shown = NetworkNamer(np.repeat(clips[:, :, :1], 4, axis=2), 4, short, 0)
    # and the same call gives the same scores: both networks are trained from the same start
    assert np.array_equal(still, shown.scores(train, test, PEOPLE[train], parts))


def test_a_network_reads_clip_still_and_motion(small_clips: PreparedSet) -> None:
    views = network_views(small_clips, OPTIONS, 0)
    assert set(views) == {"rgb", "rgb, first frame (still)", "rgb, change since it (motion)"}


def test_sets_without_pictures_or_of_other_lengths_are_refused(
    small_set: PreparedSet, small_clips: PreparedSet
) -> None:
    with pytest.raises(UsageError, match="the array 'rgb'"):
        network_views(small_set, OPTIONS, 0)
    with pytest.raises(UsageError, match="8 frames, alpha 3"):
        network_views(small_clips, OPTIONS.model_copy(update={"alpha": 3}), 0)
