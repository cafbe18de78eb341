"""What happens in a long video: expressions with onset, apex and offset, and distractors, drawn from a seed.

Rates follow the long videos of the spotting challenges only loosely: those have less than one micro-expression
a minute, which would leave little to count. Expressions, speech, moves of the head and being away never overlap
each other; blinks, glances and changes of light fall anywhere while the face is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien.errors import UsageError
from mien.facs.annotation import parse
from mien.synthesis.actions import write_actions
from mien.synthesis.clips import EMOTION_SHARES, draw_actions
from mien.synthesis.conditions import Conditions
from mien.synthesis.distractors import STEP_S, Distractor
from mien.synthesis.performance import Expression

Kind = Literal["micro", "macro"]
Range = tuple[float, float]

#: A micro-expression takes half a second at most, a macro-expression more.
LONGEST_MICRO_S, LONGEST_MACRO_S = 0.5, 4.0
#: Shown slightly (letter B) in macro-expressions: any more and the eyes are closed.
LID_TIGHTENER = "7"
#: What lies at least between two things that must not overlap, and before the first one (seconds).
GAP_S = 0.6


@dataclass(frozen=True)
class ScriptedExpression:
    """One expression of a long video, as a coder would write it down; frames count from 1, both ends belong to it.

    Attributes:
        kind: micro or macro.
        onset, apex, offset: the face is at rest at onset and offset.
        au: FACS string such as `4+L12`.
        emotion: the prototype that the actions were taken from; not what anybody felt.
        strength: intensity (0..1) of its actions at the apex where no letter of `au` says otherwise.
    """

    kind: Kind
    onset: int
    apex: int
    offset: int
    au: str
    strength: float
    emotion: str = ""

    def as_expression(self) -> Expression:
        """The same for `perform`."""
        phases = (float(self.onset), float(self.apex), float(self.offset))
        return Expression(parse(self.au).certain, phases, self.strength)


@dataclass(frozen=True)
class Script:
    """Everything that happens in one video.

    Attributes:
        fps: frames per second.
        n_frames: its length; frames count from 1.
        expressions, distractors: by onset and by first frame.
    """

    fps: float
    n_frames: int
    expressions: tuple[ScriptedExpression, ...] = ()
    distractors: tuple[Distractor, ...] = ()

    def __post_init__(self) -> None:
        if self.fps <= 0 or self.n_frames < 1:
            raise UsageError("a script needs a frame and a frame rate", found=(self.n_frames, self.fps))
        for each in self.expressions:
            n_frames = each.offset - each.onset + 1
            if not 1 <= each.onset <= each.apex <= each.offset <= self.n_frames:
                raise UsageError(
                    f"an expression has onset <= apex <= offset between 1 and {self.n_frames}", found=each
                )
            if (n_frames <= LONGEST_MICRO_S * self.fps) != (each.kind == "micro"):
                raise UsageError(
                    "a micro-expression takes half a second at most, a macro-expression more", found=each
                )
        for distractor in self.distractors:
            if not 1 <= distractor.first < distractor.last <= self.n_frames:
                raise UsageError(f"a distractor lies between 1 and {self.n_frames}", found=distractor)


@dataclass(frozen=True)
class Density:
    """How much happens: lowest and highest count per minute, and shares of videos.

    Attributes:
        micro, macro, speech, turn, nod, gaze, light: counts per minute; at least one where the lowest is above 0.
        blinks_per_min: mean rate.
        without_micro: share of videos without a micro-expression.
        away: whether the person leaves the picture once.
        micro_strength, macro_strength: lowest and highest intensity; at 0.12 skin moves by one to four pixels in
            a face 280 pixels wide.
    """

    micro: Range = (3, 5)
    macro: Range = (3, 5)
    speech: Range = (1, 2)
    turn: Range = (1, 2)
    nod: Range = (0, 1)
    gaze: Range = (2, 4)
    light: Range = (1, 1)
    blinks_per_min: float = 20.0
    without_micro: float = 0.15
    away: bool = False
    micro_strength: Range = (0.08, 0.22)
    macro_strength: Range = (0.4, 0.65)

    @classmethod
    def bystander(cls) -> Density:
        """Somebody who shows no expression but talks, turns and blinks."""
        return cls(micro=(0, 0), macro=(0, 0))


#: Shortest and longest duration in seconds of what must not overlap.
_LENGTHS_S: dict[str, Range] = {
    "micro": (0.27, LONGEST_MICRO_S),
    "macro": (0.6, LONGEST_MACRO_S),
    "speech": (2.5, 6.0),
    "turn": (1.2, 3.0),
    "nod": (0.9, 2.0),
    "away": (3.0, 5.0),
}


def draw_script(
    key: tuple[int, int, int], minutes: float, fps: float = 30.0, density: Density | None = None
) -> Script:
    """The script of the video of `key` (seed, subject, video): same key, same script.

    Raises:
        UsageError: a frame rate too low for micro-expressions, or a video too short for what has to happen in it.
    """
    if not fps >= 15 or not minutes > 0:
        raise UsageError("a script needs a length, and 15 frames a second or more", found=(minutes, fps))
    density, rng = density or Density(), np.random.default_rng([*key, 5])
    n_frames = round(minutes * 60 * fps)
    with_micro = rng.random() >= density.without_micro
    kinds: list[str] = []
    for kind in ("micro", "macro", "speech", "turn", "nod"):
        n = _count(getattr(density, kind), minutes, rng)
        kinds += [kind] * (n if kind != "micro" or with_micro else 0)
    kinds += ["away"] * density.away
    kinds = [kinds[i] for i in rng.permutation(len(kinds))]
    lengths = [_length(kind, fps, rng) for kind in kinds]
    starts = _place(lengths, n_frames, GAP_S * fps, rng)
    expressions: list[ScriptedExpression] = []
    distractors: list[Distractor] = []
    for kind, first, n in zip(kinds, starts, lengths, strict=True):
        if kind in ("micro", "macro"):
            expressions.append(_expression("micro" if kind == "micro" else "macro", first, n, density, rng))
        else:
            distractors.append(_distractor(kind, first, n, rng))
    gone = [(d.first, d.last) for d in distractors if d.kind == "away"]
    distractors += _blinks(n_frames, fps, density.blinks_per_min, gone, rng)
    for other, seconds in (("gaze", (0.4, 2.0)), ("light", (0.15, 1.5))):
        n_others = _count(getattr(density, other), minutes, rng)
        distractors += _anywhere(other, n_others, seconds, n_frames, fps, gone, rng)
    return Script(
        fps, n_frames, tuple(expressions), tuple(sorted(distractors, key=lambda d: (d.first, d.kind)))
    )


def _count(per_minute: Range, minutes: float, rng: np.random.Generator) -> int:
    low, high = per_minute
    drawn = minutes * rng.uniform(low, high + 1)
    return int(min(max(np.floor(drawn), np.ceil(low * minutes)), np.ceil(high * minutes)))


def _length(kind: str, fps: float, rng: np.random.Generator) -> int:
    """Frames of something; long ones are rarer than short ones."""
    low, high = np.log(_LENGTHS_S[kind])
    n = round(float(np.exp(rng.uniform(low, high))) * fps)
    longest_micro = int(LONGEST_MICRO_S * fps)
    return min(n, longest_micro) if kind == "micro" else max(n, longest_micro + 1)


def _place(lengths: Sequence[int], n_frames: int, gap: float, rng: np.random.Generator) -> list[int]:
    """First frames of things of these lengths, one after the other, the rest of the time spread at random."""
    free = n_frames - sum(lengths) - gap * (len(lengths) + 1)
    if free < 0:
        raise UsageError(
            "the video is too short for what has to happen in it",
            found=f"{n_frames} frames, {n_frames - free:.0f} needed",
            do="make it longer, or give a thinner density",
        )
    share = np.cumsum(rng.dirichlet(np.full(len(lengths) + 1, 1.5)))[:-1]
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if lengths else np.zeros(0)
    starts = free * share + before + gap * np.arange(1, len(lengths) + 1)
    return [1 + int(start) for start in starts]


def _expression(
    kind: Kind, onset: int, n: int, density: Density, rng: np.random.Generator
) -> ScriptedExpression:
    shares = np.array(list(EMOTION_SHARES.values()))
    emotion = str(rng.choice(list(EMOTION_SHARES), p=shares / shares.sum()))
    au = write_actions(draw_actions(emotion, Conditions(), rng))
    apex = onset + round((n - 1) * rng.uniform(0.35, 0.6))
    lowest, highest = density.micro_strength if kind == "micro" else density.macro_strength
    strength = float(np.exp(rng.uniform(np.log(lowest), np.log(highest))))
    if kind == "macro":
        au = "+".join(part + "B" * (part.lstrip("LR") == LID_TIGHTENER) for part in au.split("+"))
    return ScriptedExpression(kind, onset, apex, onset + n - 1, au, strength, emotion)


def _distractor(kind: str, first: int, n: int, rng: np.random.Generator) -> Distractor:
    last = first + n - 1
    side = float(rng.choice([-1.0, 1.0]))
    if kind == "speech":
        return Distractor("speech", first, last, (float(rng.uniform(0.7, 1.1)),))
    if kind == "turn":
        yaw = side * rng.uniform(0.15, 0.4)
        return Distractor(
            "turn", first, last, (float(rng.normal(0, 0.07)), float(yaw), float(rng.normal(0, 0.06)))
        )
    if kind == "nod":
        return Distractor("nod", first, last, (float(rng.uniform(0.05, 0.1)), float(rng.integers(1, 4))))
    return Distractor("away", first, last, (side * 4.0,))


def _blinks(
    n_frames: int, fps: float, per_min: float, gone: Sequence[tuple[int, int]], rng: np.random.Generator
) -> list[Distractor]:
    """Blinks of 0.13 to 0.33 s; the time between two is spread like people's, with few close together."""
    found: list[Distractor] = []
    at = 1.0
    while per_min > 0:
        at += fps * max(0.4, rng.gamma(2.0, 30.0 / per_min))
        first, last = int(at), int(at) + max(3, round(fps * rng.uniform(0.13, 0.33)))
        if last > n_frames:
            break
        closing = float(rng.uniform(0.85, 1.0))
        if not _meets(first, last, gone):
            found.append(Distractor("blink", first, last, (closing,)))
    return found


def _anywhere(
    kind: str, n: int, seconds: Range, n_frames: int, fps: float, gone: Sequence[tuple[int, int]],
    rng: np.random.Generator,
) -> list[Distractor]:  # fmt: skip
    """Glances or changes of light, each in a part of the video of its own."""
    found: list[Distractor] = []
    for part in range(n):
        length = max(2, round(fps * rng.uniform(*seconds)))
        room = n_frames / n - length - fps * STEP_S
        first = 1 + int(part * n_frames / n + max(room, 0) * rng.random())
        last = min(first + length, n_frames)
        if last <= first or _meets(first, last, gone):
            continue
        if kind == "gaze":
            side = float(rng.choice([-1.0, 1.0]))
            found.append(
                Distractor(
                    "gaze", first, last, (side * float(rng.uniform(0.08, 0.35)), float(rng.normal(0, 0.1)))
                )
            )
        else:
            level = float(np.exp(rng.choice([-1.0, 1.0]) * rng.uniform(0.15, 0.4)))
            second, around = (level ** float(rng.uniform(*share)) for share in ((0.0, 1.0), (0.3, 1.0)))
            found.append(Distractor("light", first, last, (level, second, around)))
    return found


def _meets(first: int, last: int, gone: Sequence[tuple[int, int]]) -> bool:
    return any(first <= end and last >= begin for begin, end in gone)
