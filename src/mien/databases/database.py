"""A database: its card, how its sheet is read, and how the folders of its frames are found again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from mien.clips.table import ClipTable
from mien.databases.card import Card
from mien.databases.checking import table_problems
from mien.databases.folders import Folder, Tree, scan
from mien.databases.layout import Clip, Layout, Places, frames_of, places_of, unnamed_folders
from mien.databases.loaded import Loaded, Problem, Reading
from mien.databases.sheet import SHEETS
from mien.errors import InputError, UsageError


class Source(Protocol):
    """What every entry of the registry can do."""

    @property
    def card(self) -> Card: ...

    @property
    def variants(self) -> tuple[str, ...]: ...

    def load(
        self, root: str | Path, sheet: str | Path | None = None, variant: str | None = None
    ) -> Loaded: ...

    def frame_path(self, row: Clip, number: int, variant: str | None = None) -> PurePosixPath: ...


def _words_as_in_the_table(clip: Clip) -> Mapping[str, object]:
    return clip


@dataclass(frozen=True)
class Database:
    """One database, in one or several variants.

    Attributes:
        layouts: how the frames lie, by variant; the first is the official one.
        read: the sheet as it was understood, from its path, the path of the second sheet (or None), and the
            variant.
        sheet_name: a regular expression for the name of the sheet (lower case, without suffix); by variant
            where they differ, "" for a variant without a sheet.
        beside_name: the same for a second sheet that may be there.
        words: what the formats of the layouts can use, from a row of the clip table.
        from_folders: the clips and where they are, from the folders alone, for databases whose folders say
            all that a sheet would.
    """

    card: Card
    layouts: Mapping[str, Layout]
    read: Callable[[Path, Path | None, str], Reading]
    sheet_name: str | Mapping[str, str]
    beside_name: str = ""
    words: Callable[[Clip], Mapping[str, object]] = _words_as_in_the_table
    from_folders: Callable[[Tree, str], tuple[Reading, Places]] | None = field(default=None)

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the variants, the official one first."""
        return tuple(self.layouts)

    def load(self, root: str | Path, sheet: str | Path | None = None, variant: str | None = None) -> Loaded:
        """The clips of the sheet, where their frames are, and everything that is not as it should be.

        Args:
            sheet: the annotation sheet; it is looked for below the root if none is given.
            variant: which copy of the frames; needed where several are below the root.

        Raises:
            InputError: the sheet is not found or cannot be read, or none of its clips is below the root.
            UsageError: there is no such variant.
        """
        tree = scan(root)
        chosen, part = self._variant(tree, variant)
        path = Path(sheet) if sheet is not None else self._find_sheet(tree, chosen)
        if path is None and self.from_folders is not None:
            reading, places = self.from_folders(part, chosen)
            problems: list[Problem] = []
        elif path is None:
            raise self._no_sheet(tree, chosen, [])
        else:
            reading = self.read(path, self._find_beside(tree, path), chosen)
            places, problems = places_of(reading.table, part, self.layouts[chosen], self.words)
        if not places:
            raise self._no_clips(tree, reading.table, chosen)
        frames, wrong = frames_of(reading.table, places, self.layouts[chosen])
        problems += wrong + unnamed_folders(part, places, self.layouts[chosen])
        rows = table_problems(reading.table, path.name if path else "the folders")
        return Loaded(
            table=reading.table,
            frames=frames,
            problems=(*reading.problems, *rows, *problems),
            corrections=reading.corrections,
            kinds=reading.kinds,
            release=reading.release,
            variant=chosen,
        )

    def frame_path(self, row: Clip, number: int, variant: str | None = None) -> PurePosixPath:
        """The official place of a frame below the root, from a row of the clip table.

        Raises:
            UsageError: there is no such variant.
        """
        layout = self.layouts[self._named(variant) or self.variants[0]]
        words = {**row, **self.words(row)}
        folder = layout.folder.removesuffix("*").format(**words)
        return PurePosixPath(layout.top, folder, layout.frame.format(number=number, **words))

    def _named(self, variant: str | None) -> str | None:
        if variant is not None and variant not in self.layouts:
            raise UsageError(
                f"{self.card.title} has no variant {variant!r}", do=f"choose one of {', '.join(self.layouts)}"
            )
        return variant

    def _variant(self, tree: Tree, variant: str | None) -> tuple[str, Tree]:
        """The variant and the part of the tree that belongs to it."""
        chosen = self._named(variant)
        top = tree.root.resolve()
        above = f"{top.parent.name}/{top.name}/"
        of: dict[str, list[Folder]] = {name: [] for name in self.layouts}
        unmarked = []
        for folder in tree.folders:
            path = f"{above}{'/'.join(folder.parts)}/".lower()
            names = [name for name, layout in self.layouts.items() if re.search(layout.mark, path)]
            for name in names:
                of[name].append(folder)
            if not names:
                unmarked.append(folder)
        # Variants that differ in their sheet only (the same layout) are no choice that the folders pose.
        first_of: dict[Layout, str] = {}
        for name, layout in self.layouts.items():
            first_of.setdefault(layout, name)
        present = [name for name in first_of.values() if of[name]]
        if chosen is None and len(present) > 1:
            raise InputError(
                f"several variants of {self.card.title} are below this folder",
                where=tree.root,
                found=", ".join(f"{name} ({of[name][0].shown})" for name in present),
                do="choose the variant, or give the folder of one of them",
            )
        name = chosen or (present[0] if present else self.variants[0])
        return name, Tree(tree.root, tuple(of[name] or unmarked), tree.files)

    def _pattern(self, variant: str) -> str:
        return self.sheet_name if isinstance(self.sheet_name, str) else self.sheet_name[variant]

    def _find_sheet(self, tree: Tree, variant: str) -> Path | None:
        found = _matching(tree.files, self._pattern(variant))
        if len(found) > 1 or (not found and self.from_folders is None):
            raise self._no_sheet(tree, variant, found)
        return found[0] if found else None

    def _find_beside(self, tree: Tree, sheet: Path) -> Path | None:
        near = [path for path in sheet.parent.iterdir() if path.is_file()] if sheet.parent.is_dir() else []
        found = _matching(near, self.beside_name) or _matching(tree.files, self.beside_name)
        return found[0] if found else None

    def _no_sheet(self, tree: Tree, variant: str, found: list[Path]) -> InputError:
        names = ", ".join(str(path.relative_to(tree.root)) for path in found)
        looked_for = f"a {', '.join(SHEETS)} file whose name fits {self._pattern(variant)!r}"
        return InputError(
            f"{'several annotation sheets' if found else 'no annotation sheet'} of {self.card.title}",
            where=tree.root,
            found=names or f"looked for {looked_for}, and there is none",
            do=f"name the sheet to use; {self.card.title} comes with {self.card.files[0]}",
        )

    def _no_clips(self, tree: Tree, table: ClipTable, variant: str) -> InputError:
        first = next(iter(table.rows()), {})
        example = self.layouts[variant].folder.format(**{**first, **self.words(first)}) if first else "images"
        return InputError(
            f"none of the clips of {self.card.title} ({variant}) is below this folder",
            where=tree.root,
            found=f"{len(tree.folders)} folders with images; looked for such as .../{example}",
            do="the folders are expected so:\n" + _indented(self.card.tree),
        )


def _matching(files: Iterable[Path], pattern: str) -> list[Path]:
    if not pattern:
        return []
    return [
        path
        for path in files
        if path.suffix.lower() in SHEETS and re.fullmatch(pattern, path.stem.strip().lower())
    ]


def _indented(text: str) -> str:
    return "\n".join(f"         {line}" for line in text.splitlines())
