"""Lets these tests import the makers of run folders that the unit tests of the report use."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "report"))
