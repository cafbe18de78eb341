"""One clip: its arrays have the promised shape and meaning, and damage has a stated outcome."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.clips.frames import ClipFrames
from mien.databases.registry import get
from mien.face.landmarks import Landmarker
from mien.motion.scaling import resize_flow
from mien.prepare import recipe
from mien.prepare.recipe import FlowStep, Recipe
from mien.prepare.stages import prepare_clip, stages_of
from mien.prepare.timing import Annotation, NotPreparable

CLIP = Annotation(11, 15, 19)
ALL_ARRAYS = Recipe.model_validate(
    {
        "name": "all",
        "title": "all",
        "time": {"frames": 4},
        "arrays": [
            {"name": "rgb", "size_px": 32},
            {"name": "flow", "size_px": 32},
            {"name": "onset_apex_flow", "size_px": 28},
            {"name": "onset_apex_grey", "size_px": 48},
            {"name": "two_part_flow", "size_px": 48, "scaling": "min-max"},
            {"name": "landmarks"},
            {"name": "key_frames", "size_px": 32},
        ],
    }
)


@pytest.fixture(scope="module")
def landmarker() -> Iterator[Landmarker]:
    with Landmarker() as opened:
        yield opened


@pytest.fixture
def frames(small_twin: Path, tmp_path: Path) -> ClipFrames:
    """A copy of the frames 11 to 19 of a smile, to be damaged."""
    found = get("casme2").load(small_twin).frames["sub01_EP01_01"]
    files = tuple(Path(shutil.copy(file, tmp_path)) for file in found.files)
    return replace(found, files=files)


def test_every_array_has_its_shape_and_type(frames: ClipFrames, landmarker: Landmarker) -> None:
    arrays = prepare_clip(frames, CLIP, ALL_ARRAYS, landmarker).arrays
    assert {name: (array.shape, str(array.dtype)) for name, array in arrays.items()} == {
        "rgb": ((3, 4, 32, 32), "uint8"),
        "flow": ((2, 4, 32, 32), "float32"),
        "onset_apex_flow": ((3, 28, 28), "float32"),
        "onset_apex_grey": ((2, 48, 48), "uint8"),
        "two_part_flow": ((4, 48, 48), "uint8"),
        "landmarks": ((2, 4, 68), "float32"),
        "key_frames": ((3, 5, 32, 32), "uint8"),
    }
    assert ALL_ARRAYS.clip_shapes == {name: array.shape for name, array in arrays.items()}
    # Frames 11 and 19 are the first and the last of both.
    np.testing.assert_array_equal(arrays["key_frames"][:, [0, 4]], arrays["rgb"][:, [0, 3]])
    assert (arrays["key_frames"][:, 3] != arrays["key_frames"][:, 0]).any()
    assert not arrays["flow"][:, 0].any()
    points = arrays["landmarks"]
    assert points.min() > 0 and points.max() < ALL_ARRAYS.face.size_px


def test_arrays_show_the_part_that_is_asked_for_of_the_same_flow(
    frames: ClipFrames, landmarker: Landmarker
) -> None:
    steps = [{"name": "rgb", "size_px": 64}, {"name": "onset_apex_flow", "size_px": 64}]
    part = {"shown_per_interocular": 1.1, "shown_eyes_at": 0.4}
    whole, shown = (
        Recipe.model_validate(
            {"name": "r", "title": "r", "face": face, "time": {"frames": 2}, "arrays": steps}
        )
        for face in ({}, part)
    )
    row, column, side = shown.face.shown_px
    assert side == 64, "so that nothing is resized"
    stages = stages_of(frames, CLIP, whole, landmarker)
    arrays = prepare_clip(frames, CLIP, shown, landmarker).arrays
    rows, columns = slice(row, row + side), slice(column, column + side)
    np.testing.assert_array_equal(arrays["rgb"][:, 0], np.moveaxis(stages.crop(11)[rows, columns], 2, 0))
    np.testing.assert_allclose(
        arrays["onset_apex_flow"][:2], stages.flow(11, 15)[:, rows, columns], atol=1e-6
    )


def test_flow_outside_the_face_can_be_set_to_nothing(frames: ClipFrames, landmarker: Landmarker) -> None:
    kept = stages_of(frames, CLIP, ALL_ARRAYS, landmarker)
    still = ALL_ARRAYS.model_copy(update={"flow": FlowStep(outside_face="still")})
    found = stages_of(frames, CLIP, still, landmarker)
    outside, inside = found.face == 0, found.face == 1
    assert outside.any() and np.abs(kept.flow(11, 15)[:, outside]).max() > 0
    assert not found.flow(11, 15)[:, outside].any()
    np.testing.assert_array_equal(found.flow(11, 15)[:, inside], kept.flow(11, 15)[:, inside])


def test_points_that_are_not_found_are_those_of_the_onset_and_said_so(
    frames: ClipFrames, landmarker: Landmarker
) -> None:
    stages = stages_of(frames, CLIP, ALL_ARRAYS, landmarker)
    stages.aligned.crops[stages.aligned.numbers.index(15)] = 90
    np.testing.assert_array_equal(stages.points68(15), stages.aligned.points68)
    assert stages.notes == ["no points were found in the crop of frame 15: those of the onset taken"]


@pytest.mark.parametrize("name", ["onset_apex_flow", "flow", "two_part_flow"])
def test_flow_is_in_pixels_of_its_own_size(frames: ClipFrames, landmarker: Landmarker, name: str) -> None:
    small, large = (
        prepare_clip(
            frames,
            CLIP,
            Recipe.model_validate({"name": "x", "title": "x", "arrays": [{"name": name, "size_px": size}]}),
            landmarker,
        ).arrays[name]
        for size in (32, 64)
    )
    halved = large.reshape(*large.shape[:-2], 32, 2, 32, 2).mean(axis=(-3, -1))
    n_in_px = 2 if name == "onset_apex_flow" else len(small)  # its strain has no unit of length
    assert np.abs(small).max() > 0.05
    np.testing.assert_allclose(2 * small[:n_in_px], halved[:n_in_px], atol=1e-4)
    np.testing.assert_allclose(small[n_in_px:], halved[n_in_px:], atol=1e-4)


def test_head_motion_is_removed_if_the_recipe_says_so(frames: ClipFrames, landmarker: Landmarker) -> None:
    from PIL import Image, ImageChops

    apex = frames.files[4]
    ImageChops.offset(Image.open(apex), 2, 0).save(apex, quality=98)
    moved_px = {}
    for removed in (True, False):
        chosen = Recipe.model_validate(
            {
                "name": "x",
                "title": "x",
                "face": {"register_frames": False},
                "flow": {"remove_head_motion": removed},
                "arrays": [{"name": "onset_apex_flow"}],
            }
        )
        stages = stages_of(frames, CLIP, chosen, landmarker)
        moved_px[removed] = np.median(stages.flow(11, 15)[0][stages.rigid])
    assert abs(moved_px[True]) < 0.05
    assert moved_px[False] > 0.4


def test_a_smile_moves_the_corners_of_the_mouth_up(frames: ClipFrames, landmarker: Landmarker) -> None:
    stages = stages_of(frames, CLIP, recipe.load("aie-cmcl-small"), landmarker)
    flow, points = stages.flow(11, 15), stages.aligned.points68.round().astype(int)
    corners = flow[1, points[[48, 54], 1], points[[48, 54], 0]]
    bridge = flow[1, points[27, 1], points[27, 0]]
    assert (corners < -0.05).all() and abs(bridge) < 0.1


def test_an_unreadable_image_is_replaced_by_another_frame_and_named(
    frames: ClipFrames, landmarker: Landmarker
) -> None:
    frames.files[4].write_bytes(b"no picture")
    clip = prepare_clip(frames, CLIP, ALL_ARRAYS, landmarker)
    assert any("the apex frame 15 is not on disk: 14 taken" in note for note in clip.notes)
    assert {row.number for row in clip.quality if row.lost} == {15}


def test_a_clip_with_too_many_damaged_frames_is_left_out(frames: ClipFrames, landmarker: Landmarker) -> None:
    for file in frames.files[:6]:
        file.write_bytes(b"no picture")
    with pytest.raises(NotPreparable, match=r"frames are lost|not on disk"):
        prepare_clip(frames, CLIP, ALL_ARRAYS, landmarker)


def test_a_clip_without_a_face_is_left_out(frames: ClipFrames, landmarker: Landmarker) -> None:
    from PIL import Image

    for file in frames.files:
        Image.new("RGB", (640, 480), (90, 90, 90)).save(file)
    with pytest.raises(NotPreparable, match="no face"):
        prepare_clip(frames, CLIP, ALL_ARRAYS, landmarker)


def test_a_window_around_the_apex_is_filled_with_blends_of_its_flow(
    frames: ClipFrames, landmarker: Landmarker
) -> None:
    """Frames 12 to 19 of the clip are 8 of 11: one blend each in the three central gaps of seven."""
    slstt = recipe.load("slstt")
    prepared = prepare_clip(frames, CLIP, slstt, landmarker)
    flow = prepared.arrays["flow"]
    assert flow.shape == (2, 11, 224, 224)
    assert prepared.notes == ("3 of 11 frames around the apex are blends of their neighbours",)
    there = stages_of(frames, CLIP, slstt, landmarker).flow_sequence().transpose(1, 0, 2, 3)
    np.testing.assert_allclose(flow[:, [0, 1, 2, 4, 6, 8, 9, 10]], there, atol=1e-5)
    np.testing.assert_allclose(flow[:, 3], (there[:, 2] + there[:, 3]) / 2, atol=1e-5)


def test_skd_shows_onset_and_apex_as_they_are_and_the_flow_of_both_halves(
    frames: ClipFrames, landmarker: Landmarker
) -> None:
    skd = recipe.load("skd")
    stages = stages_of(frames, CLIP, skd, landmarker)
    arrays = prepare_clip(frames, CLIP, skd, landmarker).arrays
    shown = stages.shown
    np.testing.assert_array_equal(
        arrays["onset_apex_grey"], np.stack([stages.grey(11)[shown], stages.grey(15)[shown]])
    )
    halves = [resize_flow(stages.flow(a, b)[shown], 48, 48) for a, b in ((11, 15), (15, 19))]
    np.testing.assert_array_equal(arrays["two_part_flow"], np.concatenate(halves))
    assert np.abs(halves[0]).max() > 0.05, "something moved"
    # A smile that comes and goes: what the second half moves is what the first has moved, backwards.
    assert np.corrcoef(halves[0].ravel(), halves[1].ravel())[0, 1] < -0.5
