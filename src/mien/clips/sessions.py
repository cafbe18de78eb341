"""Sessions of clips: which clips of a person were filmed in one go, so share light, clothes, hair and pose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from mien.clips.table import ClipTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The stimulus video within a clip's name: CASME's `EP02_01f`, SAMM's `006_1_2` (the middle number).
_STIMULUS = {
    "casme": re.compile(r"^(EP\d+)", re.IGNORECASE),
    "casme2": re.compile(r"^(EP\d+)", re.IGNORECASE),
    "samm": re.compile(r"^\d+_(\d+)_\d+$"),
}


def sessions(table: ClipTable) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """`dataset/subject/session` of every clip (N,), and whether its name tells the session (N,).

    The session is the stimulus video that was watched. Where the clip's name does not tell it (SMIC and the
    databases not listed here), every clip counts as a session of its own.
    """
    names, known = [], []
    for group, dataset, clip in zip(table.groups, table.datasets, table.frame["clip"], strict=True):
        pattern = _STIMULUS.get(str(dataset))
        found = pattern.match(clip) if pattern else None
        names.append(f"{group}/{found[1].upper() if found else clip}")
        known.append(found is not None)
    return np.array(names, dtype=np.str_), np.array(known, dtype=bool)
