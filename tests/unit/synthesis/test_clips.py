"""Sampled clips: reproducible, varied, and with the truth they carry."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mien.errors import UsageError
from mien.facs.annotation import parse
from mien.facs.prototypes import PROTOTYPES
from mien.synthesis.actions import MIXTURES
from mien.synthesis.clips import EMOTION_SHARES, SyntheticClips, draw_actions, sample_clips
from mien.synthesis.conditions import Conditions


@pytest.fixture(scope="module")
def clips() -> SyntheticClips:
    return sample_clips(30, 8, seed=3)


def test_shapes_and_names(clips: SyntheticClips) -> None:
    assert clips.flow.shape == (240, 2, 28, 28) and clips.flow.dtype == np.float32
    assert np.isfinite(clips.flow).all()
    assert len(clips) == len(clips.emotion) == len(clips.subject) == len(clips.actions) == 240
    assert clips.subject[:9] == ("s001",) * 8 + ("s002",) and clips.clip[:9] == (1, 2, 3, 4, 5, 6, 7, 8, 1)
    assert (clips.flow.std(axis=(2, 3)) > 0).all()


def test_the_same_seed_gives_the_same_clips_and_another_seed_others() -> None:
    first, again, other = (sample_clips(2, 3, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.flow, again.flow)
    assert first.au == again.au and first.emotion == again.emotion
    assert np.abs(first.flow - other.flow).max() > 0.1


def test_a_subject_does_not_depend_on_how_many_others_or_clips_there_are() -> None:
    few, many = sample_clips(2, 3, seed=5), sample_clips(4, 5, seed=5)
    np.testing.assert_allclose(few.flow[3:6], many.flow[5:8], atol=1e-6)
    assert few.au[3:6] == many.au[5:8]


def test_every_emotion_has_prototypes_and_shows_its_own_actions() -> None:
    rng = np.random.default_rng(0)
    for emotion in EMOTION_SHARES:
        own = {code for prototype in PROTOTYPES[emotion] for code in prototype}
        drawn = [draw_actions(emotion, Conditions(), rng) for _ in range(100)]
        assert all(actions and all(0 < action.intensity <= 1 for action in actions) for actions in drawn)
        assert all(any(action.code in own & set(MIXTURES) for action in actions) for actions in drawn)


def test_an_unknown_emotion_is_refused() -> None:
    with pytest.raises(UsageError, match="boredom"):
        draw_actions("boredom", Conditions(), np.random.default_rng(0))


def test_au_strings_parse_to_the_actions_shown(clips: SyntheticClips) -> None:
    for text, actions in zip(clips.au, clips.actions, strict=True):
        annotation = parse(text)
        assert annotation.coded
        assert annotation.numbers == {action.code for action in actions}
        assert {(mark.code, mark.side) for mark in annotation.units} == {(a.code, a.side) for a in actions}


def test_classes_are_imbalanced_as_in_the_real_sets(clips: SyntheticClips) -> None:
    share = {emotion: count / len(clips) for emotion, count in Counter(clips.emotion).items()}
    assert share["happiness"] == pytest.approx(0.245, abs=0.1)
    assert share["surprise"] == pytest.approx(0.185, abs=0.1)
    assert sum(share.values()) - share["happiness"] - share["surprise"] > 0.4


def test_exact_clips_hold_coded_motion_only() -> None:
    exact = sample_clips(4, 4, seed=1, conditions=Conditions.exact())
    for flow, actions in zip(exact.flow, exact.actions, strict=True):
        codes = {action.code for action in actions}
        if codes <= {1, 2, 4, 5, 7}:
            assert np.abs(flow[:, 18:]).max() < 0.05 * np.abs(flow).max()
        if codes <= {12, 14, 15, 17, 20, 25}:
            assert np.abs(flow[:, :3]).max() < 0.05 * np.abs(flow).max()


@pytest.mark.parametrize("wrong", [(0, 1, 0, 28), (1, 0, 0, 28), (1, 1, -1, 28), (1, 1, 0, 0)])
def test_numbers_that_make_no_clips_are_refused(wrong: tuple[int, int, int, int]) -> None:
    subjects, each, seed, size = wrong
    with pytest.raises(UsageError):
        sample_clips(subjects, each, seed=seed, size=size)


def test_any_size_can_be_asked_for() -> None:
    assert sample_clips(1, 2, size=(20, 36)).flow.shape == (2, 2, 20, 36)


def test_clips_can_show_given_actions_or_none() -> None:
    strong = Conditions(strength=0.8, strength_spread=0.2)
    blinks = sample_clips(3, 4, seed=1, conditions=strong, shown=(45,))
    assert set(blinks.au) == {"45"} and set(blinks.emotion) == {""}
    nothing = sample_clips(3, 4, seed=1, conditions=Conditions.exact(), shown=())
    assert set(nothing.au) == {""} and not nothing.flow.any()
    lids = sample_clips(3, 4, seed=1, conditions=Conditions.exact(strength=0.8), shown=(45,)).flow
    assert np.abs(lids[:, :, 18:]).max() < 0.05 * np.abs(lids).max()
