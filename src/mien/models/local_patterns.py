"""Support vector machines on local binary patterns of grey clips: `lbp-top`, `lbp-sip`, `lbp-mop`, `stlbp-ip`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.models.clip_images import RGB
from mien.models.clip_memory import Clip
from mien.models.grey_clips import GreyOptions, grey_clip, grey_needs
from mien.models.registry import ModelCard, register
from mien.models.support_vectors import SvmRecogniser
from mien.motion.integral_projection import MASK_PX, stlbp_ip
from mien.motion.local_patterns import lbp_mop, lbp_sip, lbp_top

ASSUMED = (
    "10 frames by TIM, blocks that do not overlap, standardised features, linear SVM, C from inner subjects"
)


class PatternOptions(GreyOptions):
    blocks: int = Field(5, ge=1, le=32, description="blocks along each side of the picture")
    blocks_t: int = Field(1, ge=1, le=16, description="blocks along time")
    radius: int = Field(1, ge=1, le=16, description="distance of the neighbours in pixels")
    radius_t: int = Field(4, ge=1, le=32, description="distance of the neighbours in frames")


class SipOptions(PatternOptions):
    radius_t: int = Field(1, ge=1, le=32, description="distance of the neighbours in frames")
    levels: int = Field(1, ge=1, le=4, description="levels of a Gaussian pyramid")


class ProjectionOptions(GreyOptions):
    blocks: int = Field(5, ge=1, le=32, description="blocks along each side of the picture")
    radius: int = Field(1, ge=1, le=4, description="of the patterns of motion, in pixels")
    radius_t: int = Field(1, ge=1, le=32, description="of the patterns of motion, in frames")


class PatternRecogniser(SvmRecogniser):
    """What the first three share: the frames and pictures that hold all neighbours."""

    _options: PatternOptions
    levels = 1

    def __init__(self, options: PatternOptions) -> None:
        super().__init__(options)
        self.needs = grey_needs(
            options,
            frames=2 * options.radius_t + options.blocks_t,
            # A level of the pyramid has half the pixels of the one before, rounded up.
            side=(2 * options.radius + options.blocks - 1) * 2 ** (self.levels - 1) + 1,
        )

    def place(self) -> dict[str, int]:
        """Blocks and radii."""
        return self._options.model_dump(include={"blocks", "blocks_t", "radius", "radius_t"})


@register(
    ModelCard(
        name="lbp-top",
        title="LBP-TOP",
        paper="Zhao and Pietikainen, PAMI 2007; with these settings: Yan et al., PLoS ONE 2014 (CASME II)",
        summary="uniform local binary patterns on three orthogonal planes, 5x5 blocks, SVM",
        confirmed="codes and the 59 uniform bins; blocks and radii (1, 1, 4) of the CASME II baseline",
        assumed=ASSUMED,
        published={
            "casme2-5": "accuracy .634, one video left out, its subject in training; .384 in others' re-run (LOSO?)",
            "megc-3": "UF1 .703 on the CASME II part (MEGC 2019)",
        },
    ),
    PatternOptions,
)
class LbpTop(PatternRecogniser):
    """LBP-TOP of the clip, and an SVM."""

    def features(self, clip: Clip) -> NDArray[np.float64]:
        return lbp_top(grey_clip(clip[RGB], self._options), **self.place())


@register(
    ModelCard(
        name="lbp-sip",
        title="LBP-SIP",
        paper="Wang et al., ACCV 2014",
        summary="local binary patterns of the six points where the planes of LBP-TOP cross: 20 bins a block, SVM",
        confirmed="16 bins of four neighbours in the picture and 4 of two in time",
        assumed=f"{ASSUMED}; no Gaussian pyramid by default",
        published={"casme2-5": "accuracy .478 in others' re-run (LOSO?)"},
    ),
    SipOptions,
)
class LbpSip(PatternRecogniser):
    """LBP-SIP of the clip, and an SVM."""

    _options: SipOptions

    def __init__(self, options: SipOptions) -> None:
        self.levels = options.levels
        super().__init__(options)

    def features(self, clip: Clip) -> NDArray[np.float64]:
        return lbp_sip(grey_clip(clip[RGB], self._options), **self.place(), levels=self.levels)


@register(
    ModelCard(
        name="lbp-mop",
        title="LBP-MOP",
        paper="Wang et al., PLoS ONE 2015",
        summary="uniform local binary patterns on the three mean planes of each of 5x5 blocks, SVM",
        confirmed="three mean planes, 59 bins each (definition; no code at hand)",
        assumed=f"{ASSUMED}; radii of LBP-TOP",
        published={"casme2-5": "accuracy .668, protocol not known to us"},
    ),
    PatternOptions,
)
class LbpMop(PatternRecogniser):
    """LBP-MOP of the clip, and an SVM."""

    def features(self, clip: Clip) -> NDArray[np.float64]:
        return lbp_mop(grey_clip(clip[RGB], self._options), **self.place())


@register(
    ModelCard(
        name="stlbp-ip",
        title="STLBP-IP",
        paper="Huang et al., ICCV Workshops 2015",
        summary="local binary patterns of row and column sums of the change since the onset, SVM",
        confirmed="projections of the change, their 1-D patterns and patterns over time (definition; no code at hand)",
        assumed=f"{ASSUMED}; the first frame is the reference; mask of 9, radii of 1",
        published={"casme2-5": "accuracy .595, protocol not known to us"},
    ),
    ProjectionOptions,
)
class StlbpIp(SvmRecogniser):
    """STLBP-IP of the clip, and an SVM."""

    _options: ProjectionOptions

    def __init__(self, options: ProjectionOptions) -> None:
        super().__init__(options)
        self.needs = grey_needs(options, frames=2 * options.radius_t + 2, side=MASK_PX * options.blocks)

    def features(self, clip: Clip) -> NDArray[np.float64]:
        o = self._options
        return stlbp_ip(grey_clip(clip[RGB], o), blocks=o.blocks, radius=o.radius, radius_t=o.radius_t)
