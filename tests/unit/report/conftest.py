"""Lets these tests import the modules beside them: `report_run` and `report_page`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
