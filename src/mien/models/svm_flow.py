"""A support vector machine on block-averaged, centred flow; its penalty is chosen on inner subjects."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.models.base import FLOW, Needs
from mien.models.clip_memory import Clip
from mien.models.registry import ModelCard, register
from mien.models.support_vectors import SvmOptions, SvmRecogniser
from mien.motion.descriptors import block_hoof, block_means, centred_flow


class SvmFlowOptions(SvmOptions):
    features: Literal["means", "hoof"] = Field(
        "means", description="block means of u, v, strain; or square roots of block HOOF"
    )
    blocks: int = Field(7, ge=1, le=28, description="blocks along each side of the face")
    bins: int = Field(8, ge=2, le=36, description="orientation bins of the HOOF")


@register(
    ModelCard(
        name="svm-flow",
        title="SVM on block flow",
        paper="",
        summary="SVM on 7x7 block means of centred u, v and strain; C chosen on inner subjects by UF1",
        assumed="the whole recipe is ours: an honest classic",
    ),
    SvmFlowOptions,
)
class SvmFlow(SvmRecogniser):
    needs = Needs({FLOW: "(N, 3, H, W): u, v, strain"})
    _options: SvmFlowOptions

    def features(self, clip: Clip) -> NDArray[np.float64]:
        flow = centred_flow(clip[FLOW][None])
        if self._options.features == "hoof":
            return np.asarray(np.sqrt(block_hoof(flow, self._options.blocks, self._options.bins)[0]))
        return np.asarray(block_means(flow, self._options.blocks)[0])
