"""`st-bln` as a recogniser: dropout masks, passes at test, and that it learns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mien.clips.tasks import get
from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import Setting
from mien.metrics.uncertainty import mutual_information
from mien.models import registry
from mien.models.st_bln import BilinearNetwork, StBln
from mien.training.fit import NetworkRecogniser

TASK = get("megc-3")


def network(**options: object) -> StBln:
    made = registry.create("st-bln", options)
    assert isinstance(made, StBln)
    return made


def test_dropout_masks_keep_the_mean_and_fit_every_layer() -> None:
    made = network(frames=4, dropout=0.2)
    drawn = made.draw(16, torch.Generator().manual_seed(0))
    assert set(drawn) == {f"mask{i}" for i in range(7)} | {"flip"}
    for i, channels in enumerate((2, 8, 16, 16, 32, 32, 64)):
        mask = drawn[f"mask{i}"]
        assert mask.shape == (16, channels, 4, 51)
        assert set(mask.unique().tolist()) == {0.0, 1.25}
        assert mask.mean().item() == pytest.approx(1, abs=0.03)
    assert 0 < drawn["flip"].mean() < 1


def test_a_pass_draws_dropout_alone_for_one_clip() -> None:
    made = network(frames=3)
    drawn = made.thinned(made.build(TASK), torch.Generator().manual_seed(0))
    assert set(drawn) == {f"mask{i}" for i in range(7)}
    assert all(len(mask) == 1 for mask in drawn.values())


def test_without_dropout_there_are_no_passes_and_no_masks() -> None:
    made = network(dropout=0, flip=0)
    assert made.passes == 0
    assert made.draw(4, torch.Generator()) == {}
    assert network().passes == 100
    assert network(passes=0).passes == 0


@pytest.fixture(scope="module")
def fitted(small_setting: Callable[..., Setting]) -> tuple[NetworkRecogniser, Setting]:
    setting = small_setting("st-bln", epochs=8, frames=2, passes=20)
    made = registry.create("st-bln", setting.options)
    assert isinstance(made, StBln)
    return NetworkRecogniser(made, 0).fit(train_view(setting, setting.folds[0])), setting


def test_the_loss_falls(fitted: tuple[NetworkRecogniser, Setting]) -> None:
    curve = [row["loss"] for row in fitted[0].curves[0]]
    assert curve[-1] < 0.75 * curve[0]


def test_the_prediction_is_the_mean_of_the_passes_which_disagree(
    fitted: tuple[NetworkRecogniser, Setting],
) -> None:
    learner, setting = fitted
    clips = {name: np.array(array)[:6] for name, array in setting.arrays.items()}
    samples = learner.samples(clips)
    assert samples.shape == (20, 6, 3)
    np.testing.assert_allclose(samples.mean(axis=0), learner.predict_proba(clips))
    assert (mutual_information(samples) > 0).all()
    assert np.array_equal(samples, learner.samples(clips))
    # Each pass is one thinned network: what it says of a clip depends on no other clip.
    alone = learner.samples({name: array[2:3] for name, array in clips.items()})
    np.testing.assert_allclose(samples[:, 2:3], alone, atol=1e-6)


def test_a_run_keeps_the_doubt_of_its_clips(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("st-bln", epochs=1, frames=2, passes=4)
    result = run_job(setting, Job(0, 0), compiled=False)
    assert result.doubt is not None and result.doubt.shape == (len(result.prob),)
    assert (result.doubt > 0).all()
    plain = run_job(small_setting("st-bln", epochs=1, frames=2, passes=0), Job(0, 0), compiled=False)
    assert plain.doubt is None
    # The passes are drawn apart from the training: it is the same network.
    assert plain.weights == result.weights


@pytest.mark.parametrize(("nodes", "n"), [("points", 51), ("edges", 318), ("both", 369)])
@pytest.mark.parametrize("name", ["st-bln", "pst-bln"])
def test_every_graph_can_be_read(name: str, nodes: str, n: int) -> None:
    made = registry.create(name, {"nodes": nodes, "frames": 3})
    assert isinstance(made, BilinearNetwork)
    module = made.build(TASK)
    assert module.shape.n_nodes == n and module.norm.num_features == 2 * n
    points = torch.randn(2, 2, 3, 51)
    drawn = made.draw(2, torch.Generator().manual_seed(0))
    assert drawn["mask0"].shape == (2, 2, 3, n)
    assert module(points, noise=drawn).shape == (2, 3)
    assert torch.isfinite(module.eval()(points)).all()
