"""One tensor or several by name: handled alike."""

from __future__ import annotations

import pytest
import torch

from mien.models.images import Images, moved, n_clips, picked, pieces, stack

ONE = torch.arange(12.0).reshape(6, 2)
NAMED: Images = {"rgb": ONE, "flow": ONE + 100}


@pytest.mark.parametrize("x", [ONE, NAMED])
def test_clips_are_counted_picked_cut_and_stacked(x: Images) -> None:
    assert n_clips(x) == 6
    at = torch.tensor([4, 0])
    parts = list(pieces(x, 4))
    assert [n_clips(part) for part in parts] == [4, 2]
    assert list(pieces(x, None)) == [x] and list(pieces(x, 6)) == [x]
    for name in ("rgb", "flow"):

        def of(y: Images, name: str = name) -> torch.Tensor:
            return y if isinstance(y, torch.Tensor) else y[name]

        assert torch.equal(of(picked(x, at)), of(x)[[4, 0]])
        assert torch.equal(torch.cat([of(part) for part in parts]), of(x))
        assert torch.equal(of(stack([x, x])), torch.stack([of(x), of(x)]))
        assert torch.equal(of(moved(x, torch.device("cpu"))), of(x))
