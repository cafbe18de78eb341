"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from mien.analysis.result import VideoAnalysis
    from mien.experiments.setting import Setting
    from mien.face.landmarks import Landmarker
    from mien.prepare.prepared import PreparedSet

sys.path.insert(0, str(Path(__file__).parent))  # for `portraits`, `made_arrays` and their like
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


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    """What a test draws from torch depends on no test before it."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


class Answer(NamedTuple):
    """What a command ended with, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def mien(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Call the command line in this process, as `mien("data", "show", folder)`; the terminal is wide and without
    colours."""
    from mien.cli.app import run

    monkeypatch.setenv("COLUMNS", "220")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("MIEN_DEBUG", raising=False)

    def call(*args: object) -> Answer:
        capsys.readouterr()
        code = run([str(arg) for arg in args])
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """Synthetic flow of 5 people, 8 clips each."""
    from mien.prepare.synthetic import synthetic_flow

    return synthetic_flow(tmp_path_factory.mktemp("sets") / "small", subjects=5, clips_per_subject=8, seed=1)


@pytest.fixture(scope="session")
def uncoded_set(small_set: PreparedSet, tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """The clips of the small set as a database without an AU coding has them."""
    from mien.clips.table import ClipTable
    from mien.prepare.prepared import FLOW, ArrayToWrite, PreparedSet

    flow = ArrayToWrite(small_set.arrays[FLOW], channels=("u", "v", "strain"), unit="px", source="tests")
    return PreparedSet.write(
        tmp_path_factory.mktemp("sets") / "uncoded",
        name="uncoded",
        table=ClipTable(small_set.table.frame.assign(au=None)),
        arrays={FLOW: flow},
        recipe={},
    )


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Mapping[str, tuple[int, ...]]], PreparedSet]:
    """Makes the set of the small synthetic clips with the asked arrays, each of the asked size; once per session."""
    from made_arrays import made_clips, made_set

    folder = tmp_path_factory.mktemp("made")
    clips = made_clips(folder / "clips")
    known: dict[str, PreparedSet] = {}

    def make(wanted: Mapping[str, tuple[int, ...]]) -> PreparedSet:
        key = "-".join(f"{name}-{'x'.join(map(str, size))}" for name, size in sorted(wanted.items()))
        if key not in known:
            known[key] = made_set(folder / key, clips, wanted)
        return known[key]

    return make


@pytest.fixture(scope="session")
def small_clips(made: Callable[..., PreparedSet]) -> PreparedSet:
    """Synthetic sequences of 5 people, 8 clips each, 8 frames of 32x32: `rgb` and `flow`."""
    from made_arrays import USUAL

    return made({name: USUAL[name] for name in ("rgb", "flow")})


@pytest.fixture(scope="session")
def small_setting(small_set: PreparedSet, made: Callable[..., PreparedSet]) -> Callable[..., Setting]:
    """Makes the setting of an evaluation: `small_setting("ststnet", epochs=2)`; on the small set, or on a set made
    for what the method needs."""

    def make(model: str, *, seeds: int = 1, audit: bool = False, **options: object) -> Setting:
        from made_arrays import sizes
        from mien.experiments.setting import EvaluateConfig, resolve
        from mien.models import registry

        needed = sizes(registry.create(model, options).needs)
        data = small_set if set(needed) <= {"onset_apex_flow"} else made(needed)
        config = EvaluateConfig(
            model=model,
            data=str(data.path),
            task="megc-3",
            seeds=seeds,
            audit=audit,
            device="cpu",
            options={name: str(value) for name, value in options.items()},
        )
        return resolve(config).setting

    return make


@pytest.fixture(scope="session")
def egl() -> None:
    """Rendering without a screen; tests that need it skip where it is impossible, with the reason."""
    from mien.errors import InputError
    from mien.synthesis.render import open_context

    try:
        open_context().release()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def small_twin(egl: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A twin of a small sheet in the form of CASME II: 4 clips of 2 people, 9 or 3 frames each, and one row without
    an onset."""
    from mien.prepare.twin import make_twin

    folder = tmp_path_factory.mktemp("twin")
    sheet = folder / "CASME2-coding-small.csv"
    sheet.write_text(
        "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion\n"
        "01,EP01_01,11,15,19,12,happiness\n"
        "01,EP01_02,1,5,9,4+7,disgust\n"
        "02,EP01_01,31,35,39,1+2,surprise\n"
        "02,EP01_02,7,8,9,L14,others\n"
        "02,EP01_03,/,8,9,4,others\n"
    )
    make_twin("casme2", sheet, folder / "twin", workers=1)
    return folder / "twin"


@pytest.fixture(scope="session")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> VideoAnalysis:
    """A small analysis with its video, made without rendering (`analysis_cases.small_analysis`)."""
    from analysis_cases import small_analysis

    return small_analysis(tmp_path_factory.mktemp("small-video"))


@pytest.fixture(scope="session")
def filmed_analysis(egl: None, tmp_path_factory: pytest.TempPathFactory) -> VideoAnalysis:
    """An analysis of 300 filmed frames with real crops and flow (`analysis_cases.filmed_analysis`)."""
    from analysis_cases import filmed_analysis as make

    return make(tmp_path_factory.mktemp("filmed"))


@pytest.fixture(scope="session")
def open_landmarker() -> Iterator[Landmarker]:
    """A face finder for all tests that need one."""
    from mien.face.landmarks import Landmarker

    with Landmarker() as opened:
        yield opened


@pytest.fixture(scope="session")
def brow_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a portrait that raises its brows, 320x240 at 30 fps (`portraits`)."""
    from portraits import write_video

    return write_video(tmp_path_factory.mktemp("portraits") / "brows.mp4")
