"""What a person does over the frames of a video: the annotated actions, and all that nobody annotates.

The time course of an action is assumed: a smooth rise from onset to apex, a short hold, a smooth fall to the
offset. Strengths, drift, blinks and gaze were chosen so that a micro-expression moves skin by one to four
pixels in a face 280 pixels wide, with the head never quite still. Every draw is keyed by (seed, subject, clip).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.facs.marks import AUMark
from mien.synthesis.actions import MIXTURES, WHOLE_ACTIONS, Action, Side, unit_weights
from mien.synthesis.bust import smoothstep
from mien.synthesis.distractors import Distractor, distract
from mien.synthesis.head import Floats, Head
from mien.synthesis.posing import GAZE_REACH_RAD, Pose

#: Share of the fall for which the apex is held.
HOLD_SHARE = 0.15
#: Relative strength of a FACS intensity letter; no letter is a "C".
LETTERS = {"A": 0.45, "B": 0.7, "C": 1.0, "D": 1.35, "E": 1.7}


@dataclass(frozen=True)
class Manner:
    """How strongly and how restlessly people act.

    Attributes:
        strength: median intensity (0..1) of an action at the apex; micro-expressions are faint.
        strength_spread: standard deviation of its logarithm over clips and actions.
        idiosyncrasy: standard deviation of the logarithm of a person's gain per face unit and side.
        drift_dm, drift_rad: standard deviation of slow head motion over seconds, per axis.
        breath_dm: amplitude of the body's sway with the breath.
        blinks_per_s: mean rate of blinks; `blink_s` their shortest and longest duration.
        gaze_share: share of clips in which the gaze moves once; `gaze_rad` how far, standard deviation.
    """

    strength: float = 0.12
    strength_spread: float = 0.4
    idiosyncrasy: float = 0.2
    drift_dm: float = 0.012
    drift_rad: float = 0.006
    breath_dm: float = 0.006
    blinks_per_s: float = 0.25
    blink_s: tuple[float, float] = (0.1, 0.3)
    gaze_share: float = 0.3
    gaze_rad: float = 0.07

    @classmethod
    def still(cls, strength: float = 0.12) -> Manner:
        """Annotated actions alone, at one strength: no drift, blink or gaze, everybody the same."""
        return cls(strength, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, gaze_share=0.0, gaze_rad=0.0)


@dataclass(frozen=True)
class Expression:
    """One expression that is to be shown.

    Attributes:
        marks: the actions it is made of.
        phases: onset, apex and offset, as frame numbers of the source.
        strength: intensity of its actions where no letter says otherwise; None: drawn as the manner says.
    """

    marks: tuple[AUMark, ...]
    phases: tuple[float, float, float]
    strength: float | None = None


@dataclass(frozen=True, eq=False)
class Performance:
    """What a person does, frame by frame.

    Attributes:
        numbers: (T,) frame numbers of the source.
        actions: A actions with their intensity at the apex, expression by expression.
        courses: (T, A) 0..1 how far each action is shown.
        blink: (T,) 0..1 closing of both eyes beside the actions.
        gaze_rad: (T, 2) to the subject's left, and up.
        turn_rad, shift_dm, sway_dm: (T, 3) see `Pose`.
        weights: (T, K) face units, all of the above together.
        skipped: what of the annotation is not shown, and why.
    """

    numbers: tuple[int, ...]
    actions: tuple[Action, ...]
    courses: Floats
    blink: Floats
    gaze_rad: Floats
    turn_rad: Floats
    shift_dm: Floats
    sway_dm: Floats
    weights: Floats
    skipped: tuple[str, ...]

    def pose(self, index: int) -> Pose:
        """The pose in frame `index`, counted from 0."""
        return Pose(self.weights[index], self.turn_rad[index], self.shift_dm[index], self.sway_dm[index])

    @property
    def intensity(self) -> Floats:
        """Intensity (T, A) of every action in every frame."""
        return np.asarray(self.courses * [action.intensity for action in self.actions])

    def index(self, number: int) -> int:
        """Where frame `number` stands, from 0.

        Raises:
            UsageError: there is no such frame.
        """
        found = number - self.numbers[0]
        if not 0 <= found < len(self.numbers):
            raise UsageError(
                "this clip has no such frame",
                found=number,
                do=f"ask for {self.numbers[0]} to {self.numbers[-1]}",
            )
        return found

    def arrays(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The truth about the person as named arrays."""
        return {
            "au_codes": np.array([action.code for action in self.actions], dtype=np.int64),
            "au_sides": np.array([action.side for action in self.actions], dtype=np.str_),
            "au_intensity": self.intensity.astype(np.float32),
            "blink": self.blink.astype(np.float32),
            "gaze_rad": self.gaze_rad.astype(np.float32),
            "head_turn_rad": self.turn_rad.astype(np.float32),
            "head_shift_dm": (self.shift_dm + self.sway_dm).astype(np.float32),
        }


def time_course(numbers: Floats, onset: float, apex: float, offset: float) -> Floats:
    """How far an expression is shown (T,) at frame numbers: 0 up to the onset, 1 at the apex, 0 from the offset.

    With onset = apex it is there at once; with apex = offset it breaks off after the apex.

    Raises:
        UsageError: the three are not in order.
    """
    if not onset <= apex <= offset:
        raise UsageError("an expression has onset <= apex <= offset", found=(onset, apex, offset))
    held = apex + HOLD_SHARE * (offset - apex)
    rise = smoothstep(onset, apex, numbers) if apex > onset else (numbers >= apex).astype(float)
    fall = 1 - smoothstep(held, offset, numbers) if offset > apex else (numbers <= apex).astype(float)
    return np.asarray(rise * fall)


def choose_actions(
    marks: Iterable[AUMark], manner: Manner, rng: np.random.Generator
) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    """The actions that marks ask for, with drawn intensities, and what cannot be shown, in words."""
    actions, skipped = [], []
    for mark in marks:
        faintness = manner.strength * np.exp(manner.strength_spread * rng.normal())
        if mark.code not in MIXTURES:
            skipped.append(f"{mark}: no face unit moves it")
            continue
        side: Side = "L" if mark.side == "L" else "R" if mark.side == "R" else ""
        letter = LETTERS.get(mark.intensity[:1], 1.0)
        intensity = float(min(1.0, letter * faintness))
        actions.append(Action(mark.code, "" if mark.code in WHOLE_ACTIONS else side, intensity))
    return tuple(actions), tuple(skipped)


def _wander(time_s: Floats, slowest_s: float, fastest_s: float, rng: np.random.Generator) -> Floats:
    """Smooth wandering (T, 3) of mean 0 and deviation 1: waves of random phase."""
    n_waves = 8
    period = np.exp(rng.uniform(np.log(fastest_s), np.log(slowest_s), (n_waves, 3)))
    phase = rng.uniform(0, 2 * np.pi, (n_waves, 3))
    size = rng.normal(0, 1, (n_waves, 3)) * (period / slowest_s)
    waves = np.sin(2 * np.pi * time_s[:, None, None] / period + phase) * size
    return np.asarray(waves.sum(axis=1) / np.sqrt((period / slowest_s) ** 2 / 2).sum(axis=0) ** 0.5)


def _blinks(time_s: Floats, manner: Manner, rng: np.random.Generator) -> Floats:
    """Closing of the eyes (T,): fast down, slower up."""
    closed = np.zeros(len(time_s))
    if manner.blinks_per_s <= 0:
        return closed
    for _ in range(rng.poisson(manner.blinks_per_s * float(np.ptp(time_s) + 0.2))):
        start, length = rng.uniform(time_s[0] - 0.1, time_s[-1]), rng.uniform(*manner.blink_s)
        bottom = start + 0.35 * length
        course = smoothstep(start, bottom, time_s) * (1 - smoothstep(bottom, start + length, time_s))
        closed = np.maximum(closed, rng.uniform(0.85, 1.0) * course)
    return closed


def _gaze(time_s: Floats, manner: Manner, rng: np.random.Generator) -> Floats:
    """Gaze (T, 2) in radians, to the subject's left and up: a fixation, perhaps one saccade to another."""
    start, step = rng.normal(0, manner.gaze_rad / 2, 2), rng.normal(0, manner.gaze_rad, 2)
    moment, length = rng.uniform(time_s[0], time_s[-1]), rng.uniform(0.025, 0.05)
    moves = rng.random() < manner.gaze_share
    course = smoothstep(moment, moment + length, time_s) if moves else np.zeros(len(time_s))
    return np.asarray(start + course[:, None] * step)


def _gaze_weights(head: Head, gaze_rad: Floats) -> Floats:
    """Face units (T, K) of a gaze (T, 2): each direction is a unit of its own."""
    weights = np.zeros((len(gaze_rad), len(head.unit_names)))
    left, up = gaze_rad.T / GAZE_REACH_RAD
    for names, amount in (
        (("eyeLookUpLeft", "eyeLookUpRight"), up),
        (("eyeLookDownLeft", "eyeLookDownRight"), -up),
        (("eyeLookOutLeft", "eyeLookInRight"), left),
        (("eyeLookInLeft", "eyeLookOutRight"), -left),
    ):
        for name in names:
            weights[:, head.unit_index[name]] = np.maximum(amount, 0.0)
    return weights


def draw_habits(head: Head, manner: Manner, rng: np.random.Generator) -> tuple[Floats, tuple[float, float]]:
    """A person's gain (K,) per face unit, and the gains of the left and the right side."""
    gains = np.exp(manner.idiosyncrasy * rng.normal(size=len(head.unit_names)))
    lean = manner.idiosyncrasy * rng.normal() / 2
    return gains, (float(np.exp(lean)), float(np.exp(-lean)))


def perform(
    head: Head,
    expressions: Sequence[Expression],
    numbers: tuple[int, ...],
    fps: float,
    key: tuple[int, int, int],
    manner: Manner | None = None,
    distractors: Sequence[Distractor] = (),
) -> Performance:
    """What the person of `key` does in a clip or a long video.

    Args:
        head: its face units.
        expressions: what is annotated, in the order in which it is drawn; they add up where they overlap.
        numbers: frame numbers of the source, rising.
        fps: frames per second of the numbers.
        key: seed, subject, clip.
        manner: how strongly and restlessly; None takes the defaults.
        distractors: what else happens at given frames, beside the blinks and the gaze that the manner draws.

    Raises:
        UsageError: no frames, no frame rate, or phases that are not in order.
    """
    if not numbers or fps <= 0:
        raise UsageError("a performance needs frames and a frame rate", found=(len(numbers), fps))
    manner = manner or Manner()
    seed, subject, clip = key
    habits = np.random.default_rng([seed, subject, 100])
    drawn, moving, eyes = (np.random.default_rng([seed, subject, clip, k]) for k in range(3))
    gains, (left, right) = draw_habits(head, manner, habits)
    places = np.asarray(numbers, dtype=np.float64)
    time_s = (places - places[0]) / fps
    blink, gaze = _blinks(time_s, manner, eyes), _gaze(time_s, manner, eyes)
    drift = [_wander(time_s, 6.0, 0.5, moving) for _ in range(2)]
    period_s, phase = moving.uniform(3.0, 5.0), moving.uniform(0, 2 * np.pi)
    breath = np.sin(2 * np.pi * time_s / period_s + phase)[:, None] * [0.0, 1.0, 0.5]
    turn, sway = manner.drift_rad * drift[0], manner.breath_dm * breath
    talk: Floats | float = 0.0
    if distractors:
        also = distract(head, distractors, places, fps, key)
        blink, gaze, talk = np.maximum(blink, also.blink), gaze + also.gaze_rad, also.weights
        turn, sway = turn + also.turn_rad, sway + also.sway_dm
    weights = _gaze_weights(head, gaze) + talk
    actions: list[Action] = []
    skipped: list[str] = []
    courses = [np.empty((len(numbers), 0))]
    for each in expressions:
        as_told = (
            manner if each.strength is None else replace(manner, strength=each.strength, strength_spread=0.0)
        )
        chosen, left_out = choose_actions(each.marks, as_told, drawn)
        course = time_course(places, *each.phases)[:, None]
        weights += course * (unit_weights(head, chosen, left_gain=left, right_gain=right) * gains)
        actions += chosen
        skipped += left_out
        courses.append(np.repeat(course, len(chosen), axis=1))
    for side in ("Left", "Right"):
        lid = head.unit_index[f"eyeBlink{side}"]
        weights[:, lid] = np.minimum(1.0, weights[:, lid] + blink)
    return Performance(
        numbers=numbers,
        actions=tuple(actions),
        courses=np.concatenate(courses, axis=1),
        blink=blink,
        gaze_rad=gaze,
        turn_rad=turn,
        shift_dm=manner.drift_dm * drift[1],
        sway_dm=sway,
        weights=weights,
        skipped=tuple(skipped),
    )
