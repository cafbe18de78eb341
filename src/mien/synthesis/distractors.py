"""What a detector of expressions stumbles over: blinks, glances, speech, moves of the head, going away, light.

Speech is speech-like only: mouth shapes of vowels and consonants (`SHAPES`) follow each other at the rate of
syllables, in phrases with pauses. Rates and sizes are assumed; they look like a person at a desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from mien.errors import UsageError
from mien.synthesis.bust import smoothstep
from mien.synthesis.head import Floats, Head

DistractorKind = Literal["blink", "gaze", "speech", "turn", "nod", "away", "light"]

#: What the amounts of a distractor mean, in their order.
AMOUNTS: Mapping[DistractorKind, tuple[str, ...]] = {
    "blink": ("closing 0..1",),
    "gaze": ("to the subject's left, rad", "up, rad"),
    "speech": ("loudness 0..1",),
    "turn": ("pitch down, rad", "yaw to the subject's left, rad", "roll, rad"),
    "nod": ("pitch, rad", "times"),
    "away": ("to the subject's left, dm",),
    "light": ("level of lamp 1 from now on", "level of lamp 2", "level of the surroundings"),
}
#: A saccade and a step to the side (seconds); shares of a turn of the head that are spent there and back.
SACCADE_S, STEP_S, TURNING = 0.04, 0.9, 0.4
#: Share of a turn of the head that the eyes undo: people keep their eyes on the screen.
EYES_STAY = 0.6
#: Mouth shapes: face unit without its side -> weight at loudness 1.
SHAPES: tuple[Mapping[str, float], ...] = (
    {"jawOpen": 0.28, "mouthLowerDown": 0.25, "mouthUpperUp": 0.1},
    {"jawOpen": 0.16, "mouthStretch": 0.25, "mouthLowerDown": 0.3, "mouthUpperUp": 0.12},
    {"jawOpen": 0.07, "mouthStretch": 0.4, "mouthLowerDown": 0.25, "mouthSmile": 0.08},
    {"jawOpen": 0.2, "mouthFunnel": 0.5},
    {"jawOpen": 0.08, "mouthPucker": 0.55, "mouthFunnel": 0.2},
    {"mouthPress": 0.3, "mouthRollLower": 0.2, "mouthRollUpper": 0.15},
    {"mouthRollLower": 0.35, "mouthUpperUp": 0.15, "jawOpen": 0.03},
    {"jawOpen": 0.05, "mouthStretch": 0.15, "mouthLowerDown": 0.2},
)
#: Shapes a second, how long a phrase and the pause after it last (seconds).
SHAPES_PER_S, PHRASE_S, PAUSE_S = (7.0, 10.0), (0.7, 1.8), (0.15, 0.45)


@dataclass(frozen=True)
class Distractor:
    """Something that is no expression; nothing of it is seen in the frames `first` and `last` themselves.

    A light that changes keeps its new level after `last`; everything else is over then.

    Attributes:
        kind: see `AMOUNTS`.
        first, last: frame numbers of the source.
        amounts: how much, see `AMOUNTS`.
    """

    kind: DistractorKind
    first: int
    last: int
    amounts: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.kind not in get_args(DistractorKind) or len(self.amounts) != len(AMOUNTS[self.kind]):
            raise UsageError(
                "a distractor has a known kind and its amounts",
                found=self,
                do="see AMOUNTS for what they are",
            )
        if self.last <= self.first:
            raise UsageError("a distractor ends after it has begun", found=self)


@dataclass(frozen=True, eq=False)
class Distraction:
    """What distractors add to a performance: see `mien.synthesis.performance.Performance`; `weights` are speech."""

    blink: Floats
    gaze_rad: Floats
    turn_rad: Floats
    sway_dm: Floats
    weights: Floats


def distract(
    head: Head, distractors: Sequence[Distractor], numbers: Floats, fps: float, key: tuple[int, int, int]
) -> Distraction:
    """What distractors do at frame numbers (T,); speech is drawn by `key` and the frame where it begins."""
    n = len(numbers)
    found = Distraction(
        np.zeros(n), np.zeros((n, 2)), np.zeros((n, 3)), np.zeros((n, 3)), np.zeros((n, len(head.unit_names)))
    )
    for each in distractors:
        first, last, amounts = each.first, each.last, np.array(each.amounts)
        rows = np.flatnonzero((numbers >= first) & (numbers <= last))
        at = numbers[rows]
        if each.kind == "blink":
            bottom = first + 0.35 * (last - first)
            found.blink[rows] = np.maximum(
                found.blink[rows], amounts[0] * there_and_back(at, first, bottom, last)
            )
        elif each.kind == "gaze":
            found.gaze_rad[rows] += _held(at, first, last, SACCADE_S * fps)[:, None] * amounts
        elif each.kind == "turn":
            turned = _held(at, first, last, TURNING * (last - first))[:, None] * amounts
            found.turn_rad[rows] += turned
            found.gaze_rad[rows] += EYES_STAY * turned[:, :2][:, ::-1] * [-1.0, 1.0]
        elif each.kind == "nod":
            share = (at - first) / (last - first)
            found.turn_rad[rows, 0] += amounts[0] * np.sin(np.pi * amounts[1] * share) ** 2
        elif each.kind == "away":
            found.sway_dm[rows, 0] += _held(at, first, last, STEP_S * fps) * amounts[0]
        elif each.kind == "speech":
            rng = np.random.default_rng([*key, 6, first])
            found.weights[rows] += amounts[0] * _speech(head, (at - first) / fps, (last - first) / fps, rng)
    return found


def light_levels(distractors: Sequence[Distractor], numbers: Floats) -> Floats:
    """Levels (T, 3) of the two lamps and of the surroundings at frame numbers; 1 before anything changes."""
    levels = np.ones((len(numbers), 3))
    for each in sorted((d for d in distractors if d.kind == "light"), key=lambda d: d.first):
        share = smoothstep(each.first, each.last, numbers)[:, None]
        levels = levels + share * (np.array(each.amounts) - levels)
    return levels


def there_and_back(at: Floats, first: float, top: float, last: float) -> Floats:
    """0 up to `first`, 1 at `top`, 0 from `last`."""
    return np.asarray(smoothstep(first, top, at) * (1 - smoothstep(top, last, at)))


def _held(at: Floats, first: float, last: float, way: float) -> Floats:
    """0 up to `first`, 1 after `way` frames, until `way` frames before `last`, then back to 0."""
    way = min(way, (last - first) / 2)
    return np.asarray(smoothstep(first, first + way, at) * (1 - smoothstep(last - way, last, at)))


def _speech(head: Head, time_s: Floats, length_s: float, rng: np.random.Generator) -> Floats:
    """Face units (T, K) of speech-like movement; the mouth is at rest at both ends and in pauses."""
    rest = np.zeros(len(head.unit_names))
    when, shapes = [0.0], [rest]
    phrase_s = rng.uniform(*PHRASE_S)
    while True:
        step_s = 1 / rng.uniform(*SHAPES_PER_S)
        if when[-1] + step_s > length_s - 0.1:
            break
        shape = _weights(head, SHAPES[rng.integers(len(SHAPES))]) * rng.uniform(0.6, 1.2)
        when.append(when[-1] + step_s)
        shapes.append(shape)
        phrase_s -= step_s
        if phrase_s <= 0:
            pause_s, phrase_s = rng.uniform(*PAUSE_S), rng.uniform(*PHRASE_S)
            when += [when[-1] + 0.1, when[-1] + 0.1 + pause_s]
            shapes += [rest, rest]
    times = np.minimum(np.array([*when, length_s]), length_s)
    return _eased(time_s, times, np.array([*shapes, rest]))


def _eased(time_s: Floats, when: Floats, values: Floats) -> Floats:
    """Values (T, K) that go smoothly from one of `values` (N, K) to the next, and are exact at `when` (N,)."""
    after = np.clip(np.searchsorted(when, time_s, side="right"), 1, len(when) - 1)
    length = np.maximum(when[after] - when[after - 1], 1e-9)
    share = smoothstep(0.0, 1.0, (time_s - when[after - 1]) / length)[:, None]
    return np.asarray(values[after - 1] * (1 - share) + values[after] * share)


def _weights(head: Head, shape: Mapping[str, float]) -> Floats:
    weights = np.zeros(len(head.unit_names))
    for unit, weight in shape.items():
        for name in (unit,) if unit in head.unit_index else (f"{unit}Left", f"{unit}Right"):
            weights[head.unit_index[name]] = weight
    return weights
