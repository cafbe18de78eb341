"""Synthetic micro-expression clips: people, emotions, Action Units and the flow from onset to apex.

Published: the prototypes of emotions (`mien.facs.prototypes`) and the class balance of MEGC 2019. Assumed:
everything about how people deviate from a prototype. The shares below follow counts over the 278 AU-coded
clips of MEGC 2019. Every draw is keyed by (seed, subject, clip): a subject's clips do not depend on how many
others are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import UsageError
from mien.facs.catalogue import CATALOGUE
from mien.facs.prototypes import PROTOTYPES
from mien.synthesis.actions import MIXTURES, WHOLE_ACTIONS, Action, Side, unit_weights, write_actions
from mien.synthesis.conditions import Conditions, observe
from mien.synthesis.flow import Camera, FaceView, Flow, HeadMotion
from mien.synthesis.head import Floats, Head, load_head
from mien.synthesis.identity import draw_identity

#: How often each emotion is drawn. Negative, positive and surprise come as 250 : 109 : 83, as in MEGC 2019.
EMOTION_SHARES = {
    "disgust": 0.25,
    "anger": 0.14,
    "sadness": 0.08,
    "contempt": 0.06,
    "fear": 0.04,
    "happiness": 0.245,
    "surprise": 0.185,
}
#: How many of a prototype's actions show: one, two, three, four.
SHOWN_SHARES = (0.5, 0.36, 0.11, 0.03)
ONE_SIDED_SHARE = 0.2
EXTRA_SHARE = 0.12
#: Actions of a prototype that are shown beside another one only: alone they would say nothing about it.
ACCOMPANYING = frozenset({6, 25, 26})
#: Actions that turn up beside any emotion.
EXTRA_ACTIONS = (4, 7, 14, 17, 24, 25)
BLINK_SHARE = GAZE_SHARE = 0.35
#: How evenly one person's clips spread over the emotions: small values give people with one emotion only.
EMOTION_EVENNESS = 4.0


@dataclass(frozen=True, eq=False)
class SyntheticClips:
    """Clips with their ground truth, one row per clip.

    Attributes:
        flow: (N, 2, H, W) float32 pixels, u right and v down.
        au: FACS strings such as `4+7` or `L12`.
        emotion: lower-case emotion names, empty where Action Units were asked for.
        subject: `s001` ...
        clip: number of the clip within its subject, from 1.
        actions: the coded actions with their true intensity.
    """

    flow: Flow
    au: tuple[str, ...]
    emotion: tuple[str, ...]
    subject: tuple[str, ...]
    clip: tuple[int, ...]
    actions: tuple[tuple[Action, ...], ...]

    def __len__(self) -> int:
        return len(self.au)


@dataclass(frozen=True, eq=False)
class _Person:
    view: FaceView
    gains: Floats  # (K,) per face unit
    sides: tuple[float, float]
    expressiveness: float
    emotions: Floats  # share of each emotion


def _draw_person(
    head: Head, conditions: Conditions, size: tuple[int, int], rng: np.random.Generator
) -> _Person:
    plain = Camera()
    eye_row, eye_column, mouth_row, eye_distance = rng.normal(0.0, conditions.framing, 4)
    pitch, yaw, roll = rng.normal(0.0, conditions.pose_rad, 3)
    camera = Camera(
        eye_row=plain.eye_row + eye_row,
        eye_column=plain.eye_column + eye_column,
        mouth_row=plain.mouth_row + mouth_row,
        eye_distance=plain.eye_distance + eye_distance,
        pitch_rad=pitch,
        yaw_rad=yaw,
        roll_rad=roll / 2,  # crops are levelled by the eyes
    )
    identity = draw_identity(head, rng)
    shares = np.array(list(EMOTION_SHARES.values()))
    lean = conditions.idiosyncrasy * rng.normal() / 2
    return _Person(
        view=FaceView(head, identity, camera, size, supersample=2 if conditions.blur > 0 else 1),
        gains=np.exp(conditions.idiosyncrasy * rng.normal(size=len(head.unit_names))),
        sides=(float(np.exp(lean)), float(np.exp(-lean))),
        expressiveness=float(np.exp(conditions.idiosyncrasy * rng.normal())),
        emotions=rng.dirichlet(EMOTION_EVENNESS * shares / shares.sum()),
    )


def draw_actions(emotion: str, conditions: Conditions, rng: np.random.Generator) -> tuple[Action, ...]:
    """Actions of one clip: a published prototype of `emotion`, thinned out, at times one-sided or with more.

    Raises:
        UsageError: an emotion without prototypes.
    """
    if emotion not in PROTOTYPES:
        raise UsageError(
            "no prototypes for this emotion", found=emotion, do=f"use one of {', '.join(PROTOTYPES)}"
        )
    prototype = PROTOTYPES[emotion][rng.integers(len(PROTOTYPES[emotion]))]
    possible = [code for code in prototype if code in MIXTURES]
    n_shown = min(len(possible), 1 + int(rng.choice(len(SHOWN_SHARES), p=SHOWN_SHARES)))
    mixed = sorted(rng.permutation(possible).tolist(), key=lambda code: code in ACCOMPANYING)
    first, others = mixed[0], rng.permutation(mixed[1:]).tolist()
    codes = [int(code) for code in [first, *others][:n_shown]]
    if rng.random() < EXTRA_SHARE:
        codes.append(int(rng.choice(EXTRA_ACTIONS)))
    one_side: Side = ("L", "R")[int(rng.integers(2))] if rng.random() < ONE_SIDED_SHARE else ""
    return _performed(codes, one_side, conditions, rng)


def _performed(
    codes: Sequence[int], one_side: Side, conditions: Conditions, rng: np.random.Generator
) -> tuple[Action, ...]:
    """Codes as actions of a drawn intensity; `one_side` holds for those that have sides."""
    actions = []
    for code in dict.fromkeys(codes):
        faintness = conditions.strength * np.exp(conditions.strength_spread * rng.normal())
        side: Side = one_side if CATALOGUE[code].sided and code not in WHOLE_ACTIONS else ""
        actions.append(Action(code, side, float(min(1.0, faintness))))
    return tuple(sorted(actions, key=lambda action: action.code))


def _uncoded(head: Head, conditions: Conditions, rng: np.random.Generator) -> Floats:
    """Weights (K,) of what happens beside the expression and nobody codes: lids and gaze."""
    weights = np.zeros(len(head.unit_names))
    lids, gaze = rng.normal(size=2)
    if rng.random() < BLINK_SHARE:
        for side in ("Left", "Right"):
            weights[head.unit_index[f"eyeBlink{side}"]] = conditions.blink * lids
    turn = ("Up", "Down", "In", "Out")[int(rng.integers(4))]
    if rng.random() < GAZE_SHARE:
        other = {"In": "Out", "Out": "In"}.get(turn, turn)
        weights[head.unit_index[f"eyeLook{turn}Left"]] = conditions.gaze * abs(gaze)
        weights[head.unit_index[f"eyeLook{other}Right"]] = conditions.gaze * abs(gaze)
    return weights


def _subject_clips(
    head: Head,
    key: tuple[int, int],
    n_clips: int,
    size: tuple[int, int],
    conditions: Conditions,
    shown: Sequence[int] | None,
) -> tuple[Flow, list[str], list[tuple[Action, ...]]]:
    person = _draw_person(head, conditions, size, np.random.default_rng([*key, 0]))
    emotions: list[str] = []
    actions: list[tuple[Action, ...]] = []
    weights = np.zeros((n_clips, len(head.unit_names)))
    rigid, loudness, noise = np.zeros((n_clips, 6)), np.zeros(n_clips), np.zeros((n_clips, 5, *size))
    for row in range(n_clips):
        rng = np.random.default_rng([*key, row + 1])
        if shown is None:
            emotions.append(str(rng.choice(list(EMOTION_SHARES), p=person.emotions)))
            actions.append(draw_actions(emotions[-1], conditions, rng))
        else:
            emotions.append("")
            actions.append(_performed(shown, "", conditions, rng))
        left, right = person.sides
        moved = unit_weights(head, actions[-1], left_gain=left, right_gain=right)
        weights[row] = moved * person.gains * person.expressiveness + _uncoded(head, conditions, rng)
        rigid[row], loudness[row] = rng.normal(size=6), rng.normal()
        noise[row] = rng.normal(size=noise.shape[1:])
    motion = HeadMotion(
        shift_px=rigid[:, :2] * (conditions.head_shift * size[1]),
        rotation_rad=rigid[:, 2:5] * conditions.head_turn_rad,
        zoom=np.exp(rigid[:, 5] * conditions.head_zoom),
    )
    flow = observe(person.view.flow(weights, motion), person.view.mask, conditions, noise, loudness)
    return flow, emotions, actions


def sample_clips(
    n_subjects: int,
    clips_per_subject: int,
    *,
    seed: int = 0,
    size: int | tuple[int, int] = 28,
    conditions: Conditions | None = None,
    shown: Sequence[int] | None = None,
) -> SyntheticClips:
    """Synthetic clips of `n_subjects` people, `clips_per_subject` each, subject by subject.

    Args:
        n_subjects: number of people, each an identity of its own.
        clips_per_subject: clips of each.
        seed: same seed, same clips.
        size: edge of the square images in pixels, or (height, width).
        conditions: recording conditions; None takes the defaults, `Conditions.exact()` gives clean flow.
        shown: Action Units that every clip shows, perhaps none, in place of those of an emotion.

    Raises:
        UsageError: less than one subject, clip or pixel, or a negative seed.
    """
    height_width = (size, size) if isinstance(size, int) else size
    if min(n_subjects, clips_per_subject, *height_width) < 1 or seed < 0:
        raise UsageError(
            "synthetic clips need at least one subject, clip and pixel, and a seed of 0 or more",
            found=f"subjects {n_subjects}, clips {clips_per_subject}, size {height_width}, seed {seed}",
        )
    head, chosen = load_head(), conditions or Conditions()
    flow = np.empty((n_subjects * clips_per_subject, 2, *height_width), dtype=np.float32)
    emotions: list[str] = []
    actions: list[tuple[Action, ...]] = []
    for subject in range(n_subjects):
        rows = slice(subject * clips_per_subject, (subject + 1) * clips_per_subject)
        flow[rows], new_emotions, new_actions = _subject_clips(
            head, (seed, subject), clips_per_subject, height_width, chosen, shown
        )
        emotions += new_emotions
        actions += new_actions
    numbers = np.arange(n_subjects * clips_per_subject)
    return SyntheticClips(
        flow=flow,
        au=tuple(write_actions(clip) for clip in actions),
        emotion=tuple(emotions),
        subject=tuple(f"s{number // clips_per_subject + 1:03d}" for number in numbers),
        clip=tuple(int(number) % clips_per_subject + 1 for number in numbers),
        actions=tuple(actions),
    )
