"""Small copies of databases, made up: a sheet with the official header, and empty image files in the official
folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mien.databases.database import Source

Rows = list[list[object]]

SAMM_HEADER = ["Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration",
               "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"]  # fmt: skip
CASME3_HEADER = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU"]

#: For each database and variant with a sheet: the file's name, and header and rows of two clips.
SHEETS: Mapping[tuple[str, str], tuple[str, Rows]] = {
    ("casme", "raw_selected"): ("CASME.xlsx", [
        ["Subject", "Filename", "", "OnsetF", "ApexF1", "ApexF2", "OffsetF", "", "AU", "Emotion"],
        [1, "EP01_12", "", 73, 81, "", 84, "", "4", "tense"],
        [8, "EP01_12", "", 5, 9, "", 14, "", "R12", "happiness"],
    ]),
    ("casme2", "raw_selected"): ("CASME2-coding-20140508.xlsx", [
        ["Subject", "Filename", "", "OnsetFrame", "ApexFrame", "OffsetFrame", "", "Action Units",
         "Estimated Emotion"],
        ["01", "EP02_01f", "", 46, 50, 56, "", "12", "happiness"],
        ["26", "EP06_02_01", "", 96, 99, 102, "", "4+L10", "disgust"],
    ]),
    ("samm", "raw"): ("SAMM_Micro_FACS_Codes_v2.xlsx", [
        ["SAMM Dataset - Master FACS Codes"], [], ["Symbol Key:"], SAMM_HEADER,
        ["006", "006_1_2", 1, 5562, 5568, 5570, 9, "Micro - 1/2", "4+7", "Anger", 3, ""],
        ["037", "037_7_1", 7, 21, 25, 29, 9, "Micro - 1/2", "A14C", "Contempt", 7, "While  blinking"],
    ]),
    ("smic", "hs"): ("SMIC-HS_list.xlsx", [
        ["Subject", "Filename", "OnsetF", "OffsetF", "Emotion"],
        [1, "s1_ne_01", 59740, 59749, "negative"],
        [20, "s20_sur_03", 17581039, 17581044, "surprise"],
    ]),
    ("smic", "nir"): ("SMIC-NIR-E_annotation.xlsx", [
        ["Subject", "Filename", "OnsetF NIR", "OffsetF NIR", "Emotion"],
        [11, "s11_po_01", 740, 745, "positive"],
        [20, "s20_ne_01", 7750, 7754, "negative"],
    ]),
    ("smic", "hs-e"): ("SMIC-HS-E_annotation.xlsx", [
        ["Subject", "Filename", "", "OnsetF", "OffsetF", "Onset2F", "Offset2F", "", "FirstF", "Emotion"],
        [3, "s3_ne_03", "", 90884, 90889, "", "", "", 90800, "negative"],
        [20, "s20_ne_01", "", 17581039, 17581044, "", "", "", 17580887, "negative"],
    ]),
    ("mmew", "micro"): ("MMEW_Micro_Exp.xlsx", [
        ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion",
         "remarks"],
        [1, "S01-01-001", 1, 5, 9, "6+12", "happiness", ""],
        [13, "S13-07-002", 1, 2, 7, "4R+7", "anger", ""],
    ]),
    ("casme_sq", "raw"): ("CAS(ME)^2code_final(Updated).xlsx", [
        [1, "anger1_1", 998, 999, 1002, "4+10", "negative", "macro-expression", "anger"],
        [22, "happy5_12", 28, 31, 0, "NULL", "others", "micro-expression", "pain"],
    ]),
    ("casme3", "a"): ("cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", [
        [*CASME3_HEADER, "Objective class", "emotion"],
        ["spNO.1", "e", 62, 68, 70, "R12", "I", "others"],
        ["spNO.1", "e", 96, 99, 101, "14+9", "VII", "Others"],
    ]),
    ("casme3", "a-all"): ("CAS(ME)3_part_A_v2.xlsx", [
        [*CASME3_HEADER, "Expression type", "Objective class"],
        ["spNO.1", "a", 37, 40, 45, "4+15+R10", "Macro-expression", "VII"],
        ["spNO.216", "m", 1, 2, 3, "r18", "Micro-expression", "II"],
    ]),
    ("casme3", "c"): ("CAS(ME)3_part_C_ME.xlsx", [
        ["sub", "count", "onset", "offset", "au"],
        [1, 1, 5, 9, "4，11"],
        [31, 12, 105, 109, "12B ?"],
    ]),
    ("samm_lv", "raw"): ("SAMM_LongVideos_V3_Release.xlsx", [
        ["SAMM Long Videos Dataset - FACS Codes"], [],
        ["Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units",
         "Notes"],
        ["006", "006_1_1", 1, 566.4, 568.6, 570.2, 5.8, "Macro", "4(B/C)+7B", ""],
        ["006", "006_1_2", 1, 562, 568, 632, 71, "Micro - 1/2", "4+7", ""],
    ]),
    ("dfme", "train"): ("training_full_with_AU.xlsx", [
        ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU"],
        ["sub0003", "sub0003_01", 0, 5, 9, "anger", 0, 500, "23"],
        ["sub0176", "sub0176_12", 48, 51, 55, "contempt", 1, 200, "4+AD39"],
    ]),
    ("4dme", "gray"): ("4DME_Labelling_Micro_release v1.xlsx", [
        ["sub_ID", "fold_name", "Onset", "Apex", "Offset", "AUs", "Emotion", "AU1", "AU4"],
        ["01", "clip_1", 1826, 1829, 1833, "AU4(k)+L7", "Surprise+Positive", 0, 1],
        ["65", "clip_2", 26, 29, 33, "AU12", "Positive", 0, 0],
    ]),
}  # fmt: skip


def write_sheet(file: Path, rows: Rows) -> Path:
    """Write the rows, to .xlsx or .csv."""
    width = max(len(row) for row in rows)
    frame = pd.DataFrame([[*row, *[""] * (width - len(row))] for row in rows])
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".csv":
        frame.to_csv(file, header=False, index=False)
    else:
        frame.to_excel(file, header=False, index=False)
    return file


def write_frames(source: Source, rows: list[dict[str, object]], root: Path, variant: str) -> None:
    """Empty image files from onset to offset (or apex) of every clip, in their official places."""
    for row in rows:
        onset, end = row["onset"], row["offset"] or row["apex"]
        assert isinstance(onset, int)
        assert isinstance(end, int)
        for number in range(onset, end + 1):
            file = root / source.frame_path(row, number, variant)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
