"""A deployed model on prepared sets, as they are: what framing and flow of a recipe are worth to it.

    python benchmarks/deployed.py --data SET [--data SET ...] [--model FILE]

Every clip that the model's task keeps is predicted; the model is not trained. The sets must hold people that it was not
trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from mien.experiments.setting import EvaluateConfig, resolve
from mien.metrics import recognition
from mien.training.deployed import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True)
    parser.add_argument("--model", type=Path)
    asked = parser.parse_args()
    model = load(asked.model)
    print(f"{'set':32} {'clips':>5} {'UF1':>6} {'UAR':>6} {'log loss':>8}")
    for name in asked.data:
        config = EvaluateConfig(model=model.card.model, data=name, task=model.card.task, device="cpu")
        setting = resolve(config).setting
        prob = model.predict(setting.arrays).prob
        matrix = recognition.confusion(setting.labels, prob.argmax(axis=1), len(setting.classes))
        right = prob[np.arange(len(prob)), setting.labels]
        print(
            f"{name:32} {len(prob):5d} {recognition.uf1(matrix):6.3f} {recognition.uar(matrix):6.3f} "
            f"{-np.log(right).mean():8.3f}"
        )


if __name__ == "__main__":
    main()
