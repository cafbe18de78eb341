"""Ready-made arrays become prepared sets through the same door as everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from mien.databases import ckplus_mesh, megc2019
from mien.errors import InputError
from mien.face.alignment import moved, similarity
from mien.face.regions import ibug68
from mien.prepare import recipe as recipes
from mien.prepare.layout import sha256_of
from mien.prepare.prepared import FLOW, MIN_MAX_UNIT, ArrayToWrite, PreparedSet

MEGC2019_FLOW = "megc2019-flow"
CKPLUS_LANDMARKS = "ckplus-landmarks"
LANDMARKS = "landmarks"


def import_megc2019_flow(folder: str | Path, out: str | Path, *, overwrite: bool = False) -> PreparedSet:
    """The prepared set of the 442 onset-apex flow images of MEGC 2019, written to `out`.

    The pixels are stored as they are: uint8 (442, 3, 28, 28), channels u, v, strain, each scaled to 0..255
    per image. Every image is compared with the hash that the manifest lists.

    Args:
        folder: holds `flow.npz` and `manifest.csv`.

    Raises:
        InputError: a file is missing or damaged.
        UsageError: `out` holds something else.
    """
    table, flow = megc2019.flow_images(folder)
    source = "TV-L1 flow from onset to apex, made by the authors of STSTNet (Liong et al. 2019)"
    recipe = {
        "step": MEGC2019_FLOW,
        "version": 1,
        "flow": source,
        "size_px": flow.shape[2],
        "scaling": MIN_MAX_UNIT,
        "emotions": "CASME II by its 2014 sheet, as MEGC 2019 does",
        "aus and objective classes": "CASME II by its 2019 sheet; SMIC has none",
        "apex": "annotated, but for SMIC, where the authors' own spotting is not published",
        "use": "derived from databases licensed for research only; do not pass it on",
        "source_sha256": {name: sha256_of(Path(folder) / name) for name in ("flow.npz", "manifest.csv")},
    }
    array = ArrayToWrite(data=flow, channels=megc2019.CHANNELS, unit=MIN_MAX_UNIT, source=source)
    return PreparedSet.write(
        out, name=MEGC2019_FLOW, table=table, arrays={FLOW: array}, recipe=recipe, overwrite=overwrite
    )


def import_ckplus_landmarks(folder: str | Path, out: str | Path, *, overwrite: bool = False) -> PreparedSet:
    """The prepared set of the 213 labelled CK+ sequences as landmarks, written to `out`.

    `landmarks` is float32 (213, 2, 2, 68): x and y of the 68 points in the neutral and in the peak image, in pixels of
    the crop that the recipe `landmarks` would cut out of the neutral image. Both images get that one transform, so
    the head's own motion between them stays.

    Args:
        folder: holds `ckplus_landmarks.npz`.

    Raises:
        InputError: the file is missing or damaged.
        UsageError: `out` holds something else.
    """
    table, pairs = ckplus_mesh.landmark_pairs(folder)
    face = recipes.load(LANDMARKS).face
    points = []
    for pair in pairs:
        matrix = similarity(
            pair[0], face.size_px, side_per_interocular=face.side_per_interocular, eyes_at=face.eyes_at
        )
        points.append(np.stack([ibug68(moved(mesh, matrix)) for mesh in pair]).transpose(2, 0, 1))
    source = "68 points of MediaPipe's mesh (github.com/Dexytron/graph-ml-FER), neutral and peak image"
    recipe = {
        "step": CKPLUS_LANDMARKS,
        "version": 1,
        "landmarks": source,
        "size_px": face.size_px,
        "kind": "posed macro-expressions",
        "use": "derived from CK+, licensed for research only; do not pass it on",
        "source_sha256": {ckplus_mesh.FILE: sha256_of(Path(folder) / ckplus_mesh.FILE)},
    }
    array = ArrayToWrite(np.stack(points), channels=("x", "y"), unit="px of the crop", source=source)
    return PreparedSet.write(
        out,
        name=CKPLUS_LANDMARKS,
        table=table,
        arrays={LANDMARKS: array},
        recipe=recipe,
        overwrite=overwrite,
    )


#: What can be imported, by the file that tells it.
_BY_FILE: Mapping[str, Callable[[str | Path, str | Path], PreparedSet]] = {
    "flow.npz": import_megc2019_flow,
    ckplus_mesh.FILE: import_ckplus_landmarks,
}


def import_ready_made(folder: str | Path, out: str | Path) -> PreparedSet:
    """The prepared set made of what lies in `folder`: the file in it decides which.

    Raises:
        InputError: the folder holds none of the known files, or a damaged one.
        UsageError: `out` holds something else.
    """
    for file, import_ in _BY_FILE.items():
        if (Path(folder) / file).is_file():
            return import_(folder, out)
    raise InputError(
        "the folder holds no arrays that can be imported",
        where=folder,
        found="none of the known files" if Path(folder).is_dir() else "no such folder",
        do=f"give the folder that holds one of: {', '.join(_BY_FILE)}",
    )
