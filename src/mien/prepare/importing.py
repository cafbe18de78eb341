"""Ready-made arrays become prepared sets through the same door as everything else."""

from __future__ import annotations

from pathlib import Path

from mien.databases import megc2019
from mien.prepare.layout import sha256_of
from mien.prepare.prepared import FLOW, MIN_MAX_UNIT, ArrayToWrite, PreparedSet

MEGC2019_FLOW = "megc2019-flow"


def import_megc2019_flow(folder: str | Path, out: str | Path, *, overwrite: bool = False) -> PreparedSet:
    """The prepared set of the 442 onset-apex flow images of MEGC 2019, written to `out`.

    The pixels are stored as they are: uint8 (442, 3, 28, 28), channels u, v, strain, each scaled to 0..255
    per image. Every image is compared with the hash that the manifest lists.

    Args:
        folder: holds `flow.npz` and `manifest.csv`.

    Raises:
        InputError: a file is missing or damaged.
        UsageError: `out` holds something else.
    """
    table, flow = megc2019.flow_images(folder)
    source = "TV-L1 flow from onset to apex, made by the authors of STSTNet (Liong et al. 2019)"
    recipe = {
        "step": MEGC2019_FLOW,
        "version": 1,
        "flow": source,
        "size_px": flow.shape[2],
        "scaling": MIN_MAX_UNIT,
        "emotions": "CASME II by its 2014 sheet, as MEGC 2019 does",
        "aus and objective classes": "CASME II by its 2019 sheet; SMIC has none",
        "apex": "annotated, but for SMIC, where the authors' own spotting is not published",
        "use": "derived from databases licensed for research only; do not pass it on",
        "source_sha256": {name: sha256_of(Path(folder) / name) for name in ("flow.npz", "manifest.csv")},
    }
    array = ArrayToWrite(data=flow, channels=megc2019.CHANNELS, unit=MIN_MAX_UNIT, source=source)
    return PreparedSet.write(
        out, name=MEGC2019_FLOW, table=table, arrays={FLOW: array}, recipe=recipe, overwrite=overwrite
    )
