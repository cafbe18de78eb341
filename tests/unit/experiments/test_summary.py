"""Predictions and metrics from fold results, on cases computed by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.experiments.jobs import FoldResult, Job
from mien.experiments.setting import Setting
from mien.experiments.summary import metrics, peeked, predictions_table


def _results(setting: Setting, right: bool = True) -> list[FoldResult]:
    found = []
    for seed in setting.seeds:
        for fold in setting.folds:
            labels = setting.labels[fold.held_out]
            prob = np.full((len(labels), 3), 0.1)
            prob[np.arange(len(labels)), labels if right else (labels + 1) % 3] = 0.8
            found.append(FoldResult(Job(seed, fold.index), prob, 1.0, "now"))
    return found


def test_rows_come_in_the_order_of_seeds_and_of_the_set(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("majority", seeds=2)
    table = predictions_table(setting, _results(setting)[::-1])
    assert table["key"].tolist() == setting.keys.tolist() * 2
    assert table["seed"].tolist() == [0] * len(setting.keys) + [1] * len(setting.keys)
    assert (table["truth"] == table["predicted"]).all()


@pytest.mark.parametrize(("right", "score"), [(True, 1.0), (False, 0.0)])
def test_all_right_and_all_wrong(right: bool, score: float, small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("majority", seeds=2)
    table = predictions_table(setting, _results(setting, right))
    table["group"] = table["dataset"] + "/" + table["subject"]
    found = metrics(table, setting.classes, None)
    for name in ("accuracy", "uf1", "uar"):
        assert found[name] == {"mean": score, "sd": 0, "low": score, "high": score}
    assert found["per_database"] is None
    assert len(found["per_subject"]) == 5
    assert sum(row["support"] for row in found["per_class"].values()) == len(setting.keys)
    assert found["ece"] == pytest.approx(0.2 if right else 0.8)


def test_peeking_takes_the_best_epoch_of_each_fold(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("majority")
    results = _results(setting, right=False)
    assert peeked(setting, results) is None
    for result in results:
        labels = setting.labels[setting.folds[result.job.fold].held_out]
        result.peeked = np.stack([(labels + 1) % 3, labels, (labels + 2) % 3]).astype(np.uint8)
    found = peeked(setting, results)
    assert found is not None and found["uf1"] == 1 and "invalid" in found["words"]


def test_aurc_orders_each_seeds_clips_by_confidence_and_by_doubt(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("majority", seeds=2)
    results = _results(setting)
    for result in results:
        wrong = np.arange(len(result.prob)) % 4 == 0
        result.prob[wrong] = np.roll(result.prob[wrong], 1, axis=1)
        # In the first seed doubt tells all errors; in the second it tells nothing.
        result.doubt = wrong.astype(float) if result.job.seed == 0 else np.zeros(len(wrong))
    table = predictions_table(setting, results)
    table["group"] = table["dataset"] + "/" + table["subject"]
    found = metrics(table, setting.classes, None)["aurc"]
    assert set(found) == {"confidence", "entropy", "doubt", "least_possible"}
    # Equal confidence throughout: the error rate.
    assert found["confidence"] == pytest.approx(0.25) and found["entropy"] == pytest.approx(0.25)
    assert found["doubt"] == pytest.approx((found["least_possible"] + 0.25) / 2)
    n = len(setting.keys)
    least = sum(max(0, i - n * 3 // 4) / i for i in range(1, n + 1)) / n
    assert found["least_possible"] == pytest.approx(least)


def test_without_a_doubt_for_every_clip_there_is_none(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("majority", seeds=1)
    results = _results(setting)
    results[0].doubt = np.zeros(len(results[0].prob))
    table = predictions_table(setting, results)
    assert "doubt" not in table
    table["group"] = table["dataset"] + "/" + table["subject"]
    assert "doubt" not in metrics(table, setting.classes, None)["aurc"]
