"""The user's own clips: one CSV file that says where each clip is and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mien.clips.frames import ClipFrames
from mien.databases.card import Card
from mien.databases.checking import table_problems
from mien.databases.folders import scan
from mien.databases.layout import Clip, Layout, Places, frames_of, unnamed_folders
from mien.databases.loaded import Loaded, Problem, Reading
from mien.databases.sheet import CellError, Row, cells_of, read_sheet, to_reading
from mien.errors import InputError, UsageError

DATASET = "own"
VIDEOS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"})
_NEEDED = ("subject", "clip", "path", "fps")
_OPTIONAL = (
    "onset", "apex", "offset", "au", "emotion", "objective", "notes", "kind", "first_number",
)  # fmt: skip
_LAYOUT = Layout("", "{subject}/{clip}", "{number:05d}.png", "")


def read_rows(path: str | Path) -> tuple[Reading, Mapping[str, tuple[str, int]]]:
    """The clips of the CSV file; and for each key the path of its frames and the number of a video's frame 0.

    Raises:
        InputError: the file cannot be read, or a needed column is missing.
    """
    places: dict[str, tuple[str, int]] = {}

    def clip_of(row: Row) -> dict[str, object]:
        subject, clip, place = (row[word].strip() for word in ("subject", "clip", "path"))
        if not (subject and clip and place):
            raise CellError("subject, clip and path must not be empty")
        kind = row.get("kind", "").strip().lower() or "micro"
        if kind not in ("micro", "macro"):
            raise CellError(f"kind {kind!r} is neither micro nor macro")
        first = row.get("first_number", "").strip() or "0"
        if not first.isdigit():
            raise CellError(f"first_number {first!r} is no frame number")
        cells = cells_of(row, _rate(row["fps"]))
        places.setdefault(f"{subject}_{clip}", (place, int(first)))
        return {**cells, "subject": subject, "clip": clip, "kind": kind}

    words = {word: (word,) for word in (*_NEEDED, *_OPTIONAL)}
    return to_reading(read_sheet(path, words, optional=_OPTIONAL), DATASET, clip_of), places


def _rate(text: str) -> float:
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not 0 < fps < float("inf"):
        raise CellError(f"fps {text!r} is no frame rate")
    return fps


@dataclass(frozen=True)
class OwnClips:
    """The user's own clips, as a database."""

    card: Card

    @property
    def variants(self) -> tuple[str, ...]:
        """There is one."""
        return ("clips",)

    def load(self, root: str | Path, sheet: str | Path | None = None, variant: str | None = None) -> Loaded:
        """The clips of the CSV file (`clips.csv` below the root), and where their frames are.

        Raises:
            InputError: the CSV file is not there or cannot be read, or no clip of it is below the root.
            UsageError: there is no such variant.
        """
        _only_variant(variant)
        tree = scan(root)
        path = Path(sheet) if sheet is not None else tree.root / "clips.csv"
        reading, wanted = read_rows(path)
        folders = {folder.parts: folder for folder in tree.folders}
        places: Places = {}
        frames: dict[str, ClipFrames] = {}
        problems = []
        for key in reading.table.keys.tolist():
            place, first = wanted[key]
            parts = tuple(part for part in PurePosixPath(place.replace("\\", "/")).parts if part != ".")
            video = tree.root.joinpath(*parts)
            if parts in folders:
                places[key] = folders[parts]
            elif video in tree.files and video.suffix.lower() in VIDEOS:
                frames[key] = ClipFrames((video,), first_number=first)
            else:
                problems.append(
                    Problem(key, place, "below the root is neither such a folder of images nor a video")
                )
        if not places and not frames:
            raise InputError(
                "none of the clips is below this folder",
                where=tree.root,
                found=problems[0].where if problems else "no clips in the CSV file",
                do="write each path as it is below the root",
            )
        of_images, wrong = frames_of(reading.table, places, _LAYOUT)
        return Loaded(
            table=reading.table,
            frames={**frames, **of_images},
            problems=(
                *reading.problems,
                *table_problems(reading.table, path.name),
                *problems,
                *wrong,
                *unnamed_folders(tree, places, _LAYOUT),
            ),
            kinds=reading.kinds,
            variant="clips",
        )

    def frame_path(self, row: Clip, number: int, variant: str | None = None) -> PurePosixPath:
        """A place for a frame: `<subject>/<clip>/<number>.png`; the CSV file may name any other."""
        _only_variant(variant)
        return PurePosixPath(str(row["subject"]), str(row["clip"]), f"{number:05d}.png")


def _only_variant(variant: str | None) -> None:
    if variant not in (None, "clips"):
        raise UsageError(f"own clips have no variant {variant!r}", do="leave the variant out")


OWN = OwnClips(
    Card(
        name=DATASET,
        title="Your own clips",
        paper="No paper: your own recordings",
        holds="Whatever one file, clips.csv, lists: a row per clip. Needed columns: subject (a name for the person), "
        "clip (unique for the subject), path (a folder of numbered images or a video file, below the root), fps. "
        "Optional columns: onset, apex, offset (the numbers of the images; for a video, counted from first_number), "
        "first_number (the number of a video's first frame, 0 if left out), au (such as 4+L12), emotion (lower "
        "case), objective (1 to 7), kind (micro or macro), notes.",
        apply="Nothing to apply for. Make sure that the people in it agreed to the use.",
        files=("clips.csv", "the folders or videos that it names"),
        tree="clips.csv\nanna/smile_1/00001.png            a folder of numbered images, or\nanna/smile_2.mp4"
        "                   a video",
        counts={},
    )
)
