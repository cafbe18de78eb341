"""MEGC 2019 from the databases' own tables, and its flow images."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from small_copies import SHEETS, write_frames, write_sheet

from mien.clips.table import ClipTable
from mien.clips.tasks import get
from mien.databases import megc2019
from mien.databases.database import Database
from mien.databases.registry import get as get_database
from mien.errors import InputError, UsageError


@pytest.fixture(scope="module")
def composite(casme2_2014: ClipTable, samm_table: ClipTable, smic_table: ClipTable) -> ClipTable:
    return megc2019.derive(casme2_2014, samm_table, smic_table)


@pytest.fixture(scope="module")
def flow_folder(shared_data: Path) -> Path:
    return shared_data / "megc2019_flow"


def test_the_derived_list_is_the_official_one_clip_by_clip(composite: ClipTable, annotations: Path) -> None:
    official = megc2019.read_list(annotations / "megc2019" / "combined_3class_gt.csv")
    task = get("megc-3")
    frame = composite.frame
    which = zip(frame["dataset"], frame["subject"], frame["clip"], strict=True)
    labels = task.assign(composite).labels
    assert {clip: task.classes[label] for clip, label in zip(which, labels, strict=True)} == official
    assert len(official) == len(composite) == 442


def test_counts_per_database_and_class(composite: ClipTable) -> None:
    labels = get("megc-3").assign(composite).labels
    counts = Counter(zip(composite.datasets.tolist(), labels.tolist(), strict=True))
    assert [counts["smic", k] for k in range(3)] == [70, 51, 43]
    assert [counts["casme2", k] for k in range(3)] == [88, 32, 25]
    assert [counts["samm", k] for k in range(3)] == [92, 26, 15]
    subjects = Counter(group.split("/")[0] for group in set(composite.groups.tolist()))
    assert subjects == {"smic": 16, "casme2": 24, "samm": 28}


def test_the_two_clips_left_out_have_their_reasons(casme2_2014: ClipTable) -> None:
    excluded = get("megc-3").assign(casme2_2014).excluded.set_index("key")["reason"]
    assert "no apex" in excluded["sub04_EP12_01f"]
    assert "apex is the onset" in excluded["sub05_EP09_05f"]


def test_flow_images_carry_what_the_tables_say(flow_folder: Path, composite: ClipTable) -> None:
    table, flow = megc2019.flow_images(flow_folder)
    assert flow.shape == (442, 3, 28, 28)
    assert flow.dtype == np.uint8
    columns = ["dataset", "subject", "clip", "onset", "apex", "offset", "fps", "emotion"]
    ours = table.frame.set_index("key").sort_index()[columns]
    theirs = composite.frame.set_index("key").sort_index()[columns]
    assert ours.equals(theirs)


def test_manifest_aus_are_those_of_the_tables(
    flow_folder: Path, casme2_2019: ClipTable, samm_table: ClipTable
) -> None:
    table, _ = megc2019.flow_images(flow_folder)
    of_tables = {
        clip: au for source in (casme2_2019, samm_table)
        for clip, au in zip(source.frame["key"], source.frame["au"], strict=True)
    }  # fmt: skip
    frame = table.frame
    for key, au in zip(frame["key"], frame["au"], strict=True):
        assert au == of_tables.get(key), key
    assert frame["au"].notna().sum() == 278


def test_brow_raisers_move_up_and_brow_lowerers_down(flow_folder: Path) -> None:
    table, flow = megc2019.flow_images(flow_folder)
    v = flow[:, 1].astype(float)
    brow = v[:, 2:7, 6:22].mean(axis=(1, 2)) - np.median(v, axis=(1, 2))
    # The published check of the flow folder, on plain AU strings: sides and intensities dropped.
    sets = [{int("".join(filter(str.isdigit, au))) for au in text.split("+") if any(map(str.isdigit, au))}
            for text in table.frame["au"].fillna("")]  # fmt: skip
    casme2 = table.datasets == "casme2"
    raised = np.array([bool({1, 2} & units) and 4 not in units for units in sets])
    lowered = np.array([4 in units and not {1, 2} & units for units in sets])
    assert (int((raised & casme2).sum()), int((lowered & casme2).sum())) == (25, 54)
    assert round(np.median(brow[raised & casme2])) == -62
    assert round(np.median(brow[lowered & casme2])) == 55
    samm = table.datasets == "samm"
    assert np.median(brow[raised & samm]) < -30
    assert np.median(brow[lowered & samm]) > 30


@pytest.fixture
def copied(flow_folder: Path, tmp_path: Path) -> Path:
    for name in ("flow.npz", "manifest.csv"):
        shutil.copyfile(flow_folder / name, tmp_path / name)
    return tmp_path


def test_changed_pixels_are_found(copied: Path) -> None:
    with np.load(copied / "flow.npz") as archive:
        content = dict(archive)
    content["flow"] = content["flow"].copy()
    content["flow"][[3, 7], 0, 0, 0] ^= 1
    np.savez(copied / "flow.npz", **content)
    with pytest.raises(InputError) as refused:
        megc2019.flow_images(copied)
    assert str(refused.value).count("the pixels have SHA-1") == 2


def test_another_order_of_clips_is_found(copied: Path) -> None:
    first, *rows = (copied / "manifest.csv").read_text().splitlines()
    (copied / "manifest.csv").write_text("\n".join([first, *reversed(rows)]))
    with pytest.raises(InputError, match="in the same order"):
        megc2019.flow_images(copied)


@pytest.mark.parametrize("cut", [0, 100, 50_000])
def test_a_cut_archive_is_an_input_error(copied: Path, cut: int) -> None:
    content = (copied / "flow.npz").read_bytes()
    (copied / "flow.npz").write_bytes(content[:cut])
    with pytest.raises(InputError, match="cannot be read"):
        megc2019.flow_images(copied)


def test_an_empty_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        megc2019.flow_images(tmp_path)


def test_a_list_that_is_none_names_the_lines(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("casme2,sub01,EP02_01f,1\nsamm,6,006_1_2\nsmic,s01,s01_ne_01,3\n")
    with pytest.raises(InputError) as refused:
        megc2019.read_list(file)
    assert "line 2" in str(refused.value)
    assert "line 3" in str(refused.value)


@pytest.fixture
def three_databases(tmp_path: Path) -> Path:
    """Made-up copies of the three databases below one root, two clips each."""
    root = tmp_path / "disk"
    for name, variant in (("casme2", "raw_selected"), ("samm", "raw"), ("smic", "hs")):
        source = get_database(name)
        assert isinstance(source, Database)
        file, rows = SHEETS[name, variant]
        sheet = write_sheet(root / name / file, rows)
        write_frames(source, source.read(sheet, None, variant).table.rows(), root / name, variant)
    return root


def test_the_composite_is_loaded_from_three_folders(three_databases: Path) -> None:
    source = get_database("megc2019")
    loaded = source.load(three_databases)
    assert Counter(loaded.table.datasets.tolist()) == {"casme2": 2, "samm": 2, "smic": 2}
    assert loaded.problems == ()
    for row in loaded.table.rows():
        first = loaded.frames[row["key"]].files[0]
        assert first == three_databases / source.frame_path(row, row["onset"])


def test_a_database_that_the_composite_lacks_is_named(three_databases: Path) -> None:
    shutil.rmtree(three_databases / "samm")
    with pytest.raises(InputError, match="one folder of samm"):
        get_database("megc2019").load(three_databases)


def test_the_composite_has_no_sheet_of_its_own(three_databases: Path) -> None:
    with pytest.raises(UsageError, match="no sheet"):
        get_database("megc2019").load(three_databases, sheet=three_databases / "list.csv")
    with pytest.raises(UsageError, match="no variant"):
        get_database("megc2019").load(three_databases, variant="hs")
