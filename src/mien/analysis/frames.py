"""The rows of all frames of a video, kept as columns: an hour of them takes some megabytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from mien.analysis.result import FrameRow
from mien.face.following import Followed

_MEASURED = (
    *("confidence", "x", "y", "width", "height", "interocular_px"),
    *("yaw_deg", "pitch_deg", "roll_deg", "blur", "brightness"),
)
#: Columns that are known only when all frames have been seen.
LATER = ("micro_score", "macro_score", "micro_px", "macro_px", "excluded")
_NAMES = frozenset(field.name for field in fields(FrameRow))


class FrameTable(Sequence[FrameRow]):
    """A sequence of `FrameRow` that makes each row when it is asked for.

    Args:
        columns: (T,) values by name of the attribute; `lost` as numbers of `reasons`.
        reasons: why frames are lost; the first is empty.
    """

    def __init__(self, columns: Mapping[str, npt.NDArray[Any]], reasons: Sequence[str]) -> None:
        self._columns, self._reasons = dict(columns), tuple(reasons)
        assert _NAMES - {"frame", "success"} == set(self._columns)

    def __len__(self) -> int:
        return len(self._columns["timestamp"])

    @overload
    def __getitem__(self, at: int) -> FrameRow: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[FrameRow]: ...

    def __getitem__(self, at: int | slice) -> FrameRow | Sequence[FrameRow]:
        if isinstance(at, slice):
            return tuple(self[index] for index in range(*at.indices(len(self))))
        index = range(len(self))[at]
        values: dict[str, Any] = {name: column[index].item() for name, column in self._columns.items()}
        values["lost"] = self._reasons[values["lost"]]
        return FrameRow(frame=index, success=not values["lost"], **values)

    def __iter__(self) -> Iterator[FrameRow]:
        return (self[index] for index in range(len(self)))

    @property
    def success(self) -> npt.NDArray[np.bool_]:
        """(T,) whether the face was seen."""
        return np.asarray(self._columns["lost"] == 0)

    def column(self, name: str) -> npt.NDArray[Any]:
        """(T,) one attribute of all rows."""
        return self._columns[name]


class FrameLog:
    """Gathers what is known of each frame while a video is watched.

    Args:
        share: size of the pictures that are watched over that of the video: boxes are told in its pixels.
    """

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._times = array("d")
        self._faces, self._lost = array("h"), array("h")
        self._measured = {name: array("f") for name in _MEASURED}
        self._reasons = {"": 0}

    def __len__(self) -> int:
        return len(self._times)

    def add(self, time_s: float, followed: Followed) -> None:
        """The next frame."""
        self._times.append(time_s)
        self._faces.append(followed.face_id)
        self._lost.append(self._reasons.setdefault(followed.lost, len(self._reasons)))
        left, top, right, bottom = (side / self._share for side in followed.box)
        values = {
            "x": left,
            "y": top,
            "width": right - left,
            "height": bottom - top,
            "interocular_px": followed.interocular_px / self._share,
        }
        for name, column in self._measured.items():
            column.append(values[name] if name in values else getattr(followed, name))

    def table(self, later: Mapping[str, npt.NDArray[Any]]) -> FrameTable:
        """The table; `later` holds the columns of `LATER`."""
        columns = {
            "timestamp": np.array(self._times),
            "face_id": np.array(self._faces),
            "lost": np.array(self._lost),
            **{name: np.array(column) for name, column in self._measured.items()},
        }
        return FrameTable({**columns, **later}, list(self._reasons))

    @property
    def success(self) -> npt.NDArray[np.bool_]:
        """(T,) whether the face was seen."""
        return np.asarray(np.array(self._lost) == 0)

    def centre(self, frame: int) -> tuple[float, float]:
        """The middle of the face's box in a frame, pixels of the watched picture."""
        x, y, width, height = (self._measured[name][frame] for name in ("x", "y", "width", "height"))
        return (x + width / 2) * self._share, (y + height / 2) * self._share

    def faces(self) -> set[int]:
        """The numbers of the faces that were followed."""
        return set(self._faces) - {-1}
