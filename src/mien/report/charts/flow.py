"""The motion of one clip: strain as a tint, u and v as arrows over it, in the colours of the page's theme."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from mien.report.charts.svg import number, tag

SIDE = 224.0  # of the picture, in its own units
ARROWS = 14  # along the longer side
SMOOTH_TO = 112  # pixels the strain is up-sampled to; the browser does the rest
STRAIN_RGB = (226, 92, 18)
SHORTEST = 1.2  # arrow that is still drawn, in picture units
LONGEST = 1.9  # longest arrow, in distances between two arrows
#: Middle and radii (x, y) of the face in an aligned crop, shares of its side.
FACE_OVAL = ((0.5, 0.54), (0.4, 0.5))
#: A longest motion below this is not enlarged to the longest arrow, so that noise does not look like movement.
FAINT_PX = 0.3


@dataclass(frozen=True)
class FlowPicture:
    """A drawn flow image, and in words how long its longest arrow is where that is known."""

    picture: Markup
    words: str


def flow_picture(flow: np.ndarray, *, in_pixels: bool, label: str) -> FlowPicture:
    """The flow image (3, H, W) of u, v, strain, drawn.

    Args:
        in_pixels: whether u and v are displacements in pixels. Where they were stretched to 0..255 per image
            and channel the motion's zero is lost: arrows are then drawn against the image's median.
    """
    u, v, strain = (np.nan_to_num(plane.astype(np.float64)) for plane in flow[:3])
    if not in_pixels:
        u, v = u - np.median(u), v - np.median(v)
    height, width = u.shape
    cell = SIDE / max(height, width)
    block = max(1, round(max(height, width) / ARROWS))
    means = _block_means(u, block), _block_means(v, block)
    longest = float(np.hypot(*means).max())
    frame = (cell * width, cell * height)
    tint = tag(
        "image",
        href=_strain_png(strain),
        x=0,
        y=0,
        width=frame[0],
        height=frame[1],
        preserveAspectRatio="none",
    )
    arrows = tag("path", d=_arrows(*means, longest=longest, step=block * cell), class_="arrows")
    box = f"0 0 {number(frame[0])} {number(frame[1])}"
    picture = tag("svg", tint, arrows, viewBox=box, role="img", aria_label=label, class_="flow")
    return FlowPicture(picture, f"longest arrow {longest:.2f} px" if in_pixels else "")


def flow_on_picture(flow: np.ndarray, picture: str, *, label: str) -> FlowPicture:
    """The flow (2, S, S) in pixels as arrows on the picture of the face that it starts from (a data URI).

    Arrows stand within an oval about the face alone: hair and background move as they like.
    """
    u, v = (np.nan_to_num(plane.astype(np.float64)) for plane in flow[:2])
    block = max(1, round(max(u.shape) / ARROWS))
    u, v = _block_means(u, block), _block_means(v, block)
    row, column = ((np.arange(n) + 0.5) / n for n in u.shape)
    middle, radius = FACE_OVAL
    outside = np.hypot((column - middle[0]) / radius[0], (row[:, None] - middle[1]) / radius[1]) > 1
    u[outside] = v[outside] = 0
    longest = float(np.hypot(u, v).max())
    step = SIDE / max(flow.shape[1:]) * block
    d = _arrows(u, v, longest=max(longest, FAINT_PX), step=step)
    ground = tag("image", href=picture, x=0, y=0, width=SIDE, height=SIDE)
    # a wide dark stroke under a thin light one is seen on any skin
    arrows = (tag("path", d=d, class_=name) for name in ("arrows-edge", "arrows-ink"))
    box = f"0 0 {number(SIDE)} {number(SIDE)}"
    drawn = tag("svg", ground, *arrows, viewBox=box, role="img", aria_label=label, class_="on-face")
    return FlowPicture(drawn, f"longest arrow {longest:.2f} px of the crop")


def _strain_png(strain: np.ndarray) -> str:
    """The strain, smoothly up-sampled, as a data URI: one hue, its opacity the strain."""
    from matplotlib.image import imsave
    from scipy.ndimage import zoom

    factor = max(1.0, SMOOTH_TO / max(strain.shape))
    smooth = zoom(strain, factor, order=3, mode="nearest", grid_mode=True)
    low, high = float(strain.min()), float(strain.max())
    share = np.clip((smooth - low) / (high - low), 0, 1) if high > low else np.zeros_like(smooth)
    pixels = np.empty((*share.shape, 4), np.uint8)
    pixels[..., :3] = STRAIN_RGB
    pixels[..., 3] = np.round(share * 225)
    buffer = io.BytesIO()
    # by default the picture would name matplotlib's version: other bytes after every upgrade
    imsave(buffer, pixels, format="png", metadata={"Software": "Mien"})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _block_means(plane: np.ndarray, block: int) -> np.ndarray:
    """Means over blocks of `block` x `block` pixels; what fills no block at the far edges is left out."""
    rows, columns = plane.shape[0] // block, plane.shape[1] // block
    blocks = plane[: rows * block, : columns * block].reshape(rows, block, columns, block)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _arrows(u: np.ndarray, v: np.ndarray, *, longest: float, step: float) -> str:
    """The `d` of all arrows, one from the centre of each block; none where nothing moves."""
    if not longest > 1e-9:
        return ""
    scale = LONGEST * step / longest
    parts = []
    for (row, column), across in np.ndenumerate(u):
        dx, dy = float(across) * scale, float(v[row, column]) * scale
        length = float(np.hypot(dx, dy))
        if length >= SHORTEST:
            parts.append(_arrow((column + 0.5) * step, (row + 0.5) * step, dx, dy, length))
    return "".join(parts)


def _arrow(x: float, y: float, dx: float, dy: float, length: float) -> str:
    """A shaft and two short strokes for its head."""
    tip_x, tip_y = x + dx, y + dy
    head = min(4.5, 0.45 * length) / length
    ends = [
        (tip_x - head * (dx * 0.87 - side * dy * 0.5), tip_y - head * (dy * 0.87 + side * dx * 0.5))
        for side in (1, -1)
    ]
    tip = f"L{tip_x:.1f},{tip_y:.1f}"
    (ax, ay), (bx, by) = ends
    return f"M{x:.1f},{y:.1f}{tip}M{ax:.1f},{ay:.1f}{tip}L{bx:.1f},{by:.1f}"
