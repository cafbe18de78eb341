"""The page of a run of `mien vlm`: scores of all who answer, confusions with what is no answer, and the words said."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from mien.errors import InputError, UsageError
from mien.report.answers import confusion, shown_scores, write_answers_report
from mien.report.schema import Topic

LABELS = ["negative", "positive"]
HOSTILE = "<script>alert(1)</script>"


def score(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": None if value is None else value / 2, "high": value}


def scores(uf1: float | None = 0.25) -> dict[str, object]:
    rates = dict.fromkeys(("invalid_rate", "refused_rate", "failed_rate"), score(0.25))
    return {"accuracy": score(0.5), "uf1": score(uf1), "uar": score(uf1), "uf1_present": score(0.75), **rates}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run about three clips: one right, one wrong, one refused; the model without pictures is asked too."""
    record = {
        "schema": 1, "kind": "vlm", "model": "tiny", "title": "tiny, zero-shot", "data": {"name": "made"}, "task": "t",
        "options": {"encoding": "flow"}, "protocol_words": "nothing was trained", "command": "mien vlm ask",
    }  # fmt: skip
    topic = {
        "kind": "label", "labels": LABELS, "n_questions": 3, "n_clips": 3, "n_subjects": 2, "flip_rate": None,
        "scores": {"the model": scores(), "majority": scores()},
    }  # fmt: skip
    rows = [
        ("model", "q0", "c0", "negative", "negative", "valid"),
        ("model", "q1", "c1", "positive", "negative", "valid"),
        ("model", "q2", "c2", "negative", "REFUSED", "refused"),
        ("none", "q0", "c0", "negative", "positive", "valid"),
    ]
    columns = ["asked", "id", "key", "truth", "predicted", "status"]
    table = pd.DataFrame(rows, columns=columns).assign(subject="1", topic="emotion")
    lines = [
        {"asked": who, "id": name, "question": f"ask {name}", "answer": f"{HOSTILE} {who} says {name}"}
        | {"refusal": None, "failure": ""}
        for who, name, *_ in rows
    ]  # fmt: skip
    lines[2] |= {"answer": "", "refusal": "I will not"}
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "metrics.json").write_text(json.dumps({"topics": {"emotion": topic}, "consistency": {}}))
    table.to_csv(folder / "predictions.csv", index=False)
    (folder / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_the_page_tells_scores_confusions_and_words(run: Path) -> None:
    page = write_answers_report(run).read_text(encoding="utf-8")
    assert "0.500" in page and "majority" in page
    assert "REFUSED" in page and "I will not" in page
    assert "model says q0" in page and "none says q0" not in page
    assert "http" not in page.split("<body>")[1]


def test_scores_of_each_database_stand_behind_those_of_all(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    topic = metrics["topics"]["emotion"]
    metrics["topics"]["emotion"] = {
        **topic,
        "databases": {"samm": topic | {"n_questions": 12}, "smic": topic},
    }
    (run / "metrics.json").write_text(json.dumps(metrics))
    page = write_answers_report(run).read_text(encoding="utf-8")
    titles = ["<h3>emotion</h3>", "<h3>emotion, samm</h3>", "<h3>emotion, smic</h3>"]
    assert [page.count(title) for title in titles] == [1, 1, 1]
    assert sorted(titles, key=page.index) == titles
    assert "12 questions about" in page


def test_marks_that_end_a_line_elsewhere_may_stand_in_an_answer(run: Path) -> None:
    lines = (run / "answers.jsonl").read_text().replace("model says q0", "model\u2028says q0")
    (run / "answers.jsonl").write_text(lines)
    assert "model\u2028says q0" in write_answers_report(run).read_text(encoding="utf-8")


def test_words_of_a_model_are_never_markup(run: Path) -> None:
    page = write_answers_report(run).read_text(encoding="utf-8")
    assert HOSTILE not in page and "&lt;script&gt;alert(1)" in page


def test_what_is_no_answer_has_a_column_of_its_own(run: Path) -> None:
    table = pd.read_csv(run / "predictions.csv").query("asked == 'model'")
    found = confusion(table, LABELS)
    assert list(found.columns) == [*LABELS, "REFUSED"]
    assert [[cell.count for cell in row] for row in found.cells] == [[1, 0, 1], [1, 0, 0]]
    assert found.cells[0][0].percent == 50
    nothing = confusion(table, ["negative", "positive", "surprise"])
    assert all(math.isnan(cell.percent) for cell in nothing.cells[2])


def test_an_undefined_uf1_gives_way_to_that_of_the_classes_that_are_there(run: Path) -> None:
    topic = json.loads((run / "metrics.json").read_text())["topics"]["emotion"]
    assert shown_scores(Topic.model_validate(topic)) == ("accuracy", "uf1", "uar")
    topic["scores"]["the model"] = scores(None)
    assert shown_scores(Topic.model_validate(topic)) == ("accuracy", "uf1_present")


def test_all_that_is_wrong_with_a_folder_is_told_at_once(run: Path) -> None:
    (run / "predictions.csv").unlink()
    (run / "answers.jsonl").write_text("{")
    (run / "metrics.json").write_text('{"topics": {"emotion": {"kind": "poem"}}}')
    with pytest.raises(InputError) as caught:
        write_answers_report(run)
    for words in (
        "predictions.csv: missing",
        "answers.jsonl: cannot be read",
        "metrics.json: topics.emotion.kind",
    ):
        assert words in str(caught.value)
    assert not (run / "report.html").exists()


def test_a_folder_is_not_written_over(run: Path) -> None:
    with pytest.raises(UsageError, match="over a folder"):
        write_answers_report(run, run)
