"""What a prepared set is on disk, and the reading and checking of each of its files.

`prepared.json` says what is there (`Manifest`), `clips.csv` is the clip table, and `arrays/<name>.npy` holds
an array whose first axis is the clip. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien.clips.table import ClipTable
from mien.errors import InputError, Problems

SCHEMA = 1
_CHUNK_BYTES = 64 << 20
DTYPES = ("float32", "uint8")
ARRAY_NAME = re.compile(r"[a-z][a-z0-9_]*")


class ArraySpec(BaseModel):
    """What `prepared.json` says about one array."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    shape: tuple[int, ...] = Field(min_length=2)
    dtype: Literal["float32", "uint8"]
    channels: tuple[str, ...]
    unit: str
    source: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """The content of `prepared.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal[1] = Field(alias="schema")
    name: str = Field(min_length=1)
    n_clips: int = Field(ge=1)
    clips_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    arrays: dict[str, ArraySpec] = Field(min_length=1)
    recipe: dict[str, Any]


def read_manifest(folder: Path) -> Manifest:
    """The checked content of `prepared.json`.

    Raises:
        InputError: the folder is no prepared set, or a newer Mien wrote it.
    """
    file = folder / "prepared.json"
    do = "give a folder that `mien data import` or `mien prepare` wrote"
    if not file.is_file():
        found = "no prepared.json" if folder.is_dir() else "no such folder"
        raise InputError("this is not a prepared set", where=folder, found=found, do=do)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # JSON and decoding errors are ValueErrors
        raise InputError("prepared.json cannot be read", where=file, found=str(error), do=do) from error
    schema = content.get("schema") if isinstance(content, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise InputError(
            "the prepared set was written by a newer version of Mien",
            where=file,
            found=f"schema {schema}; this version reads schema {SCHEMA}",
            do="update Mien, or prepare the set again with this version",
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        problems = Problems()
        problems.extend(
            f"{'.'.join(str(part) for part in item['loc']) or 'the file'}: {item['msg']}"
            for item in error.errors()
        )
        problems.raise_if_any("prepared.json does not describe a prepared set", where=file, do=do)
        raise


def read_table(folder: Path, manifest: Manifest, problems: Problems) -> ClipTable | None:
    """The clip table, or None if it cannot be read; what is wrong with it goes to `problems`."""
    try:
        table = ClipTable.read_csv(folder / "clips.csv")
    except InputError as error:
        problems.add(f"clips.csv: {error.what}: {str(error.found).strip()}")
        return None
    if len(table) != manifest.n_clips:
        problems.add(f"clips.csv: {len(table)} clips, but prepared.json says {manifest.n_clips}")
    return table


def read_array(
    folder: Path, name: str, spec: ArraySpec, n_clips: int, problems: Problems
) -> np.ndarray | None:
    """The memory-mapped array, or None if it cannot be mapped; what is wrong with it goes to `problems`."""
    if not ARRAY_NAME.fullmatch(name) or spec.file != f"arrays/{name}.npy":
        problems.add(f"array {name!r}: its file must be arrays/<name>.npy, found {spec.file!r}")
        return None
    file = folder / spec.file
    if not file.is_file():
        problems.add(f"array {name!r}: the file {spec.file} is missing")
        return None
    try:
        array: np.ndarray = np.load(file, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # numpy parses the header as Python: a damaged one raises whatever that raises
        problems.add(f"array {name!r}: {spec.file} is damaged, cut off or no array file ({error})")
        return None
    if not isinstance(array, np.ndarray):
        problems.add(f"array {name!r}: {spec.file} is an archive, not one array")
        return None
    if array.dtype != np.dtype(spec.dtype):
        problems.add(f"array {name!r}: the type is {array.dtype}, but prepared.json says {spec.dtype}")
        return None
    if array.shape != spec.shape:
        problems.add(f"array {name!r}: the shape is {array.shape}, but prepared.json says {spec.shape}")
    problems.extend(array_problems(name, array, n_clips, spec.channels))
    return array


def array_problems(name: str, array: np.ndarray, n_clips: int, channels: Sequence[str]) -> list[str]:
    """What is wrong with an array as a part of a prepared set, in words."""
    if str(array.dtype) not in DTYPES:
        return [f"array {name!r}: the type is {array.dtype}, wanted is {' or '.join(DTYPES)}"]
    problems = []
    if array.ndim == 0 or array.shape[0] != n_clips:
        problems.append(f"array {name!r}: the shape is {array.shape}, but the set has {n_clips} clips")
    if array.ndim < 2 or array.shape[1] != len(channels):
        problems.append(
            f"array {name!r}: the shape is {array.shape}, but it has {len(channels)} channel names"
        )
    if 0 in array.shape:
        problems.append(f"array {name!r}: it is empty, shape {array.shape}")
    elif array.ndim > 0 and array.dtype.kind == "f" and (bad := _rows_not_finite(array)):
        rows = ", ".join(str(row) for row in bad[:5]) + (", ..." if len(bad) > 5 else "")
        problems.append(f"array {name!r}: NaN or infinity in {len(bad)} of the clips (rows {rows})")
    return problems


def _rows_not_finite(array: np.ndarray) -> list[int]:
    """The rows that hold NaN or infinity, found a chunk of rows at a time so that memory stays small."""
    step = max(1, _CHUNK_BYTES // max(1, array[0].nbytes))
    bad: list[int] = []
    for start in range(0, len(array), step):
        finite = np.isfinite(array[start : start + step])
        bad += [start + int(row) for row in np.flatnonzero(~finite.reshape(len(finite), -1).all(axis=1))]
    return bad


def sha256_of(file: Path) -> str:
    """The SHA-256 of the file's bytes, as 64 hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
