"""Optical flow between grey frames, by one of several methods behind one call."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UsageError
from mien.motion.settings import METHODS, Dis, Farneback, FlowSettings, Tvl1, settings_of

__all__ = ["METHODS", "SMALLEST_PX", "compute", "sequence"]

FloatArray = npt.NDArray[np.float32]
Grey = npt.NDArray[np.uint8] | FloatArray
Reference = Literal["onset", "consecutive"]

SMALLEST_PX = 16
# Pairs that the torch solver holds at once: bounds its memory on long videos.
_TORCH_BATCH = 32


def compute(first: npt.ArrayLike, second: npt.ArrayLike, method: str = "tvl1") -> FloatArray:
    """Flow (2, H, W) in pixels, u right and v down: what is at x in `first` is at x + flow(x) in `second`.

    `tvl1-torch` runs on the GPU where there is one, all others on one core.

    Args:
        first: (H, W) grey image, 0..255, uint8 or float; at least 16 x 16.
        second: likewise, of the same size.
        method: a name in `METHODS`.

    Raises:
        UsageError: there is no such method.
        InputError: the images differ in shape, are no grey images, too small, not finite, or not in 0..255.

    Example:
        >>> face = np.random.default_rng(0).uniform(0, 255, (32, 32))
        >>> compute(face, face, "farneback").shape
        (2, 32, 32)
    """
    a, b = np.asarray(first), np.asarray(second)
    if a.shape != b.shape or a.ndim != 2:
        raise InputError("flow needs two grey images of one shape (H, W)", found=f"{a.shape} and {b.shape}")
    images = _grey(np.stack([a, b]))
    return np.asarray(_solve(images[:1], images[1:], method)[0])


def sequence(frames: npt.ArrayLike, reference: Reference = "onset", method: str = "tvl1") -> FloatArray:
    """Flow (T, 2, H, W) in pixels of every frame; that of frame 0 is zero.

    Args:
        frames: (T, H, W) grey images as for `compute`.
        reference: "onset" for the flow from frame 0 to frame t, "consecutive" for that from frame t - 1 to t.

    Raises:
        UsageError: there is no such method or reference.
        InputError: as for `compute`.
    """
    images = _grey(np.asarray(frames))
    flow = np.zeros((len(images), 2, *images.shape[1:]), np.float32)
    if reference not in ("onset", "consecutive"):
        raise UsageError("unknown reference of the flow", found=reference, do="choose onset or consecutive")
    onset = cast("Grey", np.broadcast_to(images[:1], images[1:].shape))
    flow[1:] = _solve(onset if reference == "onset" else images[:-1], images[1:], method)
    return flow


def _grey(images: npt.NDArray[Any]) -> Grey:
    """The images (T, H, W) as uint8 or float32."""
    if images.ndim != 3 or not len(images) or min(images.shape[1:]) < SMALLEST_PX:
        raise InputError(
            f"flow needs grey images (H, W) of at least {SMALLEST_PX} x {SMALLEST_PX} pixels",
            found=images.shape,
        )
    if images.dtype == np.uint8:
        return images
    grey = images.astype(np.float32)
    # Written so that NaN is refused too.
    if not (grey.min() >= 0 and grey.max() <= 255):
        raise InputError(
            "the grey values are not finite or not in 0..255",
            found=f"{grey.min():g} to {grey.max():g}",
            do="clip the images",
        )
    # The weight of the data term is relative to the range of the grey values: 0..1 would give smooth nonsense.
    if 0 < grey.max() <= 1:
        raise InputError("the grey values lie in 0..1", do="give values in 0..255")
    return grey


def _solve(firsts: Grey, seconds: Grey, method: str) -> FloatArray:
    """Flow (B, 2, H, W) of B pairs."""
    settings = settings_of(method)
    flow = np.empty((len(firsts), 2, *firsts.shape[1:]), np.float32)
    if isinstance(settings, Tvl1) and settings.engine == "torch":
        for start in range(0, len(firsts), _TORCH_BATCH):
            part = slice(start, start + _TORCH_BATCH)
            flow[part] = _torch_flow(firsts[part], seconds[part], settings)
    else:
        for index, (first, second) in enumerate(zip(firsts, seconds, strict=True)):
            flow[index] = np.moveaxis(_opencv_flow(first, second, settings), -1, 0)
    return flow


def _torch_flow(firsts: Grey, seconds: Grey, settings: Tvl1) -> FloatArray:
    import torch

    from mien.motion.tvl1_torch import tvl1_flow

    device = "cuda" if torch.cuda.is_available() else "cpu"
    first, second = (torch.tensor(grey, dtype=torch.float32, device=device) for grey in (firsts, seconds))
    return np.asarray(tvl1_flow(first, second, settings).cpu().numpy())


def _opencv_flow(first: Grey, second: Grey, settings: FlowSettings) -> FloatArray:
    """Flow (H, W, 2) of one pair by OpenCV."""
    if isinstance(settings, Farneback):
        return _farneback(first, second, settings)
    solver = _SOLVERS.of(settings)
    if isinstance(settings, Tvl1):
        # A small image lowers the number of scales in the object itself, for all images that follow.
        solver.setScalesNumber(settings.scales)
        # OpenCV takes floats for 0..1.
        pair = [grey if grey.dtype == np.uint8 else grey / np.float32(255) for grey in (first, second)]
    else:
        pair = [np.rint(grey).astype(np.uint8) for grey in (first, second)]
    return np.asarray(solver.calc(*pair, None))


class _Solvers(threading.local):
    """OpenCV's flow objects, made once in each thread: they keep buffers, so no two threads may share one."""

    def __init__(self) -> None:
        self._made: dict[Tvl1 | Dis, Any] = {}

    def of(self, settings: Tvl1 | Dis) -> Any:
        if settings not in self._made:
            made = _dis_solver(settings) if isinstance(settings, Dis) else _tvl1_solver(settings)
            self._made[settings] = made
        return self._made[settings]


_SOLVERS = _Solvers()


def _tvl1_solver(settings: Tvl1) -> Any:
    return _opencv().optflow.DualTVL1OpticalFlow_create(
        tau=settings.tau,
        lambda_=settings.attachment,
        theta=settings.theta,
        nscales=settings.scales,
        warps=settings.warps,
        epsilon=settings.epsilon,
        innnerIterations=settings.inner_iterations,
        outerIterations=settings.outer_iterations,
        scaleStep=settings.scale_step,
        medianFiltering=settings.median_px,
    )


def _dis_solver(settings: Dis) -> Any:
    cv2 = _opencv()
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(settings.finest_scale)
    solver.setPatchSize(settings.patch_px)
    solver.setPatchStride(settings.patch_stride_px)
    solver.setGradientDescentIterations(settings.descent_iterations)
    solver.setVariationalRefinementIterations(settings.variational_iterations)
    return solver


def _farneback(first: Grey, second: Grey, settings: Farneback) -> FloatArray:
    return np.asarray(
        _opencv().calcOpticalFlowFarneback(
            first,
            second,
            None,
            pyr_scale=settings.pyramid_scale,
            levels=settings.levels,
            winsize=settings.window_px,
            iterations=settings.iterations,
            poly_n=settings.polynomial_px,
            poly_sigma=settings.polynomial_sigma_px,
            flags=0,
        )
    )


@cache
def _opencv() -> Any:
    """The cv2 module, held to one thread: more gain nothing on a face, and clips are shared among processes."""
    import cv2

    cv2.setNumThreads(1)
    return cv2
