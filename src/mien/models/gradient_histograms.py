"""Support vector machines on histograms of gradients of grey clips: `hog-top`, `higo-top`, `3dhog`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.models.clip_images import RGB
from mien.models.clip_memory import Clip
from mien.models.grey_clips import GreyOptions, grey_clip, grey_needs
from mien.models.onset_points import onset_points, with_points
from mien.models.registry import ModelCard, register
from mien.models.support_vectors import SvmRecogniser
from mien.motion.face_rois import twelve_masks
from mien.motion.gradients import hog_3d, hog_top

ASSUMED = (
    "no magnification by default, blocks that do not overlap, standardised features, C from inner subjects"
)


class GradientOptions(GreyOptions):
    blocks: int = Field(6, ge=1, le=32, description="blocks along each side of the picture")
    blocks_t: int = Field(2, ge=1, le=16, description="blocks along time")
    bins: int = Field(8, ge=2, le=36, description="orientation bins")
    signed: bool = Field(False, description="orientations over a full turn, not half of one")


class RegionOptions(GreyOptions):
    blocks_t: int = Field(2, ge=1, le=16, description="blocks along time")
    bins: int = Field(8, ge=2, le=36, description="orientation bins of each of the three angles")


class GradientRecogniser(SvmRecogniser):
    """What HOG-TOP and HIGO-TOP share: all but the weight of a vote."""

    _options: GradientOptions
    weighted: bool

    def __init__(self, options: GradientOptions) -> None:
        super().__init__(options)
        self.needs = grey_needs(options, frames=max(2, options.blocks_t), side=max(2, options.blocks))

    def features(self, clip: Clip) -> NDArray[np.float64]:
        grid = self._options.model_dump(include={"blocks", "blocks_t", "bins", "signed"})
        return hog_top(grey_clip(clip[RGB], self._options), **grid, weighted=self.weighted)


@register(
    ModelCard(
        name="hog-top",
        title="HOG-TOP",
        paper="Li et al., IEEE Trans. Affective Computing 2018",
        summary="histograms of oriented gradients on three orthogonal planes, 6x6x2 blocks, SVM",
        confirmed="three planes, 8 bins, votes of magnitude; TIM to 10 frames; linear SVM (definition)",
        assumed=ASSUMED,
        published={"casme2-5": "accuracy .575 (HIGO or HOG with magnification), read in a review"},
    ),
    GradientOptions,
)
class HogTop(GradientRecogniser):
    """HOG-TOP of the clip, and an SVM."""

    weighted = True


@register(
    ModelCard(
        name="higo-top",
        title="HIGO-TOP",
        paper="Li et al., IEEE Trans. Affective Computing 2018",
        summary="HOG-TOP whose pixels all vote alike, so that light drops out; 6x6x2 blocks, SVM",
        confirmed="three planes, 8 bins, votes of 1; TIM to 10 frames; linear SVM (definition)",
        assumed=ASSUMED,
        published={
            "casme2-5": "accuracy .575 (HIGO or HOG with magnification), read in a review; .514 in others' re-run"
        },
    ),
    GradientOptions,
)
class HigoTop(GradientRecogniser):
    """HIGO-TOP of the clip, and an SVM."""

    weighted = False


@register(
    ModelCard(
        name="3dhog",
        title="3DHOG of facial regions",
        paper="Polikovsky et al., ICDP 2009",
        summary="histograms of the three angles of the space-time gradient in 12 facial regions, SVM",
        confirmed="angles in the XY, XT and YT planes, weighted by magnitude, 8 bins, 12 regions (definition)",
        assumed=f"the form of Polikovsky, not Klaser's icosahedron; regions from 68 points; an SVM on clips, where the "
        f"paper clusters frames; {ASSUMED}",
    ),
    RegionOptions,
)
class RegionHog(SvmRecogniser):
    """3DHOG of twelve regions around the points of the first frame, and an SVM."""

    _options: RegionOptions

    def __init__(self, options: RegionOptions) -> None:
        super().__init__(options)
        self.needs = with_points(grey_needs(options, frames=max(2, options.blocks_t), side=1))

    def features(self, clip: Clip) -> NDArray[np.float64]:
        grey = grey_clip(clip[RGB], self._options)
        masks = twelve_masks(onset_points(clip), *grey.shape[1:])
        return hog_3d(grey, masks, blocks_t=self._options.blocks_t, bins=self._options.bins)
