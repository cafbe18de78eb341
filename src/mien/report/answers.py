"""One self-contained HTML file about a run of `mien vlm`: who answers better than whom, and what was said."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mien.errors import Problems
from mien.report.html import parts, write_page
from mien.report.run_folder import read_record, read_table
from mien.report.schema import AnswersConfig, AnswersMetrics, Topic
from mien.report.scores import ConfusionCell

#: The scores that are shown of each kind of question; all are in metrics.json.
SHOWN: Mapping[str, Sequence[str]] = {
    "label": ("accuracy", "uf1", "uar", "top2"),
    "yes-no": ("balanced_accuracy", "accuracy", "yes_rate", "true_yes_rate"),
    "units": ("micro_f1", "macro_f1", "mean_f1", "jaccard", "exact_match"),
    "count": ("mae", "rmse", "exact_match"),
    "text": ("bleu4", "rouge1_recall", "rouge1_f1"),
}
#: Shown instead of UF1 and UAR where a class of the task has no clip.
OF_PRESENT = ("accuracy", "uf1_present", "uf1_declared", "uar_present", "top2")
RATES = ("invalid_rate", "refused_rate", "failed_rate")
#: No share of 1: nothing is drawn of them.
UNBOUNDED = frozenset({"mae", "rmse"})
#: More are in the files of the run; a page of tens of thousands would not open.
MOST_ANSWERS = 2000
COLUMNS = ("asked", "id", "key", "subject", "topic", "truth", "predicted", "status")


@dataclass(frozen=True)
class Answered:
    """A question, what came back word for word, and how it was read."""

    key: str
    topic: str
    truth: str
    predicted: str
    status: str
    question: str
    answer: str

    @property
    def right(self) -> bool:
        return self.status == "valid" and self.truth == self.predicted


@dataclass(frozen=True)
class Confusion:
    """Counts of one topic: a row per true label, a column per answer; what is no answer has columns of its own."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[ConfusionCell]]


def shown_scores(topic: Topic) -> tuple[str, ...]:
    """The names of the scores to show of a topic, in order; at least one answerer has each."""
    given = next(iter(topic.scores.values()))
    wanted = SHOWN[topic.kind]
    if "uf1" in given and math.isnan(given["uf1"].value):
        wanted = OF_PRESENT
    return tuple(name for name in wanted if name in given)


def write_answers_report(run: Path, out: Path | None = None) -> Path:
    """The HTML file that was written: `out`, or `report.html` in the run folder of `mien vlm`.

    Raises:
        InputError: the run folder is incomplete or damaged; all problems in one message.
        UsageError: `out` is a folder.
    """
    problems = Problems()
    config = read_record(run / "run.json", AnswersConfig, problems)
    metrics = read_record(run / "metrics.json", AnswersMetrics, problems)
    table = read_table(run / "predictions.csv", problems, COLUMNS)
    said = _said(run / "answers.jsonl", problems)
    problems.raise_if_any(
        "This run folder is incomplete or damaged.",
        where=run,
        do="repeat the `mien vlm` command that made it: answers that came are not asked for again",
    )
    assert config is not None and metrics is not None and table is not None
    model = table[table["asked"] == "model"]
    answers = _answered(model.head(MOST_ANSWERS), said)
    context = {
        "run": config,
        "metrics": metrics,
        "shown": {title: shown_scores(topic) for title, topic in metrics.tables.items()},
        "confusions": {
            name: confusion(model[model["topic"] == name], topic.labels)
            for name, topic in metrics.topics.items()
            if topic.labels
        },
        "answers": answers,
        "n_answers": len(model),
        "rates": RATES,
        "unbounded": UNBOUNDED,
        "statuses": Counter(model["status"]),
    }
    return write_page(parts("answers.html.j2", context), run / "report.html" if out is None else out)


def confusion(table: pd.DataFrame, labels: Sequence[str]) -> Confusion:
    """What was answered to the clips of each label; columns for INVALID, REFUSED and FAILED where there are any."""
    known = table[table["truth"].isin(labels)]
    strange = sorted(set(known["predicted"]) - set(labels))
    columns = [*labels, *strange]
    cells = []
    for label in labels:
        counts = known.loc[known["truth"] == label, "predicted"].value_counts()
        total = int(counts.sum())
        cells.append(
            [
                ConfusionCell(float(n), 100 * n / total if total else math.nan)
                for n in (int(counts.get(column, 0)) for column in columns)
            ]
        )
    return Confusion(labels, columns, cells)


def _answered(table: pd.DataFrame, said: Mapping[tuple[str, str], tuple[str, str]]) -> list[Answered]:
    rows = []
    for row in table.itertuples(index=False):
        question, answer = said.get(("model", str(row.id)), ("", ""))
        rows.append(
            Answered(
                str(row.key),
                str(row.topic),
                str(row.truth),
                str(row.predicted),
                str(row.status),
                question,
                answer,
            )
        )
    return rows


def _said(file: Path, problems: Problems) -> dict[tuple[str, str], tuple[str, str]]:
    """By who was asked and the question's name: the question and the answer, or why there is none."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    if not file.is_file():
        problems.add(f"{file.name}: missing")
        return found
    try:
        # not splitlines: some marks that end a line elsewhere may stand in an answer
        for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n"):
            each = json.loads(line)
            answer = each["answer"] or each["refusal"] or each["failure"]
            found[(str(each["asked"]), str(each["id"]))] = (str(each["question"]), str(answer))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        problems.add(f"{file.name}: cannot be read ({error!r})")
    return found
