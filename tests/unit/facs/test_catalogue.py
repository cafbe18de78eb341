"""The catalogue of FACS codes: complete, well formed, and free of words that would give a class away."""

from __future__ import annotations

import pytest

from mien.facs.catalogue import CATALOGUE, MIRRORED, VISIBILITY_CODES, ActionUnit

UNITS = list(CATALOGUE.values())
REGIONS = {
    *("brow", "eye", "nose", "cheek", "mouth", "chin", "jaw", "neck", "head", "gaze", "face", "body"),
}


def test_main_action_units_are_there_and_gaps_of_facs_stay_gaps() -> None:
    main = {1, 2, *range(4, 29), 38, 39, *range(41, 47)} - {19}
    assert main <= {unit.code for unit in UNITS if unit.kind == "AU"}
    assert not {0, 3, 47, 48, 49, 67, *VISIBILITY_CODES} & CATALOGUE.keys()


@pytest.mark.parametrize(
    ("code", "kind"), [(19, "AD"), (34, "AD"), (80, "AD"), (51, "M"), (57, "M"), (64, "M")]
)
def test_descriptors_and_movements_are_told_from_action_units(code: int, kind: str) -> None:
    assert CATALOGUE[code].kind == kind


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.code))
def test_entries_are_complete(unit: ActionUnit) -> None:
    assert unit.region in REGIONS
    assert unit.name and unit.muscle
    assert set(unit.sides) <= set("LRTB") and ("L" in unit.sides) == ("R" in unit.sides) == unit.sided
    for form in ("phrase", "clause", "brief clause"):
        both = unit.words(form=form)
        assert both and both == both.strip(" .,") and not set(both) & set("[]|{}")
        for side in unit.sides:
            one = unit.words(side, form=form)  # type: ignore[arg-type]
            assert one != both, "a side that can be coded can be read off the words"
            assert not set(one) & set("[]|") and "SIDE" not in one


def test_codes_are_in_order_and_phrases_differ() -> None:
    assert list(CATALOGUE) == sorted(CATALOGUE)
    assert (
        len({unit.words() for unit in UNITS})
        == len({unit.words(form="clause") for unit in UNITS})
        == len(UNITS)
    )


def test_sides_in_words() -> None:
    assert CATALOGUE[12].words("L") == "left lip corner pulled up"
    assert CATALOGUE[18].words("B") == "lower lip puckered"
    assert CATALOGUE[26].words("R") == CATALOGUE[26].words() == "jaw dropped", (
        "a jaw does not drop on one side"
    )
    assert CATALOGUE[14].words("A") == CATALOGUE[14].words()


def test_mirrored_codes_come_in_pairs() -> None:
    assert all(MIRRORED[MIRRORED[code]] == code != MIRRORED[code] for code in MIRRORED)
    assert all(
        CATALOGUE[a].name.replace("Left", "Right") == CATALOGUE[b].name for a, b in MIRRORED.items() if a < b
    )
