"""CPU time of each step from picture to registered crop, and how exact registration is, on one portrait.

    python benchmarks/face.py

The portrait is `skimage.data.astronaut()` (NASA, public domain). One thread; process CPU time; one untimed call,
then the median of `REPEATS`. Registration: known shifts (up to 2 crop pixels each way) and turns (up to 1 degree)
of the picture, with camera noise, the face as it is or frowning and smiling by one pixel.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import skimage.data

from mien.face.alignment import Matrix, compose, inverse, moved, similarity, warp
from mien.face.clip import AlignSettings, align_clip
from mien.face.landmarks import Face, Landmarker
from mien.face.regions import FOREHEAD, NOSE_BRIDGE, rigid_mask
from mien.face.registration import RigidPart, refine

REPEATS = 30
SIZE_PX = 128
#: Mesh point -> (right, down) px: brows lowered and drawn together, lip corners raised and drawn out.
EXPRESSION = {107: (0.3, 1), 336: (-0.3, 1), 105: (0, 0.6), 334: (0, 0.6), 61: (-0.5, -1), 291: (0.5, -1)}


def cpu_ms(call: Callable[[], object]) -> float:
    call()
    spent = []
    for _ in range(REPEATS):
        begin = time.process_time()
        call()
        spent.append(1000 * (time.process_time() - begin))
    return float(np.median(spent))


def expressive(image: np.ndarray, face: Face) -> np.ndarray:
    """The picture with EXPRESSION, each movement fading out over 5.4 px (a tenth of the eye distance)."""
    down, right = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    move = np.zeros((2, *image.shape[:2]), np.float32)
    for point, (x, y) in EXPRESSION.items():
        away = (right - face.points[point, 0]) ** 2 + (down - face.points[point, 1]) ** 2
        move += np.float32([x, y])[:, None, None] * np.exp(-away / 2 / 5.4**2)
    return cv2.remap(image, right - move[0], down - move[1], cv2.INTER_CUBIC)


def shaken(image: np.ndarray, transform: Matrix, noise: float, draw: np.random.Generator) -> np.ndarray:
    size = image.shape[1::-1]
    warped = cv2.warpAffine(image, transform, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.round(warped + draw.normal(0, noise, warped.shape)), 0, 255).astype(np.uint8)


def registration_errors(
    image: np.ndarray, face: Face, noise: float, shown: np.ndarray
) -> dict[str, np.ndarray]:
    """Mean error on the rigid part, px of the crop, of each method over REPEATS motions."""
    draw = np.random.default_rng(0)
    matrix = similarity(face.points, SIZE_PX)
    scale = float(np.sqrt(np.linalg.det(matrix[:, :2])))
    points = moved(face.points, matrix)
    part = points[[*FOREHEAD, *NOSE_BRIDGE]]
    first = warp(shaken(image, np.eye(2, 3), noise, draw), matrix, SIZE_PX)
    rigid = RigidPart(first, rigid_mask(points, SIZE_PX, SIZE_PX))
    methods: dict[str, Callable[[np.ndarray], Matrix | None]] = {
        "nothing": lambda _: np.eye(2, 3),
        "tracked corners": lambda crop: rigid.by_tracking(crop)[0],
        "ECC": lambda crop: rigid.by_ecc(crop)[0],
    }
    errors: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(REPEATS):
        transform = cv2.getRotationMatrix2D(face.centre, draw.uniform(-1, 1), 1.0)
        transform[:, 2] += draw.uniform(-2, 2, 2) / scale
        crop = warp(shaken(shown, transform, noise, draw), matrix, SIZE_PX)
        true = moved(part, compose(matrix, compose(transform, inverse(matrix))))
        for name, method in methods.items():
            found = method(crop)
            left = np.nan if found is None else np.linalg.norm(moved(true, found) - part, axis=1).mean()
            errors[name].append(float(left))
    return {name: np.array(values) for name, values in errors.items()}


def main() -> None:
    cv2.setNumThreads(1)
    image = skimage.data.astronaut()
    with Landmarker() as landmarker:
        (face,) = landmarker.find(image)
        matrix = similarity(face.points, SIZE_PX)
        crops = np.stack([warp(np.roll(image, step, axis=1), matrix, SIZE_PX) for step in (0, 2)])
        mask = rigid_mask(moved(face.points, matrix), SIZE_PX, SIZE_PX)
        rigid = RigidPart(crops[0], mask)
        clip = [np.roll(image, step, axis=1) for step in range(16)]
        once = AlignSettings(look_every=0)
        print("step                                       CPU ms")
        for name, call in {
            "478 landmarks, pose, blendshapes, 512x512": lambda: landmarker.find(image),
            f"warp to {SIZE_PX}x{SIZE_PX}": lambda: warp(image, matrix, SIZE_PX),
            "warp to 64x64 (area)": lambda: warp(image, similarity(face.points, 64), 64),
            "registration of a frame": lambda: rigid.register(crops[1]),
            "  with the set-up of a clip": lambda: refine(crops, mask),
            "residual of a frame (ECC)": lambda: rigid.residual_px(crops[1]),
            "clip of 16 frames, face looked for in each": lambda: align_clip(
                clip, range(16), landmarker=landmarker
            ),
            "clip of 16 frames, once": lambda: align_clip(
                clip, range(16), settings=once, landmarker=landmarker
            ),
        }.items():
            print(f"{name:42} {cpu_ms(call):6.2f}")
    print(f"\nregistration error, px of a {SIZE_PX} px crop, mean / max")
    for label, shown in {"still face": image, "expression": expressive(image, face)}.items():
        for noise in (0, 3, 6):
            errors = registration_errors(image, face, noise, shown)
            line = "   ".join(f"{name} {e.mean():.3f} / {e.max():.3f}" for name, e in errors.items())
            print(f"{label}, noise {noise}: {line}")


if __name__ == "__main__":
    main()
