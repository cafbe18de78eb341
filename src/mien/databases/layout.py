"""How the frames of a database lie on disk, and what of it is found below a root."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mien.clips.frames import ClipFrames
from mien.clips.table import ClipTable
from mien.databases.checking import absent_frames, span_of
from mien.databases.folders import Folder, Tree
from mien.databases.loaded import Problem

Clip = Mapping[str, object]
Places = dict[str, Folder]


@dataclass(frozen=True)
class Layout:
    """How the frames of one variant lie on disk.

    Attributes:
        top: the official folders above the clips.
        folder: the folders of a clip below them, a format of the clip's words; a `*` at its end stands for
            the rest of the name.
        frame: the file name, a format of the clip's words and `number`.
        mark: a regular expression found (in lower case) in the paths of this variant and in no other's.
        also: other formats of `folder` that copies have.
        cut: the folder holds the frames from onset to offset and no others.
        long: the folder holds a long video with several clips, or none.
        ignore: a regular expression found in the paths of folders that hold no clips.
    """

    top: str
    folder: str
    frame: str
    mark: str
    also: tuple[str, ...] = ()
    cut: bool = False
    long: bool = False
    ignore: str = r"(?!)"


def places_of(
    table: ClipTable, tree: Tree, layout: Layout, words: Callable[[Clip], Clip]
) -> tuple[Places, list[Problem]]:
    """The folder of each clip, and the clips without one."""
    places: Places = {}
    problems = []
    for row in table.rows():
        known = {**row, **words(row)}
        wanted = [form.format(**known) for form in (layout.folder, *layout.also)]
        found = next(filter(None, (tree.find(path.split("/")) for path in wanted)), [])
        if len(found) == 1:
            places[row["key"]] = found[0]
        elif found:
            several = ", ".join(folder.shown for folder in found)
            problems.append(
                Problem(row["key"], several, "several folders could hold this clip; none is used")
            )
        else:
            problems.append(Problem(row["key"], wanted[0], "there is no folder with images of this clip"))
    return places, problems


def frames_of(
    table: ClipTable, places: Places, layout: Layout
) -> tuple[dict[str, ClipFrames], list[Problem]]:
    """The images of each clip, and what is wrong with them."""
    frames: dict[str, ClipFrames] = {}
    problems: list[Problem] = []
    beyond: list[Problem] = []
    for row in table.rows():
        folder = places.get(row["key"])
        if folder is None:
            continue
        images, wrong = _images_of(row, folder, layout)
        if wrong:
            problems.append(Problem(row["key"], folder.shown, wrong))
        if images:
            numbers = tuple(number for number, _ in images)
            frames[row["key"]] = ClipFrames(tuple(folder.path / name for _, name in images), numbers)
        if layout.cut and not wrong and (other := _other_span(row, folder)):
            beyond.append(Problem(row["key"], folder.shown, other))
    # A copy may hold whole clips where others are cut; then nothing is wrong with its single clips.
    if len(beyond) * 2 < len(frames):
        problems.extend(beyond)
    return frames, problems


def _images_of(
    row: Mapping[str, Any], folder: Folder, layout: Layout
) -> tuple[tuple[tuple[int, str], ...], str]:
    """The images of a clip in its folder, and what is wrong with them, "" if nothing is."""
    numbers = tuple(number for number, _ in folder.images)
    span = span_of(row)
    if not numbers:
        return (), "no image of this folder has a number"
    if layout.long and span is None:
        return (), "without onset and end it cannot be cut out of its video"
    wrong = absent_frames(row, numbers)
    if layout.long and span is not None:
        return folder.images[bisect_left(numbers, span[0]) : bisect_right(numbers, span[1])], wrong
    return folder.images, wrong


def _other_span(row: Mapping[str, Any], folder: Folder) -> str:
    """What is wrong with a folder that should hold onset to offset and nothing else, "" if nothing is."""
    first, last = folder.images[0][0], folder.images[-1][0]
    onset, offset = row["onset"], row["offset"]
    if None in (onset, offset) or (first, last) == (onset, offset):
        return ""
    return f"the folder holds {first} to {last}, the sheet says {onset} to {offset}"


def unnamed_folders(tree: Tree, places: Places, layout: Layout) -> list[Problem]:
    """Folders of clips that no row names, and images that were left out of the others.

    A long video without a clip is one in which nothing was found.
    """
    used = {folder.parts for folder in places.values()}
    problems: list[Problem] = []
    for folder in tree.folders:
        if folder.parts in used:
            problems.extend(Problem("", folder.shown, odd) for odd in folder.odd)
        elif not layout.long and not re.search(layout.ignore, folder.shown.lower()):
            what = f"no row of the sheet names this folder of {len(folder.images)} images"
            problems.append(Problem("", folder.shown, what))
    return problems
