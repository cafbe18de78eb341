"""Named parts of the mesh."""

from __future__ import annotations

import numpy as np

from mien.face.landmarks import Face
from mien.face.regions import IBUG_68, eye_centres, face_share, ibug68, interocular_px, rigid_mask


def test_the_68_points_lie_in_the_order_of_their_scheme(face: Face) -> None:
    assert len(set(IBUG_68)) == 68
    points = ibug68(face.points)
    jaw, left_brow, right_brow, bridge = points[:17], points[17:22], points[22:27], points[27:31]
    left_eye, right_eye, outer_lips, inner_lips = points[36:42], points[42:48], points[48:60], points[60:]
    for line in (jaw, left_brow, right_brow, points[31:36]):
        assert (np.diff(line[:, 0]) > -2).all()
    assert (np.diff(bridge[:, 1]) > 0).all() and jaw[8, 1] == points[:, 1].max()
    assert left_brow[:, 1].max() < left_eye[:, 1].min() and right_brow[:, 1].max() < right_eye[:, 1].min()
    assert left_eye[0, 0] == left_eye[:, 0].min() and right_eye[3, 0] == right_eye[:, 0].max()
    for eye in (left_eye, right_eye):
        assert eye[[1, 2], 1].max() < eye[[4, 5], 1].min()
    assert (inner_lips[:, 0] >= outer_lips[0, 0]).all() and (inner_lips[:, 0] <= outer_lips[6, 0]).all()
    assert outer_lips[3, 1] < inner_lips[2, 1] < inner_lips[6, 1] < outer_lips[9, 1]


def test_distances_are_taken_between_corners(face: Face) -> None:
    left, right = eye_centres(face.points)
    irises = face.points[[468, 473]]
    assert np.abs(np.array([left, right]) - irises).max() < 5
    assert 1.3 < interocular_px(face.points) / np.hypot(*(right - left)) < 1.6


def test_the_rigid_part_holds_bridge_and_forehead_but_no_brow_eye_or_mouth(face: Face) -> None:
    mask = rigid_mask(face.points, 512, 512)
    inside = {
        index: bool(mask[tuple(np.round(face.points[index][::-1]).astype(int))]) for index in range(478)
    }
    assert inside[168] and inside[197] and inside[10] and inside[151]
    brows_eyes_mouth = [*range(17, 27), *range(36, 68)]
    assert not any(inside[IBUG_68[point]] for point in brows_eyes_mouth)
    assert 0.05 < (mask > 0).sum() / face.width_px**2 < 0.25


def test_the_face_is_whole_inside_its_outline_and_nothing_outside(face: Face) -> None:
    share = face_share(face.points, 512, 512)
    left, top, right, bottom = (int(edge) for edge in face.box)
    column, row = (int(middle) for middle in face.centre)
    assert share[row, column] == 1 and share.min() == 0 and share.max() == 1
    apart = interocular_px(face.points)
    outside = np.ones_like(share, bool)
    reach = round(0.2 * apart)
    outside[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach] = False
    assert not share[outside].any()
    assert ((share > 0) & (share < 1)).any(), "the edge is soft"
