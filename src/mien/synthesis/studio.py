"""A person in front of a camera: the same light, framing and camera in all videos of one subject."""

from __future__ import annotations

import numpy as np

from mien.synthesis.camera import Camera, CameraLook, draw_camera
from mien.synthesis.head import Floats
from mien.synthesis.performance import Performance
from mien.synthesis.person import draw_person
from mien.synthesis.render import Image, Renderer, Tracks
from mien.synthesis.scene import View, draw_light


class Studio:
    """Takes the pictures of one performance; `close` gives the renderer back.

    Args:
        key: seed, subject and clip; person, light and framing depend on the first two alone.
        size: width and height in pixels.
        grey: whether the camera sees no colour.
        seen_dm: height of the scene in the picture (decimetres).
        look: the camera; None draws one per subject.
        lids_over_eyes: whether expressions are strong enough for it, see `mien.synthesis.posing.Body`.

    Raises:
        InputError: pictures cannot be rendered on this machine.
    """

    def __init__(
        self,
        key: tuple[int, int, int],
        size: tuple[int, int],
        grey: bool,
        seen_dm: float,
        look: CameraLook | None,
        *,
        lids_over_eyes: bool = False,
    ) -> None:
        seed, subject, _ = key
        self.person = draw_person(seed, subject)
        session = np.random.default_rng([seed, subject, 200])
        self.light, framing = draw_light(session), session.normal(0, 1, 3)
        self.look = look or draw_camera(session, grey=grey)
        width, height = size
        self.view = View(
            width,
            height,
            seen_dm * float(np.exp(0.04 * framing[0])),
            column=0.5 + 0.012 * float(framing[1]),
            row=0.45 + 0.012 * float(framing[2]),
        )
        self._key = key
        self._camera = Camera(self.look, width, height, np.random.default_rng([*key, 3]))
        self._renderer = Renderer(self.person, self.view, self.light, lids_over_eyes=lids_over_eyes)

    def close(self) -> None:
        """Give the renderer and everything in it back."""
        self._renderer.close()

    def landmarks(self, shown: Performance) -> tuple[tuple[str, ...], Floats]:
        """L names, and (T, L, 2) column and row in every frame; whole numbers are pixel centres."""
        names = tuple(self.person.bust.head.landmarks)
        found = np.empty((len(shown.numbers), len(names), 2))
        for index, row in enumerate(found):
            row[:] = list(self._renderer.landmarks(shown.pose(index)).values())
        return names, found

    def relight(self, levels: Floats) -> None:
        """From now on the two lamps and the surroundings have these levels (3,) of the session's light."""
        self._renderer.relight(self.light.at(levels))

    def picture(self, shown: Performance, index: int) -> Image:
        """The picture (height, width, 3) of frame `index`: the same whichever were taken before."""
        picture = self._renderer.picture(shown.pose(index))
        return self._camera.develop(picture, np.random.default_rng([*self._key, 4, index]))

    def tracks(self, shown: Performance, first: int, second: int) -> Tracks:
        """The exact flow from frame `first` to frame `second`, counted from 0."""
        return self._renderer.tracks(shown.pose(first), shown.pose(second))
