"""Settings refuse what cannot be meant."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mien.analysis.settings import AnalyseSettings


def test_defaults_and_ranges() -> None:
    chosen = AnalyseSettings(exclude=((1, 2.5),), baseline=(0, 5))
    assert chosen.exclude == ((1.0, 2.5),) and AnalyseSettings().face == "largest"


@pytest.mark.parametrize(
    "given",
    [{"exclude": [(3, 2)]}, {"baseline": (-1, 2)}, {"sensitivity": 0}, {"recognise": "macro"}, {"speed": 1}],
)
def test_nonsense_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AnalyseSettings.model_validate(given)
