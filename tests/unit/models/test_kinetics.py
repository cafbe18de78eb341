"""Published weights from a local file: what is loaded, what is missing, what does not fit, what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mien.errors import InputError, UsageError
from mien.models.kinetics import load_published

STEM = "stem.weight"


def _encoder(n_channels: int) -> nn.Module:
    encoder = nn.Sequential()
    encoder.add_module("stem", nn.Conv3d(n_channels, 4, 3, bias=False))
    encoder.add_module("norm", nn.BatchNorm3d(4))
    encoder.add_module("last", nn.Conv3d(4, 5, 1))
    return encoder


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., Path]:
    def write(**changes: torch.Tensor | None) -> Path:
        torch.manual_seed(1)
        state = {name: torch.randn(t.shape) if t.dim() else t for name, t in _encoder(3).state_dict().items()}
        state |= {"fc.weight": torch.randn(400, 5)}
        for name, tensor in changes.items():
            state.pop(name.replace("__", "."))
            if tensor is not None:
                state[name.replace("__", ".")] = tensor
        path = tmp_path / "kinetics.safetensors"
        save_file(state, path)
        return path

    return write


def test_everything_that_fits_is_loaded_and_the_report_says_so(published: Callable[..., Path]) -> None:
    encoder, path = _encoder(3), published()
    report = load_published(encoder, path, stem=STEM)
    assert len(report.loaded) == 7 and not report.missing and not report.other_shape
    assert report.unused == ("fc.weight",)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert report.words == f"7 of 7 tensors from kinetics.safetensors (sha256 {digest}); not used: 1"
    again = _encoder(3)
    load_published(again, path, stem=STEM)
    assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), again.parameters(), strict=True))
    assert torch.equal(encoder.get_buffer("norm.running_var"), again.get_buffer("norm.running_var"))


def test_missing_tensors_and_those_of_another_shape_stay_random_and_are_named(
    published: Callable[..., Path],
) -> None:
    encoder = _encoder(3)
    before = encoder.get_parameter("last.bias").clone()
    path = published(last__weight=torch.zeros(6, 4, 1, 1, 1), last__bias=None)
    report = load_published(encoder, path, stem=STEM)
    assert report.missing == ("last.bias",) and report.other_shape == ("last.weight",)
    assert "5 of 7" in report.words
    assert "missing, so random: last.bias; of another shape, so random: last.weight" in report.words
    assert torch.equal(encoder.get_parameter("last.bias"), before)
    assert encoder.get_parameter("last.weight").abs().max() > 0


def test_a_flow_stem_is_the_mean_over_colours_times_three_halves(published: Callable[..., Path]) -> None:
    rgb, flow, path = _encoder(3), _encoder(2), published()
    load_published(rgb, path, stem=STEM)
    report = load_published(flow, path, stem=STEM)
    assert STEM in report.loaded
    wanted = rgb.get_parameter(STEM).mean(dim=1) * 1.5
    torch.testing.assert_close(flow.get_parameter(STEM)[:, 0], wanted)
    torch.testing.assert_close(flow.get_parameter(STEM)[:, 1], wanted)
    constant = torch.ones(1, 3, 3, 3, 3)
    stems = [encoder.get_submodule("stem") for encoder in (rgb, flow)]
    torch.testing.assert_close(stems[0](constant), stems[1](constant[:, :2]))


@pytest.mark.parametrize("name", ["r3d_18.pth", "rgb_imagenet.pt", "x.ckpt"])
def test_pickled_files_are_refused_with_advice(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(UsageError, match=r"can run code(.|\n)*docs/large-networks.md"):
        load_published(_encoder(3), tmp_path / name, stem=STEM)


def test_a_damaged_file_no_file_and_a_file_of_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(UsageError, match="no such weights file"):
        load_published(_encoder(3), path, stem=STEM)
    path.write_bytes(b"not safetensors")
    with pytest.raises(InputError, match="no safetensors file"):
        load_published(_encoder(3), path, stem=STEM)
    save_file({"backbone.conv.weight": torch.zeros(2)}, path)
    with pytest.raises(InputError, match=r"no tensor of this file fits(.|\n)*backbone.conv.weight"):
        load_published(_encoder(3), path, stem=STEM)
