"""A run as one self-contained HTML file."""

from mien.report.answers import write_answers_report
from mien.report.page import write_report

__all__ = ["write_answers_report", "write_report"]
