"""Cross-modal linear embedding: losses that give a clip embedding the structure of the clips' texts.

Chen et al.: "Improving Vision Anomaly Detection with the Guidance of Language Modality", IEEE Trans. Multimedia
2024, arXiv 2310.02821. Confirmed by the published code: a contrast over clusters of texts. The abstract's "linear
embedding" is `linear`, an assumption. Jaccard similarity of AU sets is our form for micro-expressions.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.models.attribute_text import AttributeBank
from mien.models.base import Batch, masked_mean
from mien.models.contrastive import contrast_within

Structure = Literal["none", "attributes", "emotion", "clusters", "linear"]
CLUSTERS = 5
RIDGE = 0.1


def text_structure(bank: AttributeBank, kind: Structure) -> NDArray[np.float32]:
    """What a kind needs to know of the S texts of a fold's training clips.

    (S, S) similarities for the contrasts: Jaccard similarity of the AU sets, or (`clusters`) 1 in the same of five
    Gaussians fitted once to the texts of all clips. For `linear` the texts as unit vectors (S, d).
    A bank without texts gives zeros for one, that nothing belongs to.
    """
    n = len(bank.sentences)
    vectors = bank.vectors.mean(axis=1)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    if n == 0:
        return np.zeros((1, vectors.shape[1] if kind == "linear" else 1), np.float32)
    if kind == "linear":
        return np.asarray(unit, np.float32)
    if kind == "clusters":
        cluster = _clusters(unit, bank.of_clip[bank.of_clip >= 0])
        return np.asarray(cluster[:, None] == cluster, np.float32)
    return np.asarray(bank.jaccard, np.float32)


def _clusters(unit: NDArray[np.float32], of_clip: NDArray[np.int64]) -> NDArray[np.int64]:
    """The Gaussian of each text (S,), fitted to the texts (n, d) of the clips."""
    from sklearn.mixture import GaussianMixture

    if len(unit) <= CLUSTERS:
        return np.arange(len(unit))
    mixture = GaussianMixture(CLUSTERS, covariance_type="diag", reg_covar=1e-3, random_state=0)
    return np.asarray(mixture.fit(unit[of_clip]).predict(unit), dtype=np.int64)


def structure_loss(
    visual: Tensor, spared: Tensor, batch: Batch, kind: Structure, temperature: float
) -> Tensor:
    """The loss of unit embeddings (B, d) whose neighbourhood is not that of their texts, a scalar.

    Args:
        spared: (B,) 1 for clips that are not compared with others of their own person (contrasts only): people
            who repeat one expression would else teach the embedding who they are.
        batch: its targets `set`, `coded`, `subject`, `label`, and the fixed `structure` of `text_structure`.
    """
    entry, rows = batch.targets["set"], batch.targets["coded"]
    rows = rows if batch.valid is None else rows * batch.valid
    if kind == "linear":
        return linear_loss(visual, batch.fixed["structure"][entry], rows)
    alike = batch.fixed["structure"][entry][:, entry]
    if kind == "emotion":
        alike = 0.5 * alike + 0.5 * _same(batch.targets["label"])
    pairs = rows[:, None] * rows * (1 - spared[:, None] * _same(batch.targets["subject"]))
    return contrast_within(visual @ visual.T / temperature, alike, pairs)


def _same(number: Tensor) -> Tensor:
    return (number[:, None] == number[None, :]).float()


def linear_loss(visual: Tensor, texts: Tensor, rows: Tensor) -> Tensor:
    """Mean squared distance of each embedding from the mixture of the others that rebuilds its text."""
    weights = linear_weights(texts * rows[:, None])
    return masked_mean((visual - weights @ visual).square().sum(dim=1), rows)


def linear_weights(texts: Tensor) -> Tensor:
    """The weights W (B, B), zero on the diagonal, that minimise |texts - W texts|^2 + RIDGE |W|^2.

    In closed form from one inverse P of the regularised Gram matrix: row i is -P_ij / P_ii. A text of zeros gives
    and gets nothing.
    """
    eye = torch.eye(len(texts), device=texts.device)
    inverse = torch.as_tensor(torch.linalg.inv(texts @ texts.T + RIDGE * eye))
    return -inverse / torch.diagonal(inverse)[:, None] * (1 - eye)
