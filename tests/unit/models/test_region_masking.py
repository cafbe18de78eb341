"""Which regions an AU coding needs, and what is left of an image."""

from __future__ import annotations

import numpy as np
import torch

from mien.facs.annotation import VOCABULARY, parse
from mien.models.region_masking import (
    LEAST_KEPT,
    REGIONS,
    SHOWS,
    kept_share,
    masked,
    region_masks,
    relevance,
    relevance_loss,
)

NAMES = list(REGIONS)


def test_regions_cover_the_face_once_and_mirror_themselves() -> None:
    masks = region_masks()
    assert torch.equal(masks.sum(dim=0), torch.ones(28, 28))
    assert torch.equal(masks, masks.flip(-1))
    assert (masks.sum(dim=(1, 2)) > 20).all()


def test_eyes_and_lip_corners_lie_where_the_frame_has_them() -> None:
    masks = dict(zip(NAMES, region_masks(), strict=True))
    assert masks["eyes"][6, 7] == masks["eyes"][6, 20] == 1
    assert masks["lip corners"][21, 9] == masks["lip corners"][21, 18] == 1
    assert masks["lips"][20, 13] == 1


def test_every_action_unit_of_the_vocabulary_shows_somewhere() -> None:
    assert set(SHOWS) == set(VOCABULARY)
    assert {name for shown in SHOWS.values() for name in shown} == set(NAMES)


def test_relevance_is_the_union_of_the_certain_action_units() -> None:
    needed, told = relevance([parse("1+R12"), parse("12 or 14"), parse(None), parse("?"), parse("ref(9)+17")])
    assert told.tolist() == [1, 0, 0, 0, 1]
    assert {NAMES[i] for i in np.flatnonzero(needed[0])} == {"inner brows", "cheeks", "lip corners"}
    assert {NAMES[i] for i in np.flatnonzero(needed[4])} == {"chin"}
    assert needed[1:4].sum() == 0


def test_low_scores_fade_a_region_but_the_best_three_stay_whole() -> None:
    scores = torch.tensor([[-9.0, -8, -7, -6, -5, -4, -3, -2, -1], [5.0] * 9])
    kept = kept_share(scores)
    assert (kept[0] == 1).nonzero().flatten().tolist() == [6, 7, 8] and LEAST_KEPT == 3
    torch.testing.assert_close(kept[0, :6], torch.sigmoid(scores[0, :6]))
    x = torch.ones(2, 3, 28, 28)
    faded = masked(x, scores)
    masks = region_masks()
    for i in range(9):
        torch.testing.assert_close(faded[0, 1][masks[i] == 1].mean(), kept[0, i])


def test_no_gradient_of_what_is_done_with_the_image_reaches_the_scores() -> None:
    scores = torch.zeros(1, 9, requires_grad=True)
    assert not masked(torch.ones(1, 3, 28, 28), scores).requires_grad


def test_loss_is_the_binary_cross_entropy_of_the_clips_that_tell() -> None:
    scores = torch.tensor([[2.0] * 9, [-1.0] * 9, [30.0] * 9, [30.0] * 9])
    needed = torch.tensor([[1.0] * 9, [1.0] * 9, [0.0] * 9, [0.0] * 9])
    told, valid = torch.tensor([1.0, 1, 0, 1]), torch.tensor([1.0, 1, 1, 0])
    wanted = (np.log1p(np.exp(-2)) + np.log1p(np.exp(1))) / 2
    np.testing.assert_allclose(float(relevance_loss(scores, needed, told, valid)), wanted, rtol=1e-6)
    assert float(relevance_loss(scores, needed, torch.zeros(4), None)) == 0


def test_the_regions_of_the_common_action_units() -> None:
    wanted = {
        1: {"inner brows"},
        2: {"outer brows"},
        4: {"inner brows", "outer brows", "root of the nose"},
        5: {"eyes"},
        6: {"eyes", "cheeks"},
        7: {"eyes"},
        9: {"root of the nose", "nose"},
        10: {"nose", "lips"},
        12: {"cheeks", "lip corners"},
        14: {"cheeks", "lip corners"},
        15: {"lip corners"},
        17: {"chin"},
        23: {"lips"},
        24: {"lips"},
        25: {"lips"},
        26: {"chin"},
    }
    assert {number: set(SHOWS[number]) for number in wanted} == wanted
