"""The real annotation tables, read once; and lets these tests import `small_copies` beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mien.clips.table import ClipTable
from mien.databases import casme2, casme3, mmew, samm, smic

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def annotations(shared_data: Path) -> Path:
    return shared_data / "annotations"


@pytest.fixture(scope="session")
def casme2_2014(annotations: Path) -> ClipTable:
    folder = annotations / "casme2"
    return casme2.read(folder / "CASME2-coding-20140508.xlsx", folder / "CASME2-ObjectiveClasses.xlsx")


@pytest.fixture(scope="session")
def casme2_2019(annotations: Path) -> ClipTable:
    return casme2.read(annotations / "casme2" / "CASME2-coding-20190701.xlsx")


@pytest.fixture(scope="session")
def samm_table(annotations: Path) -> ClipTable:
    return samm.read(annotations / "samm" / "SAMM_Micro_FACS_Codes_v2.xlsx")


@pytest.fixture(scope="session")
def smic_table(annotations: Path) -> ClipTable:
    return smic.read(annotations / "smic" / "SMIC_HS_cropped.csv")


@pytest.fixture(scope="session")
def mmew_table(annotations: Path) -> ClipTable:
    return mmew.read(annotations / "mmew" / "MMEW_Micro_Exp.csv")


@pytest.fixture(scope="session")
def casme3_table(annotations: Path) -> ClipTable:
    return casme3.read(annotations / "casme3" / "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx")
