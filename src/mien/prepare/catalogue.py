"""The prepared sets that have a name, and opening one by name or folder."""

from __future__ import annotations

from pathlib import Path

from mien.cache import cache_folder
from mien.errors import InputError, unknown
from mien.prepare.prepared import PreparedSet

SYNTHETIC_FLOW = "synthetic-flow"
_NAMED = {
    SYNTHETIC_FLOW: "onset-apex flow of made-up faces with exact Action Units; made here, no licence needed"
}


def open_set(name_or_path: str | Path) -> PreparedSet:
    """The prepared set of this name or in this folder; a named set is made when it is first asked for.

    A folder wins over a name. A named set whose files were damaged is made again.

    Raises:
        UsageError: there is neither such a folder nor such a name.
        InputError: the folder holds no usable set.
    """
    name = str(name_or_path)
    if Path(name_or_path).exists() or name not in _NAMED:
        if not Path(name_or_path).exists():
            raise unknown(
                f"there is no prepared set '{name}'", name, _NAMED, also="or the folder of a prepared set"
            )
        return PreparedSet.open(name_or_path)
    folder = named_folder(name)
    if folder.exists():
        try:
            return PreparedSet.open(folder)
        except InputError:
            pass  # it is only a cache, and what it held can be made again below
    from mien.prepare.synthetic import synthetic_flow

    return synthetic_flow(folder, overwrite=True)


def list_sets() -> list[tuple[str, str, str]]:
    """The sets that have a name: the name, what it is, and its folder or when it will be made."""
    return [
        (name, words, str(folder) if (folder := named_folder(name)).is_dir() else "made when first used")
        for name, words in _NAMED.items()
    ]


def named_folder(name: str) -> Path:
    """Where a named set is kept: MIEN_CACHE or the user's cache folder, by version of its generator."""
    from mien.prepare.synthetic import VERSION

    cache = cache_folder()
    return cache / "sets" / f"{name}-v{VERSION}"
