"""The settings of every flow method, frozen, so that a recipe can write them down."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mien.errors import UsageError


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tvl1(_Frozen):
    """TV-L1 (Zach et al. 2007; Sánchez et al., IPOL 2013/26); the defaults are those of OpenCV's DualTVL1.

    Attributes:
        engine: which program does it; both follow the same steps.
        attachment: weight of the data term (lambda in the paper).
        theta: how loosely the auxiliary flow is tied to the flow.
        tau: time step of the dual update.
        epsilon: a warp ends when the mean squared change of the flow in one iteration is below its square.
        median_px: size of the median filter between the outer iterations; 1 for none.
    """

    engine: Literal["opencv", "torch"] = "opencv"
    tau: float = 0.25
    attachment: float = 0.15
    theta: float = 0.3
    scales: int = 5
    scale_step: float = 0.8
    warps: int = 5
    epsilon: float = 0.01
    inner_iterations: int = 30
    outer_iterations: int = 10
    median_px: int = 5


class Dis(_Frozen):
    """Dense inverse search (Kroeger et al., ECCV 2016): OpenCV's medium preset, refined down to full size.

    It reads 8-bit images: others are rounded.
    """

    finest_scale: int = 0
    patch_px: int = 8
    patch_stride_px: int = 3
    descent_iterations: int = 25
    variational_iterations: int = 10


class Farneback(_Frozen):
    """Farnebäck's polynomial expansion (SCIA 2003), with the values usual for micro-expressions."""

    pyramid_scale: float = 0.5
    levels: int = 3
    window_px: int = 15
    iterations: int = 3
    polynomial_px: int = 5
    polynomial_sigma_px: float = 1.2


FlowSettings = Tvl1 | Dis | Farneback

#: Every method by the name a recipe calls it.
METHODS: Mapping[str, FlowSettings] = MappingProxyType(
    {
        "tvl1": Tvl1(),
        "tvl1-fast": Tvl1(warps=3, outer_iterations=5, scales=3, epsilon=0.02),
        "dis": Dis(),
        "farneback": Farneback(),
        "tvl1-torch": Tvl1(engine="torch"),
    }
)


def settings_of(method: str) -> FlowSettings:
    """The settings of a flow method.

    Raises:
        UsageError: there is no method of this name.
    """
    if method not in METHODS:
        raise UsageError("there is no such flow method", found=method, do=f"choose from {', '.join(METHODS)}")
    return METHODS[method]
