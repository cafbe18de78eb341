"""A picture of every stage of one clip's preparation, to be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.prepare.stages import Stages

MOST_FRAMES = 8
#: Flow of micro-expressions rarely exceeds this at 128 px: one scale for all fields of all clips.
LIMIT_PX = 2.0


def draw_stages(stages: Stages, title: str, path: str | Path) -> None:
    """Write a PNG: crops with the points and the rigid region, the sampled crops, and flow from the onset.

    Colour shows u (right positive) and v (down positive) between -2 and 2 px of the crop; strain up to its 99th
    percentile; arrows are drawn four times as long as the motion.
    """
    plan = stages.plan
    shown = _spread(plan.sampled or (plan.onset, *([] if plan.apex is None else [plan.apex])))
    columns = max(4, len(shown))
    figure = Figure(figsize=(1.9 * columns, 10.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    axes = figure.subplots(5, columns, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    _draw_alignment(axes[0], stages)
    for column, number in enumerate(shown):
        flow = stages.flow(plan.onset, number)
        _image(axes[1][column], stages.crop(number), f"frame {number}{_role(stages, number)}")
        for row, name, field in ((2, "u", flow[0]), (3, "v", flow[1])):
            picture = axes[row][column].imshow(field, cmap="RdBu_r", vmin=-LIMIT_PX, vmax=LIMIT_PX)
            axes[row][column].set_title(f"{name}, {np.abs(field).max():.2f} px at most", fontsize=7)
        _arrows(axes[4][column], stages.grey(number), flow)
    figure.colorbar(picture, ax=axes[2:4], shrink=0.6, label="px of the crop")
    for line, note in enumerate((*plan.notes, *stages.aligned.notes)):
        figure.text(0.01, 0.005 + 0.014 * line, note, fontsize=7)
    figure.savefig(path, dpi=110)


def _draw_alignment(axes: list[Axes], stages: Stages) -> None:
    aligned = stages.aligned
    reference = aligned.crops[aligned.reference]
    _image(axes[0], reference, f"crop of frame {aligned.numbers[aligned.reference]}")
    axes[0].plot(*aligned.points68.T, "c.", markersize=2)
    _image(axes[1], reference, "rigid region")
    axes[1].imshow(np.where(stages.rigid, 1.0, np.nan), cmap="autumn", alpha=0.4)
    rows = [row for row in aligned.quality if not row.lost]
    numbers = [row.number for row in rows]
    for axis, name, words in (
        (axes[2], "shift_px", "shift undone, px"),
        (axes[3], "residual_px", "rigid motion left, px"),
    ):
        axis.set_axis_on()
        axis.plot(numbers, [getattr(row, name) for row in rows], ".-", linewidth=0.8)
        axis.set_title(words, fontsize=7)
        axis.set_xlabel("frame", fontsize=7)
        axis.tick_params(labelsize=6)


def _image(axis: Axes, image: np.ndarray, title: str) -> None:
    axis.imshow(image)
    axis.set_title(title, fontsize=7)


def _arrows(axis: Axes, grey: np.ndarray, flow: np.ndarray) -> None:
    step = max(4, grey.shape[0] // 20)
    y, x = np.mgrid[step // 2 : grey.shape[0] : step, step // 2 : grey.shape[1] : step]
    u, v = flow[:, y, x]
    axis.imshow(grey, cmap="gray", vmin=0, vmax=255)
    axis.quiver(x, y, u, v, color="tab:red", angles="xy", scale_units="xy", scale=0.25, width=0.006)
    axis.set_title("flow from the onset", fontsize=7)


def _role(stages: Stages, number: int) -> str:
    roles = {stages.plan.onset: ", onset", stages.plan.offset: ", offset"}
    if stages.plan.apex is not None:
        roles[stages.plan.apex] = ", apex"
    return roles.get(number, "")


def _spread(numbers: tuple[int, ...]) -> list[int]:
    """At most eight of the numbers, evenly spread, each once."""
    once = sorted(set(numbers))
    at = np.unique(np.linspace(0, len(once) - 1, min(MOST_FRAMES, len(once))).round().astype(int))
    return [once[i] for i in at]
