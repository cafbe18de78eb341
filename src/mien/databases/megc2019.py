"""The MEGC 2019 composite (See et al. 2019): 442 clips of CASME II, SAMM and SMIC, three classes."""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mien.clips.table import ClipTable
from mien.clips.tasks import get
from mien.databases.card import Card, Counts
from mien.databases.casme2 import CASME2
from mien.databases.database import Database
from mien.databases.fixes import apply_fixes
from mien.databases.layout import Clip
from mien.databases.loaded import Loaded
from mien.databases.samm import SAMM
from mien.databases.sheet import CellError, Row, frame_number, read_sheet
from mien.databases.smic import SMIC
from mien.errors import InputError, Problems, UsageError

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
    fixed, _ = apply_fixes(row["dataset"], clip)
    return {**fixed, "dataset": row["dataset"], "key": row["key"]}


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


@dataclass(frozen=True)
class Composite:
    """The composite as a database: CASME II, SAMM and SMIC, each in a folder of its own below one root."""

    card: Card

    @property
    def variants(self) -> tuple[str, ...]:
        """`raw` or `cropped` frames of all three."""
        return ("raw", "cropped")

    def load(self, root: str | Path, sheet: str | Path | None = None, variant: str | None = None) -> Loaded:
        """The 442 clips, with the frames and the problems of the three databases.

        Raises:
            InputError: a database is not below the root, or cannot be used.
            UsageError: a sheet is given, or there is no such variant.
        """
        if sheet is not None:
            raise UsageError(
                "the composite has no sheet of its own", do="put the three sheets below the root"
            )
        chosen = self._variant(variant)
        parts = [part.load(_folder_of(Path(root), part.card.name), variant=of[chosen]) for part, of in _PARTS]
        table = derive(*(part.table for part in parts))
        kept = set(table.keys.tolist())
        return Loaded(
            table=table,
            frames={key: frames for part in parts for key, frames in part.frames.items() if key in kept},
            problems=tuple(problem for part in parts for problem in part.problems if problem.key in kept),
            corrections=tuple(note for part in parts for note in part.corrections if note.key in kept),
            kinds=dict.fromkeys(kept, "micro"),
            variant=chosen,
        )

    def frame_path(self, row: Clip, number: int, variant: str | None = None) -> PurePosixPath:
        """The official place of a frame, below the folder of its database.

        Raises:
            UsageError: there is no such variant, or the row is of another database.
        """
        chosen = self._variant(variant)
        for part, of in _PARTS:
            if part.card.name == row["dataset"]:
                return PurePosixPath(part.card.name) / part.frame_path(row, number, of[chosen])
        raise UsageError(f"MEGC 2019 has no clips of {row['dataset']}")

    def _variant(self, variant: str | None) -> str:
        if variant not in (None, *self.variants):
            raise UsageError(f"MEGC 2019 has no variant {variant!r}", do="choose raw or cropped")
        return variant or "raw"


_PARTS: tuple[tuple[Database, Mapping[str, str]], ...] = (
    (CASME2, {"raw": "raw_selected", "cropped": "cropped"}),
    (SAMM, {"raw": "raw", "cropped": "cropped"}),
    (SMIC, {"raw": "hs", "cropped": "hs-cropped"}),
)


def _folder_of(root: Path, name: str) -> Path:
    found = [path for path in sorted(root.iterdir()) if path.is_dir()] if root.is_dir() else []
    found = [path for path in found if re.sub(r"[^a-z0-9]", "", path.name.lower()).startswith(name)]
    if len(found) != 1:
        raise InputError(
            f"the composite needs one folder of {name}",
            where=root,
            found=", ".join(path.name for path in found) or f"no folder whose name begins with {name}",
            do="put the three databases into folders named casme2, samm and smic below one root",
        )
    return found[0]


MEGC2019 = Composite(
    Card(
        name="megc2019",
        title="MEGC 2019 composite",
        paper="See et al. 2019, MEGC 2019 - the second facial micro-expressions grand challenge, IEEE FG",
        holds="442 clips of 68 subjects in three classes: 145 of CASME II (emotions of 2014), 133 of SAMM, 164 of "
        "SMIC HS. It is derived from the three databases; their own emotions stay in the table.",
        apply="Apply for CASME II, SAMM and SMIC.",
        files=("the files of CASME II (2014 sheet), SAMM and SMIC",),
        tree="casme2/...\nsamm/...\nsmic/...",
        counts={"": Counts(442, 68)},
    )
)
