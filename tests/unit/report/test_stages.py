"""The picture of a clip's stages: it is drawn for sequences and for single images, and shows what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.databases.registry import get
from mien.face.landmarks import Landmarker
from mien.prepare import recipe
from mien.prepare.stages import stages_of
from mien.prepare.timing import Annotation
from mien.report.stages import draw_stages


@pytest.mark.parametrize("name", ["aie-cmcl-small", "onset-apex"])
def test_a_picture_is_written(small_twin: Path, tmp_path: Path, name: str) -> None:
    frames = get("casme2").load(small_twin).frames["sub01_EP01_01"]
    with Landmarker() as landmarker:
        stages = stages_of(frames, Annotation(11, 15, 19), recipe.load(name), landmarker)
        draw_stages(stages, "a smile", tmp_path / "stages.png")
    picture = np.asarray(Image.open(tmp_path / "stages.png").convert("RGB"))
    assert min(picture.shape[:2]) > 500
    reddish = (picture[..., 0] > 180) & (picture[..., 2] < 100)
    assert reddish.sum() > 100, "no arrow and no rigid region was drawn"
