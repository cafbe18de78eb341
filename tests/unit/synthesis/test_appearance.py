"""Appearances: the human range, and what fits a descent."""

from __future__ import annotations

import numpy as np

from mien.synthesis.appearance import LONG_STYLES, SHORT_STYLES, draw_appearance, skin_tone
from mien.synthesis.identity import Descent


def looks(phenotype: str, n: int = 40) -> list[object]:
    descent = Descent({phenotype: 1.0}, {})
    return [draw_appearance(descent, np.random.default_rng(seed)) for seed in range(n)]


def test_skin_grows_darker_with_its_tone_and_stays_warm() -> None:
    tones = np.stack([skin_tone(tone) for tone in np.linspace(0, 1, 30)])
    assert (np.diff(tones.sum(axis=1)) < 0).all()
    assert (tones[:, 0] > tones[:, 1]).all() and (tones[:, 1] > tones[:, 2]).all()


def test_descent_sets_the_range_of_skin() -> None:
    dark = [look.skin.sum() for look in looks("african-female-young")]
    light = [look.skin.sum() for look in looks("caucasian-female-young")]
    assert max(dark) < min(light)
    assert np.std(light) > 15  # but not one tone for all


def test_men_have_short_hair_and_stubble_women_long_hair_and_none() -> None:
    men, women = looks("asian-male-young"), looks("asian-female-young")
    assert {look.style for look in men} == set(SHORT_STYLES)
    assert {look.style for look in women} == set(LONG_STYLES)
    assert np.mean([look.stubble > 0 for look in men]) > 0.5
    assert not any(look.stubble for look in women)


def test_the_old_are_grey_and_lined() -> None:
    old, young = looks("caucasian-male-old"), looks("caucasian-male-young")
    assert np.mean([look.age for look in old]) > 0.7 > 0.3 > np.mean([look.age for look in young])

    def colour(look: object) -> float:
        return float(np.ptp(look.hair))

    assert np.mean([colour(look) for look in old]) < np.mean([colour(look) for look in young]) / 2


def test_colours_can_be_shown() -> None:
    for phenotype in ("african-male-old", "asian-female-young", "caucasian-male-young"):
        for look in looks(phenotype):
            for colour in (look.skin, look.hair, look.brow, look.iris, look.cloth):
                assert colour.shape == (3,) and colour.min() >= 0 and colour.max() <= 256
