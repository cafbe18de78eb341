"""SOFTNet and MEAN as detectors: every frame's flow maps get a score; its smoothed peaks become intervals.

What a network learns are pseudo-labels: 1 for a frame whose flow spans any part of a coded event of the kind. Both
papers take flow, smoothing and intervals with one k, half a mean event; here k comes from the training videos, and the
flow has the lag of the signal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import nn

from mien.errors import InputError, UsageError
from mien.models.mean import MeanSpot
from mien.models.options import Options
from mien.models.softnet import SoftnetModule
from mien.spotting.contract import KINDS, CodedVideo, Floats, Interval, Kind, VideoSignal
from mien.spotting.curves import centred, peaks, relative_threshold, window_mean
from mien.spotting.fitting import Proposals, ThresholdDetector, half_length, mean_duration_s
from mien.training import keys

Maps = npt.NDArray[np.floating]
Samples = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
SpottingNetwork = SoftnetModule | MeanSpot
AT_ONCE = 1024


class NetworkOptions(Options):
    threshold: float = Field(
        0.55, gt=0, lt=1, description="p of the threshold mean + p (max - mean), as published"
    )
    fit_threshold: bool = Field(
        False,
        description="fit p on training videos; their scores are better than those of new videos, for the network "
        "learned them",
    )
    epochs: int = Field(10, ge=1, description="passes over the training frames; the last one is used")
    seed: int = Field(0, ge=0, description="of initial weights, sampling and order")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where to train and score")


class SoftnetOptions(NetworkOptions):
    batch_size: int = Field(12, ge=1, description="frames per step")
    learning_rate: float = Field(5e-4, gt=0, description="of plain stochastic gradient descent")


class MeanOptions(NetworkOptions):
    batch_size: int = Field(32, ge=2, description="frames per step")
    learning_rate: float = Field(5e-4, gt=0, description="of Adam")


class NetworkDetector(ThresholdDetector):
    """What both networks share; a kind without coded events in the training videos is not looked for."""

    grid = tuple(p / 100 for p in range(5, 100, 5))
    kinds: tuple[Kind, ...] = KINDS

    def __init__(self, options: SoftnetOptions | MeanOptions) -> None:
        self._options = options
        self.fit_threshold = options.fit_threshold
        self.thresholds = dict.fromkeys(self.kinds, options.threshold)
        self.duration_s: dict[Kind, float] = {}
        self.modules: dict[Kind, SpottingNetwork] = {}
        self._learned = False

    def build(self) -> SpottingNetwork:
        """A freshly initialised network."""
        raise NotImplementedError

    def optimiser(self, module: nn.Module) -> torch.optim.Optimizer:
        """The published optimiser."""
        raise NotImplementedError

    def samples(self, labels: npt.NDArray[np.bool_], kind: Kind, rng: np.random.Generator) -> Samples:
        """Which frames to train on, (n,) positions, and how each is changed, (n,) numbers of `_changed`."""
        raise NotImplementedError

    @property
    def fitted(self) -> Mapping[str, object]:
        digests = {f"weights {kind}": _digest(module) for kind, module in self.modules.items()}
        durations = {f"duration {kind} s": s for kind, s in self.duration_s.items()}
        return {**super().fitted, **durations, **digests}

    def learn(self, videos: Sequence[CodedVideo]) -> None:
        self.modules, self.duration_s, self._learned = {}, {}, True
        for kind in self.kinds:
            duration = mean_duration_s(videos, kind)
            if duration is not None:
                self.duration_s[kind] = duration
                self.modules[kind] = self._train(videos, kind)

    def _train(self, videos: Sequence[CodedVideo], kind: Kind) -> SpottingNetwork:
        """A network for one kind, trained on the frames of the videos whose flow is known."""
        options = self._options
        frames = Frames([flow_maps(video.signal, kind) for video in videos])
        labels = np.concatenate([pseudo_labels(video, kind) for video in videos])[frames.rows]
        rng = np.random.default_rng(keys.key(options.seed, kind, type(self).__name__))
        chosen, changes = self.samples(labels, kind, rng)
        with keys.seeded(options.seed, kind, type(self).__name__):
            module = self.build().to(options.device)
            optimiser = self.optimiser(module)
            module.train()
            for _ in range(options.epochs):
                order = rng.permutation(len(chosen))
                for part in _parts(order, options.batch_size):
                    maps = [_changed(frames[chosen[i]], int(changes[i]), rng) for i in part]
                    target = torch.from_numpy(labels[chosen[part]].astype(np.float32)).to(options.device)
                    scores = module(torch.from_numpy(min_max(np.stack(maps))).to(options.device))
                    loss = (scores - target).square().mean() + module.penalty()
                    optimiser.zero_grad(set_to_none=True)
                    loss.backward()
                    optimiser.step()
        return module.eval()

    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        """The network's score, moved to the middle of its flow and smoothed over k frames either side (T,).

        Raises:
            UsageError: the network has not been trained for this kind.
            InputError: the signal holds no flow maps.
        """
        if kind not in self.modules:
            raise UsageError(
                f"{type(self).__name__} has not been trained to spot {kind}-expressions",
                do="fit it on videos that hold some, or use a detector that needs no training",
            )
        maps = flow_maps(signal, kind)
        known = known_rows(maps)
        rows = np.full(len(maps), np.nan)
        with torch.inference_mode():
            for part in _parts(known, AT_ONCE):
                x = torch.from_numpy(min_max(maps[part])).to(self._options.device)
                rows[part] = self.modules[kind](x).cpu().numpy()
        half = half_length(self.duration_s[kind], signal.fps)
        return window_mean(centred(rows, signal.lag[kind]), half)

    def proposals(self, signal: VideoSignal, kind: Kind) -> Proposals:
        if self._learned and kind not in self.modules:
            return lambda p: []
        curve = np.asarray(self.score(signal, kind), dtype=np.float64)
        half = half_length(self.duration_s[kind], signal.fps)
        tops = peaks(curve, half).tolist()
        last = len(curve) - 1

        def at(p: float) -> list[Interval]:
            limit = relative_threshold(curve, p)
            return [
                Interval(max(t - half, 0), t, min(t + half, last), kind, float(curve[t]))
                for t in tops
                if curve[t] >= limit
            ]

        return at


class Softnet(NetworkDetector):
    """SOFTNet: every second negative frame, micro positives three times more (flipped, blurred, noisy), SGD."""

    def build(self) -> SpottingNetwork:
        return SoftnetModule()

    def optimiser(self, module: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(module.parameters(), lr=self._options.learning_rate)

    def samples(self, labels: npt.NDArray[np.bool_], kind: Kind, rng: np.random.Generator) -> Samples:
        positive, negative = np.flatnonzero(labels), np.flatnonzero(~labels)[::2]
        chosen = np.concatenate([positive, negative])
        changes = np.zeros(len(chosen), np.int64)
        if kind == "micro":
            extra = np.repeat(positive, 3)
            chosen = np.concatenate([chosen, extra])
            changes = np.concatenate([changes, np.tile([1, 2, 3], len(positive))])
        return chosen, changes


class Mean(NetworkDetector):
    """MEAN: micro-expressions only, five negative frames for each positive one, Adam and L2 penalties."""

    kinds = ("micro",)

    def build(self) -> SpottingNetwork:
        return MeanSpot()

    def optimiser(self, module: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(module.parameters(), lr=self._options.learning_rate, eps=1e-7)

    def samples(self, labels: npt.NDArray[np.bool_], kind: Kind, rng: np.random.Generator) -> Samples:
        positive, negative = np.flatnonzero(labels), np.flatnonzero(~labels)
        kept = rng.choice(negative, min(5 * len(positive), len(negative)), replace=False)
        chosen = np.concatenate([positive, kept])
        return chosen, np.zeros(len(chosen), np.int64)


class Frames:
    """The known rows of many videos' flow maps under one numbering, without a copy.

    Attributes:
        rows: positions of the known rows among all rows of all videos.
    """

    def __init__(self, videos: Sequence[Maps]) -> None:
        self._videos = videos
        self._starts = np.cumsum([0, *(len(video) for video in videos)])
        self.rows = np.concatenate(
            [known_rows(video) + start for video, start in zip(videos, self._starts, strict=False)]
        )

    def __getitem__(self, number: int) -> Maps:
        row = int(self.rows[number])
        video = int(np.searchsorted(self._starts, row, side="right")) - 1
        return np.asarray(self._videos[video][row - self._starts[video]], dtype=np.float32)


def flow_maps(signal: VideoSignal, kind: Kind) -> Maps:
    """The signal's flow maps of a kind.

    Raises:
        InputError: it has none.
    """
    if kind not in signal.flow_maps:
        raise InputError(
            "this signal holds no flow maps, which the networks read",
            found=f"kind {kind}",
            do="build the signal with flow maps",
        )
    return np.asarray(signal.flow_maps[kind])


def known_rows(maps: Maps) -> npt.NDArray[np.int64]:
    """Indices of the rows without nan, found from one number of each channel: a row is known or not as a whole."""
    return np.flatnonzero(~np.isnan(maps[:, :, 0, 0]).any(axis=1)).astype(np.int64)


def pseudo_labels(video: CodedVideo, kind: Kind) -> npt.NDArray[np.bool_]:
    """(T,) whether the frames that row i's flow spans, i - lag to i - 1, meet a coded event of the kind."""
    lag = video.signal.lag[kind]
    row = np.arange(len(video.signal))
    meets = np.zeros(len(row), dtype=bool)
    for event in video.truth:
        if event.kind == kind:
            meets |= (row - lag <= event.offset) & (row - 1 >= event.onset)
    return meets


def min_max(maps: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Every channel of every sample (N, C, H, W) scaled to 0..1; a flat one becomes 0."""
    exact = np.asarray(maps, dtype=np.float32)
    low, high = exact.min(axis=(2, 3), keepdims=True), exact.max(axis=(2, 3), keepdims=True)
    return np.asarray((exact - low) / np.where(high > low, high - low, 1), dtype=np.float32)


def _changed(maps: Maps, how: int, rng: np.random.Generator) -> Maps:
    """The sample as it is (0), flipped left to right (1), blurred over 7 pixels (2) or with noise (3).

    As published: the flip leaves the sign of u, and noise of variance 0.01 is cut to -1..1, or 0..1 where nothing
    is negative.
    """
    if how == 1:
        return maps[:, :, ::-1]
    if how == 2:
        import cv2

        return np.stack([cv2.GaussianBlur(channel, (7, 7), 0) for channel in maps])
    if how == 3:
        low = -1.0 if maps.min() < 0 else 0.0
        return np.clip(maps + rng.normal(0, 0.1, maps.shape), low, 1).astype(np.float32)
    return maps


def _parts(order: npt.NDArray[np.int64], size: int) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _digest(module: nn.Module) -> str:
    """A fingerprint of all weights."""
    digest = hashlib.sha256()
    for value in module.state_dict().values():
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
