"""A prepared set: named arrays with their clip table and recipe, in a folder, ready for recognisers."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.clips.table import ClipTable
from mien.errors import InputError, Problems, UsageError
from mien.prepare.layout import (
    ARRAY_NAME,
    SCHEMA,
    ArraySpec,
    array_problems,
    read_array,
    read_manifest,
    read_table,
    sha256_of,
)

__all__ = [
    "FLOW",
    "KIND",
    "MADE_UP",
    "MIN_MAX_UNIT",
    "ArraySpec",
    "ArrayToWrite",
    "PreparedSet",
    "refuse_foreign",
]

# The array that every set of onset-to-apex flow images holds: (N, 3, H, W), channels u, v, strain.
FLOW = "onset_apex_flow"
# In the recipe of a set: true where the people of its clips are made up.
MADE_UP = "made_up"
# There too: micro or macro, where a set is known to hold expressions of one kind alone.
KIND = "kind"
MIN_MAX_UNIT = "min-max 0..255 per image and channel"


@dataclass(frozen=True)
class ArrayToWrite:
    """An array for `PreparedSet.write`.

    Args:
        data: (N, C, ...) float32 or uint8, one row per clip of the table.
        channels: the names of the C channels.
        unit: the unit of the values, in words.
        source: where the values come from, in words.
    """

    data: np.ndarray
    channels: tuple[str, ...]
    unit: str
    source: str


@dataclass(frozen=True, eq=False)
class PreparedSet:
    """A prepared set on disk; the arrays are memory-mapped and read-only.

    Attributes:
        table: one row per clip.
        arrays: by name, the clip is the first axis; `specs` says shape, channels and unit of each.
        recipe: how the arrays were made.
        data_hash: sha256 of all content: array hashes and the bytes of the clip table.
    """

    name: str
    path: Path
    table: ClipTable
    arrays: Mapping[str, np.ndarray]
    specs: Mapping[str, ArraySpec]
    recipe: Mapping[str, Any]
    data_hash: str

    def __len__(self) -> int:
        return len(self.table)

    @property
    def made_up(self) -> bool:
        """Whether the people of the clips are made up."""
        return bool(self.recipe.get(MADE_UP, False))

    @property
    def kind(self) -> str:
        """`micro` or `macro` where all expressions are known to be of that kind, else `unknown`."""
        return str(self.recipe.get(KIND, "unknown"))

    @property
    def clip_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every array per clip."""
        return {name: array.shape[1:] for name, array in self.arrays.items()}

    @classmethod
    def open(cls, path: str | Path) -> PreparedSet:
        """The prepared set in this folder, checked: files, shapes, types, finite values, clip keys.

        Raises:
            InputError: everything that is wrong with the folder, in one message.
        """
        folder = Path(path)
        manifest = read_manifest(folder)
        problems = Problems()
        table = read_table(folder, manifest, problems)
        arrays = {
            name: array
            for name, spec in manifest.arrays.items()
            if (array := read_array(folder, name, spec, manifest.n_clips, problems)) is not None
        }
        problems.raise_if_any(
            "the prepared set cannot be used", where=folder, do="prepare or import it again"
        )
        assert table is not None
        return cls(
            name=manifest.name,
            path=folder,
            table=table,
            arrays=arrays,
            specs=manifest.arrays,
            recipe=manifest.recipe,
            data_hash=_data_hash(manifest.arrays, sha256_of(folder / "clips.csv")),
        )

    def verify(self) -> None:
        """Read every byte again and compare it with the hashes in `prepared.json`.

        Raises:
            InputError: the files whose content has changed since they were written.
        """
        manifest = read_manifest(self.path)
        expected = {spec.file: spec.sha256 for spec in manifest.arrays.values()}
        expected["clips.csv"] = manifest.clips_sha256
        problems = Problems()
        for file, sha256 in expected.items():
            found = sha256_of(self.path / file) if (self.path / file).is_file() else "no file"
            if found != sha256:
                problems.add(f"{file}: sha256 {found[:12]}, but {sha256[:12]} was written")
        problems.raise_if_any(
            "the prepared set was changed after it was written",
            where=self.path,
            do="prepare or import it again",
        )

    @classmethod
    def write(
        cls,
        path: str | Path,
        *,
        name: str,
        table: ClipTable,
        arrays: Mapping[str, ArrayToWrite],
        recipe: Mapping[str, object],
        beside: Mapping[str, str] | None = None,
        overwrite: bool = False,
    ) -> PreparedSet:
        """The prepared set just written to `path`, a folder that appears only when it is complete.

        The same content written twice gives the same bytes; writing it again over itself changes nothing. A
        different set in `path` is replaced only with `overwrite`; a folder that holds anything else, never.

        Args:
            beside: text files for people, by name, that lie in the folder too; nothing reads them back.

        Raises:
            UsageError: `path` is taken.
            InputError: the arrays do not fit the table, or hold NaN or infinity.
        """
        target = Path(path).resolve()
        refuse_foreign(target)
        _check_content(table, arrays, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            staged = staging / "set"
            _write_files(staged, name, table, arrays, recipe)
            for file, text in (beside or {}).items():
                (staged / file).write_text(text, encoding="utf-8", newline="\n")
            _move_into_place(staged, target, overwrite=overwrite)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return cls.open(target)


def _check_content(table: ClipTable, arrays: Mapping[str, ArrayToWrite], target: Path) -> None:
    problems = Problems()
    if not len(table):
        problems.add("the clip table is empty")
    if not arrays:
        problems.add("there is no array")
    for name, to_write in arrays.items():
        if not ARRAY_NAME.fullmatch(name):
            problems.add(f"array {name!r}: a name is made of lower-case letters, digits and _")
        problems.extend(array_problems(name, to_write.data, len(table), to_write.channels))
    problems.raise_if_any("these arrays and clips make no prepared set", where=target)


def _data_hash(specs: Mapping[str, ArraySpec], clips_sha256: str) -> str:
    lines = [f"{name} {specs[name].sha256}" for name in sorted(specs)]
    return hashlib.sha256("\n".join([*lines, f"clips.csv {clips_sha256}"]).encode()).hexdigest()


def _write_files(
    folder: Path,
    name: str,
    table: ClipTable,
    arrays: Mapping[str, ArrayToWrite],
    recipe: Mapping[str, object],
) -> None:
    (folder / "arrays").mkdir(parents=True)
    table.to_csv(folder / "clips.csv")
    specs = {}
    for array_name in sorted(arrays):
        to_write = arrays[array_name]
        file = f"arrays/{array_name}.npy"
        np.save(folder / file, np.ascontiguousarray(to_write.data), allow_pickle=False)
        specs[array_name] = {
            "file": file,
            "shape": list(to_write.data.shape),
            "dtype": str(to_write.data.dtype),
            "channels": list(to_write.channels),
            "unit": to_write.unit,
            "source": to_write.source,
            "sha256": sha256_of(folder / file),
        }
    manifest = {
        "schema": SCHEMA,
        "name": name,
        "n_clips": len(table),
        "clips_sha256": sha256_of(folder / "clips.csv"),
        "arrays": specs,
        "recipe": dict(recipe),
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False) + "\n"
    (folder / "prepared.json").write_text(text, encoding="utf-8", newline="\n")


def refuse_foreign(target: Path) -> None:
    """Raise if `target` holds anything but a prepared set: the user's own files are never replaced."""
    if target.is_file() or (
        target.is_dir() and any(target.iterdir()) and not (target / "prepared.json").is_file()
    ):
        raise UsageError(
            "the output folder holds something else", where=target, do="name a new or an empty folder"
        )


def _move_into_place(staged: Path, target: Path, *, overwrite: bool) -> None:
    if not (target / "prepared.json").is_file():
        if target.is_dir():
            target.rmdir()  # it is empty, see refuse_foreign
        try:
            staged.replace(target)
            return
        except OSError:
            if not (target / "prepared.json").is_file():
                raise
            # Another process has just written a set there.
    if _same_content(staged, target):
        return
    if not overwrite:
        raise UsageError(
            "the output folder already holds another prepared set, or a damaged one",
            where=target,
            do="name another folder, or ask for it to be overwritten",
        )
    old = staged.with_name("old")
    target.replace(old)
    try:
        staged.replace(target)
    except OSError:
        old.replace(target)
        raise


def _same_content(one: Path, other: Path) -> bool:
    """True if both folders hold the same prepared set, byte by byte."""
    if (one / "prepared.json").read_bytes() != (other / "prepared.json").read_bytes():
        return False
    try:
        PreparedSet.open(other).verify()
    except InputError:
        return False
    return True
