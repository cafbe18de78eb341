"""Every database and variant: from a sheet and folders to clips with frames; what is refused, and how."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from small_copies import SHEETS, write_frames, write_sheet

from mien.databases.database import Database
from mien.databases.loaded import Loaded
from mien.databases.registry import get, names
from mien.errors import InputError, UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder whose name does not look like a variant's."""
    return tmp_path / "disk"


def database(name: str) -> Database:
    source = get(name)
    assert isinstance(source, Database)
    return source


def copied(name: str, variant: str, root: Path, *, frames_of: str | None = None) -> tuple[Database, Path]:
    """A copy of the database below the root, made up; and the path of its sheet."""
    source = database(name)
    file, rows = SHEETS[name, variant]
    sheet = write_sheet(root / file, rows)
    clips = source.read(sheet, None, frames_of or variant).table.rows()
    write_frames(source, clips, root, frames_of or variant)
    return source, sheet


ALL = [
    (name, variant, sheet_of)
    for name in names()
    for source in [get(name)]
    if isinstance(source, Database)
    for variant in source.variants
    for sheet_of in [next((v for n, v in SHEETS if n == name and v == variant), None)
                     or next((v for n, v in SHEETS if n == name), None)]
    if sheet_of is not None and (name, variant) != ("mmew", "macro")
]  # fmt: skip


@pytest.mark.parametrize(("name", "variant", "sheet_of"), ALL)
def test_official_folders_are_found_again(name: str, variant: str, sheet_of: str, root: Path) -> None:
    source, sheet = copied(name, sheet_of, root, frames_of=variant)
    # The one made-up sheet of a database stands for all its variants; so it is named, not looked for.
    # Variants with the same folders cannot be told from them, so they are named, too.
    same = [v for v, layout in source.layouts.items() if layout == source.layouts[variant]]
    loaded = source.load(root, None if variant == sheet_of else sheet, variant if len(same) > 1 else None)
    assert loaded.variant == variant
    assert len(loaded.table) == 2
    assert loaded.problems == () or (name, len(loaded.problems)) == ("casme_sq", 1)
    for row in loaded.table.rows():
        frames = loaded.frames[row["key"]]
        assert frames.numbers[0] == row["onset"]
        assert frames.numbers[-1] == (row["offset"] or row["apex"])
        for file, number in zip(frames.files, frames.numbers, strict=True):
            assert file == root / source.frame_path(row, number, variant)


def padded(part: str) -> str:
    return re.sub(r"\d+", lambda digits: f"0{digits[0]}", part)


@pytest.mark.parametrize(("name", "variant", "sheet_of"), ALL)
def test_folders_in_other_spellings_are_the_same_clips(
    name: str, variant: str, sheet_of: str, root: Path
) -> None:
    source, sheet = copied(name, sheet_of, root, frames_of=variant)
    plain = source.load(root, sheet, variant)
    other = root.parent / "other"
    tops = len(Path(source.layouts[variant].top).parts)
    for file in (file for frames in plain.frames.values() for file in frames.files):
        parts = file.relative_to(root).parent.parts
        # The folders above the clips doubled and in capitals, those of the clips padded, the last doubled.
        above = [part.upper() for part in parts[:tops] for _ in range(2)]
        below = [padded(part).upper() for part in (*parts[tops:], parts[-1])]
        target = other.joinpath(*above, *below, file.name.upper())
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    loaded = source.load(other, sheet, variant)
    assert loaded.problems == plain.problems
    assert {key: frames.numbers for key, frames in loaded.frames.items()} == {
        key: frames.numbers for key, frames in plain.frames.items()
    }


def casme2(root: Path) -> tuple[Database, Path]:
    return copied("casme2", "raw_selected", root)


def told(loaded: Loaded) -> list[tuple[str, str]]:
    return [(problem.key, problem.what) for problem in loaded.problems]


def clip_folder(root: Path, clip: str = "sub01/EP02_01f") -> Path:
    return root / "CASME2_RAW_selected" / clip


def test_a_clip_without_a_folder_is_told_and_the_others_load(root: Path) -> None:
    source, _ = casme2(root)
    clip_folder(root).rename(root / "CASME2_RAW_selected" / "sub01" / "elsewhere")
    loaded = source.load(root)
    assert list(loaded.frames) == ["sub26_EP06_02_01"]
    assert told(loaded) == [
        ("sub01_EP02_01f", "there is no folder with images of this clip"),
        ("", "no row of the sheet names this folder of 11 images"),
    ]


def test_two_folders_for_one_clip_are_told_and_none_is_guessed(root: Path) -> None:
    source, _ = casme2(root)
    second = root / "CASME2_RAW_selected" / "copy" / "sub01" / "EP02_01f"
    second.mkdir(parents=True)
    (second / "img46.jpg").touch()
    loaded = source.load(root)
    assert ("sub01_EP02_01f", "several folders could hold this clip; none is used") in told(loaded)
    assert "sub01_EP02_01f" not in loaded.frames


def test_absent_frames_are_told(root: Path) -> None:
    source, _ = casme2(root)
    (clip_folder(root) / "img48.jpg").unlink()
    loaded = source.load(root)
    assert told(loaded) == [("sub01_EP02_01f", "1 of 11 frames from 46 to 56 is absent: 48")]
    assert loaded.frames["sub01_EP02_01f"].numbers == (46, 47, *range(49, 57))


def test_an_offset_that_does_not_fit_the_folder_is_told(root: Path) -> None:
    source, sheet = casme2(root)
    rows = [*SHEETS["casme2", "raw_selected"][1]]
    rows += [["02", f"EP0{n}_01f", "", 1, 3, 5, "", "4", "others"] for n in range(1, 4)]
    write_sheet(sheet, rows)
    write_frames(source, source.read(sheet, None, "").table.rows(), root, "raw_selected")
    for number in range(57, 60):
        (clip_folder(root) / f"img{number}.jpg").touch()
    assert told(source.load(root)) == [
        ("sub01_EP02_01f", "the folder holds 46 to 59, the sheet says 46 to 56")
    ]


def test_whole_clips_in_the_place_of_cut_ones_are_no_problem(root: Path) -> None:
    source, _ = casme2(root)
    for clip in ("sub01/EP02_01f", "sub26/EP06_02_01"):
        (clip_folder(root, clip) / "img1.jpg").touch()
    assert told(source.load(root)) == []


def test_a_bad_row_a_double_key_and_bad_aus_leave_the_rest(root: Path) -> None:
    source, sheet = casme2(root)
    rows = [*SHEETS["casme2", "raw_selected"][1]]
    rows.append(["01", "EP02_01f", "", 1, 2, 3, "", "4", "others"])
    rows.append(["01", "EP09", "", "one", 2, 3, "", "4", "others"])
    rows[2] = [*rows[2][:7], "4+smile", "disgust"]
    write_sheet(sheet, rows)
    loaded = source.load(root)
    assert len(loaded.table) == len(loaded.frames) == 2
    assert [(p.where, p.what) for p in loaded.problems] == [
        ("line 4", "the clip occurs more than once; this row is left out"),
        ("line 5", "onset 'one' is no frame number"),
        (sheet.name, "AUs '4+smile': not read: smile"),
    ]


def test_a_folder_of_images_without_numbers_is_told(root: Path) -> None:
    source, _ = casme2(root)
    for file in clip_folder(root).iterdir():
        file.unlink()
    (clip_folder(root) / "cover.jpg").touch()
    assert ("sub01_EP02_01f", "no image of this folder has a number") in told(source.load(root))


def test_two_sheets_must_be_told_apart_by_the_user(root: Path) -> None:
    source, sheet = casme2(root)
    write_sheet(root / "CASME2-coding-20190701.xlsx", SHEETS["casme2", "raw_selected"][1])
    with pytest.raises(InputError) as refused:
        source.load(root)
    assert "several annotation sheets" in str(refused.value)
    assert "CASME2-coding-20140508.xlsx, CASME2-coding-20190701.xlsx" in str(refused.value)
    assert len(source.load(root, sheet).table) == 2


def test_a_missing_sheet_names_what_was_looked_for(root: Path) -> None:
    source, sheet = casme2(root)
    sheet.unlink()
    with pytest.raises(InputError, match=r"looked for a \.xlsx, \.xls, \.csv file") as refused:
        source.load(root)
    assert "CASME2-coding-20140508.xlsx" in str(refused.value)


def test_two_variants_must_be_told_apart_by_the_user(root: Path) -> None:
    source, sheet = casme2(root)
    copied("casme2", "raw_selected", root, frames_of="cropped")
    with pytest.raises(InputError, match="several variants") as refused:
        source.load(root, sheet)
    assert "raw_selected (CASME2_RAW_selected/sub01/EP02_01f), cropped (Cropped/" in str(refused.value)
    frames = source.load(root, sheet, "cropped").frames["sub01_EP02_01f"]
    assert frames.files[0].name == "reg_img46.jpg"


def test_folders_without_the_official_top_are_taken(root: Path) -> None:
    source, _ = casme2(root)
    (root / "CASME2_RAW_selected").rename(root / "faces")
    loaded = source.load(root)
    assert (loaded.variant, len(loaded.frames), loaded.problems) == ("raw_selected", 2, ())


def test_a_folder_of_something_else_shows_what_was_expected(root: Path) -> None:
    source, sheet = casme2(root)
    (root / "other" / "a").mkdir(parents=True)
    (root / "other" / "a" / "1.jpg").touch()
    with pytest.raises(InputError, match="none of the clips") as refused:
        source.load(root / "other", sheet)
    assert "sub01/EP02_01f" in str(refused.value)
    assert "CASME2_RAW_selected/" in str(refused.value)


def test_an_unknown_variant_is_a_wrong_call(root: Path) -> None:
    source, _ = casme2(root)
    with pytest.raises(UsageError, match="raw_selected, raw, cropped"):
        source.load(root, variant="RAW")
    with pytest.raises(UsageError):
        source.frame_path({"subject": "sub01", "clip": "x"}, 1, "other")


def test_a_clip_of_a_long_video_is_cut_out_of_it(root: Path) -> None:
    source, _ = copied("casme_sq", "raw", root)
    video = root / "CAS(ME)^2" / "rawpic" / "s15"
    (video / "15_0401").rename(video / "15_0401girlcrashing")
    for number in (1, 2, 997, 1003, 1004):
        (video / "15_0401girlcrashing" / f"img{number:03d}.jpg").touch()
    loaded = source.load(root)
    assert loaded.frames["s15_anger1_1"].numbers == (998, 999, 1000, 1001, 1002)
    assert loaded.kinds == {"s15_anger1_1": "macro", "s40_happy5_12": "micro"}
    assert told(loaded) == [("s40_happy5_12", "the offset is not known")]


def test_a_clip_without_onset_cannot_be_cut_out_of_a_long_video(root: Path) -> None:
    source, sheet = copied("samm_lv", "raw", root)
    rows = [*SHEETS["samm_lv", "raw"][1], ["006", "006_1_9", 1, 0, 600, 610, 11, "Macro", "12", ""]]
    write_sheet(sheet, rows)
    assert told(source.load(root)) == [
        ("006_006_1_9_0", "the onset is not known"),
        ("006_006_1_9_0", "without onset and end it cannot be cut out of its video"),
    ]


def test_emotions_of_samm_come_to_the_long_videos_from_the_sheet_beside(root: Path) -> None:
    source, _ = copied("samm_lv", "raw", root)
    name, rows = SHEETS["samm", "raw"]
    write_sheet(root / name, rows)
    loaded = source.load(root)
    assert [(r["clip"], r["emotion"], r["objective"]) for r in loaded.table.rows()] == [
        ("006_1_1", "", None),
        ("006_1_2", "anger", 3),
    ]


def test_smic_needs_no_sheet(root: Path) -> None:
    source, sheet = copied("smic", "hs", root)
    with_sheet = source.load(root)
    sheet.unlink()
    without = source.load(root)
    assert without.frames == with_sheet.frames
    assert without.table == with_sheet.table
    assert without.problems == ()


def test_the_extended_clips_of_smic_need_their_sheet(root: Path) -> None:
    source, sheet = copied("smic", "hs-e", root)
    sheet.unlink()
    with pytest.raises(InputError, match="need their sheet"):
        source.load(root)


@pytest.mark.parametrize("name", ["S01-07-001.jpg", "S01-07-001/3.jpg"])
def test_macro_expressions_of_mmew_are_stills_or_folders(root: Path, name: str) -> None:
    file = root / "MMEW_Final" / "Macro_Expression" / "S01" / "anger" / name
    file.parent.mkdir(parents=True)
    file.touch()
    loaded = database("mmew").load(root)
    (row,) = loaded.table.rows()
    assert (row["key"], row["emotion"], loaded.variant) == ("S01_S01-07-001", "anger", "macro")
    assert loaded.kinds == {row["key"]: "macro"}
    assert loaded.frames[row["key"]].files == (file,)
    assert loaded.problems == ()


def test_a_full_copy_loads_in_two_seconds(root: Path) -> None:
    rows = [*SHEETS["casme2", "raw_selected"][1][:1]]
    rows += [
        [s, f"EP{n:02d}_01f", "", 1, 20, 60, "", "4", "others"] for s in range(1, 27) for n in range(1, 11)
    ]
    source = database("casme2")
    sheet = write_sheet(root / "CASME2-coding-20140508.xlsx", rows[:256])
    write_frames(source, source.read(sheet, None, "").table.rows(), root, "raw_selected")
    begin = time.perf_counter()
    loaded = source.load(root)
    seconds = time.perf_counter() - begin
    assert len(loaded.frames) == 255
    assert loaded.problems == ()
    assert seconds < 2
