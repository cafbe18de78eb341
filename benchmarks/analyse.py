"""Real-time factor of `mien analyse` by stage, and its memory for a long video against a short one.

    python benchmarks/analyse.py --video ten-seconds.mp4 [--model FILE] [--repeats 5]
    python benchmarks/analyse.py --memory 1,10 [--fps 30]

The factor is seconds of work over seconds of video. One untimed run warms up (models are loaded), then the median of
the repeats is told, with processor time of this process and its decoding child beside it: on a shared machine the
wall clock says how busy the others are. Without --video a made-up person is filmed for ten seconds, 640x480 at
30 fps. --memory gives the largest resident memory of the command (this process, without the child's) on videos of so
many minutes, with everything that the command writes; they are the portrait of the tests, repeated, whose brows rise
every four seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import av

from mien.analysis.result import VideoAnalysis
from mien.analysis.running import analyse
from mien.cli.app import run
from mien.face.landmarks import Landmarker
from mien.parallel import cores
from mien.spotting.registry import create


def processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def film_ten_seconds(path: Path) -> Path:
    from mien.facs.annotation import parse
    from mien.synthesis.filming import FilmedClip, film

    clip = FilmedClip(
        seed=0, subject=3, clip=1, annotation=parse("1+2"), onset=90, apex=96, offset=104, first_number=0,
        n_frames=300, fps=30.0,
    )  # fmt: skip
    with film(clip) as filmed:
        write(path, (image for _, image in filmed.frames()))
    return path


def write(path: Path, images: object, crf: int = 18, fps: int = 30) -> None:
    with av.open(str(path), "w") as container:
        stream = None
        for image in images:  # type: ignore[attr-defined]
            if stream is None:
                stream = container.add_stream("libx264", rate=fps)
                stream.height, stream.width, stream.pix_fmt = *image.shape[:2], "yuv420p"
                stream.options = {"crf": str(crf), "preset": "ultrafast"}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        assert stream is not None
        container.mux(stream.encode())


def speed(video: Path, model_file: str | None, repeats: int) -> None:
    model = None
    if model_file is not None:
        from mien.training.deployed import load

        deployed = load(None if model_file == "shipped" else Path(model_file))
        model = lambda: deployed  # noqa: E731
    stages: list[dict[str, float]] = []
    walls, processor = [], []
    with Landmarker() as landmarker:
        done: VideoAnalysis | None = None
        for repeat in range(repeats + 1):
            begin, begin_cpu = time.perf_counter(), processor_s()
            done = analyse(video, create("contrast"), model, landmarker=landmarker)
            if repeat:
                walls.append(time.perf_counter() - begin)
                processor.append(processor_s() - begin_cpu)
                stages.append(dict(done.stages_s))
    assert done is not None
    length_s = done.video["duration_s"]
    print(f"{video.name}: {length_s:.1f} s, {len(done.frames)} frames, {len(done.events)} candidates")
    print(f"{platform.processor() or platform.machine()}, {cores()} cores, load {os.getloadavg()[0]:.1f}")
    for name in stages[0]:
        print(f"  {name:10} {median(one[name] for one in stages) / length_s:6.3f}")
    print(f"  all        {median(walls) / length_s:6.3f}  (least {min(walls) / length_s:.3f})")
    print(f"  processor  {median(processor) / length_s:6.3f}  seconds of all cores")


def memory(minutes: list[float], fps: int) -> None:
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        for length in minutes:
            video = Path(folder) / f"{length:g}.mp4"
            sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
            from portraits import picture

            loop = [picture(index / fps) for index in range(4 * fps)]
            pictures = (loop[index % len(loop)] for index in range(round(60 * fps * length)))
            write(video, pictures, crf=30, fps=fps)
            told = subprocess.run(
                [sys.executable, __file__, "--one", str(video)], capture_output=True, text=True, check=True
            )
            peaks[length] = json.loads(told.stdout.splitlines()[-1])
            print(f"{length:g} min: {peaks[length]}", flush=True)
    first, last = min(peaks), max(peaks)
    print(f"{last:g} min : {first:g} min = {peaks[last]['peak_mb'] / peaks[first]['peak_mb']:.3f}")


def one(video: Path) -> None:
    """The whole command on one video: model, tables, films and report."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        code = run(["analyse", str(video), "--out", folder])
        sizes = {file.name: file.stat().st_size >> 10 for file in Path(folder, video.stem).iterdir()}
        events = len(json.loads(Path(folder, video.stem, "events.json").read_text("utf-8"))["events"])
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    told = {"code": code, "peak_mb": peak_kb >> 10, "child_mb": child_kb >> 10, "events": events,
            "s": round(time.perf_counter() - begin, 1), "report_kb": sizes["report.html"]}  # fmt: skip
    print(json.dumps(told))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--video", type=Path)
    asked.add_argument("--model", help="a model's file, or 'shipped'; without it no classes are given")
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--memory", help="minutes, as 1,10")
    asked.add_argument("--fps", type=int, default=30, help="of the videos of --memory")
    asked.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one:
        one(given.one)
    elif given.memory:
        memory([float(length) for length in given.memory.split(",")], given.fps)
    else:
        with tempfile.TemporaryDirectory() as folder:
            speed(given.video or film_ten_seconds(Path(folder) / "film.mp4"), given.model, given.repeats)


if __name__ == "__main__":
    main()
