"""Folders of images as they lie on people's disks, found again by tolerant names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mien.errors import InputError

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
# What operating systems and office programs leave lying about.
_LITTER = re.compile(r"\.|~\$|__macosx$|thumbs\.db$", re.IGNORECASE)
_MOST_LEVELS = 16


@dataclass(frozen=True)
class Folder:
    """A folder that holds images.

    Attributes:
        parts: the names of the folders from the root (not included) to this one.
        images: number and file name of each image, in rising order of the numbers.
        odd: what is wrong with its images, in words.
    """

    path: Path
    parts: tuple[str, ...]
    images: tuple[tuple[int, str], ...]
    odd: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The path below the root."""
        return "/".join(self.parts) or "."

    @cached_property
    def plain(self) -> tuple[str, ...]:
        return plain_parts(self.parts)


@dataclass(frozen=True)
class Tree:
    """Everything below a root, listed once: folders with images, and the other files."""

    root: Path
    folders: tuple[Folder, ...]
    files: tuple[Path, ...]
    _by_end: dict[tuple[int, int], dict[tuple[str, ...], list[Folder]]] = field(default_factory=dict)

    def find(self, wanted: Iterable[str]) -> list[Folder]:
        """The folders whose path ends in these names; a `*` at the end of the last name stands for the rest.

        Case, zero padding and a doubled folder do not matter; if some fit to the letter, only those count.
        """
        parts = tuple(wanted)
        if parts[-1].endswith("*"):
            *above, start = plain_parts((*parts[:-1], parts[-1][:-1]))
            fitting = re.compile(re.escape(start) + r"(?!\d)")
            near = self._ending(len(parts), tuple(above))
            return [folder for folder in near if fitting.match(folder.plain[-1])]
        found = self._ending(len(parts), plain_parts(parts))
        exact = [folder for folder in found if folder.parts[-len(parts) :] == parts]
        return exact or found

    def _ending(self, length: int, end: tuple[str, ...]) -> list[Folder]:
        """The folders whose last `length` plain names begin with `end`."""
        key = (length, len(end))
        index = self._by_end.get(key)
        if index is None:
            index = {}
            for folder in self.folders:
                last = folder.plain[-length:]
                if len(last) == length:
                    index.setdefault(last[: len(end)], []).append(folder)
            self._by_end[key] = index
        return index.get(end, [])


def scan(root: str | Path) -> Tree:
    """The tree below a folder; every directory is listed once, no file is opened.

    Raises:
        InputError: the root is no folder, or the folders go deeper than any database's (a link in a circle).
    """
    top = Path(root)
    if not top.is_dir():
        raise InputError(
            "the database's folder is not there", where=top, do="give the folder that holds the database"
        )
    folders: list[Folder] = []
    files: list[Path] = []
    waiting: list[tuple[Path, tuple[str, ...]]] = [(top, ())]
    while waiting:
        path, parts = waiting.pop()
        if len(parts) > _MOST_LEVELS:
            raise InputError("the folders do not end", where=path, do="look for a link that leads upwards")
        images: list[str] = []
        with os.scandir(path) as entries:
            for entry in entries:
                if _LITTER.match(entry.name):
                    continue
                if entry.is_dir():
                    waiting.append((path / entry.name, (*parts, entry.name)))
                elif os.path.splitext(entry.name)[1].lower() in IMAGES:  # noqa: PTH122  (Path is slow here)
                    images.append(entry.name)
                else:
                    files.append(path / entry.name)
        if images:
            folders.append(_folder(path, parts, images))
    folders.sort(key=lambda folder: folder.parts)
    return Tree(top, tuple(folders), tuple(sorted(files)))


def number_of(name: str) -> int | None:
    """The frame number in a file name: the last run of digits of its stem."""
    runs = re.findall(r"\d+", name.rpartition(".")[0])
    return int(runs[-1]) if runs else None


def plain_parts(parts: Iterable[str]) -> tuple[str, ...]:
    """Folder names without case and zero padding, a doubled one once."""
    plain: list[str] = []
    for part in parts:
        name = re.sub(r"(?<!\d)0+(?=\d)", "", part.strip().lower())
        if not plain or plain[-1] != name:
            plain.append(name)
    return tuple(plain)


def _folder(path: Path, parts: tuple[str, ...], names: list[str]) -> Folder:
    images: dict[int, str] = {}
    odd: list[str] = []
    for name in sorted(names):
        number = number_of(name)
        if number is None:
            odd.append(f"the image {name} has no number and is not used")
        elif number in images:
            odd.append(f"two images have the number {number}: {images[number]} is used, {name} is not")
        else:
            images[number] = name
    return Folder(path, parts, tuple(sorted(images.items())), tuple(odd))
