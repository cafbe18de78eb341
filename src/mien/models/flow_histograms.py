"""Support vector machines on the orientation of flow: `hoof`, `bi-woof`, `fhofo`, `mdmo`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.models.base import FLOW, Needs
from mien.models.clip_images import FLOW_CLIP
from mien.models.clip_memory import Clip
from mien.models.onset_points import onset_points, with_points
from mien.models.registry import ModelCard, register
from mien.models.support_vectors import Kernel, SvmOptions, SvmRecogniser
from mien.motion.descriptors import centred_flow
from mien.motion.flow_histograms import FINE_BINS, bi_woof, fhofo, hoof
from mien.motion.mdmo import Form, mdmo

FLOW_IN_WORDS = "(N, 2, T, H, W): u, v in pixels, from the onset"


class HoofOptions(SvmOptions):
    blocks: int = Field(
        5, ge=1, le=32, description="blocks along each side of the picture; 1 = one histogram"
    )
    bins: int = Field(8, ge=2, le=36, description="orientation bins over a full turn")
    centre: bool = Field(
        True,
        description="subtract the medians of u and of v: what is left of the head's motion, and the lost zero of 8-bit "
        "flow images",
    )


class BiWoofOptions(HoofOptions):
    standardise: bool = Field(False, description="give each feature unit variance over the training clips")


class FhofoOptions(SvmOptions):
    blocks: int = Field(3, ge=1, le=32, description="blocks along each side of the picture")
    bins: int = Field(18, ge=2, le=FINE_BINS, description="orientation bins kept of the 50 fine ones")
    weighted: bool = Field(False, description="pixels vote with their magnitude (FHOOF), not with 1")


class MdmoOptions(SvmOptions):
    kernel: Kernel = Field("rbf", description="kernel of the machine")
    standardise: bool = Field(False, description="give each feature unit variance: undoes `magnitude`")
    align: bool = Field(
        True, description="take out an affine motion fitted to 13 points that are hardly moved"
    )
    magnitude: float = Field(
        0.9, ge=0, le=1, description="weight of magnitudes; angles (radians) have the rest"
    )
    form: Form = Field("polar", description="magnitude and angle, or x and y, of each region's motion")


class FlowImageRecogniser(SvmRecogniser):
    """What HOOF and Bi-WOOF share: one flow image of a clip, u and v centred."""

    _options: HoofOptions

    def __init__(self, options: HoofOptions) -> None:
        super().__init__(options)
        self.needs = Needs(
            {FLOW: "(N, 3, H, W): u, v, strain"}, at_least={FLOW: (3, options.blocks, options.blocks)}
        )

    def image(self, clip: Clip) -> NDArray[np.float64]:
        """u, v, strain (3, H, W); strain is never centred."""
        stored = np.asarray(clip[FLOW], np.float64)
        if not self._options.centre:
            return stored
        return np.concatenate([centred_flow(stored[None, :2])[0], stored[2:]])


@register(
    ModelCard(
        name="hoof",
        title="HOOF",
        paper="Chaudhry et al., CVPR 2009",
        summary="histograms of the orientation of onset-apex flow in 5x5 blocks, SVM",
        confirmed="votes of magnitude, each histogram sums to 1 (definition)",
        assumed="unfolded, 5x5 blocks of 8 bins as Bi-WOOF has (blocks=1: one histogram), u and v centred, SVM",
    ),
    HoofOptions,
)
class Hoof(FlowImageRecogniser):
    """HOOF of the onset-apex flow, and an SVM."""

    def features(self, clip: Clip) -> NDArray[np.float64]:
        return hoof(self.image(clip), blocks=self._options.blocks, bins=self._options.bins).ravel()


@register(
    ModelCard(
        name="bi-woof",
        title="Bi-WOOF",
        paper="Liong et al., Signal Processing: Image Communication 2018",
        summary="HOOF of 5x5 blocks of onset-apex flow, each block weighted by its strain, SVM",
        confirmed="5x5 blocks of 8 bins, L1 histograms times the strain of the block, L2 vector (official code)",
        assumed="blocks that do not overlap, the prepared set's flow and strain, u and v centred, C from inner "
        "subjects (about 10^4 in the original)",
        published={"megc-3": "UF1 .781 on the CASME II part (MEGC 2019)", "casme2-5": "F1 .61"},
    ),
    BiWoofOptions,
)
class BiWoof(FlowImageRecogniser):
    """Bi-WOOF of the onset-apex flow, and an SVM."""

    def features(self, clip: Clip) -> NDArray[np.float64]:
        return bi_woof(self.image(clip), blocks=self._options.blocks, bins=self._options.bins)


@register(
    ModelCard(
        name="fhofo",
        title="FHOFO",
        paper="Happy and Routray, IEEE Trans. Affective Computing 2019",
        summary="fuzzy histograms of the orientation of flow in 3x3 blocks of every frame, SVM",
        confirmed="counts in 50 fine bins, circular Gaussian of 10 bins, 18 bins kept, L1 (authors' code)",
        assumed="fields from the onset as prepared, 3x3 blocks, joined over the frames, SVM",
        published={"casme2-5": "F1 .525; accuracy .647 in others' re-run"},
    ),
    FhofoOptions,
)
class Fhofo(SvmRecogniser):
    """FHOFO of every frame's flow, one after another, and an SVM."""

    _options: FhofoOptions

    def __init__(self, options: FhofoOptions) -> None:
        super().__init__(options)
        self.needs = Needs(
            {FLOW_CLIP: FLOW_IN_WORDS}, at_least={FLOW_CLIP: (2, 1, options.blocks, options.blocks)}
        )

    def features(self, clip: Clip) -> NDArray[np.float64]:
        o = self._options
        return fhofo(clip[FLOW_CLIP], blocks=o.blocks, bins=o.bins, weighted=o.weighted).ravel()


@register(
    ModelCard(
        name="mdmo",
        title="MDMO",
        paper="Liu et al., IEEE Trans. Affective Computing 2016",
        summary="main direction and size of flow in 36 regions of the face, mean over the frames, SVM",
        confirmed="36 regions, fullest of 8 orientation bins, alignment by 13 points, 72 features (a port's code)",
        assumed="alpha .9, SVM with RBF kernel, regions from the points of MediaPipe's mesh",
        published={"casme2-5": "accuracy .674; .631 in others' re-run"},
    ),
    MdmoOptions,
)
class Mdmo(SvmRecogniser):
    """MDMO of a clip, and an SVM."""

    _options: MdmoOptions

    def __init__(self, options: MdmoOptions) -> None:
        super().__init__(options)
        self.needs = with_points(Needs({FLOW_CLIP: FLOW_IN_WORDS}, at_least={FLOW_CLIP: (2, 1, 1, 1)}))

    def features(self, clip: Clip) -> NDArray[np.float64]:
        o = self._options
        return mdmo(clip[FLOW_CLIP], onset_points(clip), align=o.align, alpha=o.magnitude, form=o.form)
