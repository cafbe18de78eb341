"""Made-up signals of faces: a still face with noise in which chosen movements are planted."""

from __future__ import annotations

import numpy as np

from mien.spotting.blocks import gap as gap_of
from mien.spotting.contract import CodedVideo, Interval, Kind, VideoSignal

FPS = 30.0
LAG: dict[Kind, int] = {"micro": 6, "macro": 18}
REGIONS = (
    *(f"{side}_{i}_eye" for side in ("left", "right") for i in range(3)),
    *(f"{side}_brow_{i}" for side in ("left", "right") for i in range(4)),
    *(f"{side}_cheek_{i}" for side in ("left", "right") for i in range(4)),
    *(f"mouth_{i}" for i in range(8)),
    *(f"nose_{i}" for i in range(6)),
)
EYES = [i for i, name in enumerate(REGIONS) if name.endswith("_eye")]
BROWS = [i for i, name in enumerate(REGIONS) if "_brow_" in name]
MOUTH = [i for i, name in enumerate(REGIONS) if "mouth" in name]


def bump(n_frames: int, onset: int, offset: int, hold: float = 0.2) -> np.ndarray:
    """0..1 (T,): up from onset, held for a share of the time, down to offset; smooth."""
    at = (np.arange(n_frames) - onset) / max(offset - onset, 1)
    ramp = (1 - hold) / 2
    up, down = np.clip(at / ramp, 0, 1), np.clip((1 - at) / ramp, 0, 1)
    return (1 - np.cos(np.pi * np.minimum(up, down))) / 2


def displacement(n_frames: int, movements, rng: np.random.Generator, size: float = 1.5) -> np.ndarray:
    """(T, R, 2) pixels: every movement (onset, offset, regions) in a random direction, the same for its regions but
    for their strength."""
    moved = np.zeros((n_frames, len(REGIONS), 2))
    for onset, offset, regions in movements:
        angle = rng.uniform(0, 2 * np.pi)
        strength = size * rng.uniform(0.7, 1.3, len(regions))[:, None] * [np.cos(angle), np.sin(angle)]
        moved[:, regions] += bump(n_frames, onset, offset)[:, None, None] * strength
    return moved


def signal_of(
    moved: np.ndarray, rng: np.random.Generator, noise: float = 0.05, maps: bool = False
) -> VideoSignal:
    """The signal of a face whose regions move so: flow over each lag, with noise."""
    flow, flow_maps, blocks = {}, {}, {}
    for kind, lag in LAG.items():
        rows = np.full_like(moved, np.nan)
        rows[lag:] = moved[lag:] - moved[:-lag] + rng.normal(0, noise, moved[lag:].shape)
        flow[kind] = rows
        if maps:
            flow_maps[kind] = _maps(rows, rng, noise)
            blocks[kind] = _blocks(moved, gap_of(kind, FPS), rng, noise)
    return VideoSignal(FPS, np.arange(len(moved)) / FPS, LAG, REGIONS, flow, flow_maps, blocks)


def _blocks(moved: np.ndarray, k: int, rng: np.random.Generator, noise: float) -> np.ndarray:
    """(T, 36): every block holds one of the regions, in turn."""
    first, middle, last = moved[: -2 * k], moved[k:-k], moved[2 * k :]
    rows = np.full((len(moved), moved.shape[1]), np.nan)
    rows[k:-k] = np.linalg.norm(middle - first, axis=2) - np.linalg.norm(last - first, axis=2)
    return rows[:, np.arange(36) % moved.shape[1]] + rng.normal(0, noise, (len(moved), 36))


def _maps(rows: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """(T, 3, 42, 42): brows above, mouth below, strain as the size of the motion."""
    y, x = np.mgrid[:42, :42]
    spots = {(10, 12): BROWS[:4], (10, 30): BROWS[4:], (31, 21): MOUTH}
    maps = np.zeros((len(rows), 3, 42, 42), np.float32)
    for (row, column), regions in spots.items():
        spot = np.exp(-((y - row) ** 2 + (x - column) ** 2) / 40)
        mean = rows[:, regions].mean(axis=1)
        maps[:, :2] += mean[:, :, None, None] * spot
        maps[:, 2] += np.linalg.norm(mean, axis=1)[:, None, None] * spot / 4
    maps += rng.normal(0, noise, maps.shape)
    return maps


def events(n_frames: int, kinds: list[Kind], rng: np.random.Generator, gap: int = 110):
    """Intervals far enough apart, one per entry of `kinds`, in that order."""
    found = []
    at = gap
    for kind in kinds:
        length = int(rng.integers(10, 15)) if kind == "micro" else int(rng.integers(28, 45))
        onset = at + int(rng.integers(0, 15))
        found.append(Interval(onset, onset + length // 2, onset + length - 1, kind, 1.0))
        at = onset + length + gap
    assert at <= n_frames, "the video is too short for so many events"
    return tuple(found)


def coded_video(
    key: int, kinds: list[Kind] | None = None, *, n_frames: int = 900, noise: float = 0.05, blinks: bool = True,
    maps: bool = False, videos_per_subject: int = 1,
) -> CodedVideo:  # fmt: skip
    """A video of 30 s with micro- and macro-movements of brows or mouth, and blinks between them."""
    rng = np.random.default_rng(key)
    kinds = ["micro", "macro", "micro", "macro"] if kinds is None else kinds
    truth = events(n_frames, kinds, rng)
    places = [BROWS, MOUTH]
    movements = [(i.onset, i.offset, places[int(rng.integers(2))]) for i in truth]
    moved = displacement(n_frames, movements, rng)
    if blinks:
        lids = [(i.onset - 55, i.onset - 47, EYES) for i in truth]
        moved += displacement(n_frames, lids, rng, size=4.0)
    subject = f"s{key // videos_per_subject:02d}"
    return CodedVideo(f"{subject}/{key}", subject, signal_of(moved, rng, noise, maps), truth)
