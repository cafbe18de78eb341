"""The texts of a fold: one entry per distinct AU set of the training subjects, embedded once by frozen
BERT."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.clips.tasks import Task
from mien.facs.annotation import VOCABULARY, multi_hot, parse
from mien.facs.sentences import EMOTION_TEMPLATES, TEMPLATES, sentence
from mien.models.options import Plan
from mien.protocols.view import TrainView
from mien.text import encoder

TextKind = Literal["sentences", "names", "emotion", "multi-hot", "shuffled", "none"]
SOFTNESS = 0.2


class TextOptions(Plan):
    text: TextKind = Field(
        "sentences",
        description="AU sentences; bare FACS names; emotion words, AU multi-hot vectors or shuffled sentences "
        "(controls); none",
    )
    text_encoder: str = Field(
        encoder.DEFAULT, description="package, folder or hub name of a BERT model; frozen"
    )
    centre: bool = Field(
        True, description="subtract the mean of the fold's text vectors before the projection"
    )

    def text_size(self, task: Task) -> int:
        """The length of a text vector."""
        if self.text == "multi-hot" or self.text == "none":
            return len(VOCABULARY)
        return encoder.width(self.text_encoder)


@dataclass(frozen=True)
class AttributeBank:
    """The distinct AU sets of some clips, as text.

    Attributes:
        sentences: (S) the first phrasing of each entry, for people.
        vectors: (S, T, d) the embedding of each entry in each of T phrasings.
        of_clip: (n,) the entry of each clip, -1 for a clip without AU coding.
        coded: (n,) 1 for clips whose AU coding says what moved; clips without coding, and those whose coders
            could not decide ("12 or 14"), have 0 and take no part in the contrastive loss.
        jaccard: (S, S) Jaccard similarity of the AU sets.
    """

    sentences: tuple[str, ...]
    vectors: NDArray[np.float32]
    of_clip: NDArray[np.int64]
    coded: NDArray[np.float32]
    jaccard: NDArray[np.float64]

    @property
    def alike(self) -> NDArray[np.float32]:
        """(S, S) exp(Jaccard similarity of the AU sets / 0.2)."""
        return np.asarray(np.exp(self.jaccard / SOFTNESS), np.float32)

    @classmethod
    def of(cls, view: TrainView, options: TextOptions) -> AttributeBank:
        """The bank of the training clips, and of nothing else."""
        coded = np.array([annotation.coded and not annotation.vague for annotation in view.annotations])
        if options.text == "emotion":
            clip_keys = [frozenset({int(label)}) for label in view.labels]
        else:
            clip_keys = [annotation.numbers for annotation in view.annotations]
        entries = sorted({key for key, c in zip(clip_keys, coded, strict=True) if c}, key=sorted)
        at = {key: i for i, key in enumerate(entries)}
        of_clip = np.array([at[key] if c else -1 for key, c in zip(clip_keys, coded, strict=True)], np.int64)
        phrasings = [_phrasings(key, options.text, view.task) for key in entries]
        vectors = _vectors(entries, phrasings, options)
        if options.centre and len(entries):
            vectors = vectors - vectors.mean(axis=(0, 1), keepdims=True)
        if options.text == "shuffled":
            vectors = vectors[derangement(len(entries), view.fold)]
        return cls(
            sentences=tuple(p[0] for p in phrasings),
            vectors=vectors.astype(np.float32),
            of_clip=of_clip,
            coded=coded.astype(np.float32),
            jaccard=_jaccard(entries),
        )


def _phrasings(key: frozenset[int], kind: TextKind, task: Task) -> tuple[str, ...]:
    """All phrasings of one entry."""
    if kind == "emotion":
        word = task.classes[next(iter(key))]
        nothing = parse("?")
        return tuple(
            sentence(nothing, template=i, style="emotion", emotion=word)
            for i in range(len(EMOTION_TEMPLATES))
        )
    annotation = parse("+".join(str(number) for number in sorted(key)) or "?")
    if kind == "names":
        return (sentence(annotation, style="name"),)
    return tuple(sentence(annotation, template=i, sides=False) for i in range(len(TEMPLATES)))


def _vectors(
    entries: list[frozenset[int]], phrasings: list[tuple[str, ...]], options: TextOptions
) -> NDArray[np.float32]:
    if options.text == "multi-hot":
        marks = [parse("+".join(map(str, sorted(key))) or "?") for key in entries]
        return np.asarray(multi_hot(marks, VOCABULARY)).reshape(len(entries), 1, len(VOCABULARY))
    if not entries:
        return np.zeros((0, 1, encoder.width(options.text_encoder)), np.float32)
    return np.stack([_embedded(texts, options.text_encoder) for texts in phrasings])


@lru_cache(maxsize=4096)
def _embedded(texts: tuple[str, ...], model: str) -> NDArray[np.float32]:
    return encoder.embed(texts, model)


def derangement(n: int, fold: str) -> NDArray[np.int64]:
    """A fixed permutation of n things, drawn anew for each fold, that leaves none in its place."""
    order = np.random.default_rng(zlib.crc32(fold.encode())).permutation(n)
    shuffled = np.empty(n, np.int64)
    shuffled[order] = np.roll(order, 1)
    return shuffled


def _jaccard(entries: list[frozenset[int]]) -> NDArray[np.float64]:
    shares = [[len(a & b) / max(len(a | b), 1) if a != b else 1.0 for b in entries] for a in entries]
    return np.array(shares, dtype=np.float64).reshape(len(entries), len(entries))
