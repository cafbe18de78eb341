"""How fast a LOSO of STSTNet is: Mien's backends against the published module's plain loop and the floor.

    python benchmarks/loso.py [--data SET] [--epochs 10] [--repeats 3]

All implementations train the same folds on the same clips for the same number of epochs, in turn, in one
process tree; ratios are taken within a repeat and their median is printed. The published evaluation has 800
epochs: --epochs is the share of it that is run. Starting the worker processes (once per run) is timed apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mien.experiments import backends
from mien.experiments.jobs import Job, train_view
from mien.experiments.setting import EvaluateConfig, Setting, resolve
from mien.models import registry
from mien.models.base import FLOW
from mien.models.flow_images import legacy_pixels

PUBLISHED_EPOCHS = 800


class PublishedModule(nn.Module):
    """STSTNet with three streams, as the authors' PyTorch code defines it."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, n, 3, padding=2) for n in (3, 5, 8))
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (3, 5, 8))
        self.pool, self.drop, self.average = nn.MaxPool2d(3, 3, 1), nn.Dropout(0.5), nn.AvgPool2d(2)
        self.classifier = nn.Linear(400, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        streams = zip(self.convs, self.norms, strict=True)
        h = [self.drop(self.pool(norm(torch.relu(conv(x))))) for conv, norm in streams]
        return self.classifier(self.average(torch.cat(h, 1)).flatten(1))


def published_loop(setting: Setting, epochs: int) -> None:
    """Fold after fold, batch after batch, without a data loader: the published loop at its best."""
    device = torch.device(setting.device)
    for fold in setting.folds:
        module = PublishedModule(len(setting.classes)).to(device).train()
        optimiser = torch.optim.Adam(module.parameters(), lr=5e-5)
        x = legacy_pixels(setting.arrays[FLOW][fold.train]).to(device)
        y = torch.tensor(setting.labels[fold.train]).to(device)
        for _ in range(epochs):
            for chosen in torch.randperm(len(x), device=device).split(256):
                optimiser.zero_grad()
                F.cross_entropy(module(x[chosen]), y[chosen]).backward()
                optimiser.step()


def floor_s(setting: Setting, epochs: int, cores: int) -> tuple[float, float]:
    """Seconds that the arithmetic alone takes at the measured peak of `cores` cores, and that peak in GFLOP/s."""
    torch.set_num_threads(1)
    a = torch.randn(1024, 1024)
    times = [_seconds(lambda: a @ a) for _ in range(20)]
    peak = 2 * 1024**3 / min(times[3:]) * cores
    # Multiply-adds of one clip: the convolution forward and its weight gradient, the last layer three times.
    per_clip = 2 * (2 * 30 * 30 * 27 * 16 + 3 * 400 * len(setting.classes))
    clips = sum(len(fold.train) for fold in setting.folds)
    return per_clip * clips * epochs / peak, peak / 1e9


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _run(setting: Setting, name: str, config: EvaluateConfig) -> list[np.ndarray]:
    jobs = [Job(0, fold.index) for fold in setting.folds]
    results = list(backends.BACKENDS[name](setting, jobs, jobs, config))
    return [result.prob for result in sorted(results, key=lambda r: r.job)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="synthetic-flow")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--stacked", action="store_true", help="also time stacking (slow on a CPU)")
    given = parser.parse_args()
    config = EvaluateConfig(model="ststnet", data=given.data, task="megc-3", seeds=1, device=given.device)
    resolved = resolve(config)
    setting, data = resolved.setting, resolved.data
    setting = replace(setting, options={"epochs": given.epochs})
    cores = backends.workers(config)
    n_clips = sum(len(fold.train) for fold in setting.folds)
    print(
        f"{data.name}: {len(setting.keys)} clips, {len(setting.folds)} folds, {n_clips} training clips in all folds, "
        f"{given.epochs} of {PUBLISHED_EPOCHS} epochs; {given.device}, {cores} cores, torch {torch.__version__}"
    )
    threads = torch.get_num_threads()
    names = ["loop"] + (["processes"] if given.device == "cpu" else [])
    names += ["stacked"] if given.stacked or given.device == "cuda" else []
    one_epoch = replace(setting, options={"epochs": 1})
    start_s = _seconds(lambda: _run(one_epoch, "processes", config)) if "processes" in names else 0.0
    rows: dict[str, list[float]] = {"published module": []} | {name: [] for name in names}
    for _ in range(given.repeats):
        torch.set_num_threads(threads)
        rows["published module"].append(_seconds(lambda: published_loop(setting, given.epochs)))
        for name in names:
            taken = _seconds(lambda name=name: _run(setting, name, config))  # type: ignore[misc]
            # What a run of one epoch costs more than its epoch is the start of the workers: paid once per run.
            rows[name].append(taken - _start(name, start_s, taken, given.epochs))
    floor, peak = floor_s(setting, given.epochs, cores)
    print(
        f"{'implementation':18} {'median s':>9} {'ms a fold and epoch':>20} {'times faster':>13}  (min to max)"
    )
    for name, times in rows.items():
        ratios = [a / b for a, b in zip(rows["published module"], times, strict=True)]
        middle = statistics.median(times)
        print(
            f"{name:18} {middle:9.2f} {1000 * middle / len(setting.folds) / given.epochs:20.2f} "
            f"{statistics.median(ratios):13.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    print(
        f"floor: {floor:.2f} s at {peak:.0f} GFLOP/s measured on {cores} cores; starting workers: {start_s:.1f} s once"
    )
    print(
        f"workload: {registry.card('ststnet').title}, {len(train_view(setting, setting.folds[0]))} clips in fold 1"
    )


def _start(name: str, start_s: float, taken: float, epochs: int) -> float:
    """The start-up share of a timed run, from a run of one epoch: (n * one - all) / (n - 1)."""
    if name != "processes" or epochs < 2:
        return 0.0
    return max(0.0, (epochs * start_s - taken) / (epochs - 1))


if __name__ == "__main__":
    main()
