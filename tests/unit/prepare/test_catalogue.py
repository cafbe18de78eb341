"""Opening sets by name or folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import InputError, UsageError
from mien.prepare import catalogue
from mien.prepare.catalogue import list_sets, named_folder, open_set


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic set that stands for the big one."""
    from mien.prepare.synthetic import synthetic_flow

    folder = tmp_path_factory.mktemp("made") / "set"
    synthetic_flow(folder, subjects=2, clips_per_subject=2, size=8)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Make the named set small; the list holds where it was made."""
    from mien.prepare import synthetic

    make, calls = synthetic.synthetic_flow, []

    def small(out: Path, *, overwrite: bool = False) -> object:
        calls.append(out)
        return make(out, subjects=2, clips_per_subject=2, size=8, overwrite=overwrite)

    monkeypatch.setattr(synthetic, "synthetic_flow", small)
    return calls


def test_a_folder_is_opened(made_once: Path) -> None:
    assert open_set(made_once).name == "synthetic-flow"
    assert open_set(str(made_once)).path == made_once


def test_a_named_set_is_made_once_in_the_cache(quick: list[Path], cache: Path) -> None:
    first = open_set("synthetic-flow")
    second = open_set("synthetic-flow")
    assert quick == [named_folder("synthetic-flow")]
    assert cache in first.path.parents
    assert first.data_hash == second.data_hash


def test_a_damaged_named_set_is_made_again(quick: list[Path]) -> None:
    folder = open_set("synthetic-flow").path
    (folder / "arrays" / "onset_apex_flow.npy").write_bytes(b"")
    assert len(open_set("synthetic-flow")) == 4
    assert len(quick) == 2


def test_the_folder_follows_the_version_of_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    before = named_folder("synthetic-flow")
    monkeypatch.setattr("mien.prepare.synthetic.VERSION", 10_000)
    assert named_folder("synthetic-flow") != before


def test_a_folder_of_that_name_wins(tmp_path: Path, quick: list[Path]) -> None:
    (tmp_path / "synthetic-flow").mkdir()
    with pytest.raises(InputError, match="not a prepared set"):
        open_set("synthetic-flow")
    assert quick == []


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        open_set("synthetic_flow")
    assert "did you mean 'synthetic-flow'" in str(refused.value)


def test_the_list_says_where_a_set_is(quick: list[Path]) -> None:
    assert [(name, folder) for name, _, folder in list_sets()] == [("synthetic-flow", "made when first used")]
    open_set("synthetic-flow")
    assert list_sets()[0][2] == str(catalogue.named_folder("synthetic-flow"))
