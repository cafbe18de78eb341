"""Whatever stands in a cell: it parses, its canonical spelling means the same, two flips change nothing."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from mien.facs.annotation import VOCABULARY, AUAnnotation, flip, multi_hot, parse
from mien.facs.catalogue import CATALOGUE
from mien.facs.sentences import TEMPLATES, sentence

EMOTION_WORDS = re.compile(
    r"\b(happ|joy|pleas|smil|laugh|grin|sad|sorrow|grie|frown|pout|ang(er|ry)|rage|sneer|scowl|glar|disgust|repuls|fear"
    r"|afraid|scare|surpris|astonish|startl|contempt|scorn|smirk|repress|tens(e|ion)\b|negativ|positiv|emotion|feel"
    r"|mood|others\b)",
    re.IGNORECASE,
)

PIECES = """
4 7 12 14 L12 R1 A4B B18 10A/B 4(B/C) ref( Ref(14) ( ) [ ] + , ， or / and ? 12B? (k) AU AD M ADR30 M57 L/A
(A/R) k loses no nothing x 2x 74 34 3 000 99999 glare NULL nan -1 . ; | & ( ）（ ４ Ⅳ ² é ſ K
"""
pieces = st.sampled_from([*PIECES.split(), " ", "\n", "\0"])
cells = st.one_of(
    st.text(), st.lists(pieces, max_size=14).map("".join), st.lists(pieces, max_size=14).map(" ".join)
)
marks = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "L", "R", "A", "B", "T"]),
    st.sampled_from(sorted(CATALOGUE)),
    st.sampled_from(["", "A", "B", "C", "D", "E", "B/C"]),
)
codings = st.lists(marks, min_size=1, max_size=6).map("+".join).map(parse)


@given(cells)
@example("((((((((((((((((4))))))))))))))))")
@example("(" * 5000)
@example("4or" * 2000)
@example("9" * 6000)
def test_any_text_parses_and_keeps_its_text(cell: str) -> None:
    found = parse(cell)
    assert found.raw == cell
    assert all(mark.code in CATALOGUE for mark in found.units + found.possible)
    assert found.numbers <= CATALOGUE.keys()


@given(st.one_of(st.integers(), st.floats(), st.none(), st.booleans(), st.binary(), st.lists(st.integers())))
@example(10**6000)
@example(float("inf"))
@example(np.float32("nan"))
def test_any_object_parses(cell: object) -> None:
    assert isinstance(parse(cell), AUAnnotation)


@given(cells)
@example("6B+12B+15C+26+((8+25)or(50))")
@example("(loses 1+2) or (4(B/C))")
@example("(1 or (2+(3 or 4)))+5")
def test_canonical_spelling_means_the_same(cell: str) -> None:
    found = parse(cell)
    again = parse(found.canonical)
    assert (again.units, again.alternatives, again.coded) == (found.units, found.alternatives, found.coded)
    assert again.canonical == found.canonical


@given(cells)
def test_flipping_twice_changes_nothing(cell: str) -> None:
    found = parse(cell)
    assert flip(flip(found)) == found
    assert len(flip(found).numbers) == len(found.numbers)


@given(cells, st.integers(0, len(TEMPLATES) - 1), st.sampled_from(["sentence", "name"]), st.booleans())
def test_no_text_gives_the_class_away(cell: str, template: int, style: str, sides: bool) -> None:
    text = sentence(parse(cell), template, style, sides)  # type: ignore[arg-type]
    assert text and not EMOTION_WORDS.search(text), text
    assert text == sentence(parse(cell), template, style, sides)  # type: ignore[arg-type]


def test_no_entry_of_the_catalogue_gives_the_class_away() -> None:
    for unit in CATALOGUE.values():
        for side in ("", "L", "R", "A", "T", "B"):
            for form in ("phrase", "clause", "brief clause"):
                assert not EMOTION_WORDS.search(unit.words(side, form=form))  # type: ignore[arg-type]
        assert not EMOTION_WORDS.search(unit.name)
    assert EMOTION_WORDS.search("a Surprised face") and EMOTION_WORDS.search("others")


@given(codings, st.integers(0, len(TEMPLATES) - 1))
def test_flip_swaps_the_words_for_the_sides(found: AUAnnotation, template: int) -> None:
    swap = {"left": "right", "right": "left"}
    text = re.sub(r"left|right", lambda word: swap[word[0]], sentence(found, template))
    assert sorted(re.findall(r"\w+", sentence(flip(found), template))) == sorted(re.findall(r"\w+", text))


@given(st.frozensets(st.sampled_from([code for code, unit in CATALOGUE.items() if unit.kind == "AU"])))
def test_numbers_written_out_are_the_same_numbers(numbers: frozenset[int]) -> None:
    found = parse("+".join(map(str, numbers)) or "?")
    assert found.numbers == numbers
    known = {VOCABULARY[i] for i in np.flatnonzero(multi_hot([found])[0])}
    assert known == numbers & set(VOCABULARY)


@given(codings, codings)
def test_without_sides_texts_are_equal_just_if_the_facial_codes_are(a: AUAnnotation, b: AUAnnotation) -> None:
    shown = [{mark.code for mark in found.certain if mark.kind != "M"} for found in (a, b)]
    texts = [sentence(found, sides=False) for found in (a, b)]
    assert (shown[0] == shown[1]) == (texts[0] == texts[1])
