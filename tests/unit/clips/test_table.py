"""The clip table: what it accepts, what it says about the rest, and that nothing is lost on disk."""

from __future__ import annotations

import string
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.clips.table import COLUMNS, ClipTable
from mien.errors import InputError


def row(number: int = 0, **changes: object) -> dict[str, object]:
    return {
        "dataset": "casme2",
        "subject": "sub01",
        "clip": f"EP{number:02d}",
        "key": f"sub01_EP{number:02d}",
        "onset": 1,
        "apex": 5,
        "offset": 9,
        "fps": 200,
        "au": "4+L10",
        "emotion": "disgust",
        "objective": 4,
        "notes": "",
        **changes,
    }


def test_columns_are_the_schema_and_typed() -> None:
    frame = ClipTable.from_rows([row(0), row(1, apex=None, objective=pd.NA, au="")]).frame
    assert list(frame.columns) == list(COLUMNS)
    assert frame["apex"].tolist() == [5, pd.NA]
    assert frame["au"].tolist() == ["4+L10", None]
    assert str(frame["objective"].dtype) == "Int64"


def test_groups_tell_people_of_different_databases_apart() -> None:
    table = ClipTable.from_rows([row(0), row(1, dataset="samm"), row(2)])
    assert table.groups.tolist() == ["casme2/sub01", "samm/sub01", "casme2/sub01"]


def test_annotations_are_the_parsed_au_cells() -> None:
    coded, missing = ClipTable.from_rows([row(0), row(1, au=None)]).annotations
    assert coded.numbers == frozenset({4, 10})
    assert not missing.coded


def test_take_keeps_the_order_asked_for() -> None:
    table = ClipTable.from_rows([row(n) for n in range(4)])
    assert table.take([2, 0]).keys.tolist() == ["sub01_EP02", "sub01_EP00"]


def test_a_row_taken_twice_is_refused() -> None:
    with pytest.raises(InputError, match="occurs more than once"):
        ClipTable.from_rows([row(0)]).take([0, 0])


def test_the_frame_is_a_copy() -> None:
    table = ClipTable.from_rows([row(0)])
    frame = table.frame
    frame.loc[0, "emotion"] = "joy"
    assert table.frame["emotion"].tolist() == ["disgust"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"onset": 1.5}, "row 0, column 'onset': a whole number is wanted, found 1.5"),
        ({"onset": True}, "column 'onset': a whole number is wanted"),
        ({"apex": "five"}, "column 'apex': a whole number is wanted, found 'five'"),
        ({"fps": 0}, "column 'fps': positive frames per second"),
        ({"fps": None}, "column 'fps'"),
        ({"fps": float("inf")}, "column 'fps': positive frames per second"),
        ({"emotion": "Disgust"}, "column 'emotion': lower case is wanted"),
        ({"objective": 8}, "column 'objective': an objective class from 1 to 7"),
        ({"subject": 6}, "column 'subject': text is wanted, found 6"),
        ({"subject": " "}, "column 'subject': it must not be empty"),
        ({"notes": "two\nlines"}, "column 'notes': text on one line"),
        ({"colour": "red"}, "'colour' is not part of a clip table"),
    ],
)
def test_a_wrong_cell_is_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as refused:
        ClipTable.from_rows([row(0, **changes)])
    assert words in str(refused.value)


def test_all_problems_are_told_at_once_and_where() -> None:
    with pytest.raises(InputError) as refused:
        ClipTable.from_rows([row(0, fps=-1), row(1, emotion="X", onset="?")], where="sheet.xlsx")
    message = str(refused.value)
    assert message.count("\n    - ") == 3
    assert "sheet.xlsx" in message


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="column 'key' is missing"):
        ClipTable(pd.DataFrame([row(0)]).drop(columns="key"))


def test_a_key_twice_is_named_with_its_rows() -> None:
    with pytest.raises(InputError, match=r"'sub01_EP01' occurs more than once \(rows 0, 2\)"):
        ClipTable.from_rows([row(1), row(0), row(1)])


def test_csv_keeps_everything(tmp_path: Path) -> None:
    table = ClipTable.from_rows(
        [
            row(0, subject="006", au="12+15 ", notes='a "quoted", cell'),
            row(1, au=None, onset=None, apex=None, offset=None, objective=None, emotion="", fps=29.97),
            row(2, au="nan", notes="NULL"),
        ]
    )
    table.to_csv(tmp_path / "clips.csv")
    assert ClipTable.read_csv(tmp_path / "clips.csv") == table
    assert [file.name for file in tmp_path.iterdir()] == ["clips.csv"]


_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
_NUMBER = st.one_of(st.none(), st.integers(-10, 10**9))


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(
        st.tuples(_TEXT, _NUMBER, _TEXT, st.floats(0.01, 1e4), st.text(string.ascii_lowercase, max_size=5)),
        max_size=5,
    )
)
def test_csv_gives_back_any_table(tmp_path_factory: pytest.TempPathFactory, cells: list[tuple]) -> None:
    table = ClipTable.from_rows(
        row(number, au=au, onset=onset, notes=notes, fps=fps, emotion=emotion)
        for number, (au, onset, notes, fps, emotion) in enumerate(cells)
    )
    file = tmp_path_factory.mktemp("csv") / "clips.csv"
    table.to_csv(file)
    assert ClipTable.read_csv(file) == table


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"dataset,subject\na\n", "row 0 has 1 cells, the header has 2"),
        (b"", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'a,"b\n', "cannot be read"),
        (b"a,b\n1,2\n", "column 'dataset' is missing"),
    ],
)
def test_a_file_that_is_no_clip_table_is_an_input_error(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "clips.csv"
    file.write_bytes(content)
    with pytest.raises(InputError) as refused:
        ClipTable.read_csv(file)
    assert words in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        ClipTable.read_csv(tmp_path / "none.csv")


def test_rows_are_plain_values_by_column() -> None:
    clip = {"dataset": "samm", "subject": "006", "clip": "006_1_2", "key": "k", "fps": 200, "onset": 5562}
    (row,) = ClipTable.from_rows([clip]).rows()
    assert row == {**dict.fromkeys(COLUMNS), **clip, "emotion": "", "notes": ""}
    assert type(row["onset"]) is int
