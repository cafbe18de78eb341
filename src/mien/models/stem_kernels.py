"""Compiled CPU kernels of the flow stem: 3x3 convolution, ReLU, batch statistics and 3x3 max pooling in one
pass.

Why our own: a 28x28 image with a handful of filters is so small that the generic operators spend their time
moving activations through memory. Here an image stays in the first-level cache from the convolution to
the pooled value, and the backward pass rebuilds what it needs from the rectified map alone.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]

POOL = 3
_OPTIONS: dict[str, Any] = {
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
}


@numba.njit(**_OPTIONS)
def forward(
    x: F32, weight: F32, bias: F32, sign: F32, rectified: F32, pooled: F32, where: U8, total: F64, square: F64
) -> None:
    """Fill `rectified` with relu(conv3x3(x)), `pooled` and `where` with its 3x3 windows, and add up the sums.

    `x` is (N, 3, H+2-2P, W+2-2P), padded here by P on all sides; `weight` (C, 3, 3, 3); `bias`, `sign`, and
    the sums of the values and of their squares, `total` and `square` (C,); `rectified` (N, C, H, W+2);
    `pooled` and `where` (N, C, h, w). The last two columns of `rectified` are zero: with them a plane is one
    long row, which vectorises without a remainder.

    `pooled` is the value of a window (stride 3, padding 1) that maximises sign * value, `where` its place
    0..8 in the window. Batch normalisation is affine per channel, so the maximum of the normalised window
    sits where the raw window has its maximum (sign +1) or its minimum (sign -1): the normalised map is never
    built.
    """
    n_images, n_filters, height, stride = rectified.shape
    length = height * stride - 2
    plane = (height + 2) * stride
    padded = np.zeros((3, height + 2, stride), np.float32)
    shown = padded.reshape(3 * plane)
    best = np.empty(POOL * pooled.shape[3], np.float32)
    place = np.empty(POOL * pooled.shape[3], np.int32)
    for n in range(n_images):
        _pad(x[n], padded)
        for c in range(n_filters):
            out = rectified[n, c].reshape(height * stride)
            out[:] = bias[c]
            for k in range(3):
                _correlate(shown[k * plane : (k + 1) * plane], weight[c, k], out[:length], stride)
            for i in range(height):
                rectified[n, c, i, stride - 2] = 0
                rectified[n, c, i, stride - 1] = 0
            plane_total = np.float32(0)
            plane_square = np.float32(0)
            for f in range(len(out)):
                value = max(out[f], np.float32(0))
                out[f] = value
                plane_total += value
                plane_square += value * value
            total[c] += plane_total
            square[c] += plane_square
            _pool(rectified[n, c], sign[c], best, place, pooled[n, c], where[n, c])


@numba.njit(**_OPTIONS)
def _pad(image: F32, padded: F32) -> None:
    """Copy an image (3, h, w) into the middle of `padded` (3, h + 2P, w + 2P), whose border stays zero."""
    margin = (padded.shape[1] - image.shape[1]) // 2
    for k in range(3):
        for i in range(image.shape[1]):
            target, source = padded[k, i + margin, margin:], image[k, i]
            for j in range(len(source)):
                target[j] = source[j]


@numba.njit(inline="always")
def _taps(x: F32, stride: int) -> tuple[F32, ...]:
    """The nine shifted views of the flat plane `x` that a 3x3 filter reads.

    Views indexed by the loop variable alone let the compiler drop the test for negative indices and
    vectorise.
    """
    return (
        x[0:], x[1:], x[2:],
        x[stride:], x[stride + 1 :], x[stride + 2 :],
        x[2 * stride :], x[2 * stride + 1 :], x[2 * stride + 2 :],
    )  # fmt: skip


@numba.njit(**_OPTIONS)
def _correlate(x: F32, w: F32, out: F32, stride: int) -> None:
    """Add to the flat plane `out` the 3x3 filter `w` over the flat padded plane `x`."""
    a, b, c, d, e, g, h, i, k = _taps(x, stride)
    w00, w01, w02 = w[0, 0], w[0, 1], w[0, 2]
    w10, w11, w12 = w[1, 0], w[1, 1], w[1, 2]
    w20, w21, w22 = w[2, 0], w[2, 1], w[2, 2]
    for f in range(len(out)):
        top = w00 * a[f] + w01 * b[f] + w02 * c[f]
        middle = w10 * d[f] + w11 * e[f] + w12 * g[f]
        bottom = w20 * h[f] + w21 * i[f] + w22 * k[f]
        out[f] += top + middle + bottom


@numba.njit(**_OPTIONS)
def _pool(plane: F32, s: float, best: F32, place: I32, pooled: F32, where: U8) -> None:
    """Pool one plane (H, W+2): first the three rows of a window, column by column, then the three columns."""
    height, stride = plane.shape
    rows, columns = pooled.shape
    inside = best[1 : 1 + min(POOL * columns - 1, stride - 2)]
    inside_place = place[1 : 1 + len(inside)]
    for p in range(rows):
        first = POOL * p - 1
        best[:] = -np.inf
        for i in range(max(first, 0), min(first + POOL, height)):
            row = plane[i]
            for j in range(len(inside)):
                value = s * row[j]
                better = value > inside[j]
                inside[j] = value if better else inside[j]
                inside_place[j] = i - first if better else inside_place[j]
        for q in range(columns):
            a, b, d = best[POOL * q], best[POOL * q + 1], best[POOL * q + 2]
            k = 1 if b > a else 0
            a = b if b > a else a
            k = 2 if d > a else k
            a = d if d > a else a
            pooled[p, q] = s * a
            where[p, q] = POOL * place[POOL * q + k] + k


@numba.njit(**_OPTIONS)
def weight_gradient(
    x: F32, rectified: F32, where: U8, pooled_gradient: F32, constant: F32, slope: F32, weight: F32, bias: F32
) -> None:
    """Add to `weight` (C, 3, 3, 3) and `bias` (C,) the gradient of the loss with respect to them.

    The gradient at a rectified value r is constant + slope * r (from the batch statistics), plus
    `pooled_gradient` where r was the pooled value; it is zero where r is zero.
    """
    n_images, n_filters, height, stride = rectified.shape
    rows, columns = pooled_gradient.shape[2], pooled_gradient.shape[3]
    length = height * stride - 2
    plane = (height + 2) * stride
    padded = np.zeros((3, height + 2, stride), np.float32)
    shown = padded.reshape(3 * plane)
    gradient = np.empty(height * stride, np.float32)
    zero = np.float32(0)
    for n in range(n_images):
        _pad(x[n], padded)
        for c in range(n_filters):
            row = rectified[n, c].reshape(height * stride)
            for f in range(length):
                gradient[f] = constant[c] + slope[c] * row[f]
            for p in range(rows):
                for q in range(columns):
                    k = int(where[n, c, p, q])
                    at = (POOL * p - 1 + k // POOL) * stride + POOL * q - 1 + k % POOL
                    gradient[at] += pooled_gradient[n, c, p, q]
            all_bias = np.float32(0)
            for f in range(length):
                gradient[f] = gradient[f] if row[f] > zero else zero
                all_bias += gradient[f]
            bias[c] += all_bias
            for k in range(3):
                _accumulate(shown[k * plane : (k + 1) * plane], gradient, length, stride, weight[c, k])


@numba.njit(**_OPTIONS)
def _accumulate(x: F32, gradient: F32, length: int, stride: int, weight: F32) -> None:
    """Add to `weight` (3, 3) the correlation of the padded plane `x` with `gradient`, both flat."""
    a, b, c, d, e, g, h, i, k = _taps(x, stride)
    s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = np.float32(0)
    for f in range(length):
        value = gradient[f]
        s00 += value * a[f]
        s01 += value * b[f]
        s02 += value * c[f]
        s10 += value * d[f]
        s11 += value * e[f]
        s12 += value * g[f]
        s20 += value * h[f]
        s21 += value * i[f]
        s22 += value * k[f]
    weight[0, 0] += s00
    weight[0, 1] += s01
    weight[0, 2] += s02
    weight[1, 0] += s10
    weight[1, 1] += s11
    weight[1, 2] += s12
    weight[2, 0] += s20
    weight[2, 1] += s21
    weight[2, 2] += s22
