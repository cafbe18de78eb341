"""A prepared set for tests of pre-training: one smooth texture, a little different for each person, that glides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from mien.clips.table import ClipTable
from mien.prepare.prepared import KIND, ArrayToWrite, PreparedSet

SIDE, FRAMES, FPS, STEP_PX = 32, 8, 30.0, 0.5


def moving_faces(
    folder: Path, *, people: int = 4, clips_each: int = 4, dataset: str = "ckplus", **recipe: object
) -> PreparedSet:
    """Clips of 8 frames of 32 x 32, 30 per second; every clip glides its own way, half a pixel a frame."""
    rng = np.random.default_rng(0)

    def texture() -> np.ndarray:
        return np.stack([gaussian_filter(rng.random((SIDE, SIDE)), 2, mode="wrap") for _ in range(3)])

    common, rows, shown = texture(), [], []
    for person in range(people):
        face = 0.8 * common + 0.2 * texture()
        face = (face - face.min()) / (face.max() - face.min())
        for clip in range(clips_each):
            angle = rng.uniform(0, 2 * np.pi)
            way = STEP_PX * np.array([np.sin(angle), np.cos(angle)])
            shown.append(
                np.stack([shift(face, (0, *(way * t)), order=1, mode="grid-wrap") for t in range(FRAMES)], 1)
            )
            subject = f"S{person + 1:03d}"
            rows.append(
                {
                    "dataset": dataset, "subject": subject, "clip": f"{clip}", "key": f"{subject}_{clip}",
                    "onset": 1, "apex": FRAMES, "offset": FRAMES, "fps": FPS, "au": "12", "emotion": "happiness",
                }
            )  # fmt: skip
    pictures = np.rint(255 * np.stack(shown)).astype(np.uint8)
    return PreparedSet.write(
        folder,
        name="moving-faces",
        table=ClipTable.from_rows(rows),
        arrays={"rgb": ArrayToWrite(pictures, ("r", "g", "b"), "0..255", "made for tests")},
        recipe={"step": "tests", KIND: "macro", **recipe},
    )
