"""Which frames of a clip a recipe reads, by their numbers in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.prepare.recipe import Recipe

#: An annotated frame that is not on disk is replaced by a neighbour this close, as a share of the clip.
LARGEST_STEP_ASIDE = 0.05
#: How far behind the onset and before the apex the frames beside them lie, as a share of the time between the two.
BESIDE = 0.0375


class NotPreparable(Exception):
    """A clip that a recipe cannot use; the message is the reason, for the list of clips left out."""


@dataclass(frozen=True)
class Annotation:
    """The annotated frames of a clip; None where the sheet says nothing."""

    onset: int | None
    apex: int | None
    offset: int | None


@dataclass(frozen=True)
class FramePlan:
    """Numbers of the frames to read.

    Attributes:
        onset, apex, offset: where the clip begins, is strongest and ends; the apex is None if no array needs
        it. sampled: the frames of the sequence arrays, in order, possibly with repetitions; () if there are
        none. notes: what was not as annotated. also: frames that are read besides, for pictures.
        beside: a frame shortly after the onset and one shortly before the apex; () if no array needs them.
    """

    onset: int
    apex: int | None
    offset: int
    sampled: tuple[int, ...]
    notes: tuple[str, ...]
    also: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()

    @property
    def wanted(self) -> tuple[int, ...]:
        """Every frame to read, once, the onset first."""
        marked = [
            self.onset,
            *([] if self.apex is None else [self.apex, self.offset]),
            *self.sampled,
            *self.beside,
            *self.also,
        ]
        return (self.onset, *sorted(set(marked) - {self.onset}))


def plan_frames(available: Sequence[int], annotation: Annotation, recipe: Recipe) -> FramePlan:
    """The frames of one clip for a recipe.

    Args:
        available: the numbers of the frames on disk, rising.

    Raises:
        NotPreparable: with the reason.
    """
    if not available:
        raise NotPreparable("no frame of the clip was found")
    numbers = np.asarray(available)
    if annotation.onset is None:
        raise NotPreparable("no onset is annotated")
    notes: list[str] = []
    apex = annotation.apex
    offset = annotation.offset
    if offset is None:
        if apex is None:
            raise NotPreparable("neither apex nor offset is annotated")
        offset = min(2 * apex - annotation.onset, int(numbers[-1]))
        notes.append(f"no offset is annotated: {offset} taken, as far behind the apex as the onset is before")
    if offset < annotation.onset:
        raise NotPreparable(f"the offset ({offset}) lies before the onset ({annotation.onset})")
    aside = max(1, round(LARGEST_STEP_ASIDE * (offset - annotation.onset)))
    onset = _on_disk(numbers, annotation.onset, "onset", aside, notes)
    offset = _on_disk(numbers, offset, "offset", aside, notes)
    if recipe.needs_apex:
        apex = _apex(numbers, annotation.apex, (onset, offset), recipe, aside, notes)
    if not recipe.needs_apex:
        apex = None
    return FramePlan(
        onset=onset,
        apex=apex,
        offset=offset,
        sampled=_sampled(numbers, (onset, apex, offset), recipe, notes),
        notes=tuple(notes),
        beside=_beside(numbers, onset, apex) if recipe.needs_beside and apex is not None else (),
    )


def _beside(numbers: np.ndarray, onset: int, apex: int) -> tuple[int, int]:
    """The frames nearest to a little after the onset and a little before the apex."""
    step = BESIDE * (apex - onset)
    after, before = (int(numbers[np.abs(numbers - place).argmin()]) for place in (onset + step, apex - step))
    return after, before


def _on_disk(numbers: np.ndarray, wanted: int, word: str, aside: int, notes: list[str]) -> int:
    nearest = int(numbers[np.abs(numbers - wanted).argmin()])
    if abs(nearest - wanted) > aside:
        raise NotPreparable(f"the {word} frame {wanted} is not on disk, nor one within {aside} frames of it")
    if nearest != wanted:
        notes.append(f"the {word} frame {wanted} is not on disk: {nearest} taken")
    return nearest


def _apex(
    numbers: np.ndarray,
    apex: int | None,
    span: tuple[int, int],
    recipe: Recipe,
    aside: int,
    notes: list[str],
) -> int:
    onset, offset = span
    if apex is None:
        if recipe.time.missing_apex == "leave out":
            raise NotPreparable("no apex is annotated")
        apex = (onset + offset) // 2
        notes.append(f"no apex is annotated: the middle frame {apex} taken")
    if not onset <= apex <= offset:
        raise NotPreparable(f"the apex ({apex}) lies outside the clip ({onset} to {offset})")
    apex = _on_disk(numbers, apex, "apex", aside, notes)
    if apex == onset:
        raise NotPreparable(f"apex and onset are the same frame ({apex}): there is no motion between them")
    return apex


def _sampled(
    numbers: np.ndarray, marks: tuple[int, int | None, int], recipe: Recipe, notes: list[str]
) -> tuple[int, ...]:
    if not recipe.needs_sequence:
        return ()
    onset, apex, offset = marks
    if recipe.time.sampling == "around apex":
        assert apex is not None
        return _around(numbers, (onset, apex, offset), recipe.time.frames, notes)
    inside = numbers[(numbers >= onset) & (numbers <= offset)]
    if len(inside) < offset - onset + 1:
        notes.append(f"{offset - onset + 1 - len(inside)} frames between onset and offset are not on disk")
    if recipe.time.sampling == "interpolated":
        return tuple(int(number) for number in inside)
    targets = np.linspace(onset, offset, recipe.time.frames)
    nearest = np.abs(inside[None, :] - targets[:, None]).argmin(axis=1)
    return tuple(int(inside[i]) for i in nearest)


def _around(
    numbers: np.ndarray, marks: tuple[int, int, int], frames: int, notes: list[str]
) -> tuple[int, ...]:
    """The frames from half a window before the apex, but behind the onset, to the window's end or the offset."""
    onset, apex, offset = marks
    first = max(apex - frames // 2, onset + 1)
    last = min(first + frames - 1, offset)
    found = tuple(int(number) for number in numbers[(numbers >= first) & (numbers <= last)])
    if len(found) < frames:
        notes.append(
            f"{frames - len(found)} of {frames} frames around the apex are blends of their neighbours"
        )
    return found
