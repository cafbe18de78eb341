"""Scores of answers against scikit-learn and by hand; what is no answer is wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from mien.metrics.intervals import subject_bootstrap
from mien.vlm.question import Question
from mien.vlm.scoring import Given, flip_rate, scores, wording_scores

LABELS = ("a", "b", "c")


def given(rows: list[tuple[str, str, str]], kind: str = "label", status: str = "valid") -> list[Given]:
    """(person, truth, value) rows; a value of "!" is INVALID, "-" refused."""
    marks = {"!": "invalid", "-": "refused"}
    return [
        Given(
            Question(str(n), f"clip{n}", person, "samm", "t", kind, "?", LABELS, truth=truth),
            "" if value in marks else value,
            marks.get(value, status),
        )
        for n, (person, truth, value) in enumerate(rows)
    ]


def many() -> list[tuple[str, str, str]]:
    rng = np.random.default_rng(0)
    return [(f"p{n % 9}", *rng.choice(LABELS, 2)) for n in range(120)]


def test_labels_agree_with_scikit_learn_and_intervals_with_those_of_recognisers() -> None:
    rows = many()
    truth, value = [row[1] for row in rows], [row[2] for row in rows]
    found = scores(given(rows), LABELS)
    assert found["accuracy"].value == pytest.approx(accuracy_score(truth, value))
    assert found["uf1"].value == pytest.approx(f1_score(truth, value, average="macro"))
    assert found["uar"].value == pytest.approx(recall_score(truth, value, average="macro"))
    assert found["weighted_f1"].value == pytest.approx(f1_score(truth, value, average="weighted"))
    assert found["uf1"] == found["uf1_present"]
    reference = subject_bootstrap(
        [LABELS.index(t) for t in truth],
        [LABELS.index(v) for v in value],
        [f"samm/{row[0]}" for row in rows],
        3,
    )
    for name in ("accuracy", "uf1", "uar"):
        assert (found[name].low, found[name].high) == pytest.approx(
            (reference.intervals[name].low, reference.intervals[name].high)
        )


def test_invalid_and_refused_answers_are_wrong_and_told_apart() -> None:
    found = scores(given([("p", "a", "a"), ("p", "a", "!"), ("q", "b", "-"), ("q", "c", "c")]), LABELS)
    assert found["accuracy"].value == 0.5
    assert found["uar"].value == pytest.approx((0.5 + 0 + 1) / 3)
    assert found["uf1"].value == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert (found["invalid_rate"].value, found["refused_rate"].value, found["failed_rate"].value) == (
        0.25,
        0.25,
        0,
    )


def test_a_class_without_clips_is_told_in_both_ways() -> None:
    found = scores(given([("p", "a", "a"), ("q", "b", "a")]), LABELS)
    assert math.isnan(found["uf1"].value)
    assert found["uf1_present"].value == pytest.approx((2 / 3 + 0) / 2)
    assert found["uf1_declared"].value == pytest.approx((2 / 3 + 0) / 3)
    assert found["uar_present"].value == 0.5


def test_a_label_of_another_task_is_wrong_and_no_crash() -> None:
    assert scores(given([("p", "a", "zebra"), ("q", "b", "b")]), LABELS)["accuracy"].value == 0.5


def test_rankings_have_a_top_2() -> None:
    base = given([("p", "a", "b"), ("q", "b", "c"), ("q", "c", "!")])
    ranked = [
        Given(base[0].question, "b", "valid", ("b", "a", "c")),
        Given(base[1].question, "c", "valid", ("c",)),
        base[2],
    ]
    assert scores(ranked, LABELS)["top2"].value == pytest.approx(1 / 3)
    assert "top2" not in scores(base, LABELS)


def test_yes_and_no() -> None:
    rows = [("p", "yes", "yes"), ("p", "no", "yes"), ("q", "no", "no"), ("q", "no", "!")]
    found = scores(given(rows, "yes-no"))
    plain = [row[2] if row[2] in ("yes", "no") else "invalid" for row in rows]
    with pytest.warns(UserWarning, match="y_pred contains classes"):
        reference = balanced_accuracy_score([row[1] for row in rows], plain)
    assert found["balanced_accuracy"].value == pytest.approx(reference) == pytest.approx((1 + 1 / 3) / 2)
    assert found["yes_rate"].value == pytest.approx(2 / 3)
    assert found["true_yes_rate"].value == 0.25


def test_always_yes_is_chance() -> None:
    rows = [(f"p{n}", "yes" if n < 9 else "no", "yes") for n in range(12)]
    found = scores(given(rows, "yes-no"))
    assert found["balanced_accuracy"].value == 0.5
    assert found["accuracy"].value == 0.75


def test_units() -> None:
    rows = [("p", "6+12+25", "6+12"), ("q", "none", "none"), ("q", "4", "!"), ("p", "none", "!")]
    found = scores(given(rows, "units"))
    assert found["mean_f1"].value == pytest.approx((0.8 + 1 + 0 + 0) / 4)
    assert found["jaccard"].value == pytest.approx((2 / 3 + 1) / 4)
    assert found["exact_match"].value == 0.25
    assert found["micro_f1"].value == pytest.approx(2 * 2 / (2 * 2 + 2))
    assert found["macro_f1"].value == pytest.approx((1 + 1 + 0 + 0) / 4)


def test_counts_leave_out_what_was_not_answered_and_say_how_much() -> None:
    found = scores(given([("p", "3", "5"), ("q", "4", "4"), ("q", "9", "!")], "count"))
    assert found["mae"].value == 1
    assert found["rmse"].value == pytest.approx(math.sqrt(2))
    assert found["exact_match"].value == pytest.approx(1 / 3)
    assert found["invalid_rate"].value == pytest.approx(1 / 3)


def test_one_subject_has_no_interval() -> None:
    found = scores(given([("p", "a", "a"), ("p", "b", "b"), ("p", "c", "c")]), LABELS)["accuracy"]
    assert found.value == 1
    assert math.isnan(found.low)


def test_wording_is_scored_as_it_is_written() -> None:
    rows = given([("p", "the lip moves up", "the lip moves up"), ("q", "a b c d", "!")], "text")
    found = wording_scores(rows, lambda question, value: value)
    assert (found["bleu4"].value, found["rouge1_recall"].value) == (0.5, 0.5)


def test_the_flip_rate_looks_at_orders_alone() -> None:
    def one(clip: str, order: int, value: str) -> Given:
        return Given(
            Question(f"{clip}{order}", clip, "p", "samm", "t", "label", "?", order=order), value, "valid"
        )

    assert flip_rate([one("c", 0, "a"), one("c", 1, "a"), one("d", 0, "a"), one("d", 1, "b")]) == 0.5
    assert math.isnan(flip_rate([one("c", 0, "a"), one("c", 0, "b")]))  # two questions, not two orders
