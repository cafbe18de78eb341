"""The MEGC 2019 composite (See et al. 2019): 442 clips of CASME II, SAMM and SMIC, three classes."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mien.clips.table import ClipTable
from mien.clips.tasks import get
from mien.databases.fixes import apply_fixes
from mien.databases.sheet import CellError, Row, frame_number, read_sheet
from mien.errors import InputError, Problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANNELS = ("u", "v", "strain")
_CLASSES = ("negative", "positive", "surprise")
_MANIFEST = (
    "dataset", "subject", "clip", "key", "label3", "onset", "apex", "offset", "fps", "au", "emotion",
    "objective_class", "au_2014", "emotion_2014", "sha1_pixels",
)  # fmt: skip


def derive(casme2: ClipTable, samm: ClipTable, smic: ClipTable) -> ClipTable:
    """The clips of the composite, from the three databases' own tables; CASME II must be the 2014 sheet."""
    pooled = ClipTable(pd.concat([casme2.frame, samm.frame, smic.frame], ignore_index=True))
    return pooled.take(get("megc-3").assign(pooled).kept)


def read_list(path: str | Path) -> dict[tuple[str, str, str], str]:
    """The official list (`combined_3class_gt.csv`): the class of each (dataset, subject, clip).

    Subjects are written as in the clip tables (SAMM's 6 becomes `006`).

    Raises:
        InputError: the list cannot be read or understood.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError("the list cannot be read", where=path, found=str(error)) from error
    problems = Problems()
    classes: dict[tuple[str, str, str], str] = {}
    for line, row in enumerate(rows, start=1):
        if len(row) != 4 or row[3] not in ("0", "1", "2"):
            problems.add(
                f"line {line}: {','.join(row)!r} is not dataset,subject,clip,class with a class from 0 to 2"
            )
            continue
        dataset, subject, clip, number = row
        classes[dataset, subject.zfill(3) if dataset == "samm" else subject, clip] = _CLASSES[int(number)]
    problems.raise_if_any("the list cannot be understood", where=path)
    return classes


def flow_images(folder: str | Path) -> tuple[ClipTable, NDArray[np.uint8]]:
    """The clip table and the flow images, uint8 (N, 3, 28, 28), of a folder with `manifest.csv` and
    `flow.npz`.

    Channels are u, v (positive = down the image) and strain, each scaled to 0..255 per image. CASME II clips
    carry their emotions of 2014, which the composite follows, and their AUs of 2019; where the AUs of 2014
    differ, the notes hold them. SMIC clips have neither AUs nor an apex.

    Raises:
        InputError: a file is missing or damaged, or the pixels are not those that the manifest lists.
    """
    root = Path(folder)
    manifest = read_sheet(root / "manifest.csv", {word: (word,) for word in _MANIFEST})
    flow, keys = _read_npz(root / "flow.npz")
    problems = Problems()
    if keys != [row["key"] for row in manifest.rows]:
        problems.add("the keys in flow.npz are not those of manifest.csv, in the same order")
    else:
        for row, pixels in zip(manifest.rows, flow, strict=True):
            # The hash only identifies the pixels; nobody trusts it against an attacker.
            found = hashlib.sha1(pixels.tobytes(), usedforsecurity=False).hexdigest()
            if found != row["sha1_pixels"]:
                problems.add(
                    f"{row['key']}: the pixels have SHA-1 {found[:12]}, listed is {row['sha1_pixels'][:12]}"
                )
    clips = []
    for line, row in zip(manifest.line, manifest.rows, strict=True):
        try:
            clips.append(_clip_of(row))
        except CellError as error:
            problems.add(f"manifest.csv, line {line}: {error}")
    problems.raise_if_any("the flow images cannot be used", where=root, do="fetch the folder again")
    return ClipTable.from_rows(clips, where=root / "manifest.csv"), np.ascontiguousarray(
        flow.transpose(0, 3, 1, 2)
    )


def _clip_of(row: Row) -> dict[str, object]:
    recoded = row["au_2014"] not in ("", row["au"])
    clip: dict[str, object] = {
        "subject": row["subject"],
        "clip": row["clip"],
        "onset": frame_number(row, "onset"),
        "apex": frame_number(row, "apex"),
        "offset": frame_number(row, "offset"),
        "fps": row["fps"],
        "au": row["au"],
        "emotion": (row["emotion_2014"] or row["emotion"]).lower(),
        "objective": row["objective_class"],
        "notes": f"AUs of 2014: {row['au_2014']}" if recoded else "",
    }
    return {**apply_fixes(row["dataset"], clip), "dataset": row["dataset"], "key": row["key"]}


def _read_npz(file: Path) -> tuple[NDArray[np.uint8], list[str]]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            flow, keys, channels = archive["flow"], archive["key"], archive["channels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError("the flow images cannot be read", where=file, found=str(error)) from error
    if (
        flow.dtype != np.uint8
        or flow.ndim != 4
        or tuple(channels) != CHANNELS
        or flow.shape[3] != len(CHANNELS)
    ):
        raise InputError(
            "flow.npz does not hold flow images",
            where=file,
            found=f"{flow.dtype} {flow.shape}, channels {', '.join(map(str, channels))}",
            do="uint8 images (clips, rows, columns, channels) with the channels u, v, strain are wanted",
        )
    return flow, [str(key) for key in keys]
