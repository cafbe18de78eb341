"""Ready-made arrays as prepared sets: the 442 flow images of MEGC 2019, and CK+ as face meshes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mien.clips.tasks import get
from mien.databases import ckplus_mesh
from mien.errors import InputError
from mien.face.alignment import similarity
from mien.face.regions import IBUG_68
from mien.prepare import recipe as recipes
from mien.prepare.importing import import_ckplus_landmarks, import_megc2019_flow, import_ready_made
from mien.prepare.prepared import FLOW, MIN_MAX_UNIT, PreparedSet


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Path:
    return shared_data / "megc2019_flow"


@pytest.fixture(scope="module")
def imported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    return import_megc2019_flow(source, tmp_path_factory.mktemp("import") / "flow")


def test_labels_are_those_of_the_manifest(imported: PreparedSet, source: Path) -> None:
    with (source / "manifest.csv").open(newline="") as stream:
        manifest = list(csv.DictReader(stream))
    task = get("megc-3")
    labels = task.assign(imported.table).labels
    assert [task.classes[label] for label in labels] == [row["label3"] for row in manifest]
    assert [str(label) for label in labels] == [row["label3_id"] for row in manifest]
    assert len(labels) == 442


def test_the_task_leaves_no_clip_out(imported: PreparedSet) -> None:
    assert get("megc-3").assign(imported.table).excluded.empty
    assert len(set(imported.table.groups)) == 68


def test_pixels_are_stored_as_they_are(imported: PreparedSet, source: Path) -> None:
    with np.load(source / "flow.npz") as archive:
        pixels = archive["flow"]
    spec = imported.specs[FLOW]
    assert (spec.dtype, spec.unit, spec.channels) == ("uint8", MIN_MAX_UNIT, ("u", "v", "strain"))
    assert np.array_equal(imported.arrays[FLOW], pixels.transpose(0, 3, 1, 2))
    imported.verify()


def test_smic_has_no_aus_and_the_others_have(imported: PreparedSet) -> None:
    coded = imported.table.frame.groupby("dataset")["au"].count()
    assert coded.to_dict() == {"casme2": 145, "samm": 133, "smic": 0}


def test_importing_again_gives_the_same_set(imported: PreparedSet, source: Path, tmp_path: Path) -> None:
    assert import_megc2019_flow(source, tmp_path / "again").data_hash == imported.data_hash
    assert import_megc2019_flow(source, imported.path).data_hash == imported.data_hash


@pytest.fixture(scope="module")
def meshes(shared_data: Path) -> Path:
    return shared_data / "landmarks" / "ckplus_facemesh"


@pytest.fixture(scope="module")
def ckplus(meshes: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    return import_ckplus_landmarks(meshes, tmp_path_factory.mktemp("import") / "ckplus")


def test_every_labelled_sequence_is_a_clip_with_a_class(ckplus: PreparedSet) -> None:
    assignment = get("ckplus-7").assign(ckplus.table)
    assert assignment.excluded.empty and len(ckplus.table) == 213
    assert list(assignment.counts.values()) == [27, 12, 38, 16, 46, 19, 55]
    assert len(set(ckplus.table.groups)) == 78
    row = ckplus.table.rows()[0]
    assert (row["key"], row["onset"], row["apex"], row["offset"]) == ("S005_001", 1, 11, 11)


def test_points_are_those_of_the_crop_that_the_recipe_would_cut(ckplus: PreparedSet, meshes: Path) -> None:
    spec = ckplus.specs["landmarks"]
    assert (spec.shape, spec.channels, spec.unit) == ((213, 2, 2, 68), ("x", "y"), "px of the crop")
    face = recipes.load("landmarks").face
    points = ckplus.arrays["landmarks"]
    across = points[:, :, 0, 45] - points[:, :, 0, 36]
    # In the neutral image the eyes are level and as far apart as the recipe says.
    np.testing.assert_allclose(across[:, 0], face.size_px / face.side_per_interocular, atol=0.1)
    assert (
        np.abs(points[:, 1, 0][:, [36, 39, 42, 45]].mean(1) - (face.eyes_at * face.size_px - 0.5)).max() < 0.1
    )
    _, pairs = ckplus_mesh.landmark_pairs(meshes)
    matrix = similarity(
        pairs[9, 0], face.size_px, side_per_interocular=face.side_per_interocular, eyes_at=face.eyes_at
    )
    peak = pairs[9, 1][IBUG_68[57]]
    np.testing.assert_allclose(points[9, :, 1, 57], matrix[:, :2] @ peak + matrix[:, 2], atol=1e-3)


def test_surprise_opens_the_mouth_and_happiness_widens_it(ckplus: PreparedSet) -> None:
    points, emotion = ckplus.arrays["landmarks"], ckplus.table.frame["emotion"].to_numpy()
    opened = np.diff(points[:, 1, :, 57] - points[:, 1, :, 51], axis=1)[:, 0]
    widened = np.diff(points[:, 0, :, 54] - points[:, 0, :, 48], axis=1)[:, 0]
    assert np.median(opened[emotion == "surprise"]) > 15 > np.median(opened[emotion == "anger"])
    assert np.median(widened[emotion == "happiness"]) > 5 > np.median(widened[emotion == "surprise"])


def test_the_file_in_the_folder_decides_what_is_imported(
    ckplus: PreparedSet, imported: PreparedSet, meshes: Path, source: Path, tmp_path: Path
) -> None:
    assert import_ready_made(meshes, tmp_path / "a").data_hash == ckplus.data_hash
    assert import_ready_made(source, tmp_path / "b").data_hash == imported.data_hash
    with pytest.raises(InputError, match="no arrays that can be imported"):
        import_ready_made(tmp_path / "c", tmp_path / "d")
