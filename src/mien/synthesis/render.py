"""Pictures of a person, and where every visible point goes: OpenGL without a screen."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UsageError
from mien.synthesis import shaders
from mien.synthesis.hair import SHELLS
from mien.synthesis.head import Floats
from mien.synthesis.person import Person
from mien.synthesis.posing import LASHES, Body, Floats32, Pose, pivot

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

HAIR = LASHES + 1
SAMPLES = 4
#: A point counts as hidden in the second frame if something lies this much nearer there (decimetres).
OCCLUSION_DM = 0.03
_ALPHA_TO_COVERAGE = 0x809E  # GL_SAMPLE_ALPHA_TO_COVERAGE
_SRGB8_ALPHA8 = 0x8C43


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


def draw_light(rng: np.random.Generator) -> Light:
    """The light of one recording session: a lab with two lamps in front and a grey wall."""
    side = rng.choice([-1.0, 1.0])
    angles = np.array([[side * rng.uniform(0.3, 0.8), rng.uniform(0.25, 0.6)]])
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


def open_context() -> Any:
    """An OpenGL context without a screen (EGL).

    Raises:
        InputError: none can be made; the message says what to install.
    """
    import moderngl

    try:
        return moderngl.create_context(standalone=True, backend="egl", require=330)
    except Exception as error:  # moderngl and glcontext raise bare exceptions
        raise InputError(
            "no picture can be rendered: OpenGL without a screen (EGL) is not available",
            found=str(error) or type(error).__name__,
            do="install EGL and a software renderer: apt-get install libegl1 libgl1-mesa-dri",
        ) from error


class Renderer:
    """Renders one person before one camera; a context manager that gives its memory back.

    Args:
        person: who.
        view: the camera.
        light: the light of the session.

    Raises:
        InputError: no OpenGL context can be made.
    """

    def __init__(self, person: Person, view: View, light: Light) -> None:
        self.person, self.view, self.light = person, view, light
        self.body = Body(person)
        self._context = open_context()
        self._wall = _wall(view, light)
        self._build()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the context and everything in it back."""
        self._context.release()

    def _build(self) -> None:
        import moderngl

        context, size = self._context, (self.view.width, self.view.height)
        self._picture = context.program(shaders.PICTURE_VERTEX, shaders.PICTURE_FRAGMENT)
        self._tracking = context.program(shaders.FLOW_VERTEX, shaders.FLOW_FRAGMENT)
        self._face = [context.buffer(reserve=len(self.body) * 24, dynamic=True) for _ in range(2)]
        self._fixed = context.buffer(_fixed_of_body(self.body).tobytes())
        hair, hair_fixed = _hair_arrays(self.person)
        self._hair, self._hair_fixed = context.buffer(hair.tobytes()), context.buffer(hair_fixed.tobytes())
        indices = [self.body.triangles, self.body.lashes, _shell_triangles(self.person)]
        self._indices = [context.buffer(np.ascontiguousarray(each, dtype=np.uint32).tobytes()) for each in indices]
        self._draws = [self._arrays(*each) for each in ((self._face, 0), (self._face, 1), ([self._hair] * 2, 2))]
        self._textures = [
            self._texture(picture, unit)
            for unit, picture in enumerate((self.person.skin, self.person.eye, self.person.strands))
        ]
        colour = context.renderbuffer(size, 4, samples=SAMPLES)
        self._many = context.framebuffer([colour], context.depth_renderbuffer(size, samples=SAMPLES))
        self._one = context.framebuffer([context.renderbuffer(size, 4)])
        self._found = context.framebuffer(
            [context.renderbuffer(size, 4, dtype="f4")], context.depth_renderbuffer(size)
        )
        context.enable(moderngl.DEPTH_TEST)
        self._set_constants()

    def _arrays(self, buffers: list[Any], number: int) -> tuple[Any, Any]:
        """Vertex arrays of one draw, for pictures and for flow."""
        first, second = buffers
        fixed = self._hair_fixed if number == 2 else self._fixed
        index = self._indices[number]
        picture = self._context.vertex_array(
            self._picture,
            [(first, "3f 3f", "place", "normal"), (fixed, "3f 2f 4f", "canonical", "at", "traits")],
            index,
        )
        tracking = self._context.vertex_array(
            self._tracking,
            [
                (first, "3f 12x", "place"),
                (second, "3f 12x", "place_second"),
                (fixed, "12x 2f 4f", "at", "traits"),
            ],
            index,
        )
        return picture, tracking

    def _texture(self, picture: Image, unit: int) -> Any:
        height, width, _ = picture.shape
        internal = _SRGB8_ALPHA8
        texture = self._context.texture(
            (width, height), 4, np.ascontiguousarray(picture).tobytes(), internal_format=internal
        )
        texture.build_mipmaps()
        texture.repeat_y = False
        texture.use(unit)
        return texture

    def _set_constants(self) -> None:
        view, light = self.view, self.light
        for program in (self._picture, self._tracking):
            for name, value in (
                ("pivot", tuple(pivot())),
                ("size", (float(view.width), float(view.height))),
                ("centre", view.centre),
                ("focal_px", view.focal_px),
                ("distance_dm", view.distance_dm),
                ("strands", 2),
            ):
                if name in program:
                    program[name].value = value
        picture = self._picture
        picture["skin"].value, picture["eye"].value = 0, 1
        picture["to_light"].value = [tuple(row) for row in light.directions]
        picture["light"].value = [tuple(row) for row in light.colours]
        picture["sky"].value, picture["ground"].value = tuple(light.sky), tuple(light.ground)

    def _pose(self, program: Any, name: str, pose: Pose) -> None:
        program[f"{name}.turn"].write(np.ascontiguousarray(pose.matrix.T, dtype=np.float32).tobytes())
        program[f"{name}.shift"].value = tuple(pose.shift_dm)
        program[f"{name}.sway"].value = tuple(pose.sway_dm)

    def _upload(self, slot: int, pose: Pose) -> Floats32:
        places, normals = self.body.shape(pose)
        self._face[slot].write(np.ascontiguousarray(np.hstack([places, normals])).tobytes())
        return places

    def picture(self, pose: Pose) -> Image:
        """The picture (height, width, 3) sRGB of a pose."""
        self._upload(0, pose)
        self._pose(self._picture, "now", pose)
        self._many.use()
        self._many.clear(0.0, 0.0, 0.0, 0.0)
        solid, lashes, hair = (draw[0] for draw in self._draws)
        solid.render()
        self._context.enable_direct(_ALPHA_TO_COVERAGE)
        lashes.render()
        hair.render()
        self._context.disable_direct(_ALPHA_TO_COVERAGE)
        self._context.copy_framebuffer(self._one, self._many)
        shape = (self.view.height, self.view.width, 4)
        return np.frombuffer(self._one.read(components=4), dtype=np.uint8).reshape(shape)[..., :3]


def _wall(view: View, light: Light) -> Image:
    across = np.linspace(-1, 1, view.width)[None] * light.wall_slope[0]
    down = np.linspace(-1, 1, view.height)[:, None] * light.wall_slope[1]
    return np.clip(light.wall * (1 + across + down)[..., None], 0, 255).astype(np.uint8)


def _fixed_of_body(body: Body) -> Floats32:
    """Per vertex: canonical place, place in the picture, kind, openness, follow, 0."""
    traits = [body.kind, body.openness, body.follow, np.zeros(len(body))]
    return np.column_stack([body.canonical, body.places, *traits]).astype(np.float32)


def _hair_arrays(person: Person) -> tuple[Floats32, Floats32]:
    """Position and normal per vertex of all shells, and along, place, kind, openness, follow, height."""
    hair = person.hair
    n = hair.points.shape[1]
    outward = hair.points - [0.0, -0.1, -0.9]
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    moving = np.concatenate([hair.points, outward], axis=-1).reshape(-1, 6)
    heights = np.repeat((np.arange(SHELLS) + 0.5) / SHELLS * 0.9, n)
    ones = np.ones(SHELLS * n)
    fixed = [hair.along.reshape(-1, 3), np.tile(hair.places, (SHELLS, 1)), HAIR * ones, 0.75 * ones, ones, heights]
    return moving.astype(np.float32), np.column_stack(fixed).astype(np.float32)


def _shell_triangles(person: Person) -> npt.NDArray[np.int64]:
    n = person.hair.points.shape[1]
    return np.concatenate([person.hair.triangles + shell * n for shell in range(SHELLS)])
