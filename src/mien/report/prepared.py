"""What the report asks of a prepared set: keys, raw AU strings, and the flow images to draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

FLOW = "onset_apex_flow"


class TableLike(Protocol):
    """The clip table of a prepared set."""

    @property
    def keys(self) -> Any: ...

    @property
    def frame(self) -> pd.DataFrame: ...


class PreparedLike(Protocol):
    """A prepared set, as far as the report needs it; `mien.prepare.prepared.PreparedSet` is one."""

    @property
    def table(self) -> TableLike: ...

    @property
    def arrays(self) -> Mapping[str, np.ndarray]: ...

    @property
    def specs(self) -> Mapping[str, Any]: ...

    @property
    def data_hash(self) -> str: ...


class ClipSource:
    """Flow images and AU strings by clip key; `absent` says why there are none, or is empty."""

    def __init__(self, data: PreparedLike | None, data_hash: str) -> None:
        self._data: PreparedLike | None = None
        self._rows: dict[str, int] = {}
        self.absent = ""
        if data is None:
            self.absent = "the prepared set was not at hand when this report was written"
        elif data_hash and data.data_hash != data_hash:
            self.absent = "the prepared set at hand has other content than the one this run evaluated"
        else:
            self._data = data
            self._rows = {str(key): row for row, key in enumerate(data.table.keys)}

    @property
    def flow_absent(self) -> str:
        """Why no flow can be drawn, or nothing."""
        if self._data is not None and FLOW not in self._data.arrays:
            return f"the prepared set holds no array {FLOW}"
        return self.absent

    @property
    def in_pixels(self) -> bool:
        """Whether u and v are displacements in pixels, rather than stretched per image."""
        if self._data is None or FLOW not in self._data.specs:
            return False
        unit = str(self._data.specs[FLOW].unit).lower()
        return unit.startswith(("px", "pixel"))

    def flow(self, key: str) -> np.ndarray | None:
        """The clip's (3, H, W) flow image of u, v, strain, if there is one."""
        row = self._rows.get(key)
        if self._data is None or row is None or FLOW not in self._data.arrays:
            return None
        return np.asarray(self._data.arrays[FLOW][row])

    def au(self, key: str) -> str:
        """The clip's AU string as its database writes it, or why there is none."""
        row = self._rows.get(key)
        if self._data is None or row is None:
            return "not at hand"
        value = self._data.table.frame["au"].iloc[row]
        if value is None or value is pd.NA or value != value:
            return "not coded in this database"
        return str(value) or "none given"
