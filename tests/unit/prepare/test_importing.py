"""The 442 flow images of MEGC 2019 as a prepared set."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mien.clips.tasks import get
from mien.prepare.importing import import_megc2019_flow
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
