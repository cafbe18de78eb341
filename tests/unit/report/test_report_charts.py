"""The pictures: scales, marks, the plane of the embedding map, the drawn flow."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from mien.report.charts.curves import term_curves
from mien.report.charts.embedding import MapPoint, embedding_map, plane
from mien.report.charts.flow import flow_picture
from mien.report.charts.reliability import reliability_diagram
from mien.report.charts.subjects import subject_chart
from mien.report.charts.svg import MARKERS, Plot, marker, tag, ticks
from mien.report.schema import ReliabilityBin, SubjectScores


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10))
def test_ticks_are_few_and_inside(low: float, span: float, most: int) -> None:
    found = ticks(low, low + span, most)
    assert len(found) <= most + 1
    assert found == sorted(set(found))
    slack = 1e-6 * span + 1e-9 * abs(low)
    assert all(low - slack <= each <= low + span + slack for each in found)


def test_ticks_are_round() -> None:
    assert ticks(0, 1) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(1, 800) == [200, 400, 600, 800]
    assert ticks(3, 3) == [3]


def test_tags_escape_what_they_are_given() -> None:
    made = tag("g", "<b>&", tag("title", Markup("&lt;")), data_name='"><script>', class_="x", id=None)
    assert made == '<g data-name="&#34;&gt;&lt;script&gt;" class="x">&lt;b&gt;&amp;<title>&lt;</title></g>'


def test_each_class_has_a_shape_of_its_own() -> None:
    drawn = {str(marker(kind, 0, 0, 5, class_="m")) for kind in range(len(MARKERS))}
    assert len(drawn) == len(MARKERS)


def test_scales_run_the_right_way() -> None:
    plot = Plot(100, 100, (0, 10), (0, 1), left=10, right=0, top=0, bottom=10)
    assert (plot.px(0), plot.px(10)) == (10, 100)
    assert (plot.py(0), plot.py(1)) == (90, 0)


def test_the_plane_keeps_distances_of_points_that_lie_in_one() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(30, 2))
    basis = np.linalg.qr(rng.normal(size=(16, 2)))[0]
    found, shares = plane((flat @ basis.T).astype(np.float32))
    before = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    after = np.linalg.norm(found[:, None] - found[None], axis=-1)
    np.testing.assert_allclose(after, before, atol=1e-4)
    assert sum(shares) == pytest.approx(1, abs=1e-6)
    assert shares[0] >= shares[1]


@pytest.mark.parametrize("visual", [np.ones((5, 8)), np.ones((1, 8)), np.ones((4, 1))])
def test_a_plane_of_points_that_are_all_alike(visual: np.ndarray) -> None:
    found, shares = plane(visual.astype(np.float32))
    assert found.shape == (len(visual), 2)
    assert not found.any()
    assert shares == (0.0, 0.0)
    points = [MapPoint(f"k{k}", "a", "b", "", float("nan"), "") for k in range(len(visual))]
    assert "NaN" not in embedding_map(points, found, shares, ["a", "b"])


def _arrows(picture: str) -> np.ndarray:
    """(n, 2) the displacements of the shafts."""
    d = re.search(r'd="([^"]*)" class="arrows"', picture)
    assert d is not None
    shafts = re.findall(r"M([-\d.]+),([-\d.]+)L([-\d.]+),([-\d.]+)M", d.group(1))
    found = np.array(shafts, float).reshape(-1, 4)
    return found[:, 2:] - found[:, :2]


@pytest.mark.parametrize(("u", "v"), [(1.0, 0.0), (0.0, 2.0), (-1.0, -1.0)])
def test_arrows_point_where_the_flow_goes(u: float, v: float) -> None:
    flow = np.zeros((3, 28, 28), np.float32)
    flow[0, 8:16, 8:16], flow[1, 8:16, 8:16] = u, v
    drawn = flow_picture(flow, in_pixels=True, label="a clip")
    arrows = _arrows(str(drawn.picture))
    assert len(arrows) == 16  # blocks of 2 x 2 pixels
    np.testing.assert_allclose(
        arrows / np.hypot(*arrows[0]), np.tile([u, v], (16, 1)) / np.hypot(u, v), atol=0.01
    )
    assert drawn.words == f"longest arrow {np.hypot(u, v):.2f} px"


def test_stretched_flow_is_drawn_against_its_median() -> None:
    flow = np.full((3, 28, 28), 90, np.uint8)
    flow[0, 8:16, 8:16] = 255
    drawn = flow_picture(flow, in_pixels=False, label="a clip")
    arrows = _arrows(str(drawn.picture))
    assert len(arrows) == 16
    assert (arrows[:, 0] > 0).all()
    assert drawn.words == ""


def test_no_motion_gives_no_arrow_and_no_tint() -> None:
    drawn = flow_picture(np.zeros((3, 28, 28), np.float32), in_pixels=True, label="a clip")
    assert len(_arrows(str(drawn.picture))) == 0
    assert not _strain(str(drawn.picture))[..., 3].any()


def _strain(picture: str) -> np.ndarray:
    encoded = re.search(r"data:image/png;base64,([^\"]+)", picture)
    assert encoded is not None
    return np.asarray(matplotlib.image.imread(io.BytesIO(base64.b64decode(encoded.group(1)))))


def test_the_tint_is_strongest_where_the_strain_is() -> None:
    flow = np.zeros((3, 28, 40), np.float32)
    flow[2, 20, 30] = 1
    tint = _strain(str(flow_picture(flow, in_pixels=True, label="a clip").picture))[..., 3]
    row, column = np.unravel_index(tint.argmax(), tint.shape)
    assert row / tint.shape[0] == pytest.approx(20.5 / 28, abs=0.03)
    assert column / tint.shape[1] == pytest.approx(30.5 / 40, abs=0.03)


def test_real_flow_is_drawn(shared_data: Path) -> None:
    with np.load(shared_data / "megc2019_flow" / "flow.npz", allow_pickle=False) as arrays:
        images = arrays["flow"][::60].transpose(0, 3, 1, 2)
    for image in images:
        drawn = flow_picture(image, in_pixels=False, label="a real clip")
        assert len(_arrows(str(drawn.picture))) > 20
        assert len(drawn.picture) < 60_000


def test_curves_show_the_mean_and_leave_out_empty_terms() -> None:
    table = pd.DataFrame(
        {"seed": 0, "fold": ["a", "b"] * 3, "epoch": [1, 1, 2, 2, 3, 3], "loss": [2.0, 4, 1, 3, 0, 2]}
    ).assign(text=np.nan, other=[1.0, np.nan] * 3)
    found = {curve.name: curve for curve in term_curves(table)}
    assert list(found) == ["loss", "other"]
    assert found["loss"].last == 1.0
    assert "from 3 at epoch 1 to 1 at epoch 3" in found["loss"].picture


@pytest.mark.parametrize("loss", [[1.0], [0.0], [-2.0], [float("inf")], [1e-9, 1e9]])
def test_curves_of_any_size_are_drawn(loss: list[float]) -> None:
    table = pd.DataFrame({"seed": 0, "fold": "a", "epoch": range(1, len(loss) + 1), "loss": loss})
    for curve in term_curves(table):
        assert "nan" not in curve.picture
        assert "inf" not in curve.picture


def test_bins_without_predictions_are_not_drawn() -> None:
    empty = ReliabilityBin(low=0, high=0.5, n=0)
    full = ReliabilityBin(low=0.5, high=1, n=4, confidence=0.75, accuracy=0.5)
    assert reliability_diagram([empty, full]).count("<circle") == 1
    assert "No bin holds a prediction" in reliability_diagram([empty])


def test_subjects_are_sorted_and_sized_by_clips() -> None:
    rows = [(1, 0.2), (4, 0.9), (16, 0.5)]
    subjects = [
        SubjectScores(group=f"d/{k}", dataset="d", subject=str(k), n_clips=n, accuracy=accuracy)
        for k, (n, accuracy) in enumerate(rows)
    ]
    picture = subject_chart(subjects, {})
    assert re.findall(r'data-name="d/(\d)"', picture) == ["1", "2", "0"]
    radii = [float(each) for each in re.findall(r'<circle[^>]* r="([\d.]+)"', picture)]
    assert radii[1] > radii[0] > radii[2]
    assert "undefined" in subject_chart([SubjectScores(group="d/1", n_clips=0, accuracy=None)], {})
