"""Folds in which everybody is enrolled: what is kept apart, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.protocols.sessions import enrolled_parts, several_sessions


def clips(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Twelve people with 2 to 6 sessions of 1 to 5 clips."""
    rng = np.random.default_rng(seed)
    pairs = [
        (f"p{p}", f"p{p}/{s}")
        for p in range(12)
        for s in range(rng.integers(2, 7))
        for _ in range(rng.integers(1, 6))
    ]
    return np.array([p for p, _ in pairs]), np.array([s for _, s in pairs])


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_no_session_is_on_both_sides_and_everybody_held_out_is_enrolled(k: int, seed: int) -> None:
    who, when = clips(seed)
    parts = enrolled_parts(who, when, k, seed)
    assert set(parts.tolist()) == set(range(k))
    for part in range(k):
        held = parts == part
        assert not set(when[held]) & set(when[~held])
        assert set(who[held]) <= set(who[~held])
    assert np.bincount(parts).max() <= 2 * np.bincount(parts).min()


def test_a_session_per_clip_is_a_split_stratified_by_person() -> None:
    who = np.repeat(["a", "b", "c"], [5, 10, 15])
    parts = enrolled_parts(who, np.arange(30), 5, 0)
    for person, each in (("a", 1), ("b", 2), ("c", 3)):
        assert np.bincount(parts[who == person]).tolist() == [each] * 5


def test_the_seed_and_nothing_else_decides() -> None:
    who, when = clips(1)
    assert np.array_equal(enrolled_parts(who, when, 3, 7), enrolled_parts(who, when, 3, 7))
    assert not np.array_equal(enrolled_parts(who, when, 3, 7), enrolled_parts(who, when, 3, 8))


def test_people_of_one_session_are_told_and_refused() -> None:
    who, when = ["a", "a", "b", "b"], ["1", "2", "3", "3"]
    assert several_sessions(who, when).tolist() == [True, True, False, False]
    with pytest.raises(InputError, match="subject 'b'"):
        enrolled_parts(who, when, 2, 0)
    with pytest.raises(InputError, match="k 1"):
        enrolled_parts(who[:2], when[:2], 1, 0)
