"""MEGC's question files, ME-VQA and ME-LVQA: questions in, submission out.

The kind of a row is told from its words, as the organisers' files do not name it. What MEGC asks is sent as it stands,
with the closed list of answers that its kind takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.errors import InputError, Problems
from mien.files import write_whole
from mien.vlm.prompts import json_asked
from mien.vlm.question import YES_NO, Kind, Question, json_line, units_of, units_text
from mien.vlm.vocabulary import unit_names, units_in

COARSE = ("negative", "positive", "surprise")
#: The classes that each database's clips carry in the files.
FINE: Mapping[str, tuple[str, ...]] = {
    "casme2": ("disgust", "happiness", "repression", "surprise"),
    "samm": ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"),
    "casme3": ("anger", "disgust", "fear", "happiness", "sadness", "surprise"),
}
TYPES = ("micro-expression", "macro-expression")
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")


@dataclass(frozen=True)
class RowKind:
    """How a kind of row is recognised, what answers it, and what is said to the model about it."""

    topic: str
    pattern: re.Pattern[str]
    kind: Kind
    labels: tuple[str, ...]
    instruction: str


def _row(topic: str, pattern: str, kind: Kind, labels: tuple[str, ...], instruction: str) -> RowKind:
    return RowKind(topic, re.compile(pattern, re.IGNORECASE | re.DOTALL), kind, labels, instruction)


_ONE_OF = json_asked('"<one of: LABELS>"')
_UNITS = json_asked('["<FACS names of the action units>"]')
_WORDS = "Answer in plain sentences."
_COUNT = json_asked("<a whole number>")
#: The first that fits counts.
KINDS: tuple[RowKind, ...] = (
    _row("count-micro", r"how many micro.?expression", "count", (), _COUNT),
    _row("count-macro", r"how many macro.?expression", "count", (), _COUNT),
    _row("count-all", r"how many (?:\w+ )?(?:expression )?events?", "count", (), _COUNT),
    _row("event-type", r"expression type of the", "label", TYPES, _ONE_OF),
    _row("unit-inventory", r"distinct action units?", "units", (), _UNITS),
    _row("compound", r"coarse.*fine|fine.*coarse", "text", (), _WORDS),
    _row("coarse", r"\bcoarse\b", "label", COARSE, _ONE_OF),
    _row("fine", r"\bfine.?grained\b", "label", (), _ONE_OF),
    _row("unit-side", r"left or right|which side", "label", ("left", "right"), _ONE_OF),
    _row("unit-shown", r"^\s*(?:is|are|does|do)\b.*\b(?:action unit|au)", "yes-no", YES_NO, _ONE_OF),
    _row("analysis", r"\b(?:analy[sz]e|analysis|describe|detail)", "text", (), _WORDS),
    _row("units", r"\baction units?\b|\baus?\b", "units", (), _UNITS),
)
_OTHER = _row("other", "", "text", (), _WORDS)


@dataclass(frozen=True)
class Row:
    """One line of a question file: what it says, and the question that it becomes."""

    content: Mapping[str, Any]
    question: Question
    file: Path
    line: int


def read_files(files: Sequence[Path], dataset: str | None = None) -> list[Row]:
    """The rows of question files, in order.

    Args:
        dataset: whose labels the clips carry, where neither row nor file name says it.

    Raises:
        InputError: everything that is wrong with the files.
    """
    rows: list[Row] = []
    problems = Problems()
    for file in files:
        try:
            lines = _lines(file)
        except (OSError, ValueError) as error:
            problems.add(f"{file.name} cannot be read: {error}")
            continue
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                content = json.loads(line)
                if not isinstance(content, dict) or not isinstance(content.get("question"), str):
                    raise ValueError("a JSON object with a 'question' is wanted")
                rows.append(_row_of(content, file, number, dataset))
            except (ValueError, RecursionError) as error:
                problems.add(f"{file.name}, line {number}: {error}")
    if not rows and not len(problems):
        problems.add("there is no question in them")
    problems.raise_if_any("these are no question files", where=", ".join(map(str, files)))
    return rows


def _lines(file: Path) -> list[str]:
    """The lines of a file of JSON lines; U+2028 and its like, which end a line elsewhere, may stand in its texts."""
    return file.read_text(encoding="utf-8").split("\n")


def _row_of(content: dict[str, Any], file: Path, line: int, given: str | None) -> Row:
    asked = content["question"]
    found = next((kind for kind in KINDS if kind.pattern.search(asked)), _OTHER)
    clip, dataset = clip_of(content), _dataset(content, file, given)
    labels = found.labels
    if found.topic == "fine":
        if dataset is None or dataset not in FINE:
            raise ValueError(
                f"the fine classes of {dataset or 'this database'} are not known; name it with --dataset"
            )
        labels = FINE[dataset]
    # The videos of a test carry no subject: SAMM's begin with it ("1_001_2"), as those of CAS(ME)^3 do ("dzw_a1").
    subject = str(content.get("subject") or clip.split("_")[0])
    instruction = found.instruction.replace("LABELS", ", ".join(labels))
    question = Question(
        id=f"{file.name}:{line}",
        clip=clip,
        subject=subject,
        dataset=dataset or "unknown",
        topic=found.topic,
        kind=found.kind,
        text=f"{asked.strip()} {instruction}",
        labels=labels,
        truth=_truth(content.get("answer"), found.kind, labels),
    )
    return Row(content, question, file, line)


def clip_of(content: Mapping[str, Any]) -> str:
    """The name of the clip or video that a row is about. Raises `ValueError` if it names none."""
    for name in ("video", "filename", "image_id", "video_id"):
        value = content.get(name)
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()
    raise ValueError("it names no video")


def _dataset(content: Mapping[str, Any], file: Path, given: str | None) -> str | None:
    named = (
        str(content.get("dataset") or given or "").lower().replace("(", "").replace(")", "").replace("^", "")
    )
    if named in FINE or named == "smic":
        return named
    for words in (content.get("video_id"), content.get("video"), file.name):
        for name, word in (("casme2", "casme2"), ("casme3", "cas"), ("samm", "samm")):
            if word in str(words).lower():
                return name
    return named or None


def _truth(answer: object, kind: Kind, labels: tuple[str, ...]) -> str | None:
    """The answer of a training row as `parsing` writes one; None for the empty answers of a test.

    Raises:
        ValueError: it is no answer of its kind.
    """
    text = "" if answer is None else str(answer).strip()
    if not text or kind == "text":
        return text or None
    if kind == "units":
        return units_text(units_in(text))
    plain = text.lower().rstrip(".")
    if kind == "count" and not plain.isdigit():
        raise ValueError(f"the answer {text!r} is no number")
    if kind in ("label", "yes-no") and plain not in labels:
        raise ValueError(f"the answer {text!r} is none of {', '.join(labels)}")
    return plain


def ordinal(question: Question) -> int | None:
    """The N in "the N-th event": a lower bound of the number of events that the question itself gives away."""
    match = _ORDINAL.search(question.text) if question.topic == "event-type" else None
    return int(match[1]) if match else None


def written(question: Question, value: str) -> str:
    """An answer as the files write it: Action Units by name, all else as it is; "" stays "".

    >>> written(Question("1", "c", "s", "samm", "units", "units", "?"), "4+7")
    'brow lowerer, lid tightener'
    """
    if not value:
        return ""
    return unit_names(units_of(value)) if question.kind == "units" else value


def submission_name(file: Path) -> str:
    """The name that MEGC wants for the answers to a file: `..._test_to_answer.jsonl` becomes `..._test_pred.jsonl`."""
    stem = file.name.removesuffix(".jsonl").removesuffix("_to_answer")
    return f"{stem}_pred.jsonl"


def write_submission(folder: Path, rows: Sequence[Row], answers: Sequence[str]) -> list[Path]:
    """The files of a submission: every row as it came, in its order, with its answer filled in.

    Raises:
        InputError: two question files would give answers of one name.
    """
    lines: dict[Path, list[str]] = {}
    for row, answer in zip(rows, answers, strict=True):
        lines.setdefault(row.file, []).append(json_line({**row.content, "answer": answer}))
    if len({submission_name(file) for file in lines}) < len(lines):
        raise InputError("two question files have the same name", found=", ".join(map(str, lines)))
    paths = []
    for file, of_file in lines.items():
        path = folder / submission_name(file)
        write_whole(path, ("\n".join(of_file) + "\n").encode())
        paths.append(path)
    return paths


def read_answers(file: Path, rows: Sequence[Row]) -> list[str]:
    """The answers in a submission, for these rows of the file with the truths, in its order.

    Raises:
        InputError: the submission has other questions, or cannot be read.
    """
    try:
        contents = [json.loads(line) for line in _lines(file) if line.strip()]
        found = [
            (clip_of(content), content["question"], str(content.get("answer") or "")) for content in contents
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "this is no submission", where=file, found=f"{type(error).__name__}: {error}"
        ) from error
    wanted = [(clip_of(row.content), row.content["question"]) for row in rows]
    if [(clip, asked) for clip, asked, _ in found] != wanted:
        at = next((n for n, (a, b) in enumerate(zip(found, wanted, strict=False)) if a[:2] != b), len(wanted))
        raise InputError(
            "the submission answers other questions than the file of truths holds",
            where=file,
            found=f"{len(found)} answers for {len(wanted)} questions; the first difference is in row {at + 1}",
        )
    return [answer for _, _, answer in found]
