"""`pst-bln`: what is grown, from which clips, and what the grown network is afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from mien.clips.tasks import get
from mien.errors import UsageError
from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models import pst_bln, registry
from mien.models.base import Network
from mien.models.bilinear import BilinearModule
from mien.models.pst_bln import PstBln
from mien.protocols.view import Inputs, TrainView
from mien.training.fit import NetworkRecogniser
from mien.training.weights import members, state_of

TASK = get("megc-3")
QUICK = {"epochs": 1, "frames": 2, "passes": 2}


def network(**options: object) -> PstBln:
    made = registry.create("pst-bln", QUICK | options)
    assert isinstance(made, PstBln)
    return made


@pytest.fixture(scope="module")
def view(small_setting: Callable[..., Setting]) -> TrainView:
    setting = small_setting("pst-bln", **QUICK)
    return train_view(setting, setting.folds[0])


def test_a_topology_is_given_as_text_or_numbers() -> None:
    assert network(topology="2,3").shape.widths == (10, 15)
    assert network(topology=(2, 3)).topology == network(topology=[2, 3]).topology == (2, 3)
    assert network(topology="").plan.topology == ()
    assert network().shape.widths == (5,)
    for wrong in ("2,zero", "0,1", "-1"):
        with pytest.raises(UsageError, match="topology"):
            network(topology=wrong)


class Told:
    """Stands for a trained network: gives every clip's true class the probability it is told."""

    def __init__(self, made: Network, prob: float, truth: dict[bytes, int]) -> None:
        self.modules = [made.build(TASK)]
        made.start(self.modules[0])
        self._prob, self._truth = prob, truth

    def predict_proba(self, inputs: Inputs) -> np.ndarray:
        labels = [self._truth[clip.tobytes()] for clip in inputs["landmarks"]]
        found = np.full((len(labels), 3), (1 - self._prob) / 2)
        found[np.arange(len(labels)), labels] = self._prob
        return found


def test_growth_follows_the_loss_of_inner_subjects(view: TrainView) -> None:
    prob = {
        (1,): 0.4,
        (2,): 0.5,
        (3,): 0.5,
        (2, 1): 0.3,
        (2, 2): 0.6,
        (2, 3): 0.6,
        (2, 2, 1): 0.6,
        (2, 2, 2): 0.6,
    }
    truth = {c.tobytes(): int(y) for c, y in zip(view.arrays["landmarks"], view.labels, strict=True)}
    trained_on: list[tuple[tuple[int, ...], frozenset[str]]] = []
    modules: dict[tuple[tuple[int, ...], frozenset[str]], BilinearModule] = {}

    def train(made: Network, part: TrainView) -> Told:
        assert isinstance(made, PstBln) and made.plan.members == 1
        told = Told(made, prob[made.topology], truth)
        at = (made.topology, frozenset(part.groups.tolist()))
        trained_on.append(at)
        modules[at] = told.modules[0]  # type: ignore[assignment]
        return told

    found = network(members=2, max_layers=3).structured(view, train)
    assert found.topology == (2, 2)
    assert found.plan.members == 2
    people = set(view.groups.tolist())
    sides = {side for _, side in trained_on}
    assert len(sides) == 2 and all(side < people for side in sides)
    assert set.union(*(people - set(side) for side in sides)) <= people
    # Every candidate of an inner fold starts from the accepted one of that same fold.
    for side in sides:
        small, wide = modules[(1,), side].state_dict(), modules[(2,), side].state_dict()
        assert torch.equal(wide["layers.0.temporal.0.weight"][:5, :5], small["layers.0.temporal.0.weight"])
    one, other = (modules[(1,), side].state_dict()["layers.0.temporal.0.weight"] for side in sides)
    assert not torch.equal(one, other)


def test_validated_subjects_are_no_inner_training_subjects(view: TrainView) -> None:
    seen: list[tuple[set[str], set[bytes]]] = []

    class Watching(Told):
        def predict_proba(self, inputs: Inputs) -> np.ndarray:
            seen[-1][1].update(clip.tobytes() for clip in inputs["landmarks"])
            return super().predict_proba(inputs)

    truth = {c.tobytes(): int(y) for c, y in zip(view.arrays["landmarks"], view.labels, strict=True)}
    owner = {c.tobytes(): str(g) for c, g in zip(view.arrays["landmarks"], view.groups, strict=True)}

    def train(made: Network, part: TrainView) -> Told:
        seen.append((set(part.groups.tolist()), set()))
        return Watching(made, 0.5, truth)

    network().structured(view, train)
    assert all(
        validated and {owner[clip] for clip in validated}.isdisjoint(groups) for groups, validated in seen
    )


def test_a_given_topology_is_not_grown(view: TrainView) -> None:
    def never(made: Network, part: TrainView) -> Told:
        raise AssertionError("nothing is to be tried")

    made = network(topology="1,2")
    assert made.structured(view, never) is made


def test_the_log_loss_is_that_of_the_true_class() -> None:
    found = pst_bln._log_loss(np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([0, 1]))
    assert found == pytest.approx(-(np.log(0.5) + np.log(0.9)) / 2)
    assert np.isfinite(pst_bln._log_loss(np.array([[1.0, 0.0]]), np.array([1])))


def test_a_fitted_one_knows_its_topology_and_is_the_plain_network_of_it(view: TrainView) -> None:
    grown = NetworkRecogniser(network(max_layers=2, max_blocks=2), 0).fit(view)
    assert isinstance(grown.network, PstBln)
    topology = grown.network.plan.topology
    assert topology
    module = grown.modules[0]
    assert isinstance(module, BilinearModule) and module.shape.widths == tuple(5 * b for b in topology)
    plain = NetworkRecogniser(network(topology=topology), 0).fit(view)
    assert all(
        torch.equal(a, b)
        for a, b in zip(module.state_dict().values(), plain.modules[0].state_dict().values(), strict=True)
    )


def test_fitting_again_grows_again(view: TrainView) -> None:
    class Counting(PstBln):
        n = 0

        def structured(self, view: TrainView, train: object) -> PstBln:
            Counting.n += not self.plan.topology
            return network(topology="1")

    learner = NetworkRecogniser(Counting(network().plan), 0)
    learner.fit(view).fit(view)
    assert Counting.n == 2


def test_growth_does_not_see_the_held_out_clips(small_setting: Callable[..., Setting]) -> None:
    """Beside the contract's poison test, which reads the weights: here the topology itself."""
    setting = small_setting("pst-bln", **QUICK, max_layers=2, max_blocks=2)
    fold = setting.folds[0]
    arrays = {name: np.array(array) for name, array in setting.arrays.items()}
    for array in arrays.values():
        array[fold.held_out] = np.nan
    poisoned = replace(setting, arrays=arrays)
    found = [
        NetworkRecogniser(network(max_layers=2, max_blocks=2), 0).fit(train_view(s, fold)).network
        for s in (setting, poisoned)
    ]
    assert found[0].plan == found[1].plan


def test_weights_of_any_topology_are_read_back() -> None:
    for topology in ((3,), (1, 2), tuple([1] * 11)):
        made = network(topology=topology)
        module = made.build(TASK)
        # Stored tensors come back in the order of their names: layers.10 before layers.2.
        stored = dict(sorted(state_of([module]).items()))
        (read,) = members(network(), TASK, stored, "test")
        assert isinstance(read, BilinearModule) and read.shape == module.shape
        assert all(torch.equal(read.state_dict()[n], t) for n, t in module.state_dict().items())
