"""MEGC's question files: kinds told from words, truths, submissions out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.errors import InputError
from mien.vlm import questions
from mien.vlm.questions import COARSE, FINE, ordinal, read_files, submission_name, write_submission, written

VQA = [
    ("What is the coarse expression class?", "coarse", "label", "negative"),
    ("What is the fine-grained expression class?", "fine", "label", "anger"),
    ("What is the action unit?", "units", "units", "brow lowerer"),
    ("What are the action units?", "units", "units", "brow lowerer, lid tightener"),
    ("Is the action unit lip corner puller shown on the face?", "unit-shown", "yes-no", "no"),
    ("Is the action unit dimpler on the left or right side of the face?", "unit-side", "label", "left"),
    (
        "What are the action units, and based on them, what is the fine-grained and the coarse expression class?",
        "compound",
        "text",
        "The action units are brow lowerer, so the fine class is anger and the coarse class is negative.",
    ),
    ("Please analyse the micro-expression in detail.", "analysis", "text", "The brows draw together."),
]
LVQA = [
    ("How many expression events are there in the video?", "count-all", "count", "5"),
    ("How many micro-expression events are there?", "count-micro", "count", "3"),
    ("How many macro-expression events are there?", "count-macro", "count", "2"),
    ("Which distinct action units occur in the video?", "unit-inventory", "units", "dimpler, lips part"),
    ("What is the expression type of the 4th expression event?", "event-type", "label", "micro-expression"),
    ("What is the expression type of the 33rd expression event?", "event-type", "label", "macro-expression"),
]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "\n", encoding="utf-8")
    return path


def vqa(folder: Path, *, answers: bool = True, name: str = "me_vqa_samm_v2_test_to_answer.jsonl") -> Path:
    rows = [
        {
            "video_id": f"samm_test_{clip}",
            "video": clip,
            "question": asked,
            "answer": truth if answers else "",
        }
        for clip in ("SAMM-1", "SAMM-2")
        for asked, _, _, truth in VQA
    ]
    return write(folder / name, rows)


def lvqa(folder: Path, *, answers: bool = True) -> Path:
    rows = [
        {
            "video_id": f"samm_test_{clip}_{i}",
            "video": clip,
            "question": asked,
            "answer": truth if answers else "",
        }
        for clip in ("1_001_2", "2_003_1")
        for i, (asked, _, _, truth) in enumerate(LVQA, start=1)
    ]
    return write(folder / "me_lvqa_samm_test_to_answer.jsonl", rows)


@pytest.mark.parametrize(("asked", "topic", "kind", "truth"), VQA + LVQA, ids=lambda value: str(value)[:40])
def test_the_kind_is_told_from_the_words(
    tmp_path: Path, asked: str, topic: str, kind: str, truth: str
) -> None:
    row = {"video_id": "samm_test_x", "video": "x", "question": asked, "answer": truth}
    (found,) = read_files([write(tmp_path / "q.jsonl", [row])])
    assert (found.question.topic, found.question.kind) == (topic, kind)
    assert written(found.question, found.question.truth or "") == truth
    assert found.question.text.startswith(asked)


def test_the_rows_of_training_carry_database_and_subject(tmp_path: Path) -> None:
    row = {
        "id": 1, "dataset": "casme2", "image_id": "x", "subject": "sub01", "filename": "EP02_01f",
        "question": "What is the fine-grained expression class?", "answer": "repression",
    }  # fmt: skip
    (found,) = read_files([write(tmp_path / "train.jsonl", [row])])
    assert (found.question.clip, found.question.group) == ("EP02_01f", "casme2/sub01")
    assert found.question.labels == FINE["casme2"]
    assert "repression" in found.question.text


@pytest.mark.parametrize(
    ("video_id", "name", "dataset"),
    [
        ("samm_test_1", "q.jsonl", "samm"),
        ("casme3_test_1", "q.jsonl", "casme3"),
        ("1", "me_vqa_casme3_v2_test_to_answer.jsonl", "casme3"),
        ("1", "me_vqa_casme2_train.jsonl", "casme2"),
        ("CAS-1", "me_vqa_samm.jsonl", "casme3"),
    ],
)
def test_the_database_is_told_from_row_or_file(
    tmp_path: Path, video_id: str, name: str, dataset: str
) -> None:
    row = {"video_id": video_id, "video": "7_1", "question": "What is the coarse class?", "answer": ""}
    (found,) = read_files([write(tmp_path / name, [row])])
    assert (found.question.dataset, found.question.labels, found.question.truth) == (dataset, COARSE, None)


def test_fine_classes_need_a_database(tmp_path: Path) -> None:
    file = write(tmp_path / "q.jsonl", [{"video": "7", "question": "What is the fine-grained class?"}])
    with pytest.raises(InputError, match="--dataset"):
        read_files([file])
    assert read_files([file], "samm")[0].question.labels == FINE["samm"]


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    lines = [
        "{", "[]", '{"question": 3}', '{"question": "What is the coarse class?"}',
        '{"video": "a", "question": "How many micro-expression events?", "answer": "many"}',
        '{"video": "a", "question": "What is the coarse class?", "answer": "blue"}',
    ]  # fmt: skip
    file.write_text("\n".join(lines))
    with pytest.raises(InputError) as refused:
        read_files([file, tmp_path / "gone.jsonl"])
    for line in range(1, 7):
        assert f"line {line}:" in str(refused.value)
    assert "gone.jsonl" in str(refused.value)


def test_an_empty_file_holds_no_question(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text("\n\n")
    with pytest.raises(InputError, match="no question"):
        read_files([tmp_path / "q.jsonl"])


def test_a_submission_is_the_file_with_answers(tmp_path: Path) -> None:
    rows = read_files([vqa(tmp_path, answers=False), lvqa(tmp_path, answers=False)])
    answers = [f"answer {n}" for n in range(len(rows))]
    paths = write_submission(tmp_path / "out", rows, answers)
    assert [path.name for path in paths] == ["me_vqa_samm_v2_test_pred.jsonl", "me_lvqa_samm_test_pred.jsonl"]
    for path, source in zip(
        paths, ("me_vqa_samm_v2_test_to_answer", "me_lvqa_samm_test_to_answer"), strict=True
    ):
        asked = [json.loads(line) for line in (tmp_path / f"{source}.jsonl").read_text().split("\n") if line]
        given = [json.loads(line) for line in path.read_text().splitlines()]
        assert [{**row, "answer": ""} for row in given] == asked
        assert [list(row) for row in given] == [list(row) for row in asked]
    assert json.loads(paths[1].read_text().splitlines()[-1])["answer"] == answers[-1]


def test_what_ends_a_line_elsewhere_does_not_end_an_answer(tmp_path: Path) -> None:
    file = vqa(tmp_path, answers=False)
    said = [f"up\u2028down\x85{n}\u2029 é" for n in range(16)]
    rows = read_files([file])
    (path,) = write_submission(tmp_path / "out", rows, said)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 16
    assert questions.read_answers(path, rows) == said
    contents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\r\n".join(json.dumps(each, ensure_ascii=False) for each in contents), encoding="utf-8")
    assert questions.read_answers(path, rows) == said, "as somebody else writes them"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("me_vqa_casme3_v2_test_to_answer.jsonl", "me_vqa_casme3_v2_test_pred.jsonl"),
        ("me_vqa_samm_test.jsonl", "me_vqa_samm_test_pred.jsonl"),
    ],
)
def test_names_are_those_that_megc_wants(file: str, name: str) -> None:
    assert submission_name(Path(file)) == name


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    rows = read_files([vqa(tmp_path / "a"), vqa(tmp_path / "b")])
    with pytest.raises(InputError, match="same name"):
        write_submission(tmp_path / "out", rows, [""] * len(rows))


def test_answers_of_other_questions_are_refused(tmp_path: Path) -> None:
    rows = read_files([vqa(tmp_path)])
    (answered,) = write_submission(tmp_path / "out", rows, ["x"] * len(rows))
    assert questions.read_answers(answered, rows) == ["x"] * len(rows)
    with pytest.raises(InputError, match="row 16"):
        questions.read_answers(answered, rows[:-1])
    answered.write_text("{")
    with pytest.raises(InputError, match="no submission"):
        questions.read_answers(answered, rows)


def test_the_ordinal_gives_a_count_away(tmp_path: Path) -> None:
    found = [ordinal(row.question) for row in read_files([lvqa(tmp_path)])]
    assert found == [None, None, None, None, 4, 33] * 2
