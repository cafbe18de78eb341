"""Analyses to write out: a made-up person filmed for 300 frames, and a small one that needs no rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from mien.analysis.result import Event, EventPictures, FrameRow, RegionMotion, VideoAnalysis
from mien.video.probing import probe

CLASSES = ("negative", "positive", "surprise")
#: Onset, apex, offset and kind of the candidates in a video of 300 frames at 30 per second.
EVENTS_OF_300 = ((33, 38, 46, "micro"), (128, 150, 176, "macro"), (232, 237, 244, "micro"))
MODEL = {
    "schema": 1,
    "model": "aie-cmcl-flow",
    "title": "AIE-CMCL on flow images",
    "task": "megc-3",
    "classes": list(CLASSES),
    "calibration": {"temperature": 1.6, "abstain_below": 0.5, "fitted_on": "held-out subjects"},
    "record": [
        {
            "on": "MEGC 2019: CASME II, SAMM, SMIC",
            "protocol": "loso",
            "n_clips": 442,
            "n_subjects": 68,
            "n_seeds": 3,
            "uf1": {"mean": 0.7034, "low": 0.651, "high": 0.749},
            "uar": {"mean": 0.6892, "low": 0.633, "high": 0.738},
            "apex": "given",
        },
        {
            "on": "made-up people",
            "protocol": "holdout",
            "n_clips": 60,
            "n_subjects": 12,
            "n_seeds": 1,
            "uf1": {"mean": None, "low": None, "high": None},
            "uar": {"mean": 0.51, "low": None, "high": None},
            "apex": "spotted",
        },
    ],
    "trained_on": [{"name": "made-up people", "n_clips": 900, "n_subjects": 60, "made_up": True}],
    "notes": ["Class names come from three databases whose labels differ."],
}
DETECTOR = {
    "name": "region-contrast",
    "false_alarms_per_min": {"micro": 3.4, "macro": 1.25},
    "measured_on": "12 long synthetic videos, 36 min",
    "f1": {"micro": 0.41, "macro": 0.62},
}


def write_video(
    path: Path,
    pictures: Sequence[np.ndarray] | Iterator[np.ndarray],
    times_s: Sequence[float],
    fps: float = 30.0,
) -> Path:
    """An H.264 file whose frames are shown at these times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=round(fps), options={"crf": "18", "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10000)
        for picture, time_s in zip(pictures, times_s, strict=True):
            if not container.streams.video[0].codec_context.is_open:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time_s * 10000), Fraction(1, 10000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


#: What the recogniser said of the three candidates.
SAID = (
    {
        "label": "surprise",
        "prob": (0.16, 0.09, 0.75),
        "side": "both",
        "asymmetry": 0.04,
        "nearest": (
            ("Inner brow raiser and outer brow raiser.", 0.81),
            ("Upper lid raiser.", 0.52),
            ("Brow lowerer.", 0.11),
        ),
    },
    {
        "label": "",
        "prob": (0.42, 0.31, 0.27),
        "side": "right",
        "asymmetry": -0.31,
        "abstained": True,
        "nearest": (
            ("Lip corner puller.", 0.47),
            ("Dimpler.", 0.44),
            ("Cheek raiser and lip corner puller.", 0.4),
        ),
        "note": "the person may have been speaking",
    },
    {
        "label": "negative",
        "prob": (0.81, 0.07, 0.12),
        "side": "left",
        "asymmetry": 0.22,
        "nearest": (
            ("Brow lowerer.", 0.77),
            ("Brow lowerer and lid tightener.", 0.74),
            ("Nose wrinkler.", 0.38),
        ),
    },
)
REGIONS = (
    RegionMotion("left brow", 0.3, -1.9),
    RegionMotion("right brow", -0.2, -1.6),
    RegionMotion("mouth corner left", 0.15, 0.2),
    RegionMotion("nose", 0.1, 0.0),
)
FACTS = ("width", "height", "fps", "duration_s", "n_frames", "variable_rate", "rotation_deg", "codec")
Box = tuple[float, float, float, float]
Phases = tuple[int, int, int, str]


def made_analysis(
    video: Path, boxes: Sequence[Box], pictures: Callable[[int, int], EventPictures | None]
) -> VideoAnalysis:
    """An analysis of a video that exists: its true frames and times, made-up scores.

    Args:
        boxes: x, y, width and height of the face in every frame.
        pictures: makes those of an event from its onset and apex frame.
    """
    from mien.video.decoding import VideoFile

    facts = probe(video)
    with VideoFile(video) as opened:
        times_s = opened.timeline.times_s
    n = facts.n_frames
    rng = np.random.default_rng(5)
    phases = [
        (round(onset * n / 300), round(apex * n / 300), round(offset * n / 300), kind)
        for onset, apex, offset, kind in EVENTS_OF_300
    ]
    scores = _scores(n, phases, rng)
    rows = _rows(times_s, boxes, scores, rng)
    excluded = range(round(0.85 * n), round(0.95 * n))
    return VideoAnalysis(
        source=str(video),
        video={name: getattr(facts, name) for name in FACTS},
        frames=tuple(replace(row, excluded=row.frame in excluded) for row in rows),
        events=tuple(_events(phases, scores, times_s, pictures)),
        settings={"detector": "region-contrast", "threshold": 4.5, "face": "largest", "members": 8},
        model=MODEL,
        detector=DETECTOR,
        stages_s={"decode": 1.2, "landmarks": 3.4, "spotting": 0.4, "recognition": 0.9},
        notes=(
            "The frame rate is 30: movements shorter than a tenth of a second have three frames or fewer.",
        ),
        excluded=((rows[excluded[0]].timestamp, rows[excluded[-1]].timestamp),),
        baseline=(0.0, rows[n // 12].timestamp),
    )


def _scores(n: int, phases: Sequence[Phases], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Noise that rises at the candidates, more for their own kind."""
    scores = {kind: np.abs(rng.normal(0, 0.8, n)) for kind in ("micro", "macro")}
    for onset, apex, offset, kind in phases:
        rise = np.interp(np.arange(n), [onset - 2, apex, offset + 2], [0, 1, 0])
        scores[kind] += 7 * rise
        scores["macro" if kind == "micro" else "micro"] += 2.5 * rise
    return scores


def _rows(
    times_s: np.ndarray, boxes: Sequence[Box], scores: dict[str, np.ndarray], rng: np.random.Generator
) -> list[FrameRow]:
    """A row per frame; the face is lost for a thirtieth of the video."""
    n = len(scores["micro"])
    rows = [
        FrameRow(
            frame=i,
            timestamp=float(times_s[i]),
            face_id=0,
            confidence=float(0.97 - 0.1 * rng.random()),
            success=True,
            **dict(zip(("x", "y", "width", "height"), map(float, boxes[i]), strict=True)),
            interocular_px=float(0.42 * boxes[i][2]),
            yaw_deg=float(6 * np.sin(i / 40)),
            pitch_deg=float(3 * np.cos(i / 30)),
            roll_deg=0.5,
            blur=float(140 + 30 * rng.random()),
            brightness=float(118 + 4 * np.sin(i / 50)),
            micro_score=float(scores["micro"][i]) if i >= 4 else float("nan"),
            macro_score=float(scores["macro"][i]) if i >= 15 else float("nan"),
            micro_px=float(scores["micro"][i] / 6),
            macro_px=float(scores["macro"][i] / 4),
        )
        for i in range(n)
    ]
    for i in range(round(0.31 * n), round(0.34 * n)):
        rows[i] = FrameRow(i, float(times_s[i]), -1, 0.0, False, "no face found")
    return rows


def _events(
    phases: Sequence[Phases],
    scores: dict[str, np.ndarray],
    times_s: np.ndarray,
    pictures: Callable[[int, int], EventPictures | None],
) -> Iterator[Event]:
    for number, ((onset, apex, offset, kind), said) in enumerate(zip(phases, SAID, strict=True), 1):
        yield Event(
            event_id=number,
            kind=kind,
            score=float(scores[kind][apex]),
            onset_frame=onset,
            apex_frame=apex,
            offset_frame=offset,
            onset_s=float(times_s[onset]),
            apex_s=float(times_s[apex]),
            offset_s=float(times_s[offset]),
            doubt=0.05 * number,
            regions=REGIONS,
            pictures=pictures(onset, apex),
            **{**said, "prob": dict(zip(CLASSES, said["prob"], strict=True))},
        )


def small_analysis(folder: Path, n: int = 60, *, variable: bool = False) -> VideoAnalysis:
    """A dark disc with a bright dot that moves: a video that needs no rendering."""
    import cv2

    height, width = 90, 120
    pictures = []
    for i in range(n):
        picture = np.full((height, width, 3), 190, np.uint8)
        cv2.circle(picture, (width // 2, height // 2), height // 3, (90, 60, 50), -1)
        cv2.circle(picture, (width // 2 + round(3 * np.sin(i / 3)), height // 2), 4, (240, 230, 220), -1)
        pictures.append(picture)
    steps = np.full(n - 1, 1 / 30)
    if variable:
        steps[1::3] = 0.05
        steps[::7] = 0.0213
    times_s = [0.0, *np.cumsum(steps).round(4)]
    video = write_video(folder / "small vidéo, 1.mp4", pictures, times_s)
    rng = np.random.default_rng(1)

    def shown(onset: int, apex: int) -> EventPictures:
        crop = rng.integers(60, 200, (32, 32, 3), dtype=np.uint8)
        flow = np.zeros((2, 32, 32), np.float32)
        flow[1, 8:14] = -1.5
        return EventPictures(crop, np.roll(crop, -1, axis=0), flow)

    box = (width / 2 - height / 3, height / 6, height / 1.5, height / 1.5)
    return made_analysis(video, [box] * n, shown)


def filmed_analysis(folder: Path) -> VideoAnalysis:
    """300 frames of a made-up person who acts three times; crops and flow are measured in the film."""
    import cv2

    from mien.facs.annotation import parse
    from mien.motion.flow import compute
    from mien.synthesis.filming import FilmedClip, film

    pictures: list[np.ndarray] = []
    points: list[np.ndarray] = []
    for clip, (coding, (onset, apex, offset, _)) in enumerate(
        zip(("1+2", "12", "4"), EVENTS_OF_300, strict=True)
    ):
        what = FilmedClip(
            seed=0, subject=4, clip=clip, annotation=parse(coding), onset=onset, apex=apex, offset=offset,
            first_number=100 * clip, n_frames=100, fps=30.0, size=(480, 360), seen_dm=2.3,
        )  # fmt: skip
        with film(what) as filmed:
            pictures += [image for _, image in filmed.frames()]
            points += list(filmed.truth.landmarks)
    video = write_video(folder / "interview 03.mp4", pictures, [i / 30 for i in range(300)])
    boxes = []
    for row in points:
        (left, top), (right, bottom) = row.min(axis=0), row.max(axis=0)
        side = 1.7 * max(right - left, bottom - top)
        boxes.append(((left + right) / 2 - side / 2, (top + bottom) / 2 - 0.55 * side, side, side))

    def crop(index: int, box: tuple[float, float, float, float]) -> np.ndarray:
        x, y, side, _ = map(round, box)
        rows = np.clip(np.arange(y, y + side), 0, 359)
        columns = np.clip(np.arange(x, x + side), 0, 479)
        cut = pictures[index][rows[:, None], columns]
        return np.asarray(cv2.resize(cut, (128, 128), interpolation=cv2.INTER_AREA))

    def shown(onset: int, apex: int) -> EventPictures:
        first, second = (crop(index, boxes[onset]) for index in (onset, apex))
        grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (first, second)]
        flow = compute(*grey, "dis")
        return EventPictures(first, second, flow - np.median(flow, axis=(1, 2), keepdims=True))

    return made_analysis(video, boxes, shown)


def renamed(analysis: VideoAnalysis, text: str) -> VideoAnalysis:
    """The same with `text` wherever an analysis holds words."""
    rows = tuple(replace(row, lost=text) if not row.success else row for row in analysis.frames)
    events = tuple(replace(event, label=text, note=text, nearest=((text, 0.1),)) for event in analysis.events)
    return replace(analysis, source=text, frames=rows, events=events, notes=(text,))
