"""People: the same from the same seed, different from another, and shaped like their descent."""

from __future__ import annotations

import numpy as np

from mien.synthesis.person import Person, draw_person


def test_the_same_seed_and_subject_give_the_same_person(person: Person) -> None:
    draw_person.cache_clear()
    again = draw_person(0, 2)
    assert again is not person
    for name in ("vertices", "skin", "eye", "strands"):
        np.testing.assert_array_equal(getattr(again, name), getattr(person, name), err_msg=name)
    np.testing.assert_array_equal(again.hair.points, person.hair.points)


def test_another_subject_is_another_person(person: Person) -> None:
    other = draw_person(0, 3)
    assert np.abs(other.vertices - person.vertices).max() > 0.02
    assert not np.array_equal(other.skin, person.skin)


def test_the_origin_lies_between_the_eyes_and_the_hair_fits(person: Person) -> None:
    np.testing.assert_allclose(person.bust.head.eyes(person.vertices).mean(axis=0), 0.0, atol=1e-9)
    top = person.vertices[:, 1].max()
    assert top - 0.05 < person.hair.points[..., 1].max() < top + 0.6
