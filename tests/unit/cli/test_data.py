"""`mien data`: list, import, make, show, and what each refuses."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.cli.data import make
from mien.clips.table import ClipTable
from mien.prepare.prepared import ArrayToWrite, PreparedSet
from mien.prepare.synthetic import synthetic_flow


@pytest.fixture
def two_databases(tmp_path: Path) -> Path:
    """Five clips of two databases; one has no AU coding, one emotion is in no class of megc-3."""
    rows = [
        ("casme2", "sub01", "EP02", "happiness", "12", 200.0),
        ("casme2", "sub01", "EP03", "others", "4", 200.0),
        ("casme2", "sub02", "EP02", "surprise", "1+2", 200.0),
        ("smic", "s01", "ne_01", "negative", None, 100.0),
        ("smic", "s02", "po_01", "positive", None, 100.0),
    ]
    frame = pd.DataFrame(rows, columns=["dataset", "subject", "clip", "emotion", "au", "fps"])
    frame["key"] = frame["subject"] + "_" + frame["clip"]
    frame = frame.assign(onset=1, apex=5, offset=9, objective=None, notes="")
    flow = ArrayToWrite(
        data=np.zeros((5, 3, 8, 8), np.float32),
        channels=("u", "v", "strain"),
        unit="px",
        source="made for a test",
    )
    folder = tmp_path / "small"
    PreparedSet.write(
        folder,
        name="small",
        table=ClipTable(frame),
        arrays={"onset_apex_flow": flow},
        recipe={"from": "a test"},
    )
    return folder


def line_of(out: str, start: str) -> str:
    return next(line for line in out.splitlines() if line.startswith(start))


def test_show_counts_clips_subjects_and_emotions_per_database(mien: Callable, two_databases: Path) -> None:
    code, out, _ = mien("data", "show", two_databases)
    assert code == 0
    assert "small: 5 clips of 4 subjects" in out
    assert line_of(out, "casme2").split()[-4:] == ["200", "3", "2", "3"]
    assert line_of(out, "smic").split()[-4:] == ["100", "0", "2", "2"]
    assert "happiness 1" in line_of(out, "casme2")
    assert line_of(out, "onset_apex_flow").split("  ")[1:] != []
    assert "5 x 3 x 8 x 8" in out
    assert PreparedSet.open(two_databases).data_hash in out


def test_show_with_a_task_counts_its_classes_and_says_what_is_left_out(
    mien: Callable, two_databases: Path
) -> None:
    code, out, _ = mien("data", "show", two_databases, "--task", "megc-3")
    assert code == 0
    _, _, classes = out.partition("megc-3")
    assert line_of(classes, "casme2").split() == ["casme2", "0", "1", "1", "1"]
    assert line_of(classes, "smic").split() == ["smic", "1", "1", "0", "0"]
    assert "Left out, and why" in classes


def test_show_of_a_set_that_is_not_there_is_refused(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("data", "show", tmp_path / "nothing")
    assert code in (2, 3)
    assert "nothing" in err


def test_show_of_a_damaged_set_is_bad_input(mien: Callable, two_databases: Path) -> None:
    (two_databases / "arrays" / "onset_apex_flow.npy").unlink()
    code, _, err = mien("data", "show", two_databases)
    assert code == 3
    assert "onset_apex_flow" in err


def test_list_names_the_synthetic_set(mien: Callable) -> None:
    code, out, _ = mien("data", "list")
    assert code == 0
    assert "synthetic-flow" in out


def test_make_writes_the_same_set_twice_and_refuses_another_in_its_place(
    mien: Callable, tmp_path: Path
) -> None:
    size = ("--subjects", 2, "--clips-per-subject", 3)
    first = mien("data", "make", "synthetic-flow", "--out", tmp_path / "made", *size)
    assert first.code == 0, first.err
    assert "6 clips of 2 subjects" in first.out
    assert len(PreparedSet.open(tmp_path / "made")) == 6
    assert mien("data", "make", "synthetic-flow", "--out", tmp_path / "made", *size) == first
    other = mien("data", "make", "synthetic-flow", "--out", tmp_path / "made", *size, "--seed", 1)
    assert other.code == 2
    assert "made" in other.err


def test_make_has_the_defaults_of_the_generator() -> None:
    offered = {
        name: p.default for name, p in signature(make).parameters.items() if name not in ("name", "out")
    }
    generator = signature(synthetic_flow).parameters
    assert offered == {name: generator[name].default for name in offered}


def test_import_of_a_folder_without_known_arrays_is_bad_input(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("data", "import", tmp_path, "--out", tmp_path / "out")
    assert code == 3
    assert "flow.npz, ckplus_landmarks.npz" in " ".join(err.split())
    assert not (tmp_path / "out").exists()


def test_import_of_a_folder_without_the_manifest_is_bad_input(mien: Callable, tmp_path: Path) -> None:
    np.savez(tmp_path / "flow.npz", flow=np.zeros(1))
    code, _, err = mien("data", "import", tmp_path, "--out", tmp_path / "out")
    assert code == 3
    assert "manifest.csv" in err
    assert not (tmp_path / "out").exists()


def test_import_of_the_real_ckplus_landmarks(mien: Callable, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "landmarks" / "ckplus_facemesh"
    code, out, err = mien("data", "import", folder, "--out", tmp_path / "ckplus")
    assert code == 0, err
    assert "213 clips of 78 subjects" in out
    _, out, _ = mien("data", "show", tmp_path / "ckplus", "--task", "ckplus-7")
    _, _, classes = out.partition("ckplus-7")
    assert line_of(classes, "ckplus").split() == ["ckplus", "27", "12", "38", "16", "46", "19", "55", "0"]


def test_import_of_the_real_flow_images(mien: Callable, shared_data: Path, tmp_path: Path) -> None:
    code, out, err = mien("data", "import", shared_data / "megc2019_flow", "--out", tmp_path / "megc")
    assert code == 0, err
    assert "442 clips of 68 subjects" in out
    _, out, _ = mien("data", "show", tmp_path / "megc", "--task", "megc-3")
    _, _, classes = out.partition("megc-3")
    assert line_of(classes, "casme2").split() == ["casme2", "88", "32", "25", "0"]
    assert line_of(classes, "samm").split() == ["samm", "92", "26", "15", "0"]
    assert line_of(classes, "smic").split() == ["smic", "70", "51", "43", "0"]
