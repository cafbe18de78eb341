"""CPU milliseconds of a training step and of a prediction per clip, for networks that read sequences.

    python benchmarks/clip_step.py [--model aie-cmcl] [--frames 8] [--side 64] [--set width=24 ...]

One thread, process time (other load on the machine hardly counts), the best of three epochs on random clips; four
networks stacked beside the plain loop where the method can be stacked.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from mien.clips import tasks
from mien.facs.annotation import parse
from mien.models import registry
from mien.models.base import Network
from mien.protocols.view import TrainView
from mien.training.fit import predict
from mien.training.loop import train
from mien.training.material import gather
from mien.training.stacked import train_stacked

N_CLIPS = 48
CPU = torch.device("cpu")


def random_view(frames: int, side: int) -> TrainView:
    """Clips of noise with labels and AUs."""
    rng = np.random.default_rng(0)
    shape = (frames, side, side)
    return TrainView(
        arrays={
            "rgb": rng.integers(0, 255, (N_CLIPS, 3, *shape), dtype=np.uint8),
            "flow": rng.normal(0, 1, (N_CLIPS, 2, *shape)).astype(np.float32),
        },
        labels=np.arange(N_CLIPS) % 3,
        groups=np.array([f"noise/{i % 6}" for i in range(N_CLIPS)]),
        datasets=np.full(N_CLIPS, "noise"),
        annotations=tuple(parse(au) for au in rng.choice(["4", "12", "1+2", "4+7", "14"], N_CLIPS)),
        task=tasks.get("megc-3"),
        fold="all",
    )


def cpu_ms(action: Callable[[], object], n_networks: int = 1) -> float:
    """CPU milliseconds per clip and network: the best of three, after one run that warms up."""
    action()
    taken = []
    for _ in range(3):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return 1000 * min(taken) / N_CLIPS / n_networks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="aie-cmcl")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--set", nargs="*", default=[], metavar="OPTION=VALUE")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    options = {"epochs": "1", "frames": str(asked.frames)} | dict(item.split("=", 1) for item in asked.set)
    network = registry.create(asked.model, options)
    assert isinstance(network, Network)
    view = random_view(asked.frames, asked.side)
    material, *others = (gather(network, view, seed=seed, member=0, device=CPU) for seed in range(4))
    print(f"training    {cpu_ms(lambda: train(material)):.2f} CPU ms a clip")
    print(f"prediction  {cpu_ms(lambda: predict(network, [material.module], view.arrays, CPU)):.2f}")
    if network.stackable:
        print(f"stacked     {cpu_ms(lambda: train_stacked([material, *others]), 4):.2f}, four networks")


if __name__ == "__main__":
    main()
