"""Pre-training of a network's encoders on clips of people: the same training loop, resumable, into one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien.clips.people import person
from mien.clips.tasks import Task
from mien.errors import UsageError
from mien.facs.annotation import parse
from mien.models import registry
from mien.models.future_frames import FutureFrames, FutureModule, FuturePlan, latent_error
from mien.models.images import moved, pieces
from mien.models.pretrained import CopyTest, PretrainingCard, read_card, write
from mien.models.two_branch import TwoBranch
from mien.prepare.prepared import PreparedSet
from mien.protocols.view import Inputs, TrainView
from mien.training import keys
from mien.training.checkpoint import Checkpoint
from mien.training.frame_pairs import FramePairs, frame_pairs
from mien.training.loop import train
from mien.training.material import gather

Progress = Callable[[int, int, str], None]

#: Raised whenever the same arguments give other weights than before.
VERSION = 1
FOLD = "pre-training"
#: No class is told apart.
UNLABELLED = Task("future-frames", "the frame shortly after", ("any",), "arXiv 2405.16451", {})


def pretrain(
    name: str,
    options: Mapping[str, object],
    plan: FuturePlan,
    sets: Sequence[PreparedSet],
    out: Path,
    *,
    without: Collection[str] = (),
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
    command: str = "",
) -> PretrainingCard:
    """The card of the encoders just written to `out`; a training that was killed goes on after its last epoch.

    Args:
        name, options: the network whose encoders are trained.
        without: subjects (`database/subject`) that must not be seen.

    Raises:
        UsageError: the network is not pre-trained on clips, or `out` holds something else.
        InputError: the sets cannot be used.
    """
    network = registry.create(name, options)
    if not isinstance(network, TwoBranch):
        raise UsageError(
            f"'{name}' is not pre-trained on clips",
            do="use a network of two branches: ma2mi, ma2mi-small, mmnet",
        )
    pretext = FutureFrames(plan, network)
    shape = {key: network.encoder_options[key] for key in sorted(network.encoder_options)}
    asked = _fingerprint(
        version=VERSION,
        network=name,
        options=shape,
        settings=plan.model_dump(mode="json"),
        data=[data.data_hash for data in sets],
        without=sorted(without),
        seed=seed,
        device=device,
        torch=torch.__version__,
    )
    if out.exists():
        return _finished(out, asked)
    found = frame_pairs(sets, plan, without, progress)
    aside = _aside(found.groups, plan.aside, seed)
    material = gather(pretext, _view(found, ~aside), seed=seed, member=0, device=torch.device(device))
    judged = found.take(aside if aside.any() else ~aside)

    def tell(epoch: int, module: nn.Module) -> None:
        if progress is not None:
            test = copy_test(pretext, module, judged, torch.device(device))
            progress(epoch + 1, plan.epochs, _words(test))

    checkpoint = Checkpoint(out.with_name(f".{out.name}.checkpoint"), asked)
    train(material, tell, checkpoint)
    card = PretrainingCard(
        network=name,
        network_options=shape,
        settings=plan.model_dump(mode="json"),
        seed=seed,
        framing=found.framing,
        sets=found.sets,
        left_out=found.left_out,
        copy_test=copy_test(pretext, material.module, judged, torch.device(device)),
        asked=asked,
        versions={package: metadata.version(package) for package in ("mien", "torch", "numpy")},
        command=command,
    )
    module = material.module
    assert isinstance(module, FutureModule)
    write(out, card, {"action": module.action, "position": module.position})
    checkpoint.discard()
    return card


def _finished(out: Path, asked: str) -> PretrainingCard:
    card = read_card(out)
    if card.asked != asked:
        raise UsageError("the file holds other pre-trained weights", where=out, do="name another --out")
    return card


def _fingerprint(**asked: object) -> str:
    """All that decides the weights, as one number."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _aside(groups: NDArray[np.str_], share: float, seed: int) -> NDArray[np.bool_]:
    """The clips (N,) of the people who are left aside: none with a single person."""
    who = np.array([person(group) for group in groups.tolist()])
    names = np.unique(who)
    n = min(round(share * len(names)), len(names) - 1) if share > 0 else 0
    n = max(n, 1) if share > 0 and len(names) > 1 else n
    order = np.random.default_rng(keys.key(seed, FOLD, "aside")).permutation(len(names))
    return np.isin(who, names[order[:n]])


def _view(found: FramePairs, rows: NDArray[np.bool_]) -> TrainView:
    n = int(rows.sum())
    return TrainView(
        arrays=found.take(rows),
        labels=np.zeros(n, np.int64),
        groups=found.groups[rows],
        datasets=found.datasets[rows],
        annotations=(parse(""),) * n,
        task=UNLABELLED,
        fold=FOLD,
    )


def copy_test(pretext: FutureFrames, module: nn.Module, clips: Inputs, device: torch.device) -> CopyTest:
    """How well the future is rebuilt for these clips, beside taking the present for it; changes nothing."""
    assert isinstance(module, FutureModule)
    module.eval()
    errors: dict[str, list[torch.Tensor]] = {"error": [], "copying": [], "blind": []}
    targets = []
    with torch.inference_mode():
        for x in pieces(moved(pretext.tensors(clips), device), pretext.plan.batch_size):
            assert isinstance(x, dict)
            seen, blind = module(x), module(x, blind=True)
            errors["error"].append(latent_error(seen.predicted, seen.target))
            errors["copying"].append(latent_error(seen.present, seen.target))
            errors["blind"].append(latent_error(blind.predicted, blind.target))
            targets.append(nn.functional.normalize(seen.target, dim=1))
    mean = {name: float(torch.cat(values).double().mean()) for name, values in errors.items()}
    vectors = torch.cat(targets).transpose(0, 1).flatten(1)
    copying = max(mean["copying"], 1e-12)
    return CopyTest(
        error=mean["error"],
        copying=mean["copying"],
        gain=1 - mean["error"] / copying,
        without_action=1 - mean["blind"] / copying,
        spread=float(vectors.std(dim=1).mean() * len(vectors) ** 0.5),
        n_pairs=len(torch.cat(errors["error"])),
    )


def _words(test: CopyTest) -> str:
    return f"error {test.error:.2e}, copying {test.copying:.2e}: {100 * test.gain:+.0f} % better"
