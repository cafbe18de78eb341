"""Every detector has a card, options, and does what the contract asks."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from mien.errors import UsageError
from mien.spotting import registry
from mien.spotting.contract import KINDS

QUICK = {"softnet": {"epochs": 1, "batch_size": 64}, "mean": {"epochs": 1}}


def test_names_and_cards() -> None:
    assert registry.names() == ("contrast", "mdmd", "mdmd-blocks", "mean", "random", "softnet")
    for name in registry.names():
        card = registry.card(name)
        assert card.name == name
        assert card.title
        assert card.paper
        assert card.summary
        assert card.assumed


@pytest.mark.parametrize("name", registry.names())
def test_every_detector_fits_scores_and_detects(name: str, mapped_videos) -> None:
    detector = registry.create(name, QUICK.get(name))
    assert detector.fit(mapped_videos[:2]) is detector
    signal = mapped_videos[2].signal
    kinds = ("micro",) if name == "mean" else KINDS
    for kind in kinds:
        score = detector.score(signal, kind)
        assert score.shape == (len(signal),)
        assert np.isfinite(score).any()
    found = detector.detect(signal)
    assert found == sorted(found, key=lambda i: (i.onset, i.offset))
    for interval in found:
        assert 0 <= interval.onset <= interval.apex <= interval.offset < len(signal)
        assert interval.kind in kinds
        assert np.isfinite(interval.score)


def test_wrong_names_and_options_are_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'mdmd'"):
        registry.create("mdmb")
    with pytest.raises(UsageError, match="did you mean 'reach'"):
        registry.create("contrast", {"reech": 1})
    with pytest.raises(UsageError, match="another detector"):
        registry.create("random", {"counted": "random"})


def test_cards_are_listed_without_torch() -> None:
    code = (
        "import sys; from mien.spotting import registry; [registry.card(n) for n in registry.names()]; "
        "registry.create('contrast'); assert 'torch' not in sys.modules and 'cv2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_feeds_are_those_that_the_detectors_read() -> None:
    assert registry.feeds(["contrast", "mdmd", "random"]) == frozenset()
    assert registry.feeds(["mean", "softnet"]) == {"flow_maps"}
    assert registry.feeds(["mdmd-blocks", "mean"]) == {"flow_maps", "block_differences"}
