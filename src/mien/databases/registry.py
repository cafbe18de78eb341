"""The databases by name."""

from __future__ import annotations

from mien.databases.casme import CASME
from mien.databases.casme2 import CASME2
from mien.databases.casme3 import CASME3
from mien.databases.casme_sq import CASME_SQ
from mien.databases.ckplus import CKPLUS
from mien.databases.database import Source
from mien.databases.dfme import DFME
from mien.databases.four_dme import FOUR_DME
from mien.databases.megc2019 import MEGC2019
from mien.databases.mmew import MMEW
from mien.databases.own import OWN
from mien.databases.samm import SAMM
from mien.databases.samm_lv import SAMM_LV
from mien.databases.smic import SMIC
from mien.errors import unknown

_SOURCES: dict[str, Source] = {
    source.card.name: source
    for source in (
        CASME,
        CASME2,
        SAMM,
        SMIC,
        MMEW,
        CASME_SQ,
        CASME3,
        SAMM_LV,
        FOUR_DME,
        DFME,
        MEGC2019,
        CKPLUS,
        OWN,
    )
}


def names() -> tuple[str, ...]:
    """The names of all databases."""
    return tuple(_SOURCES)


def get(name: str) -> Source:
    """The database of this name.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if name in _SOURCES:
        return _SOURCES[name]
    raise unknown(f"there is no database '{name}'", name, _SOURCES)
