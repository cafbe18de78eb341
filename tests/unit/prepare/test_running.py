"""Preparing a whole database: gaps with reasons, the same bytes again, and going on where it was."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.clips.frames import ClipFrames
from mien.databases.registry import get
from mien.errors import InputError, UsageError
from mien.prepare import recipe, running
from mien.prepare.prepared import PreparedSet
from mien.prepare.running import Gap, prepare

SMALL = recipe.load("aie-cmcl-small")


@pytest.fixture(scope="module")
def prepared(small_twin: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[PreparedSet, list[Gap]]:
    loaded = get("casme2").load(small_twin)
    out = tmp_path_factory.mktemp("prepared") / "set"
    return prepare(loaded.table, loaded.frames, SMALL, out, name="twin", workers=1)


def test_clips_that_cannot_be_prepared_are_named(prepared: tuple[PreparedSet, list[Gap]]) -> None:
    made, gaps = prepared
    assert [(gap.key, gap.reason) for gap in gaps] == [("sub02_EP01_03", "no frames were found")]
    assert made.table.keys.tolist() == ["sub01_EP01_01", "sub01_EP01_02", "sub02_EP01_01", "sub02_EP01_02"]
    assert made.recipe["left_out"] == [{"key": gaps[0].key, "reason": gaps[0].reason}]
    assert made.recipe["flow_settings"]["finest_scale"] == 0
    assert made.arrays["rgb"].shape == (4, 3, 8, 64, 64)


def test_the_quality_of_every_frame_is_told(prepared: tuple[PreparedSet, list[Gap]]) -> None:
    header, *rows = (prepared[0].path / "quality.csv").read_text().splitlines()
    assert header.startswith("key,number,lost,found")
    assert sum(row.startswith("sub02_EP01_02,") for row in rows) == 3


def test_the_same_bytes_come_again_without_computing(
    prepared: tuple[PreparedSet, list[Gap]], small_twin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = get("casme2").load(small_twin)
    job = running.ClipJob("sub01_EP01_01", loaded.frames["sub01_EP01_01"], running.Annotation(11, 15, 19))
    monkeypatch.setattr(running, "prepare_clip", lambda *given: pytest.fail("computed again"))
    assert running.prepare_job(SMALL, job).file is not None
    again, _ = prepare(loaded.table, loaded.frames, SMALL, tmp_path / "again", name="twin", workers=1)
    for file in ("prepared.json", "clips.csv", "quality.csv", "arrays/rgb.npy", "arrays/flow.npy"):
        assert (again.path / file).read_bytes() == (prepared[0].path / file).read_bytes()


def test_an_entry_of_the_cache_is_for_these_pictures_this_recipe_and_these_frames_alone(
    small_twin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = get("casme2").load(small_twin).frames["sub02_EP01_02"]
    copies = tuple(Path(shutil.copy(file, tmp_path)) for file in frames.files)
    job = running.ClipJob("a", replace(frames, files=copies), running.Annotation(7, 8, 9))
    video = replace(job, frames=ClipFrames(copies[:1]))
    other_start = replace(video, frames=ClipFrames(copies[:1], first_number=5))
    other_apex = replace(job, annotation=running.Annotation(7, 9, 9))
    names = [running._fingerprint(each, SMALL) for each in (job, video, other_start, other_apex)]
    names.append(running._fingerprint(job, recipe.load("onset-apex")))
    assert running._fingerprint(replace(job, key="b"), SMALL) == names[0]
    copies[1].write_bytes(copies[0].read_bytes())
    names.append(running._fingerprint(job, SMALL))
    monkeypatch.setattr(running, "_model_sha256", lambda: "another model")
    names.append(running._fingerprint(job, SMALL))
    assert len(set(names)) == len(names)


def test_a_damaged_entry_of_the_cache_is_made_again(small_twin: Path, prepared: object) -> None:
    frames = get("casme2").load(small_twin).frames["sub02_EP01_02"]
    job = running.ClipJob("sub02_EP01_02", frames, running.Annotation(7, 8, 9))
    file = running.prepare_job(SMALL, job).file
    assert file is not None
    before = np.load(file)["flow"]
    file.write_bytes(file.read_bytes()[:1000])
    assert running.prepare_job(SMALL, job).file == file
    np.testing.assert_array_equal(np.load(file)["flow"], before)


def test_a_folder_that_holds_something_else_is_refused_before_any_work(
    small_twin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = get("casme2").load(small_twin)
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr(running, "in_processes", lambda *given: pytest.fail("worked first"))
    with pytest.raises(UsageError, match="holds something else"):
        prepare(loaded.table, loaded.frames, SMALL, tmp_path, name="twin")


def test_a_database_without_a_usable_clip_is_refused(small_twin: Path, tmp_path: Path) -> None:
    loaded = get("casme2").load(small_twin)
    with pytest.raises(InputError, match="no clip could be prepared"):
        prepare(loaded.table, {}, SMALL, tmp_path / "set", name="twin", workers=1)
    assert not (tmp_path / "set").exists()


def test_ones_own_video_goes_through_the_same_door(small_twin: Path, tmp_path: Path) -> None:
    import av
    from PIL import Image

    frames = get("casme2").load(small_twin).frames["sub01_EP01_01"].files
    with av.open(str(tmp_path / "smile.mp4"), "w") as file:
        stream = file.add_stream("h264", rate=200, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for path in frames:
            file.mux(stream.encode(av.VideoFrame.from_image(Image.open(path))))
        file.mux(stream.encode())
    (tmp_path / "clips.csv").write_text(
        "subject,clip,path,fps,onset,apex,offset,au,emotion\nanna,smile,smile.mp4,200,0,4,8,12,happiness\n"
    )
    loaded = get("own").load(tmp_path)
    made, gaps = prepare(loaded.table, loaded.frames, SMALL, tmp_path / "set", name="own", workers=1)
    assert not gaps and made.table.keys.tolist() == ["anna_smile"]
    twin, _ = prepare(
        get("casme2").load(small_twin).table,
        {"sub01_EP01_01": get("casme2").load(small_twin).frames["sub01_EP01_01"]},
        SMALL,
        tmp_path / "twin",
        name="twin",
        workers=1,
    )
    difference = np.abs(made.arrays["flow"][0] - twin.arrays["flow"][0])
    assert difference.mean() < 0.1, "the same clip, through a codec"
