"""Pictures of a person, and where every visible point goes: OpenGL without a screen."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.synthesis import shaders
from mien.synthesis.head import Floats
from mien.synthesis.person import Person
from mien.synthesis.posing import Body, Floats32, Pose, pivot
from mien.synthesis.scene import Light, View

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

#: Kinds of surface in the order in which they are drawn; the numbers in `Tracks.kind` count from 1.
KINDS = ("skin", "eyes", "mouth", "lashes", "hair")
#: Kinds whose edges are strands.
SEE_THROUGH = ("lashes", "hair")
SAMPLES = 4
#: A point counts as hidden in the second frame if something lies this much nearer there (decimetres).
OCCLUSION_DM = 0.03
_ALPHA_TO_COVERAGE = 0x809E  # GL_SAMPLE_ALPHA_TO_COVERAGE


@dataclass(frozen=True, eq=False)
class Tracks:
    """Where every point that is seen in a first frame is in a second one.

    Attributes:
        flow: (2, height, width) float32 pixels, u right and v down; zero where only the wall is seen.
        kind: (height, width) number of the surface seen, from 1 in the order of `KINDS`; 0 is the wall.
        face: (height, width) pixels that see the face: skin of the front of the head, eyes, mouth; no hair.
        visible: (height, width) pixels of the person whose point is also seen in the second frame.
    """

    flow: Floats32
    kind: npt.NDArray[np.uint8]
    face: Mask
    visible: Mask


def open_context() -> Any:
    """An OpenGL context without a screen (EGL).

    Raises:
        InputError: none can be made; the message says what to install.
    """
    import moderngl

    try:
        return moderngl.create_standalone_context(require=330, backend="egl")  # type: ignore[arg-type]
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
        lids_over_eyes: see `Body`.

    Raises:
        InputError: no OpenGL context can be made.
    """

    def __init__(self, person: Person, view: View, light: Light, *, lids_over_eyes: bool = False) -> None:
        self.person, self.view, self.light = person, view, light
        self.body = Body(person, lids_over_eyes=lids_over_eyes)
        self._context = open_context()
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
        self._programs = {
            kind: context.program(shaders.HAIR_VERTEX if kind == "hair" else shaders.SURFACE_VERTEX, fragment)
            for kind, fragment in shaders.PICTURE_FRAGMENTS.items()
        }
        self._tracking = context.program(shaders.FLOW_VERTEX, shaders.FLOW_FRAGMENT)
        self._behind = wall = context.program(shaders.WALL_VERTEX, shaders.WALL_FRAGMENT)
        corners = np.array([[-1, -1], [-1, 3], [3, -1]], dtype=np.float32)
        self._wall = context.vertex_array(wall, [(context.buffer(corners.tobytes()), "2f", "corner")])
        self._face = [context.buffer(reserve=len(self.body) * 24, dynamic=True) for _ in range(2)]
        self._fixed = context.buffer(_fixed_of_body(self.body).tobytes())
        hair, hair_fixed = _hair_arrays(self.person)
        self._hair, self._hair_fixed = context.buffer(hair.tobytes()), context.buffer(hair_fixed.tobytes())
        self._draws = {kind: self._arrays(kind) for kind in KINDS}
        for unit, picture in enumerate((self.person.skin, self.person.eye, self.person.strands)):
            self._texture(picture, unit)
        colour = context.renderbuffer(size, 4, samples=SAMPLES)
        self._many = context.framebuffer([colour], context.depth_renderbuffer(size, samples=SAMPLES))
        self._one = context.framebuffer([context.renderbuffer(size, 4)])
        self._found = context.framebuffer(
            [context.renderbuffer(size, 4, dtype="f4")], context.depth_renderbuffer(size)
        )
        context.enable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        context.front_face = "cw"  # rows run downwards, which turns every triangle over
        self._set_constants()

    def _arrays(self, kind: str) -> tuple[Any, Any]:
        """Vertex arrays of one kind of surface, for pictures and for flow."""
        if kind == "hair":
            first, second, fixed, triangles = self._hair, self._hair, self._hair_fixed, _shells(self.person)
        else:
            (first, second), fixed, triangles = self._face, self._fixed, self.body.triangles[kind]
        index = self._context.buffer(np.ascontiguousarray(triangles, dtype=np.uint32).tobytes())
        picture = [(first, "3f 3f", "place", "normal"), (fixed, "3f 2f 3f", "canonical", "at", "traits")]
        tracking: list[Any] = [(first, "3f 12x", "place"), (second, "3f 12x", "place_second")]
        tracking.append((fixed, "3f 2f 3f", "canonical", "at", "traits"))
        make = self._context.vertex_array
        return (
            make(self._programs[kind], picture, index, skip_errors=True),
            make(self._tracking, tracking, index),
        )

    def _texture(self, picture: Image, unit: int) -> None:
        import moderngl

        height, width, channels = picture.shape
        texture = self._context.texture((width, height), channels, np.ascontiguousarray(picture).tobytes())
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        texture.repeat_y = False
        texture.use(unit)

    def relight(self, light: Light) -> None:
        """The pictures that follow are taken in this light."""
        self.light = light
        self._set_constants()

    def _set_constants(self) -> None:
        view, light = self.view, self.light
        halfway = light.directions + np.array([0.0, 0.0, 1.0])
        halfway /= np.linalg.norm(halfway, axis=1, keepdims=True)
        values: dict[str, object] = {
            "halfway": [tuple(row) for row in halfway],
            "pivot": tuple(pivot()),
            "size": (float(view.width), float(view.height)),
            "centre": view.centre,
            "focal_px": view.focal_px,
            "distance_dm": view.distance_dm,
            "skin": 0,
            "eye": 1,
            "strands": 2,
            "to_light": [tuple(row) for row in light.directions],
            "light": [tuple(row) for row in light.colours],
            "sky": tuple(light.sky),
            "ground": tuple(light.ground),
            "wall": tuple(light.wall),
            "wall_slope": tuple(light.wall_slope),
        }
        for program in (*self._programs.values(), self._tracking, self._behind):
            for name, value in values.items():
                if name in program:
                    program[name].value = value

    def _pose(self, program: Any, name: str, pose: Pose) -> None:
        turn = tuple(pose.matrix.T.astype(np.float32).ravel().tolist())
        for field, value in (("turn", turn), ("shift", tuple(pose.shift_dm)), ("sway", tuple(pose.sway_dm))):
            program[f"{name}.{field}"].value = value

    def _upload(self, slot: int, pose: Pose) -> Floats32:
        places, normals = self.body.shape(pose)
        self._face[slot].write(np.ascontiguousarray(np.hstack([places, normals])).tobytes())
        return places

    def picture(self, pose: Pose) -> Image:
        """The picture (height, width, 3) sRGB of a pose."""
        self._upload(0, pose)
        self._many.use()
        self._many.clear(0.0, 0.0, 0.0, 0.0)
        for kind, (array, _) in self._draws.items():
            self._pose(self._programs[kind], "now", pose)
            if kind in SEE_THROUGH:
                self._context.enable_direct(_ALPHA_TO_COVERAGE)
            array.render()
            self._context.disable_direct(_ALPHA_TO_COVERAGE)
        self._wall.render()
        self._context.copy_framebuffer(self._one, self._many)
        shape = (self.view.height, self.view.width, 4)
        return np.frombuffer(self._one.read(components=4), dtype=np.uint8).reshape(shape)[..., :3]

    def landmarks(self, pose: Pose) -> dict[str, Floats]:
        """Column and row (2,) of named points of the face; whole numbers are the centres of pixels."""
        named = self.person.bust.head.landmarks
        rows = np.fromiter(named.values(), dtype=np.int64)
        places = pose.moved(self.body.places_of(pose, rows), self.body.follow[rows])
        return dict(zip(named, self.view.project(places), strict=True))

    def tracks(self, first: Pose, second: Pose) -> Tracks:
        """The exact flow from one pose to another, and which points stay in sight.

        The colour pictures show lashes; the flow is that of the skin and the eyes behind them.
        """
        now, _ = self._track(second, second)
        there, kind = self._track(first, second)
        rows, columns = np.indices(kind.shape, dtype=np.float32)
        seen = kind != 0
        flow = np.stack([there[..., 0] - columns - 0.5, there[..., 1] - rows - 0.5]) * seen
        column = np.floor(there[..., 0]).astype(int)
        row = np.floor(there[..., 1]).astype(int)
        inside = seen & (column >= 0) & (row >= 0) & (column < self.view.width) & (row < self.view.height)
        nearest = np.full(kind.shape, np.inf)
        depth = np.where(now[..., 2] > 0, now[..., 2], np.inf)
        nearest[inside] = depth[row[inside], column[inside]]
        hidden = nearest < there[..., 2] - OCCLUSION_DM
        return Tracks(flow.astype(np.float32), np.abs(kind).astype(np.uint8), kind > 0, inside & ~hidden)

    def _track(self, first: Pose, second: Pose) -> tuple[Floats32, Floats32]:
        """Per pixel of the first frame: column, row and depth (height, width, 3) in the second; and the kind."""
        for slot, (name, pose) in enumerate((("first", first), ("second", second))):
            self._upload(slot, pose)
            self._pose(self._tracking, name, pose)
        self._found.use()
        self._found.clear(0.0, 0.0, 0.0, 0.0)
        for number, kind in enumerate(KINDS, start=1):
            if kind != "lashes":
                self._tracking["kind"].value = float(number)
                self._draws[kind][1].render()
        shape = (self.view.height, self.view.width, 4)
        found = np.frombuffer(self._found.read(components=4, dtype="f4"), dtype=np.float32).reshape(shape)
        return found[..., :3], found[..., 3]


def _fixed_of_body(body: Body) -> Floats32:
    """Per vertex: canonical place, place in the picture, openness, follow, no shell."""
    traits = [body.openness, body.follow, np.zeros(len(body))]
    return np.column_stack([body.canonical, body.places, *traits]).astype(np.float32)


def _hair_arrays(person: Person) -> tuple[Floats32, Floats32]:
    """Position and normal per vertex of all shells; and direction, place, openness, follow, shell height."""
    hair = person.hair
    n_shells, n, _ = hair.points.shape
    outward = hair.points - [0.0, -0.1, -0.9]
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    moving = np.concatenate([hair.points, outward], axis=-1).reshape(-1, 6)
    ones = np.ones(n_shells * n)
    traits = [0.75 * ones, ones, np.repeat(hair.heights, n)]
    fixed = [hair.along.reshape(-1, 3), np.tile(hair.places, (n_shells, 1)), *traits]
    return moving.astype(np.float32), np.column_stack(fixed).astype(np.float32)


def _shells(person: Person) -> npt.NDArray[np.int64]:
    n_shells, n, _ = person.hair.points.shape
    shells = [person.hair.triangles + shell * n for shell in range(n_shells)]
    return np.concatenate([*shells, person.hair.lining + (n_shells - 1) * n])
