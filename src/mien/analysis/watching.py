"""One pass over a video: the face followed, every frame judged, the motion of its regions measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from mien.analysis.frames import FrameLog
from mien.errors import InputError
from mien.face.choice import Rule, choose
from mien.face.following import FaceFollower, Followed, FollowSettings
from mien.face.landmarks import Landmarker
from mien.face.search import search
from mien.spotting.contract import Feed, VideoSignal
from mien.spotting.signal import SignalBuilder
from mien.video.frame import Frame
from mien.video.isolated import IsolatedVideo

#: Called with the name of the stage, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]

#: A face this wide in the picture has two pixels and more for every pixel of the crop: more say nothing.
_FACE_PX = 320
#: Pictures no longer than this are watched as they are.
_SMALL_PX = 960
#: Without a face in the first looks, large pictures are watched at this size.
_BLIND_PX = 1280
_FIRST_LOOKS_S = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, eq=False)
class Watched:
    """What one pass over a video gave.

    Attributes:
        longest_px: the longer side of the pictures that were watched, if they were made smaller.
        stages_s: seconds spent waiting for pictures (`decode`), on the face (`face`) and waiting for flow (`motion`).
    """

    log: FrameLog
    signal: VideoSignal
    longest_px: int | None
    notes: tuple[str, ...]
    stages_s: dict[str, float]


def watch(
    video: IsolatedVideo,
    landmarker: Landmarker,
    *,
    face: Rule = "largest",
    feeds: Collection[Feed] = (),
    progress: Progress | None = None,
) -> Watched:
    """What one pass over a video gives; memory does not grow but by some hundred bytes a frame.

    Raises:
        InputError: no face in any frame, a single frame, or decoding failed.
    """
    facts, n_frames = video.facts, len(video.times_s)
    if n_frames < 2:
        raise InputError(
            "movement is seen between frames, and the video has a single one",
            where=video.path,
            do="give a video",
        )
    longest_px = _useful_px(video, landmarker, face)
    share = 1.0 if longest_px is None else min(1.0, longest_px / max(facts.width, facts.height))
    rule: Rule = face if isinstance(face, str) else (face[0] * share, face[1] * share)
    follower, log = FaceFollower(landmarker, FollowSettings(face=rule)), FrameLog(share)
    spent = {"decode": 0.0, "face": 0.0, "motion": 0.0}
    damaged = 0
    with SignalBuilder(facts.fps, feeds=feeds) as builder:
        clock = time.perf_counter()
        for outcome in video.frames(longest_px=longest_px):
            spent["decode"] -= clock - (clock := time.perf_counter())
            time_s = float(video.times_s[len(log)])
            if isinstance(outcome, Frame):
                followed = follower.step(outcome.image, time_s)
            else:
                followed, damaged = Followed(lost=f"not decoded: {outcome.reason}"), damaged + 1
            spent["face"] -= clock - (clock := time.perf_counter())
            log.add(time_s, followed)
            builder.add(
                followed.crop, followed.points, time_s, rebase=followed.rebase, broken=followed.broken
            )
            spent["motion"] -= clock - (clock := time.perf_counter())
            if progress is not None:
                progress("watch", len(log), n_frames)
        if not log.success.any():
            raise _no_face(video, damaged)
        signal = builder.finish()
        spent["motion"] += time.perf_counter() - clock
    notes = _notes(video, follower, log, builder, share, damaged)
    return Watched(log, signal, longest_px, tuple(notes), spent)


def _useful_px(video: IsolatedVideo, landmarker: Landmarker, rule: Rule) -> int | None:
    """How long the longer side of the pictures needs to be: enough for the face, found in the first seconds."""
    longest = max(video.facts.width, video.facts.height)
    if longest <= _SMALL_PX:
        return None
    looks = sorted({int(video.times_s.searchsorted(at)) for at in _FIRST_LOOKS_S} - {len(video.times_s)})
    for number, frame in enumerate(video.frames(looks)):
        if not isinstance(frame, Frame):
            continue
        # The search in parts of the picture takes a second: in the first picture only.
        faces, _ = search(landmarker, frame.image, closer=number == 0)
        if faces:
            height, width = frame.image.shape[:2]
            face = choose(faces, width, height, rule).face
            return min(longest, max(_SMALL_PX, round(longest * _FACE_PX / face.width_px)))
    return min(longest, _BLIND_PX)


def _no_face(video: IsolatedVideo, damaged: int) -> InputError:
    if damaged == len(video.times_s):
        return InputError(
            "no frame of the video could be decoded", where=video.path, do="convert it, or take another copy"
        )
    return InputError(
        "no face was found in any frame of the video",
        where=video.path,
        found=f"{len(video.times_s)} frames of {video.facts.width} x {video.facts.height}",
        do="film the face from the front, upright and larger than 3 % of the picture's width, in enough light",
    )


def _notes(
    video: IsolatedVideo,
    follower: FaceFollower,
    log: FrameLog,
    builder: SignalBuilder,
    share: float,
    damaged: int,
) -> list[str]:
    facts, notes = video.facts, []
    if facts.cut:
        notes.append(f"{facts.cut}: what is missing was not analysed")
    if damaged:
        notes.append(f"{damaged} frames could not be decoded; none was replaced by a neighbour")
    if facts.variable_rate:
        notes.append("the frame rate varies: times are the file's own, lags of the motion are taken by time")
    if share < 1:
        notes.append(f"pictures were watched at {share:.0%} of their size: the face needs no more")
    if builder.stride["micro"] > 1:
        notes.append(
            f"{facts.fps:.0f} frames per second: motion was measured on every {builder.stride['micro']}. frame and is "
            "interpolated between"
        )
    if facts.fps < 25:
        notes.append(
            f"{facts.fps:.3g} frames per second are few: a micro-expression of a fifth of a second has "
            f"{0.2 * facts.fps:.0f} frames"
        )
    if follower.n_faces > 1:
        rule = follower.settings.face
        words = rule if isinstance(rule, str) else f"nearest to {rule[0] / share:.0f}, {rule[1] / share:.0f}"
        notes.append(
            f"{follower.n_faces} faces were seen: the one that is {words} was followed, and it alone"
        )
    if len(log.faces()) > 1:
        later = ", ".join(f"{time_s:.1f}" for time_s, _ in follower.restarts[1:6])
        notes.append(
            f"the face was lost or the scene cut, and a face was chosen anew at {later} s: it may be another person"
        )
    lost = 1 - float(log.success.mean())
    if lost > 0:
        notes.append(f"{lost:.0%} of the frames show no usable face")
    return notes
