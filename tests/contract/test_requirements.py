"""The pinned requirement files against `pyproject.toml`: complete, exact, and free of what must not come."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(file: Path) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def named(*files: str) -> dict[str, Requirement]:
    return {canonicalize_name(pin.name): pin for file in files for pin in pins(ROOT / "requirements" / file)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_line_is_one_exact_version_without_build_tag(file: Path) -> None:
    for pin in pins(file):
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), f"{file.name}: {pin}"


def test_no_package_is_pinned_in_two_files() -> None:
    names = [canonicalize_name(pin.name) for file in FILES for pin in pins(file)]
    assert sorted(names) == sorted(set(names))


def test_torch_comes_first() -> None:
    assert pins(ROOT / "requirements" / "core.txt")[0].name == "torch"


@pytest.mark.parametrize(
    ("declared", "files"),
    [
        (PROJECT["dependencies"], ["core.txt"]),
        (PROJECT["optional-dependencies"]["dev"], ["core.txt", "dev.txt"]),
        (PROJECT["optional-dependencies"]["ray"], ["core.txt", "ray.txt"]),
        (PROJECT["optional-dependencies"]["web"], ["core.txt", "web.txt"]),
        (PROJECT["optional-dependencies"]["vlm"], ["core.txt", "vlm.txt"]),
    ],
    ids=["core", "dev", "ray", "web", "vlm"],
)
def test_what_is_declared_is_pinned_within_its_bound(declared: list[str], files: list[str]) -> None:
    pinned = named(*files)
    for requirement in map(Requirement, declared):
        pin = pinned[canonicalize_name(requirement.name)]
        version = str(pin.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} but {pin}"


def test_neither_torchvision_nor_a_cuda_package_is_asked_for() -> None:
    names = {canonicalize_name(pin.name) for file in FILES for pin in pins(file)}
    declared = [
        *PROJECT["dependencies"],
        *(r for rs in PROJECT["optional-dependencies"].values() for r in rs),
    ]
    names |= {canonicalize_name(Requirement(line).name) for line in declared}
    assert not [name for name in names if re.match(r"torchvision|nvidia|triton|cuda", name)]
