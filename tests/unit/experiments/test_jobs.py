"""One job and its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import InputError, LeakError
from mien.experiments.jobs import FoldResult, Job, conclude, run_job, train_view
from mien.experiments.setting import Setting
from mien.models import registry
from mien.protocols.view import Fitted


def test_a_result_survives_its_file(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl-flow", audit=True, epochs=2, members=2, synthetic_clips=0)
    result = run_job(setting, Job(0, 1), compiled=False)
    again = FoldResult.from_bytes(result.to_bytes(), "here")
    assert again.job == result.job and again.opened_at == result.opened_at
    assert again.prob.tobytes() == result.prob.tobytes()
    assert again.curve.shape == (2, 2, len(again.curve_names))
    assert again.peeked is not None and again.peeked.shape == (2, len(result.prob))
    assert again.embedding is not None and result.embedding is not None
    assert again.embedding.nearest == result.embedding.nearest


def test_the_last_audited_epoch_is_the_prediction_that_counts(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet", audit=True, epochs=3)
    result = run_job(setting, Job(0, 2), compiled=False)
    assert result.peeked is not None
    np.testing.assert_array_equal(result.peeked[-1], result.prob.argmax(axis=1))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"\x93NUMPY"])
def test_damaged_files_are_told(content: bytes) -> None:
    with pytest.raises(InputError, match="only this fold is repeated"):
        FoldResult.from_bytes(content, "folds/0-000.npz")


def test_held_out_clips_stay_closed_for_a_recogniser_of_another_fold(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("majority")
    view = train_view(setting, setting.folds[1])
    method = registry.create("majority")
    method.fit(view)  # type: ignore[union-attr]
    with pytest.raises(LeakError):
        conclude(setting, Job(0, 0), Fitted(method, view.fold), view, 0.0, None)


def test_methods_without_weights_have_none(small_setting: Callable[..., Setting]) -> None:
    result = run_job(small_setting("lda-hoof"), Job(0, 0), compiled=False)
    assert result.weights == b"" and result.embedding is None and result.curve.size == 0
    assert replace(result).prob.shape[1] == 3
