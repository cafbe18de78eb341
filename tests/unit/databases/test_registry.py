"""The databases by name, and what `mien.databases` says about each."""

from __future__ import annotations

import re

import pytest

from mien.databases.database import Database
from mien.databases.fixes import fixes_of
from mien.databases.registry import get, names
from mien.errors import UsageError


@pytest.mark.parametrize("name", names())
def test_every_card_tells_what_a_newcomer_needs(name: str) -> None:
    card = get(name).card
    assert card.name == name
    for text in (card.title, card.paper, card.holds, card.apply, card.tree):
        assert text.strip()
    assert card.files
    assert bool(card.counts) == (name != "own")


@pytest.mark.parametrize("name", names())
def test_counts_of_a_card_add_up(name: str) -> None:
    for release, counts in get(name).card.counts.items():
        for parts in (counts.emotions, counts.kinds):
            assert not parts or sum(parts.values()) == counts.clips, release
        assert counts.subjects <= counts.clips


@pytest.mark.parametrize("name", [name for name in names() if isinstance(get(name), Database)])
def test_the_official_place_of_a_variant_carries_its_mark_and_no_other(name: str) -> None:
    source = get(name)
    assert isinstance(source, Database)
    for variant, layout in source.layouts.items():
        top = f"disk/{layout.top}/".lower()
        fitting = {other for other, its in source.layouts.items() if re.search(its.mark, top)}
        assert {source.layouts[other] for other in fitting} == {layout}, variant


@pytest.mark.parametrize("name", names())
def test_known_errors_have_a_column_and_a_reason(name: str) -> None:
    for fix in fixes_of(name):
        assert fix.column in ("onset", "apex", "offset", "emotion")
        assert len(fix.reason) > 10
        assert fix.instead != fix.table_says


def test_databases_with_known_errors() -> None:
    assert {name for name in names() if fixes_of(name)} == {
        "casme",
        "casme2",
        "casme3",
        "casme_sq",
        "mmew",
        "samm",
        "smic",
    }


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="casme2"):
        get("casmeii")


NAMES_ON_DISK = {
    ("casme", "raw_selected"): ["CASME.xls", "CASME-A.xlsx"],
    ("casme2", "raw"): [
        "CASME2-coding-20140508.xlsx",
        "CASME2-coding-20190701.xlsx",
        "CASME2_label_Ver_2.xls",
    ],
    ("samm", "raw"): ["SAMM_Micro_FACS_Codes_v2.xlsx", "SAMM_20181215_Micro_FACS_Codes_v2.xlsx"],
    ("samm_lv", "raw"): ["SAMM_LongVideos_V1_Release.xlsx", "SAMM-data.xlsx"],
    ("smic", "hs"): ["SMIC_HS_cropped.csv"],
    ("smic", "hs-e"): ["SMIC-HS-E_annotation.xlsx", "SMIC-HS-E_annotation_orig.xlsx"],
    ("smic", "nir"): ["SMIC-NIR-E_annotation.xlsx"],
    ("mmew", "micro"): ["MMEW_Micro_Exp.xlsx", "MMEW_Micro_Exp(20).xlsx", "MMEW_Micro_Exp_v2.csv"],
    ("casme_sq", "raw"): ["CAS(ME)^2code_final.xlsx", "CAS(ME)^2code_final(Updated).xlsx", "code_final.xlsx"],
    ("casme3", "a"): ["cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"],
    ("casme3", "a-all"): ["CAS(ME)3_part_A_v2.xls"],
    ("casme3", "c"): ["CAS(ME)3_part_C_ME.xlsx"],
    ("4dme", "gray"): ["4DME_Labelling_Micro_release v1.xlsx"],
    ("dfme", "train"): ["training_full_with_AU.xlsx"],
    ("dfme", "test_a"): ["testA_full_with_AU.xlsx"],
}


@pytest.mark.parametrize(("name", "variant"), NAMES_ON_DISK)
def test_a_sheet_is_known_by_its_name_among_those_of_all_databases(name: str, variant: str) -> None:
    source = get(name)
    assert isinstance(source, Database)
    pattern = source.sheet_name if isinstance(source.sheet_name, str) else source.sheet_name[variant]
    others = ["CASME2-ObjectiveClasses", "CAS(ME)3_part_A_wrongly_labeled_me_in_V1", "smic_apex_estimated"]
    stems = [*others, *(file.rpartition(".")[0] for files in NAMES_ON_DISK.values() for file in files)]
    fitting = {stem for stem in stems if re.fullmatch(pattern, stem.lower())}
    assert fitting == {file.rpartition(".")[0] for file in NAMES_ON_DISK[name, variant]}
