"""Files that are there whole, or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mien.errors import UsageError


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file under a hidden name beside its own, then rename it; its folder is made if need be.

    Args:
        durable: wait until the disk has it, so that a power cut cannot leave an empty file; for many files that
            can be made again, do not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with temporary.open("wb") as stream:
        stream.write(content)
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
    temporary.replace(path)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A hidden name beside `path` to write a large file to; it gets its own name once the block has ended well.

    Whatever stands under the hidden name is removed if the block fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # the ending stays: libraries choose the format by it
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def begin_folder(root: Path, record: str, asked: Mapping[str, Any], *, holds: str) -> None:
    """Make the folder that `asked` describes in the file `record`, or see that it is the same one, to go on with.

    Args:
        holds: what stands in such a folder, for the refusal: "films", "a twin".

    Raises:
        UsageError: the folder has another record, or holds something without one.
    """
    described = (json.dumps(asked, indent=1) + "\n").encode()
    for unfinished in root.glob(f".{record}.*.part"):
        unfinished.unlink()  # what a call that was killed here has left
    there = sorted(path.name for path in root.iterdir()) if root.exists() else []
    if record in there:
        if (root / record).read_bytes() != described:
            raise UsageError(
                f"the folder holds {holds} of another order", where=root, do="name another --out"
            )
    elif there:
        raise UsageError(
            f"the output folder is not empty and does not hold {holds}", where=root, do="name another --out"
        )
    write_whole(root / record, described)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON; NaN becomes null."""
    write_whole(path, (json.dumps(_plain(content), indent=1, ensure_ascii=False) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
