"""Folds in which everybody is known: each person's clips are dealt to test and training by session."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError

IntArray = npt.NDArray[np.int64]


def enrolled_parts(subjects: npt.ArrayLike, sessions: npt.ArrayLike, k: int, seed: int) -> IntArray:
    """The part 0..k-1 of every clip (N,): no session is in two parts, and each person is in two parts or more.

    So whichever part is held out, everybody in it has training clips of another session. A person's sessions go,
    the longest first and in random order among equals, to the part with the fewest clips of that person, then
    the fewest of all. With a session per clip this is the usual split stratified by subject.

    Args:
        subjects: (N,) names.
        sessions: (N,) names, unique across subjects.

    Raises:
        InputError: a person has a single session, k is below 2, or the lengths differ.
    """
    who, when = np.asarray(subjects).astype(str), np.asarray(sessions).astype(str)
    if who.shape != when.shape or who.ndim != 1 or not who.size or k < 2:
        raise InputError(
            "parts need a subject and a session for every clip, and k of at least 2",
            found=f"{who.size} subjects, {when.size} sessions, k {k}",
        )
    rng = np.random.default_rng([seed, k])
    parts = np.empty(who.size, dtype=np.int64)
    filled = np.zeros(k, dtype=np.int64)
    for person in rng.permutation(np.unique(who)):
        names, sizes = np.unique(when[who == person], return_counts=True)
        if names.size < 2:
            raise InputError(
                "a person with a single session cannot be both enrolled and tested",
                where=f"subject '{person}'",
                do="leave the person out",
            )
        own = np.zeros(k, dtype=np.int64)
        for at in np.lexsort((rng.random(names.size), -sizes)):
            part = int(np.lexsort((filled, own))[0])
            parts[(who == person) & (when == names[at])] = part
            own[part] += sizes[at]
            filled[part] += sizes[at]
    return parts


def several_sessions(subjects: npt.ArrayLike, sessions: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether the person of each clip (N,) has two sessions or more."""
    who, when = np.asarray(subjects).astype(str), np.asarray(sessions).astype(str)
    many = {person for person in np.unique(who) if np.unique(when[who == person]).size > 1}
    return np.array([person in many for person in who.tolist()], dtype=bool)
