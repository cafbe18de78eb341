"""Pairs of frames: near in time, of one clip, with motion, and never of somebody left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.models.future_frames import FuturePlan
from mien.prepare.prepared import PreparedSet
from mien.training.frame_pairs import frame_pairs
from moving_faces import FPS, FRAMES, moving_faces


def _plan(**settings: object) -> FuturePlan:
    return FuturePlan.parse({"most_motion_px": 30.0, **settings}, model="x")


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    return moving_faces(tmp_path_factory.mktemp("faces") / "set", people=2, clips_each=2)


@pytest.mark.parametrize("frames", [1, 3])
def test_pairs_lie_within_the_time_and_inside_one_clip(faces: PreparedSet, frames: int) -> None:
    found = frame_pairs([faces], _plan(gap_s=frames / FPS))
    for pairs, n in zip(found.arrays["pairs"], found.arrays["n_pairs"], strict=True):
        expected = {(i, j) for i in range(FRAMES) for j in range(i + 1, min(i + frames, FRAMES - 1) + 1)}
        assert set(map(tuple, pairs[:n].tolist())) == expected
    np.testing.assert_array_equal(found.arrays["rgb"], faces.arrays["rgb"])


def test_time_counts_not_frames(faces: PreparedSet) -> None:
    """The same clips, said to last twice as long: half as many frames fit in."""
    frame = faces.table.frame.copy()
    frame["fps"] = FPS / 2
    slow = replace(faces, table=type(faces.table)(frame))
    assert {b - a for a, b in _all(frame_pairs([faces], _plan(gap_s=4 / FPS)).arrays)} == {1, 2, 3, 4}
    assert {b - a for a, b in _all(frame_pairs([slow], _plan(gap_s=4 / FPS)).arrays)} == {1, 2}


def _all(arrays: dict[str, np.ndarray]) -> list[tuple[int, int]]:
    return [(a, b) for rows, n in zip(arrays["pairs"], arrays["n_pairs"], strict=True) for a, b in rows[:n]]


def test_somebody_left_out_is_nowhere(faces: PreparedSet) -> None:
    found = frame_pairs([faces], _plan(), without=["ckplus/S001"])
    assert set(found.groups) == {"ckplus/S002"} == set(found.sets[0].subjects)
    others = np.asarray(faces.table.groups) == "ckplus/S002"
    np.testing.assert_array_equal(found.arrays["rgb"], faces.arrays["rgb"][others])
    with pytest.raises(InputError, match="no clip is left"):
        frame_pairs([faces], _plan(), without=["ckplus/S001", "ckplus/S002"])


def test_a_person_is_left_out_under_the_name_that_another_database_has(faces: PreparedSet) -> None:
    """Who is held out among the clips of SAMM is told by that name, and is in SAMM's long videos too."""
    frame = faces.table.frame.copy()
    frame["dataset"] = "samm_lv"
    films = replace(faces, table=type(faces.table)(frame))
    found = frame_pairs([films], _plan(), without=["samm/S001"])
    assert set(found.groups) == {"samm_lv/S002"}


def test_a_subject_to_leave_out_that_no_set_has_is_refused_with_the_nearest(faces: PreparedSet) -> None:
    with pytest.raises(UsageError, match=r"'ckplus/S01'.*\n.*did you mean 'ckplus/S001'"):
        frame_pairs([faces], _plan(), without=["ckplus/S01"])


def test_pairs_without_change_and_with_a_moving_head_are_refused_and_counted(faces: PreparedSet) -> None:
    still = np.array(faces.arrays["rgb"])
    still[0] = still[0, :, :1]
    found = frame_pairs([replace(faces, arrays={"rgb": still})], _plan(gap_s=1 / FPS))
    assert found.left_out == (("S001_0", "no pair of frames can be used"),)
    assert found.refused == {"without change": FRAMES - 1} and len(found.groups) == 3
    # Half a pixel of 32 is 3.5 of 224.
    with pytest.raises(InputError, match="28 with a moving head"):
        frame_pairs([faces], _plan(gap_s=1 / FPS, most_motion_px=1.0))


def test_clips_without_times_are_left_out_with_the_reason(faces: PreparedSet) -> None:
    frame = faces.table.frame.copy()
    frame.loc[0, "onset"] = None
    found = frame_pairs([replace(faces, table=type(faces.table)(frame))], _plan())
    assert found.left_out == (("S001_0", "onset and offset are not annotated"),)


def test_sets_of_two_framings_are_refused(faces: PreparedSet, small_set: PreparedSet) -> None:
    other = replace(faces, recipe={**faces.recipe, "face": {"size_px": 9}})
    with pytest.raises(InputError, match="different ways"):
        frame_pairs([faces, other], _plan())
    with pytest.raises(InputError, match="no frames in colour"):
        frame_pairs([small_set], _plan())


def test_the_sets_are_told_with_their_kind(faces: PreparedSet) -> None:
    seen = frame_pairs([faces], _plan()).sets[0]
    assert (seen.kind, seen.made_up, seen.n_clips) == ("macro", False, 4)
    assert seen.data_hash == faces.data_hash


def test_progress_counts_clips(faces: PreparedSet) -> None:
    calls: list[int] = []
    frame_pairs([faces], _plan(), progress=lambda done, total, text: calls.append(done))
    assert calls == [1, 2, 3, 4]
