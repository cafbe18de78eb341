"""The challenges' files come back as they were written, and count frames from 1."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.spotting import files
from mien.spotting.contract import Interval
from mien.spotting.files import LogRow, Submitted, SubmittedEmotion

FEW = settings(max_examples=50, deadline=None)
span = st.tuples(st.integers(0, 99_999), st.integers(0, 999)).map(lambda x: (x[0], x[0] + x[1]))
name = st.from_regex(r"[0-9]{2,3}_[0-9]{1,4}", fullmatch=True)
text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1)
row = st.one_of(
    st.builds(LogRow, name, span, span), st.builds(LogRow, name, span, st.none()),
    st.builds(LogRow, name, st.none(), span),
)  # fmt: skip


def found(onset: int, offset: int, kind="micro") -> Interval:
    return Interval(onset, onset, offset, kind, 1.0)


def test_a_log_looks_as_published_and_counts_from_1(tmp_path) -> None:
    path = tmp_path / "log.txt"
    rows = files.log_rows(
        "23_0502",
        [found(110, 129), found(1453, 1463), found(0, 5, "macro")],
        [found(1454, 1465), found(1936, 1962, "macro")],
    )
    files.write_log(path, {2: rows})
    assert path.read_text().splitlines() == [
        "2",
        "23_0502   -       -       1       6       FP",
        "23_0502   -       -       111     130     FP",
        "23_0502   1455    1466    1454    1464    TP",
        "23_0502   1937    1963    -       -       FN",
        "",
    ]


@FEW
@given(st.dictionaries(st.integers(1, 9), st.lists(row, max_size=6), min_size=1, max_size=3))
def test_logs_come_back(tmp_path_factory, sections) -> None:
    path = tmp_path_factory.mktemp("log") / "log.txt"
    files.write_log(path, sections)
    assert files.read_log(path) == sections


def test_kinds_are_matched_apart_and_each_interval_once() -> None:
    rows = files.log_rows("v", [found(0, 9), found(0, 9, "macro")], [found(0, 9), found(2, 9)])
    assert sorted(row.verdict for row in rows) == ["FN", "FP", "TP"]


@FEW
@given(
    st.lists(st.builds(lambda v, s, k: Submitted(v, *s, k), text, span, st.sampled_from(["micro", "macro"])))
)
def test_submissions_come_back(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.mktemp("csv") / "pred.csv"
    files.write_submission(path, rows)
    assert files.read_submission(path) == rows


@FEW
@given(st.lists(st.builds(lambda s, v, x, e: SubmittedEmotion(s, v, *x, e), text, text, span, text)))
def test_spot_then_recognise_submissions_come_back(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.mktemp("csv") / "str.csv"
    files.write_str_submission(path, rows)
    assert files.read_str_submission(path) == rows


def test_submissions_look_as_the_challenges_ask(tmp_path) -> None:
    files.write_submission(
        tmp_path / "a.csv", [Submitted("006_1", 0, 9, "micro"), Submitted("7", 4, 8, "macro")]
    )
    assert (tmp_path / "a.csv").read_text() == "vid,onset,offset,type\n006_1,1,10,me\n7,5,9,mae\n"
    files.write_str_submission(tmp_path / "b.csv", [SubmittedEmotion("s1", "v2", 0, 9, "negative")])
    assert (tmp_path / "b.csv").read_text() == "subject,video,onset,offset,emotion\ns1,v2,1,10,negative\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1\nv 0 5 - - FN\n", "no row of a log"),
        ("1\nv 9 5 - - FN\n", "no row of a log"),
        ("1\nv 1 - - - FN\n", "no row of a log"),
        ("1\nv - - - - FN\n", "no row of a log"),
        ("1\nv 1 5 - - TP\n", "says TP, its frames say FN"),
        ("v 1 5 - - FN\n", "before any dataset index"),
        ("1\nrubbish\n", "no row of a log"),
    ],
)
def test_a_broken_log_is_refused_by_line(tmp_path, content, message) -> None:
    path = tmp_path / "log.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        files.read_log(path)


@pytest.mark.parametrize(
    "content",
    ["vid,onset,offset\na,1,2\n", "vid,onset,offset,type\na,0,2,me\n", "vid,onset,offset,type\na,3,2,me\n",
     "vid,onset,offset,type\na,1,2,micro\n", "vid,onset,offset,type\na,1,2\n", ""],
)  # fmt: skip
def test_a_broken_submission_is_refused(tmp_path, content) -> None:
    path = tmp_path / "pred.csv"
    path.write_text(content)
    with pytest.raises(InputError):
        files.read_submission(path)


def test_a_missing_or_binary_file_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        files.read_log(tmp_path / "none.txt")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        files.read_submission(tmp_path / "b.csv")
