"""The recognisers on the orientation of flow: the features they use, and that head motion does not matter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from made_arrays import face_points
from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models import registry
from mien.models.support_vectors import SvmRecogniser
from mien.motion.flow_histograms import bi_woof, fhofo, hoof
from mien.motion.mdmo import mdmo

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.normal(size=(3, 28, 28)).astype(np.float32)
IMAGE[2] = np.abs(IMAGE[2])


def made(name: str, **given: object) -> SvmRecogniser:
    method = registry.create(name, given)
    assert isinstance(method, SvmRecogniser)
    return method


@pytest.mark.parametrize("name", ["hoof", "bi-woof"])
def test_flow_is_centred_unless_told_otherwise(name: str) -> None:
    clip, shifted = (
        {"onset_apex_flow": IMAGE},
        {"onset_apex_flow": IMAGE + np.float32([[[4]], [[-2]], [[0]]])},
    )
    np.testing.assert_allclose(made(name).features(clip), made(name).features(shifted), atol=1e-6)
    plain = made(name, centre=False)
    assert not np.allclose(plain.features(clip), plain.features(shifted))
    expected = hoof(IMAGE, blocks=5).ravel() if name == "hoof" else bi_woof(IMAGE, blocks=5)
    np.testing.assert_array_equal(plain.features(clip), expected)


def test_strain_is_never_centred() -> None:
    clip = {"onset_apex_flow": IMAGE + np.float32([[[0]], [[0]], [[5]]])}
    assert not np.allclose(
        made("bi-woof").features(clip), made("bi-woof").features({"onset_apex_flow": IMAGE})
    )


def test_fhofo_joins_the_frames() -> None:
    flow = RANDOM.normal(size=(2, 6, 30, 30)).astype(np.float32)
    found = made("fhofo").features({"flow": flow})
    np.testing.assert_array_equal(found, fhofo(flow, blocks=3).ravel())
    assert found.shape == (6 * 9 * 18,)


def test_mdmo_takes_out_the_motion_of_the_head() -> None:
    y, x = np.mgrid[:128, :128]
    flow = RANDOM.normal(size=(2, 4, 128, 128)).astype(np.float32)
    head = np.stack([0.02 * x + 1, 0.01 * y - 2])[:, None].astype(np.float32)
    points = np.repeat((face_points() * 127).T[:, None], 4, axis=1).astype(np.float32)
    clip, turned = ({"flow": f, "landmarks": points} for f in (flow, flow + head))
    expected = mdmo(flow, face_points() * 127, align=True, alpha=0.9, form="polar")
    np.testing.assert_allclose(made("mdmo").features(clip), expected, atol=1e-6)
    np.testing.assert_allclose(made("mdmo").features(clip), made("mdmo").features(turned), atol=1e-4)
    plain = made("mdmo", align=False)
    assert not np.allclose(plain.features(clip), plain.features(turned), atol=1e-2)


@pytest.mark.parametrize("name", ["hoof", "bi-woof", "fhofo"])
def test_learns_its_training_clips(name: str, small_setting: Callable[..., Setting]) -> None:
    setting = small_setting(name, inner_folds=2)
    view = train_view(setting, setting.folds[0])
    prob = made(name, inner_folds=2).fit(view).predict_proba(view.arrays)
    assert (prob.argmax(1) == view.labels).mean() > 0.7
