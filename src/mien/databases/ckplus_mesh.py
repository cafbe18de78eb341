"""CK+ as face meshes: MediaPipe points of the neutral and the peak image of its labelled sequences."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.clips.table import ClipTable
from mien.databases.ckplus import DATASET, FPS
from mien.errors import InputError, Problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILE = "ckplus_landmarks.npz"
N_POINTS = 468
_NEUTRAL = "neutral"
_ROWS = {"subject": "U", "seq": "U", "frame": "iu", "label": "U", "seq_label": "U"}


def landmark_pairs(folder: str | Path) -> tuple[ClipTable, NDArray[np.float32]]:
    """The labelled sequences of `ckplus_landmarks.npz` and their points (N, 2, 468, 2): neutral and peak image, x and
    y in pixels of the 640 x 490 pictures.

    A sequence counts as a clip from its neutral image (onset) to its peak (apex and offset). Sequences without an
    emotion have a neutral image only and are no clips. The source keeps points as float16 shares of the face's box:
    they are exact to about a tenth of a pixel.

    Raises:
        InputError: the file is missing or damaged, or a sequence has not just one image of either kind.
    """
    file = Path(folder) / FILE
    stored = _read(file)
    low, high = stored["bbox_px"][:, None, :2], stored["bbox_px"][:, None, 3:5]
    pixels = low + stored["landmarks"][:, :, :2].astype(np.float32) * (high - low)
    problems = Problems()
    if not np.isfinite(pixels).all():
        problems.add("some points are not finite")
    clips, pairs = [], []
    names = list(zip(stored["subject"].tolist(), stored["seq"].tolist(), strict=True))
    for subject, clip in dict.fromkeys(names):
        rows = [row for row, name in enumerate(names) if name == (subject, clip)]
        emotions = set(stored["seq_label"][rows].tolist())
        if emotions == {""}:
            continue
        still = [row for row in rows if stored["label"][row] == _NEUTRAL]
        peak = [row for row in rows if stored["label"][row] != _NEUTRAL]
        if len(still) != 1 or len(peak) != 1 or emotions != {str(stored["label"][peak[0]])}:
            problems.add(f"{subject}_{clip}: {len(still)} neutral images, {len(peak)} of {sorted(emotions)}")
            continue
        frames = [int(stored["frame"][row]) for row in (*still, *peak)]
        pairs.append(pixels[[*still, *peak]])
        clips.append(
            {
                "dataset": DATASET,
                "subject": subject,
                "clip": clip,
                "key": f"{subject}_{clip}",
                "fps": FPS,
                "onset": frames[0],
                "apex": frames[1],
                "offset": frames[1],
                "emotion": emotions.pop(),
            }
        )
    if not clips:
        problems.add("no sequence has an emotion")
    problems.raise_if_any("the CK+ points cannot be used", where=file, do="fetch the file again")
    return ClipTable.from_rows(clips, where=file), np.stack(pairs).astype(np.float32)


def _read(file: Path) -> Mapping[str, NDArray[Any]]:
    """The checked arrays of the file, one row per image."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in ("landmarks", "bbox_px", *_ROWS)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError("the CK+ points cannot be read", where=file, found=str(error)) from error
    n = len(stored["landmarks"])
    wanted = {"landmarks": (n, N_POINTS, 3), "bbox_px": (n, 6)} | dict.fromkeys(_ROWS, (n,))
    kinds = {"landmarks": "f", "bbox_px": "f"} | _ROWS
    problems = Problems()
    problems.extend(
        f"{name}: {stored[name].dtype} {stored[name].shape}; wanted {shape}"
        for name, shape in wanted.items()
        if stored[name].shape != shape or stored[name].dtype.kind not in kinds[name]
    )
    problems.raise_if_any("the CK+ points cannot be used", where=file, do="fetch the file again")
    return stored
