"""Action Units that go with an emotion in published tables: lore for synthesis and reports, no classifier."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Emotion -> combinations of Action Units, the fullest or the core one first. Source: the table of emotion
#: predictions in the FACS Investigator's Guide (Ekman, Friesen and Hager 2002), from which EMFACS is derived,
#: and the groups by which Davison et al. 2018 re-labelled CASME II and SAMM ("Objective classes for
#: micro-facial expression recognition"). Both list more variants than stand here. People often show parts of
#: one only.
PROTOTYPES: Mapping[str, tuple[tuple[int, ...], ...]] = MappingProxyType(
    {
        "happiness": ((6, 12), (12,), (6, 7, 12), (7, 12)),
        "surprise": ((1, 2, 5, 26), (1, 2), (1, 2, 5), (1, 2, 25), (5, 26), (25, 26)),
        "anger": ((4, 5, 7, 23), (4, 5, 7, 24), (4, 5, 7, 17, 23), (4, 7), (4, 5), (4, 6, 7)),
        "disgust": ((9,), (10,), (9, 17), (10, 17), (4, 9), (4, 7, 9), (7, 10), (4, 7, 10), (10, 25, 26)),
        "sadness": ((1, 4, 15), (1, 4, 11), (1, 4, 15, 17), (1, 4), (15,), (6, 15), (15, 17)),
        "fear": ((1, 2, 4, 5, 20, 26), (1, 2, 4, 5), (1, 2, 4), (5, 20, 25), (20,), (20, 25, 26)),
        "contempt": ((14,), (12, 14)),
    }
)
