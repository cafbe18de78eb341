"""Where a person is filmed: the camera's view, the lamps, the wall behind."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.synthesis.head import Floats


@dataclass(frozen=True)
class View:
    """A perspective camera in front of the face, at the height of the eyes.

    Attributes:
        width, height: of the image, pixels.
        seen_dm: height of the scene that fills the image at the distance of the face, decimetres.
        column, row: where the point between the eyes of a person at rest is seen, as shares of the image.
        distance_dm: of the camera.
    """

    width: int = 640
    height: int = 480
    seen_dm: float = 2.55
    column: float = 0.5
    row: float = 0.46
    distance_dm: float = 11.0

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or self.seen_dm <= 0 or self.distance_dm < 5:
            raise UsageError(
                "a view needs at least one pixel, something to see and a camera 5 decimetres away or more",
                found=self,
            )

    @property
    def focal_px(self) -> float:
        return self.height / self.seen_dm * self.distance_dm

    @property
    def centre(self) -> tuple[float, float]:
        """Window position of the origin, from the upper left corner of the image."""
        return self.column * self.width, self.row * self.height

    def project(self, points: npt.NDArray[np.floating]) -> Floats:
        """Column and row (..., 2) of points (..., 3); whole numbers are the centres of pixels."""
        shown = points[..., :2] * [1.0, -1.0] * (self.focal_px / (self.distance_dm - points[..., 2:]))
        return np.asarray(shown + np.array(self.centre) - 0.5, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Light:
    """Two lamps, light from all around, and the wall behind.

    Attributes:
        directions: (2, 3) unit vectors to the lamps.
        colours: (2, 3) linear.
        sky, ground: (3,) linear light from above and from below.
        wall: (3,) sRGB 0..255 colour of the background; `wall_slope` its relative change from left to right
            and from top to bottom.
    """

    directions: Floats
    colours: Floats
    sky: Floats
    ground: Floats
    wall: Floats
    wall_slope: Floats

    def at(self, levels: Floats) -> Light:
        """This light with levels (3,) of lamp 1, of lamp 2 and of all that comes from around."""
        return replace(
            self,
            colours=self.colours * levels[:2, None],
            sky=self.sky * levels[2],
            ground=self.ground * levels[2],
            wall=self.wall * np.sqrt(levels.mean()),  # it is stored as it is shown, with gamma 2
        )


def draw_light(rng: np.random.Generator) -> Light:
    """The light of one recording session: a lab with two lamps in front and a grey wall."""
    side = rng.choice([-1.0, 1.0])
    angles = np.array([[side * rng.uniform(0.3, 0.8), rng.uniform(0.15, 0.5)]])
    angles = np.concatenate([angles, [[-side * rng.uniform(0.4, 0.9), rng.uniform(0.05, 0.5)]]])
    flat = np.cos(angles[:, 1])
    directions = np.stack(
        [flat * np.sin(angles[:, 0]), np.sin(angles[:, 1]), flat * np.cos(angles[:, 0])], axis=1
    )
    warmth = rng.normal(0, 0.03, (2, 1)) * np.array([1.0, 0.0, -1.2])
    power = np.array([[rng.uniform(0.5, 0.72)], [rng.uniform(0.22, 0.45)]])
    ambient = rng.uniform(0.26, 0.38)
    return Light(
        directions=directions,
        colours=power * (1 + warmth),
        sky=np.full(3, ambient * 1.15),
        ground=ambient * np.array([0.72, 0.66, 0.62]),
        wall=rng.uniform(95, 175) * (1 + rng.normal(0, 0.015, 3)),
        wall_slope=rng.normal(0, 0.06, 2),
    )
