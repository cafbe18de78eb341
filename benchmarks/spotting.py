"""Every detector on filmed videos with exact truth: F1, false alarms per minute, timing, by kind; and why it errs.

    mien data film --out films --subjects 10 --videos-per-subject 1 --minutes 1
    python benchmarks/spotting.py --films films [--detectors contrast,mdmd] [--fit]

Leave one subject out: thresholds, lengths and networks are fitted on the other people's videos. `--fit` also prints
the values that `contrast` fits on all videos: its defaults. Signals are kept beside the films, in signals/.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from mien.analysis.spotting_run import coded_videos
from mien.metrics.spotting import match
from mien.prepare.long_videos import read_long_videos
from mien.spotting.contract import KINDS
from mien.spotting.evaluate import Evaluation, evaluate
from mien.spotting.fitting import ThresholdDetector
from mien.spotting.registry import create, feeds

DETECTORS = ("contrast", "mdmd", "mdmd-blocks", "softnet", "mean", "random")


def causes(found: Evaluation, distractors: pd.DataFrame) -> Counter[str]:
    """What went on during the false alarms; one that meets several distractors counts for the longest of them."""
    counted: Counter[str] = Counter()
    for video in found.videos:
        own = distractors[distractors["name"] == video.key]
        for kind in KINDS:
            hits = {found_at for found_at, _ in match(video.predicted[kind], video.truth[kind])}
            for number, (onset, offset) in enumerate(video.predicted[kind]):
                if number in hits:
                    continue
                if any(_meets(onset, offset, *span) for span in video.truth[kind]):
                    counted["beside a movement"] += 1
                    continue
                if any(_meets(onset, offset, *span) for other in KINDS for span in video.truth[other]):
                    counted["movement of the other kind"] += 1
                    continue
                met = own[(own["first"] - 1 <= offset) & (own["last"] - 1 >= onset)]
                shared = np.minimum(met["last"] - 1, offset) - np.maximum(met["first"] - 1, onset)
                counted[str(met["kind"].iloc[int(shared.argmax())]) if len(met) else "nothing"] += 1
    return counted


def _meets(onset: int, offset: int, first: int, last: int) -> bool:
    return onset <= last and first <= offset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, required=True)
    parser.add_argument("--detectors", default=",".join(DETECTORS))
    parser.add_argument("--protocol", default="loso")
    parser.add_argument("--fit", action="store_true")
    asked = parser.parse_args()
    films = read_long_videos(asked.films)
    distractors = pd.read_csv(asked.films / "distractors.csv", dtype={"subject": str, "video": str})
    distractors["name"] = distractors["subject"] + "_" + distractors["video"]
    videos = coded_videos(films, asked.films / "signals", feeds=feeds(asked.detectors.split(",")))
    told = "F1 (95 %)              TP/FP/FN     false/min  onset ms  offset ms  peeked F1 (invalid)"
    print(f"{'detector':11} {'kind':6} {told}")
    for name in asked.detectors.split(","):
        found = evaluate(videos, partial(create, name), protocol=asked.protocol)
        for kind, row in found.as_dict()["kinds"].items():
            peeked = row["f1_peeked_invalid"]
            print(
                f"{name:11} {kind:6} {row['f1']:.3f} ({row['f1_low']:.3f} to {row['f1_high']:.3f})  "
                f"{row['tp']:3d}/{row['fp']:3d}/{row['fn']:3d}  {row['false_alarms_per_min']:9.2f}  "
                f"{row['onset_median_abs_ms']:8.0f}  {row['offset_median_abs_ms']:9.0f}  "
                f"{'' if peeked is None else f'{peeked:.3f}'}",
                flush=True,
            )
        print(f"{name:11} false alarms: {dict(causes(found, distractors).most_common())}", flush=True)
    if asked.fit:
        detector = create("contrast").fit(videos)
        assert isinstance(detector, ThresholdDetector)
        print("contrast, fitted on all:", dict(detector.fitted))


if __name__ == "__main__":
    main()
