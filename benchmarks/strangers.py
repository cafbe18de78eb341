"""How well a method tells clips that it should not answer: of a class that it never saw, or no micro-expressions.

    python benchmarks/strangers.py --data megc2019-flow --model cmg [--set NAME=VALUE ...] [--parts 5] [--seeds 1]
    python benchmarks/strangers.py --made-up --data synthetic-flow --model cmg

For every class, and every part of the people, the method is trained on the other classes of the other people. With
`--made-up` it is trained on all classes, and new made-up people blink, turn, show nothing or macro-expressions. The
AUROC of each score is taken within the split and averaged over the splits. Nothing is fitted to held-out clips.

`--inner 2` also rejects: above the score that 95 % of the training clips stay below, each scored by a network of other
people. Told are the share of known held-out clips that stay (coverage), UF1 of all of them and of those that stay, from
confusion matrices pooled over the splits, and the share of strangers that are rejected.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from mien.experiments.setting import EvaluateConfig, resolve
from mien.experiments.strangers import Strangers, leave_one_class_out, made_up_strangers
from mien.metrics.recognition import uf1


def row(name: str, found: list[Strangers]) -> str:
    """Mean AUROC, and share of known clips rejected with 95 % of the strangers, of each score."""
    cells, n = [], 0
    for score in found[0].separations:
        each = [split.separations[score] for split in found]
        cells.append(f"{np.mean([s.auroc for s in each]):6.3f} {np.mean([s.fpr95 for s in each]):6.3f}")
        n = sum(s.n_strangers for s in each)
    return f"{name:16} {len(found):6d} {n:9d}   " + "   ".join(cells)


def rejected(name: str, found: list[Strangers]) -> str:
    """Coverage, UF1 of all known clips and of those that stay, and the share of strangers rejected, of each score."""
    cells, n = [], [next(iter(split.separations.values())).n_strangers for split in found]
    for score in found[0].rejections:
        each = [split.rejections[score] for split in found]
        known, kept = sum(r.known for r in each), sum(r.kept for r in each)
        share = np.average([r.strangers for r in each], weights=n)
        cells.append(f"{kept.sum() / known.sum():5.3f} {uf1(known):5.3f} {uf1(kept):5.3f} {share:5.3f}")
    return f"{name:16} {len(found):6d} {sum(n):9d}   " + "   ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--task", default="megc-3")
    parser.add_argument("--model", default="cmg")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--made-up", action="store_true")
    parser.add_argument("--parts", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--inner", type=int, default=0, help="inner folds for thresholds; 0 = none")
    asked = parser.parse_args()
    options = {"synthetic_clips": "0"} | dict(pair.split("=", 1) for pair in asked.set)
    config = EvaluateConfig(
        model=asked.model,
        data=asked.data,
        task=asked.task,
        protocol=f"kfold:{asked.parts}",
        device="cpu",
        options=options,
    )
    setting = resolve(config).setting
    start, by_seed = time.process_time(), []
    for seed in range(asked.seeds):
        if asked.made_up:
            by_seed.append(list(made_up_strangers(setting, seed, compiled=True, inner=asked.inner)))
        else:
            made = leave_one_class_out(setting, asked.parts, seed, compiled=True, inner=asked.inner)
            by_seed.append(list(made))
    found = [split for splits in by_seed for split in splits]
    print(f"{asked.model} {options}: {len(setting.labels)} clips, {time.process_time() - start:.0f} CPU s")
    scores = found[0].separations
    print(f"{'strangers':16} {'splits':>6} {'clips':>9}   " + "   ".join(f"{s:>13}" for s in scores))
    print(" " * 36 + "   ".join(f"{'AUROC':>6} {'FPR95':>6}" for _ in scores))
    for kind in dict.fromkeys(split.kind for split in found):
        print(row(kind, [split for split in found if split.kind == kind]))
    if not asked.made_up:
        for seed, splits in enumerate(by_seed):
            print(row(f"all, seed {seed}", splits))
        print(row("all", found))
    if asked.inner:
        print(" " * 36 + "   ".join(f"{s:>23}" for s in scores))
        print(" " * 36 + "   ".join(" kept   UF1  kept rejec." for _ in scores))
        for kind in dict.fromkeys(split.kind for split in found):
            print(rejected(kind, [split for split in found if split.kind == kind]))


if __name__ == "__main__":
    main()
