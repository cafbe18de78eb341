"""The synthetic prepared set, and its likeness to real flow."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mien.errors import UsageError
from mien.facs.annotation import AUAnnotation, parse
from mien.motion.scaling import min_max_per_image
from mien.motion.strain import optical_strain
from mien.prepare.prepared import PreparedSet
from mien.prepare.synthetic import FlowSample, sample_flow, synthetic_flow


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    return synthetic_flow(tmp_path_factory.mktemp("sets") / "synthetic", subjects=6, clips_per_subject=4)


def test_it_is_a_prepared_set_like_any_other(prepared: PreparedSet) -> None:
    again = PreparedSet.open(prepared.path)
    again.verify()
    assert again.name == "synthetic-flow" and len(again) == 24
    spec = again.specs["onset_apex_flow"]
    assert spec.shape == (24, 3, 28, 28) and spec.dtype == "float32"
    assert spec.channels == ("u", "v", "strain") and spec.unit == "px"
    assert set(again.table.datasets) == {"synthetic"} and len(set(again.table.subjects)) == 6
    assert all(annotation.coded and annotation.numbers for annotation in again.table.annotations)


def test_the_strain_is_that_of_the_flow(prepared: PreparedSet) -> None:
    flow = np.asarray(prepared.arrays["onset_apex_flow"])
    np.testing.assert_array_equal(flow[:, 2], optical_strain(flow[:, 0], flow[:, 1]))


def test_the_same_arguments_give_the_same_bytes(prepared: PreparedSet, tmp_path: Path) -> None:
    again = synthetic_flow(tmp_path / "again", subjects=6, clips_per_subject=4)
    other = synthetic_flow(tmp_path / "other", subjects=6, clips_per_subject=4, seed=1)
    assert again.data_hash == prepared.data_hash != other.data_hash


def test_a_sample_has_the_number_of_clips_asked_for() -> None:
    sample = sample_flow(11, seed=2, size=20, clips_per_subject=4)
    assert sample.flow.shape == (11, 3, 20, 20) and sample.flow.dtype == np.float32
    assert len(sample.annotations) == len(sample.emotion) == len(sample.subject) == 11
    assert len(set(sample.subject)) == 3
    with pytest.raises(UsageError):
        sample_flow(0)


def _mean_image(flow: np.ndarray, chosen: list[bool]) -> np.ndarray:
    """Mean of u and v against their median: the zero level is lost in min-max scaled images."""
    scaled = min_max_per_image(flow[np.array(chosen), :2])
    return (scaled - np.median(scaled, axis=(2, 3), keepdims=True)).mean(axis=0)


@pytest.fixture(scope="module")
def made() -> FlowSample:
    return sample_flow(1500, seed=7)


@pytest.mark.parametrize(
    ("wanted", "unwanted", "alike"),
    [
        ({4}, {1, 2, 9, 10}, 0.8),
        ({1, 2}, {4}, 0.75),
        ({12}, {4, 15, 17}, 0.7),
        ({14}, {4, 6, 7, 12}, 0.5),
        ({15}, {4, 12}, 0.35),
    ],
    ids=["brow lowerer", "brow raisers", "lip corner puller", "dimpler", "lip corner depressor"],
)
def test_mean_images_of_actions_resemble_the_real_ones(
    shared_data: Path, made: FlowSample, wanted: set[int], unwanted: set[int], alike: float
) -> None:
    with np.load(shared_data / "megc2019_flow" / "flow.npz") as archive:
        real = archive["flow"].transpose(0, 3, 1, 2).astype(float)
    with (shared_data / "megc2019_flow" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        annotations = [parse(row["au"]) for row in csv.DictReader(stream)]

    def chosen(annotation: AUAnnotation) -> bool:
        return bool(annotation.numbers & wanted) and not annotation.numbers & unwanted

    real_mean = _mean_image(real, [chosen(annotation) for annotation in annotations])
    made_mean = _mean_image(made.flow, [chosen(annotation) for annotation in made.annotations])
    assert np.corrcoef(real_mean.ravel(), made_mean.ravel())[0, 1] > alike
