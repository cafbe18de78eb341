"""A person in one pose: where every vertex of skin, teeth, lashes and eyeballs is, before the head turns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from mien.synthesis.bust import PIVOT, Bust, Normals, cylinder, eyeball, follow, load_bust
from mien.synthesis.head import Floats, Indices
from mien.synthesis.person import Person

Floats32 = npt.NDArray[np.float32]

#: How far an eye turns (radians) at full strength of its face unit `eyeLookUp` or `eyeLookOut`.
GAZE_REACH_RAD = 0.5
#: Skin further back than this, seen from between the eyes (decimetres), may face away for good.
BEHIND_Z = -0.55
#: Length over which lashes thin out (decimetres), and how dense the lower ones are beside the upper.
LASH_DM, LOWER_LASHES = 0.085, 0.35
#: How far out lids stay, in radii of the eyeball: their triangles are flat, the eyeball between is not.
LID_SHARE = 1.08
#: Linear colours of what is seen in an open mouth.
TEETH_COLOUR, TONGUE_COLOUR = (0.5, 0.45, 0.38), (0.2, 0.06, 0.06)


def _zeros() -> Floats:
    return np.zeros(3)


@dataclass(frozen=True, eq=False)
class Pose:
    """What a person does in one frame.

    Attributes:
        weights: (K,) face units; the gaze follows `eyeLookUp`, `eyeLookOut` and their likes.
        turn_rad: (3,) rotation vector of the head: x pitch (down), y yaw (to the subject's left), z roll.
        shift_dm: (3,) of the head, over the neck.
        sway_dm: (3,) of the whole body.
    """

    weights: Floats
    turn_rad: Floats = field(default_factory=_zeros)
    shift_dm: Floats = field(default_factory=_zeros)
    sway_dm: Floats = field(default_factory=_zeros)

    @property
    def matrix(self) -> Floats:
        """Rotation (3, 3) of the head."""
        return np.asarray(Rotation.from_rotvec(self.turn_rad).as_matrix(), dtype=np.float64)

    def moved(self, places: Floats, share: Floats) -> Floats:
        """Places (N, 3) after the head motion, of which each takes part in its share (N,)."""
        turned = (places - pivot()) @ self.matrix.T + pivot() + self.shift_dm
        return np.asarray(places + (turned - places) * share[:, None] + self.sway_dm)


def pivot() -> Floats:
    """The point (3,) that heads turn about, seen from between the eyes."""
    return np.asarray(PIVOT - load_bust().head.eyes().mean(axis=0))


class Body:
    """All solid vertices of a person: the bust without its eyeballs, then the left and the right eye.

    Attributes:
        canonical: (N, 3) place on the base mesh; in the mouth, a colour.
        places: (N, 2) position in the painted pictures.
        openness: (N,) 0..1 share of the surroundings that is seen; for lashes, how dense they are.
        follow: (N,) 0..1 share of the head's motion.
        triangles: kind of surface -> (T, 3).

    Args:
        person: whose.
        lids_over_eyes: keep skin that is pressed or slides over an eyeball in front of it. Faint expressions do
            without; in strong ones eyeballs would come through.
    """

    def __init__(self, person: Person, *, lids_over_eyes: bool = False) -> None:
        bust = person.bust
        head = bust.head
        self._head, self._rest = head, person.vertices
        globe, globe_triangles = eyeball()
        n, n_eye = len(person.vertices), len(globe)
        self._globe = globe
        self._centres = head.eyes(person.vertices)
        self._radii = [
            float(np.linalg.norm(person.vertices[rows] - centre, axis=1).mean())
            for rows, centre in zip((head.left_eye, head.right_eye), self._centres, strict=True)
        ]
        self._floors = [self._floor(eye) for eye in range(2)] if lids_over_eyes else []
        self.places = np.concatenate([cylinder(head.vertices)] + 2 * [globe[:, :2] * [0.5, -0.5] + 0.5])
        self.canonical = np.concatenate([_with_mouth_colours(bust), globe, globe])
        self.openness = np.concatenate(
            [_openness(bust, person.look.lashes), _lid_shade(globe), _lid_shade(globe)]
        )
        self.follow = np.concatenate([follow(head.vertices), np.ones(2 * n_eye)])
        self.triangles: dict[str, Indices] = {
            "skin": self._seen_skin(bust.triangles_of("skin")),
            "eyes": np.concatenate([globe_triangles + n, globe_triangles + n + n_eye]),
            "mouth": bust.triangles_of("teeth", "tongue"),
            "lashes": bust.triangles_of("lashes"),
        }
        self._units = head.units.astype(np.float32).reshape(len(head.unit_names), -1)
        self._normals = Normals(
            n, np.concatenate([bust.triangles_of("skin"), self.triangles["mouth"], self.triangles["lashes"]])
        )

    def _floor(self, eye: int) -> tuple[Indices, Floats]:
        """Vertices in front of an eyeball, and how near to its centre each may come: no nearer than at rest."""
        away = self._rest - self._centres[eye]
        length = np.linalg.norm(away, axis=1)
        radius = self._radii[eye]
        solid = ~np.isin(np.arange(len(away)), np.concatenate([self._head.left_eye, self._head.right_eye]))
        rows = np.flatnonzero(solid & (length < 2 * radius) & (away[:, 2] > 0))
        return rows, np.minimum(length[rows], LID_SHARE * radius)

    def _seen_skin(self, triangles: Indices) -> Indices:
        """Skin without the back of head and body, which no camera in front ever sees."""
        corners = self._rest[triangles]
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        away = facing[:, 2] < -0.3 * np.linalg.norm(facing, axis=1)
        behind = corners[..., 2].max(axis=1) < BEHIND_Z
        return np.asarray(triangles[~(away & behind)])

    def __len__(self) -> int:
        return len(self.follow)

    def shape(self, pose: Pose) -> tuple[Floats32, Floats32]:
        """Positions and unit normals (N, 3) of the face in this pose; head motion is not applied yet."""
        active = np.flatnonzero(pose.weights)
        moved = pose.weights[active].astype(np.float32) @ self._units[active]
        skin = self._rest.astype(np.float32) + moved.reshape(-1, 3)
        for centre, (rows, lowest) in zip(self._centres, self._floors, strict=False):
            away = skin[rows] - centre
            length = np.linalg.norm(away, axis=1)
            skin[rows] = centre + away * np.maximum(1.0, lowest / np.maximum(length, 1e-6))[:, None]
        eyes, outward = [], []
        for side, centre, radius in zip(("Left", "Right"), self._centres, self._radii, strict=True):
            turned = self._globe @ self._gaze(pose.weights, side).T
            eyes.append(centre + radius * turned)
            outward.append(turned)
        return (
            np.concatenate([skin, *eyes]).astype(np.float32),
            np.concatenate([self._normals(skin), *outward]).astype(np.float32),
        )

    def places_of(self, pose: Pose, rows: Indices) -> Floats:
        """Positions (R, 3) of some vertices of the bust in this pose, without head motion."""
        return np.asarray(self._rest[rows] + np.tensordot(pose.weights, self._head.units[:, rows], axes=1))

    def _gaze(self, weights: Floats, side: str) -> Floats:
        index = self._head.unit_index
        up = weights[index[f"eyeLookUp{side}"]] - weights[index[f"eyeLookDown{side}"]]
        out = weights[index[f"eyeLookOut{side}"]] - weights[index[f"eyeLookIn{side}"]]
        yaw = out if side == "Left" else -out
        turn = Rotation.from_rotvec([-up * GAZE_REACH_RAD, yaw * GAZE_REACH_RAD, 0.0])
        return np.asarray(turn.as_matrix())


def _with_mouth_colours(bust: Bust) -> Floats:
    found = bust.head.vertices.copy()
    for name, colour in (("teeth", TEETH_COLOUR), ("tongue", TONGUE_COLOUR)):
        found[bust.parts == bust.part_names.index(name)] = colour
    return found


def _openness(bust: Bust, lash_density: float) -> Floats:
    """Openness of the bust's vertices; the inside of the mouth stays dark when it opens."""
    found = np.where(bust.masks["mouth_inside"] > 0.5, np.minimum(bust.openness, 0.25), bust.openness)
    for name, share in (("teeth", 0.4), ("tongue", 0.4)):
        found = np.where(bust.parts == bust.part_names.index(name), share, found)
    lashes = bust.parts == bust.part_names.index("lashes")
    return np.asarray(np.where(lashes, lash_density * _lash_roots(bust), found))


def _lash_roots(bust: Bust) -> Floats:
    """How densely lashes cover the skin (V,): most at the lid, thinning out to their tips, few below."""
    vertices, eyes = bust.head.vertices, bust.head.eyes()
    nearest = eyes[np.where(vertices[:, 0] > 0, 0, 1)]
    radius = np.linalg.norm(vertices[bust.head.left_eye[0]] - eyes[0])
    length = np.linalg.norm(vertices - nearest, axis=1) - radius
    upper = vertices[:, 1] > nearest[:, 1]
    return np.asarray(np.clip(1 - length / LASH_DM, 0.0, 1.0) * np.where(upper, 1.0, LOWER_LASHES))


def _lid_shade(globe: Floats) -> Floats:
    """How light each point of an eyeball is: the upper lid and the corners shade it."""
    shade = 0.95 - 1.6 * np.maximum(globe[:, 1] - 0.02, 0) - 0.5 * globe[:, 0] ** 2
    return np.asarray(np.clip(shade, 0.3, 1.0))
