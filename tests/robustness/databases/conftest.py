"""Lets these tests import the made-up sheets that the unit tests of the databases use."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "databases"))
