"""Action Units that go with an emotion in the published tables: lore for synthesis and reports, not a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Emotion -> its combinations of Action Units. The first of each is the core of the EMFACS table (Friesen and
#: Ekman 1983, as given in the FACS investigator's guide, 2002); the others are the major variants listed there and
#: the combinations that Davison et al. 2018 ("Objective classes for micro-facial expression recognition", table 1)
#: use to re-label CASME II and SAMM. People often show parts of them only.
PROTOTYPES: Mapping[str, tuple[tuple[int, ...], ...]] = MappingProxyType(
    {
        "happiness": ((6, 12), (12,), (6, 7, 12), (12, 25)),
        "surprise": ((1, 2, 5, 26), (1, 2), (1, 2, 5), (1, 2, 25), (5, 25, 26)),
        "anger": ((4, 5, 7, 23), (4, 7), (4, 5), (4, 7, 24), (4, 5, 7, 17, 23), (4, 23)),
        "disgust": ((9,), (10,), (9, 17), (10, 17), (4, 9), (4, 7, 9), (4, 10), (10, 25, 26)),
        "sadness": ((1, 4, 15), (1, 4), (1, 15), (4, 15, 17), (6, 15), (1, 4, 11)),
        "fear": ((1, 2, 4, 5, 7, 20, 26), (1, 2, 4), (1, 2, 4, 5), (1, 2, 4, 5, 20), (20,), (5, 20, 25)),
        "contempt": ((12, 14), (14,)),
    }
)
