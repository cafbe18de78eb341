"""A run as one self-contained HTML file."""

from mien.report.page import write_report

__all__ = ["write_report"]
