"""The AU coding of a clip: `parse` a cell, mirror it with `flip`, count it with `multi_hot`.

>>> parse("4B+L12 or L14").canonical
'4B+(L12 or L14)'
>>> sorted(parse("4B+R7+ref(43)").numbers)
[4, 7]
>>> parse("14+glare").notes
('not read: glare',)
>>> parse("NULL").coded, parse("?").coded
(False, True)
>>> flip(parse("L1+R2+M61")).canonical
'R1+L2+M62'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mien.facs.marks import Alternatives, AUAnnotation, AUMark, Branch, flip
from mien.facs.reading import read

__all__ = ["VOCABULARY", "AUAnnotation", "AUMark", "Alternatives", "Branch", "flip", "multi_hot", "parse"]

#: The columns of a multi-hot coding unless others are asked for: the 26 Action Units that are certain in a
#: clip of CASME II (coding of 2014 or 2019) or SAMM, and 11, 22, 28 and 45, which other public tables hold
#: five times or more. Head and gaze, behaviours and action descriptors are no Action Units.
VOCABULARY: tuple[int, ...] = (
    *(1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22),
    *(23, 24, 25, 26, 28, 31, 38, 39, 43, 45),
)


def parse(raw: object) -> AUAnnotation:
    """The annotation that an AU cell holds: text, a number, None or NaN. Never raises.

    Every spelling found in the published tables of CASME II, SAMM, SAMM Long Videos, MMEW, CAS(ME)^2,
    CAS(ME)^3, DFME and 4DME is read; `mien.facs.reading` gives the grammar. The raw text is kept, and what
    could not be read is in `notes`. Two choices: of "x or y" neither counts as certain unless both hold the
    same code; `ref(x)` and `x?` are kept as doubtful and are not certain either.

    >>> parse(4).canonical
    '4'
    >>> [str(mark) for mark in parse("A4B+1D/E+ADR30").units]
    ['A4B', '1D/E', 'ADR30']
    """
    return read(raw)


def multi_hot(
    annotations: Iterable[AUAnnotation], vocabulary: Sequence[int] = VOCABULARY
) -> NDArray[np.float32]:
    """(N, len(vocabulary)) float32 ones where an Action Unit is certain in a clip.

    Codes outside the vocabulary are left out; clips without coding are rows of zeros, as are clips coded `?`.

    >>> multi_hot([parse("4+7"), parse("?")], (4, 12)).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    rows = [[code in annotation.numbers for code in vocabulary] for annotation in annotations]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(vocabulary))
