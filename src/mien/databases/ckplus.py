"""CK+ (Lucey et al. 2010): 593 posed macro-expressions of 123 subjects, from neutral to the peak."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.folders import Tree
from mien.databases.layout import Layout, Places
from mien.databases.loaded import Problem, Reading
from mien.errors import UsageError

DATASET = "ckplus"
FPS = 30.0
_EMOTIONS = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
_LABEL = re.compile(r"(s\d+)_(\d+)_\d+_(emotion|facs)\.txt", re.IGNORECASE)


def _from_folders(tree: Tree, variant: str) -> tuple[Reading, Places]:
    """The sequences that the image folders hold, with the emotions and AUs of the text files beside them.

    A sequence begins neutral and ends at the peak, so onset is the first image, apex and offset are the last.
    """
    labels, problems = _labels(tree.files)
    clips = []
    places: Places = {}
    for folder in tree.folders:
        if len(folder.parts) < 2 or not re.fullmatch(r"[sS]\d+/\d+", "/".join(folder.parts[-2:])):
            continue
        subject, clip = folder.parts[-2].upper(), folder.parts[-1]
        key = f"{subject}_{clip}"
        if not folder.images or key in places:
            problems.append(Problem(key, folder.shown, "no numbered images, or a second folder of this clip"))
            continue
        places[key] = folder
        first, last = folder.images[0][0], folder.images[-1][0]
        frames = {"onset": first, "apex": last, "offset": last}
        names = {"dataset": DATASET, "subject": subject, "clip": clip, "key": key, "fps": FPS}
        clips.append({**names, **frames, **labels.get((subject, clip), {})})
    kinds = dict.fromkeys(places, "macro")
    return Reading(ClipTable.from_rows(clips), tuple(problems), kinds=kinds), places


def _labels(files: Iterable[Path]) -> tuple[dict[tuple[str, str], dict[str, object]], list[Problem]]:
    """Emotion and AUs of each (subject, clip), from `*_emotion.txt` and `*_facs.txt`."""
    labels: dict[tuple[str, str], dict[str, object]] = {}
    problems = []
    for path in files:
        name = _LABEL.fullmatch(path.name)
        if not name:
            continue
        clip = labels.setdefault((name[1].upper(), name[2]), {})
        try:
            numbers = [[float(cell) for cell in line.split()] for line in path.read_text().splitlines()]
            codes = [int(line[0]) for line in numbers if line]
            if name[3].lower() == "facs":
                clip["au"] = "+".join(map(str, codes))
            elif codes:
                clip["emotion"] = _EMOTIONS[codes[0]]
        except (OSError, ValueError, IndexError) as error:
            problems.append(Problem("", path.name, f"the label cannot be read: {error}"))
    return labels, problems


def _no_sheet(path: Path, beside: Path | None, variant: str) -> Reading:
    raise UsageError(
        "CK+ has no annotation sheet",
        found=path,
        do="give only the folder that holds cohn-kanade-images and Emotion",
    )


CKPLUS = Database(
    card=Card(
        name=DATASET,
        title="CK+",
        paper="Lucey et al. 2010, The extended Cohn-Kanade dataset (CK+), IEEE CVPR workshops",
        holds="Posed macro-expressions from neutral to the peak, 640 x 490; useful for pre-training. 327 of the "
        "593 sequences have an emotion. The frame rate is taken as 30; it is not told per sequence.",
        apply="Ask for it on jeffcohn.net (Resources) and sign the agreement.",
        files=("cohn-kanade-images", "Emotion", "FACS (for AUs, if wanted)"),
        tree="cohn-kanade-images/S005/001/S005_001_00000001.png\n"
        "Emotion/S005/001/S005_001_00000011_emotion.txt\nFACS/S005/001/S005_001_00000011_facs.txt",
        counts={
            "": Counts(
                593,
                123,
                {
                    "anger": 45,
                    "contempt": 18,
                    "disgust": 59,
                    "fear": 25,
                    "happiness": 69,
                    "sadness": 28,
                    "surprise": 83,
                    "not given": 266,
                },
            )
        },
        unverified="No file of it was at hand; folders and label files are read as public loaders read them. The "
        "AU files are taken to hold one AU and its intensity per line; the intensity is not used.",
    ),
    layouts={
        "images": Layout(
            "cohn-kanade-images",
            "{subject}/{clip}",
            "{subject}_{clip}_{number:08d}.png",
            r"images?(/|$)",
        )
    },
    sheet_name="",
    read=_no_sheet,
    from_folders=_from_folders,
)
