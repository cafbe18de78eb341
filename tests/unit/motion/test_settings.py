"""The frozen settings of the flow methods."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mien.errors import UsageError
from mien.motion.settings import METHODS, Tvl1, settings_of


def test_tvl1_has_the_defaults_of_opencv() -> None:
    import cv2

    solver = cv2.optflow.createOptFlow_DualTVL1()
    ours = Tvl1().model_dump(exclude={"engine"})
    assert ours == {
        "tau": solver.getTau(),
        "attachment": solver.getLambda(),
        "theta": solver.getTheta(),
        "scales": solver.getScalesNumber(),
        "scale_step": solver.getScaleStep(),
        "warps": solver.getWarpingsNumber(),
        "epsilon": solver.getEpsilon(),
        "inner_iterations": solver.getInnerIterations(),
        "outer_iterations": solver.getOuterIterations(),
        "median_px": solver.getMedianFiltering(),
    }


@pytest.mark.parametrize("method", METHODS)
def test_settings_go_through_a_recipe_and_do_not_change(method: str) -> None:
    settings = settings_of(method)
    assert type(settings).model_validate_json(settings.model_dump_json()) == settings
    name = next(iter(type(settings).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, name, 1)
    with pytest.raises(ValidationError, match="unheard"):
        type(settings)(unheard=1)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"raft[\s\S]*tvl1-fast"):
        settings_of("raft")
