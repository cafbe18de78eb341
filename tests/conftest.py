"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mien.experiments.setting import Setting
    from mien.prepare.prepared import PreparedSet

SHARED = Path(os.environ.get("MIEN_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real research data; tests that need it skip where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"the research data are not on this machine ({folder})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache of the tests' own: the user's is neither read nor written (worker processes inherit it)."""
    os.environ.setdefault("MIEN_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """Synthetic flow of 5 people, 8 clips each."""
    from mien.prepare.synthetic import synthetic_flow

    return synthetic_flow(tmp_path_factory.mktemp("sets") / "small", subjects=5, clips_per_subject=8, seed=1)


@pytest.fixture(scope="session")
def small_setting(small_set: PreparedSet) -> Callable[..., Setting]:
    """Makes the setting of an evaluation on the small set: `small_setting("ststnet", epochs=2)`."""

    def make(model: str, *, seeds: int = 1, audit: bool = False, **options: object) -> Setting:
        from mien.experiments.setting import EvaluateConfig, resolve

        config = EvaluateConfig(
            model=model,
            data=str(small_set.path),
            task="megc-3",
            seeds=seeds,
            audit=audit,
            device="cpu",
            options={name: str(value) for name, value in options.items()},
        )
        return resolve(config).setting

    return make
