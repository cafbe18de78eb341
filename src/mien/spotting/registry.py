"""The list of detectors: one name and one card each; a detector's module is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mien.errors import UsageError, unknown
from mien.models.options import Options
from mien.spotting.contract import FEEDS, Detector, Feed


@dataclass(frozen=True)
class DetectorCard:
    """What a detector is, for a person.

    Attributes:
        reads: the part of `VideoSignal` that it needs.
        needs_training: whether it can do nothing before it was fitted on coded videos.
        confirmed, assumed: what is known from the source, and what is our choice.
        false_alarms_per_min: by kind, of the detector as it comes; empty where it was not measured.
        measured_on: the videos that this was measured on, and how.
    """

    name: str
    title: str
    paper: str
    summary: str
    reads: str
    needs_training: bool
    confirmed: str
    assumed: str
    false_alarms_per_min: dict[str, float] = field(default_factory=dict)
    measured_on: str = ""


@dataclass(frozen=True)
class _Entry:
    card: DetectorCard
    module: str
    made_by: str


_ENTRIES: Mapping[str, _Entry] = MappingProxyType(
    {
        entry.card.name: entry
        for entry in (
            _Entry(
                DetectorCard(
                    name="contrast",
                    title="Contrast of region flow",
                    paper="none; after Moilanen et al., ICPR 2014 and Liong et al., ICIP 2021",
                    summary="peaks of the flow of the strongest third of the regions against the frames around them",
                    reads="region_flow",
                    needs_training=False,
                    confirmed="",
                    assumed="all of it is ours; unfitted: thresholds, durations and widening that suit ten filmed "
                    "minutes of made-up people",
                    false_alarms_per_min={"micro": 0.7, "macro": 1.7},
                    measured_on="ten filmed minutes of ten made-up people who also blink, speak and turn their heads, "
                    "thresholds fitted on the other nine; 19 of 27 micro- and 31 of 44 macro-expressions were found; "
                    "on real people it is not known",
                ),
                "contrast",
                "Contrast",
            ),
            _Entry(
                DetectorCard(
                    name="mdmd",
                    title="MDMD",
                    paper="He et al., FG 2020; Wang et al., Neurocomputing 2017",
                    summary="main directional maximal difference on the flow of facial regions; no parameters",
                    reads="region_flow",
                    needs_training=False,
                    confirmed="gaps, contrast, threshold rule, p = 0.01 and lengths (published program and results); "
                    "counting checked on all 198 published rows of CAS(ME)^2",
                    assumed="facial regions stand for blocks, and gaps are made of whole lags; a run that lasts to "
                    "the end is kept",
                ),
                "mdmd",
                "Mdmd",
            ),
            _Entry(
                DetectorCard(
                    name="mdmd-blocks",
                    title="MDMD on blocks",
                    paper="He et al., FG 2020; Wang et al., Neurocomputing 2017",
                    summary="main directional maximal difference on 6x6 blocks of flow, the baseline of MEGC 2020",
                    reads="block_differences",
                    needs_training=False,
                    confirmed="blocks, directions, gaps, contrast, threshold rule, p = 0.01 and lengths (published "
                    "program and results)",
                    assumed="angles by atan2 (the program's atan folds opposite directions); DIS flow on our aligned "
                    "crop (published: RLOF on a face cut out by dlib); a run that lasts to the end is kept",
                ),
                "mdmd",
                "MdmdBlocks",
            ),
            _Entry(
                DetectorCard(
                    name="softnet",
                    title="SOFTNet",
                    paper="Liong et al., ICIP 2021, arXiv 2106.06489",
                    summary="three-stream CNN on u, v and strain of brows and mouth; 314,817 parameters, one per kind",
                    reads="flow_maps",
                    needs_training=True,
                    confirmed="layers, pseudo-labels, loss, SGD 5e-4, 10 epochs, batch 12, sampling, augmentation, "
                    "smoothing, p = 0.55, intervals of peak +- k (published program)",
                    assumed="scores are moved to the middle of the flow they come from; frames are shuffled every "
                    "epoch; k from the training videos, the lag from the signal; no dummy interval for a video "
                    "without a peak",
                ),
                "networks",
                "Softnet",
            ),
            _Entry(
                DetectorCard(
                    name="mean",
                    title="MEAN",
                    paper="Liong et al., Signal Processing: Image Communication 2023",
                    summary="shallow spot-then-recognise network, micro-expressions only; 3,621 numbers to spot",
                    reads="flow_maps",
                    needs_training=True,
                    confirmed="layers, L2 penalties, loss, Adam 5e-4, 10 epochs, batch 32, five negatives for each "
                    "positive, smoothing, p = 0.55, intervals of peak +- k (published program)",
                    assumed="maps are scaled to 0..1 after brows and mouth were cut out (published: before); scores "
                    "are moved to the middle of their flow; k from the training videos, the lag from the signal",
                ),
                "networks",
                "Mean",
            ),
            _Entry(
                DetectorCard(
                    name="random",
                    title="Random peaks",
                    paper="none",
                    summary="as many intervals of the same lengths as another detector finds, anywhere",
                    reads="what the other detector reads",
                    needs_training=False,
                    confirmed="",
                    assumed="a reference, not a method",
                ),
                "random_peaks",
                "RandomPeaks",
            ),
        )
    }
)


def names() -> tuple[str, ...]:
    """All names, sorted."""
    return tuple(sorted(_ENTRIES))


def card(name: str) -> DetectorCard:
    """The card of a detector. Raises `UsageError` for an unknown name."""
    return _entry(name).card


def options(name: str) -> type[Options]:
    """The options class of a detector. Raises `UsageError` for an unknown name."""
    entry = _entry(name)
    found: type[Options] = getattr(_module(entry), f"{entry.made_by}Options")
    return found


def feeds(detectors: Iterable[str]) -> frozenset[Feed]:
    """The parts of a signal that must be made for these detectors. Raises `UsageError` for an unknown name."""
    read = {card(name).reads for name in detectors}
    return frozenset(feed for feed in FEEDS if feed in read)


def create(name: str, given: Mapping[str, object] | None = None) -> Detector:
    """A fresh detector with the given options.

    Raises:
        UsageError: unknown name, unknown option (the nearest is named) or value out of range.
    """
    entry = _entry(name)
    chosen: Any = options(name).parse(given or {}, model=name)
    if name == "random":
        if chosen.counted == name:
            raise UsageError("random peaks need another detector to count for", found=f"counted={name}")
        made: Detector = _module(entry).RandomPeaks(create(chosen.counted), chosen.seed)
        return made
    detector: Detector = getattr(_module(entry), entry.made_by)(chosen)
    return detector


def _entry(name: str) -> _Entry:
    if name not in _ENTRIES:
        raise unknown(f"there is no detector '{name}'", name, names())
    return _ENTRIES[name]


def _module(entry: _Entry) -> Any:
    return importlib.import_module(f"mien.spotting.{entry.module}")
