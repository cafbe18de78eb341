"""The files that an analysis is handed over in."""

from mien.export.writing import write_all

__all__ = ["write_all"]
