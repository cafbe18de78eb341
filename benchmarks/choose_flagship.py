"""How the defaults of the flagship were chosen: on each half of the subjects alone, never on a held-out one.

    python benchmarks/choose_flagship.py --data SET [--seeds 3]
    python benchmarks/choose_flagship.py --model aie-cmcl --data TWIN --task casme2-5 [--seeds 1]

The subjects are split in two halves, database by database. Every candidate is scored inside each half, by a
5-fold over its subjects (training on four fifths of that half). Each half names its best candidate by UF1; for
the subjects of one half only the choice of the other may count. What was found, and what is shipped, is in
docs/results.md.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import torch

from mien.experiments.jobs import Job, run_job
from mien.experiments.setting import EvaluateConfig, Setting, resolve
from mien.metrics import recognition
from mien.protocols.folds import make_folds

EARLIER = {"balance": 0.5, "smoothing": 0.0}
PLAIN = {**EARLIER, "epochs": 40, "learning_rate": 3e-3, "filters": 8, "synthetic_clips": 0}
ON_FLOW_IMAGES: dict[str, dict[str, object]] = {
    "no pre-training, no text": {**PLAIN, "text": "none"},
    "no pre-training": PLAIN,
    "1,000 synthetic clips": {**PLAIN, "synthetic_clips": 1000},
    "4,000 synthetic clips": EARLIER,
    "4,000 synthetic clips, no text": {**EARLIER, "text": "none"},
    "4,000, rate 5e-4": {**EARLIER, "learning_rate": 5e-4},
    "4,000, rate 2e-3": {**EARLIER, "learning_rate": 2e-3},
    "8,000 synthetic clips": {**EARLIER, "synthetic_clips": 8000},
    "4,000, lambda 1": {**EARLIER, "weight": 1.0},
    "4,000, 3 members": {**EARLIER, "members": 3},
    "4,000, balance 0.25": {**EARLIER, "balance": 0.25},
    "4,000, smoothing 0.1": {**EARLIER, "smoothing": 0.1},
    "4,000, balance 0.25, smoothing 0.1": {},
}
WIDE = {"flow_scale_px": 3.0, "rgb_form": "frames", "epochs": 25, "batch_size": 16}
ON_CLIPS: dict[str, dict[str, object]] = {
    "flow": {**WIDE, "streams": "flow"},
    "flow, 1 px": {**WIDE, "streams": "flow", "flow_scale_px": 1.0},
    "flow, 1 px, rate 3e-3": {**WIDE, "streams": "flow", "flow_scale_px": 1.0, "learning_rate": 3e-3},
    "flow, 1 px, 60 epochs": {**WIDE, "streams": "flow", "flow_scale_px": 1.0, "epochs": 60},
    "flow, 1 px, steps of 8": {**WIDE, "streams": "flow", "flow_scale_px": 1.0, "batch_size": 8},
    "flow, 1 px, steps of 4": {**WIDE, "streams": "flow", "flow_scale_px": 1.0, "batch_size": 4},
    "flow, 1 px, steps of 8, 40 epochs": {
        **WIDE,
        "streams": "flow",
        "flow_scale_px": 1.0,
        "batch_size": 8,
        "epochs": 40,
    },
    "rgb": {**WIDE, "streams": "rgb"},
    "rgb, differences": {**WIDE, "streams": "rgb", "rgb_form": "difference"},
}
CANDIDATES = {"aie-cmcl-flow": ON_FLOW_IMAGES, "aie-cmcl": ON_CLIPS}


def halves(setting: Setting) -> list[np.ndarray]:
    """The clips of each half of the subjects, drawn database by database."""
    rng = np.random.default_rng(2026)
    half_of: dict[str, int] = {}
    for dataset in np.unique(setting.datasets):
        subjects = rng.permutation(np.unique(setting.groups[setting.datasets == dataset]))
        half_of |= {str(subject): i % 2 for i, subject in enumerate(subjects)}
    which = np.array([half_of[group] for group in setting.groups])
    return [np.flatnonzero(which == half) for half in (0, 1)]


def restricted(setting: Setting, at: np.ndarray) -> Setting:
    """The setting of one half of the subjects alone, with a 5-fold over them."""
    groups, labels, datasets = setting.groups[at], setting.labels[at], setting.datasets[at]
    return replace(
        setting,
        arrays={name: array[at] for name, array in setting.arrays.items()},
        labels=labels,
        keys=setting.keys[at],
        groups=groups,
        datasets=datasets,
        annotations=tuple(setting.annotations[i] for i in at),
        folds=tuple(make_folds("kfold:5", groups=groups, datasets=datasets, labels=labels)),
    )


def score(setting: Setting) -> tuple[float, float]:
    """UF1 and UAR of the pooled predictions, means over the seeds."""
    found = []
    for seed in setting.seeds:
        total = np.zeros((len(setting.classes),) * 2, np.int64)
        for fold in setting.folds:
            prob = run_job(setting, Job(seed, fold.index), compiled=True).prob
            total += recognition.confusion(
                setting.labels[fold.held_out], prob.argmax(1), len(setting.classes)
            )
        found.append((float(recognition.uf1(total)), float(recognition.uar(total))))
    uf1, uar = np.mean(found, axis=0)
    return float(uf1), float(uar)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(CANDIDATES), default="aie-cmcl-flow")
    parser.add_argument("--data", required=True)
    parser.add_argument("--task", default="megc-3")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    config = EvaluateConfig(
        model=given.model, data=given.data, task=given.task, seeds=given.seeds, device="cpu"
    )
    setting = resolve(config).setting
    parts = [restricted(setting, at) for at in halves(setting)]
    scores: dict[str, list[tuple[float, float]]] = {}
    print(f"{'candidate':36} {'half A UF1/UAR':>15} {'half B UF1/UAR':>15}")
    for name, options in CANDIDATES[given.model].items():
        scores[name] = [score(replace(part, options=options)) for part in parts]
        print(f"{name:36} " + " ".join(f"{uf1:8.3f}/{uar:.3f} " for uf1, uar in scores[name]), flush=True)
    for half in (0, 1):
        best = max(scores, key=lambda name: scores[name][half])
        print(f"half {'AB'[half]} names: {best}")


if __name__ == "__main__":
    main()
