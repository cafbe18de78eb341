"""Synthetic flow with known actions: a prepared set for trying things out, and batches for pre-training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mien.clips.table import ClipTable
from mien.errors import UsageError
from mien.facs.annotation import AUAnnotation, parse
from mien.motion.strain import optical_strain
from mien.prepare.prepared import MADE_UP, ArrayToWrite, PreparedSet
from mien.synthesis.clips import SyntheticClips, sample_clips
from mien.synthesis.conditions import Conditions

NAME = "synthetic-flow"
DATASET = "synthetic"
#: Raised whenever the same arguments give other clips than before.
VERSION = 1
#: Clips have no frames; these numbers only say that the apex follows the onset within half a second.
FPS, ONSET, APEX, OFFSET = 200.0, 0, 30, 60


@dataclass(frozen=True, eq=False)
class FlowSample:
    """Synthetic clips as a recogniser sees them, with the labels that pre-training can use.

    Attributes:
        flow: (N, 3, H, W) float32: u, v in pixels, strain in pixels per pixel.
        annotations: the parsed AUs of every clip.
        emotion: (N,) emotion names, empty where Action Units were asked for.
        subject: (N,) subject names.
    """

    flow: npt.NDArray[np.float32]
    annotations: list[AUAnnotation]
    emotion: npt.NDArray[np.str_]
    subject: npt.NDArray[np.str_]


def _with_strain(clips: SyntheticClips) -> npt.NDArray[np.float32]:
    u, v = clips.flow[:, 0], clips.flow[:, 1]
    return np.stack([u, v, optical_strain(u, v)], axis=1)


def sample_flow(
    n: int,
    *,
    seed: int = 0,
    size: int | tuple[int, int] = 28,
    clips_per_subject: int = 8,
    conditions: Conditions | None = None,
    shown: Sequence[int] | None = None,
) -> FlowSample:
    """`n` synthetic clips, `clips_per_subject` of each made-up person; `conditions` and `shown` as in `sample_clips`.

    Takes about 3 s for 1,000 clips of 28 x 28 pixels on one core. Same arguments, same clips.

    Raises:
        UsageError: no clip is asked for, or a wrong size or seed.
    """
    if n < 1 or clips_per_subject < 1:
        raise UsageError("at least one clip is needed", found=f"n {n}, clips per subject {clips_per_subject}")
    n_subjects = -(-n // clips_per_subject)
    clips = sample_clips(
        n_subjects, clips_per_subject, seed=seed, size=size, conditions=conditions, shown=shown
    )
    return FlowSample(
        flow=_with_strain(clips)[:n],
        annotations=[parse(au) for au in clips.au[:n]],
        emotion=np.array(clips.emotion[:n]),
        subject=np.array(clips.subject[:n]),
    )


def _table(clips: SyntheticClips) -> ClipTable:
    return ClipTable.from_rows(
        {
            "dataset": DATASET,
            "subject": subject,
            "clip": f"{number:02d}",
            "key": f"{subject}_{number:02d}",
            "onset": ONSET,
            "apex": APEX,
            "offset": OFFSET,
            "fps": FPS,
            "au": au,
            "emotion": emotion,
            "notes": "made, not filmed",
        }
        for subject, number, au, emotion in zip(
            clips.subject, clips.clip, clips.au, clips.emotion, strict=True
        )
    )


def synthetic_flow(
    out: str | Path,
    *,
    subjects: int = 24,
    clips_per_subject: int = 8,
    size: int = 28,
    seed: int = 0,
    conditions: Conditions | None = None,
    overwrite: bool = False,
) -> PreparedSet:
    """The prepared set `synthetic-flow`, written to `out`: onset-apex flow (u, v, strain), AUs, emotions.

    Same arguments, same bytes.

    Raises:
        UsageError: wrong numbers, or `out` holds something else.
    """
    chosen = conditions or Conditions()
    clips = sample_clips(subjects, clips_per_subject, seed=seed, size=size, conditions=chosen)
    array = ArrayToWrite(
        data=_with_strain(clips),
        channels=("u", "v", "strain"),
        unit="px",
        source="computed from the CC0 MakeHuman head; no person was filmed",
    )
    recipe = {
        "step": NAME,
        MADE_UP: True,
        "version": VERSION,
        "subjects": subjects,
        "clips_per_subject": clips_per_subject,
        "size_px": size,
        "seed": seed,
        "conditions": asdict(chosen),
    }
    return PreparedSet.write(
        out,
        name=NAME,
        table=_table(clips),
        arrays={"onset_apex_flow": array},
        recipe=recipe,
        overwrite=overwrite,
    )
