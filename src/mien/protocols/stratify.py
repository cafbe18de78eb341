"""Dividing subjects into parts with similar class shares, the same whatever the order of the clips."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
StrArray = npt.NDArray[np.str_]

# Enough that a split which exists is found in practice; the search stops at the first good one.
HOLD_OUT_DRAWS = 500


def class_counts(groups: StrArray, labels: IntArray) -> tuple[StrArray, IntArray]:
    """Sorted group names (G,) and their clips per class (G, C), over the C classes that occur."""
    names, group_index = np.unique(groups, return_inverse=True)
    present, class_index = np.unique(labels, return_inverse=True)
    counts = np.zeros((names.size, present.size), dtype=np.int64)
    np.add.at(counts, (group_index, class_index), 1)
    return names, counts


def subject_parts(groups: StrArray, labels: IntArray, k: int, seed: int) -> list[StrArray]:
    """k disjoint, non-empty lists that cover all subjects, with class shares as even as a greedy pass gets.

    Subjects that carry the rarest classes are placed first, each into the part where the class shares of the
    parts then differ least; so two subjects that share a rare class land in different parts, and the class
    stays on every training side. `k` must be between 1 and the number of subjects.
    """
    names, counts = class_counts(groups, labels)
    shares = counts / counts.sum(0)
    shuffled = np.random.default_rng([seed, k]).permutation(names.size)
    bearers = (counts > 0).sum(0)
    rarity = np.where(counts > 0, bearers, names.size + 1).min(1)
    order = shuffled[np.lexsort((-counts.sum(1)[shuffled], rarity[shuffled]))]

    filled = np.zeros((k, counts.shape[1]))
    part_of = np.full(names.size, -1)
    for done, subject in enumerate(order):
        empty = np.flatnonzero(~np.isin(np.arange(k), part_of))
        # The last subjects are kept for the parts that are still empty.
        choices = empty if empty.size == names.size - done else np.arange(k)
        part_of[subject] = min(choices, key=lambda part: _unevenness(filled, int(part), shares[subject]))
        filled[part_of[subject]] += shares[subject]
    return [names[part_of == part] for part in range(k)]


def spared(groups: StrArray, labels: IntArray, part: StrArray) -> npt.NDArray[np.bool_]:
    """The clips of the subjects of `part` that training can spare: without them it still has every class."""
    validated = np.isin(groups, part)
    for label in np.unique(labels):
        bearers = np.unique(groups[labels == label])
        if np.isin(bearers, np.unique(groups[validated])).all():
            # All clips of the class would be validated: its first subject goes back to training.
            validated &= groups != bearers[0]
    return validated


def held_out_subjects(groups: StrArray, labels: IntArray, fraction: float, seed: int) -> StrArray:
    """The subjects of a hold-out set: `fraction` of all subjects, rounded, at least one, and never all.

    Of the seeded random draws the first that leaves every class on both sides is taken, else the first that
    leaves every class on the training side, else the first.
    """
    names, counts = class_counts(groups, labels)
    size = min(max(1, round(fraction * names.size)), names.size - 1)
    rng = np.random.default_rng([seed, names.size])
    best, best_rank = names[:0], -1
    for _ in range(HOLD_OUT_DRAWS):
        chosen = rng.permutation(names.size)[:size]
        held = counts[chosen].sum(0)
        trainable = bool((counts.sum(0) > held).all())
        rank = trainable * 2 + bool((held > 0).all()) * trainable
        if rank > best_rank:
            best, best_rank = np.sort(names[chosen]), rank
        if best_rank == 3:
            break
    return best


def _unevenness(filled: FloatArray, part: int, share: FloatArray) -> tuple[float, float]:
    """How unequal the class shares of the parts become if a subject goes to `part`; then how full that is."""
    trial = filled.copy()
    trial[part] += share
    # Rounded, so that a tie is a tie on every machine.
    return round(float(trial.std(axis=0).sum()), 12), round(float(trial[part].sum()), 12)
