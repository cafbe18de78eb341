"""What a frozen network makes of a clip, kept on disk by content, so that folds, seeds and runs compute it once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mien.cache import cache_folder
from mien.files import write_whole

Floats = NDArray[np.float32]


def cached(made_by: str, content: bytes, make: Callable[[], Floats]) -> Floats:
    """What `make` gives, from the cache if it was made before; the same bytes either way.

    Args:
        made_by: names everything besides the content that decides the result.
        content: the bytes that it is made from.
    """
    name = hashlib.sha256(made_by.encode() + b"\0" + content).hexdigest()
    path = cache_folder() / "features" / name[:2] / f"{name}.npy"
    if path.is_file():
        try:
            return np.asarray(np.load(path, allow_pickle=False), dtype=np.float32)
        except (ValueError, EOFError, OSError):
            pass  # Damaged: made again below.
    made = np.ascontiguousarray(make(), dtype=np.float32)
    stream = io.BytesIO()
    np.save(stream, made, allow_pickle=False)
    write_whole(path, stream.getvalue(), durable=False)
    return made


def fingerprint(module: nn.Module) -> str:
    """The sha256 of all weights of a module, by name."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
