"""The studio: one subject, one session; one performance, one picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mien.synthesis.performance import Manner, perform
from mien.synthesis.studio import Studio

SIZE = (160, 120)


@pytest.fixture(scope="module")
def studio(egl: None) -> Iterator[Studio]:
    made = Studio((0, 2, 1), SIZE, False, 2.55, None)
    yield made
    made.close()


def test_the_session_belongs_to_the_subject(studio: Studio) -> None:
    other = Studio((0, 2, 7), SIZE, False, 2.55, None)
    other.close()
    assert other.person is studio.person and other.view == studio.view and other.look == studio.look
    np.testing.assert_array_equal(other.light.directions, studio.light.directions)


def test_pictures_landmarks_and_flow_belong_together(studio: Studio) -> None:
    shown = perform(studio.person.bust.head, [], (1, 2, 3), 30.0, (0, 2, 1), Manner.still())
    names, landmarks = studio.landmarks(shown)
    assert landmarks.shape == (3, len(names), 2)
    np.testing.assert_array_equal(landmarks[0], landmarks[2])
    first = studio.picture(shown, 1)
    assert first.shape == (120, 160, 3)
    assert not np.array_equal(first, studio.picture(shown, 2))  # noise
    np.testing.assert_array_equal(first, studio.picture(shown, 1))
    assert np.abs(studio.tracks(shown, 0, 2).flow).max() < 2e-3


def test_relighting_holds_until_the_next(studio: Studio) -> None:
    shown = perform(studio.person.bust.head, [], (1,), 30.0, (0, 2, 1), Manner.still())
    plain = studio.picture(shown, 0)
    studio.relight(np.array([0.5, 0.5, 0.5]))
    assert studio.picture(shown, 0).mean() < 0.85 * plain.mean()
    studio.relight(np.ones(3))
    np.testing.assert_array_equal(studio.picture(shown, 0), plain)
