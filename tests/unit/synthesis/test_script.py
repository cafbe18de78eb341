"""Scripts: what is drawn happens as often and as long as it should, and nothing is where it must not be."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.facs.annotation import parse
from mien.synthesis.distractors import Distractor
from mien.synthesis.script import Density, Script, ScriptedExpression, draw_script

MICRO = ScriptedExpression("micro", 10, 14, 20, "4", 0.1)
APART = ("speech", "turn", "nod", "away")


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.sampled_from([0.5, 1.0, 2.5]),
    st.sampled_from([25.0, 30.0, 200.0]),
    st.booleans(),
)
def test_a_drawn_script_keeps_its_promises(seed: int, minutes: float, fps: float, away: bool) -> None:
    script = draw_script((seed, 1, 1), minutes, fps, Density(away=away))
    assert script.n_frames == round(60 * minutes * fps)
    kinds = Counter(each.kind for each in script.expressions)
    assert kinds["micro"] == 0 or 3 * minutes <= kinds["micro"] <= 5 * minutes + 1
    assert 3 * minutes <= kinds["macro"] <= 5 * minutes + 1
    others = Counter(each.kind for each in script.distractors)
    assert others["speech"] >= 1 and others["turn"] >= 1 and others["away"] == away
    for each in script.expressions:
        seconds = (each.offset - each.onset + 1) / fps
        assert 0.2 < seconds <= 0.5 if each.kind == "micro" else 0.5 < seconds <= 4.05
        assert each.onset < each.apex < each.offset
        assert parse(each.au).certain and not parse(each.au).notes
        assert (each.strength < 0.25) == (each.kind == "micro")
    spans = [(e.onset, e.offset) for e in script.expressions]
    spans += [(d.first, d.last) for d in script.distractors if d.kind in APART]
    spans.sort()
    assert all(after[0] - before[1] > 0.5 * fps for before, after in itertools.pairwise(spans))
    gone = [d for d in script.distractors if d.kind == "away"]
    for each in gone:
        assert not any(
            d is not each and d.first <= each.last and d.last >= each.first for d in script.distractors
        )


def test_blinks_come_at_their_rate_and_never_two_at_once() -> None:
    script = draw_script((3, 1, 1), 20.0)
    blinks = [d for d in script.distractors if d.kind == "blink"]
    assert len(blinks) == pytest.approx(400, rel=0.12)
    assert all(a.last <= b.first for a, b in itertools.pairwise(blinks))
    lengths = [(d.last - d.first) / 30 for d in blinks]
    assert min(lengths) > 0.09 and max(lengths) < 0.35


def test_some_videos_have_no_micro_expression_and_a_bystander_has_none_at_all() -> None:
    n_micro = [sum(e.kind == "micro" for e in draw_script((0, k, 1), 1.0).expressions) for k in range(120)]
    assert 6 < n_micro.count(0) < 34
    bystander = draw_script((0, 1, 1), 1.0, density=Density.bystander())
    assert not bystander.expressions and {d.kind for d in bystander.distractors} >= {
        "speech",
        "blink",
        "turn",
    }


def test_the_same_key_gives_the_same_script() -> None:
    assert draw_script((0, 1, 2), 1.0) == draw_script((0, 1, 2), 1.0)
    assert len({draw_script((s, p, v), 1.0) for s in (0, 1) for p in (0, 1) for v in (0, 1)}) == 8


def test_a_video_too_short_or_too_slow_is_refused() -> None:
    with pytest.raises(UsageError, match="too short"):
        draw_script((0, 1, 1), 0.1, density=replace(Density(), speech=(30, 30)))
    with pytest.raises(UsageError, match="15 frames"):
        draw_script((0, 1, 1), 1.0, fps=10.0)


def test_a_script_by_hand() -> None:
    script = Script(30.0, 100, (MICRO,), (Distractor("blink", 1, 6, (1.0,)),))
    shown = script.expressions[0].as_expression()
    assert shown.phases == (10.0, 14.0, 20.0) and shown.strength == 0.1
    assert [mark.code for mark in shown.marks] == [4]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (replace(MICRO, apex=21), "onset <= apex"),
        (replace(MICRO, onset=0), "between 1 and"),
        (replace(MICRO, offset=101), "between 1 and"),
        (replace(MICRO, offset=25), "half a second"),
        (replace(MICRO, kind="macro"), "half a second"),
    ],
)
def test_impossible_expressions_are_refused(expression: ScriptedExpression, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Script(30.0, 100, (expression,))


def test_impossible_scripts_are_refused() -> None:
    with pytest.raises(UsageError, match="frame rate"):
        Script(0.0, 100)
    with pytest.raises(UsageError, match="between 1 and 100"):
        Script(30.0, 100, (), (Distractor("blink", 95, 101, (1.0,)),))


def test_lids_are_tightened_slightly_in_strong_expressions() -> None:
    codes = [
        (mark, each)
        for k in range(60)
        for each in draw_script((0, k, 1), 1.0).expressions
        for mark in parse(each.au).certain
        if mark.code == 7
    ]
    assert codes and all((mark.intensity == "B") == (each.kind == "macro") for mark, each in codes)
    strengths = np.array([each.strength for _, each in codes])
    assert strengths.min() >= 0.08 and strengths.max() <= 0.65
