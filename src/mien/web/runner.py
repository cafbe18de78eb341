"""The program that analyses one video for the server, in a process of its own; `mien.web.child` tells how they talk."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mien.errors import MienError

OUR_FAULT = 1
TELL_EVERY_S = 0.1
#: Words for the stages, in the order they come in.
STAGES = {
    "open": "open the video",
    "watch": "follow the face",
    "spot": "find movements",
    "recognise": "recognise",
    "write": "write tables, pictures and films",
}
NO_MODEL = "none"
DETECTOR = "contrast"

Tell = Callable[..., None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the order, analyse, write the result; the exit code."""
    parser = argparse.ArgumentParser(prog="mien.web.runner", description=__doc__)
    parser.add_argument("--model", help=f"a model that `mien train` wrote, or '{NO_MODEL}'")
    model = parser.parse_args(arguments).model
    order, tell = _line_to_the_server()
    try:
        run(order, model, tell)
    except MienError as error:
        if error.exit_code == OUR_FAULT:
            raise
        found = None if error.found is None else str(error.found)
        tell(error={"what": error.what, "found": found, "do": error.do})
        return error.exit_code
    except Exception:
        traceback.print_exc()
        return OUR_FAULT
    return 0


def run(order: dict[str, Any], model: str | None, tell: Tell) -> None:
    """Analyse `order["video"]` and write everything to `order["out"]`.

    Raises:
        InputError: the video cannot be analysed, or there is no model.
    """
    tell(stages=list(STAGES.values()))
    progress = Progress(tell)
    progress("open", 0, 0)
    from mien.analysis.running import analyse
    from mien.analysis.settings import AnalyseSettings
    from mien.export import write_all
    from mien.report.analysis import write_analysis_report
    from mien.spotting.registry import card, create
    from mien.training.deployed import load, read_card, shipped
    from mien.web.pictures import write_pictures

    video, out = Path(order["video"]), Path(order["out"])
    settings = AnalyseSettings.model_validate(order["options"])
    weights = None if model == NO_MODEL else shipped() if model is None else Path(model)
    if weights is not None:
        read_card(weights)  # a model that cannot be used is told before the video is watched
    found = analyse(
        video,
        create(DETECTOR),
        None if weights is None else lambda: load(weights),
        settings,
        detector_card=asdict(card(DETECTOR)),
        progress=progress,
    )
    # where the video lies on this machine is nobody's business
    found = replace(found, source=order["name"])
    progress("write", 0, 0)
    write_pictures(found.events, out / "pictures")
    written = write_all(found, out, video=video, limits=settings.limits)
    write_analysis_report(found, out / "report.html", written)


class Progress:
    """Passes progress on: every stage, and within it not more than the server can use."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._stage = ""
        self._told_s = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now_s = time.monotonic()
        if stage == self._stage and done < total and now_s - self._told_s < TELL_EVERY_S:
            return
        self._stage, self._told_s = stage, now_s
        self._tell(stage=STAGES[stage], done=done, total=total)


def _line_to_the_server() -> tuple[dict[str, Any], Tell]:
    """The order, and a function that sends messages.

    Input and output are taken away from everybody else in this process: a library that prints would spoil the
    messages. When the server is gone, so is this process, with all it started.
    """
    told, said = os.dup(0), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    with os.fdopen(told, "rb", buffering=0, closefd=False) as stream:
        order: dict[str, Any] = json.loads(stream.readline())
    threading.Thread(target=_leave_with_the_server, args=(told,), daemon=True).start()

    def tell(**message: object) -> None:
        os.write(said, json.dumps(message).encode() + b"\n")

    return order, tell


def _leave_with_the_server(told: int) -> None:
    # not through a file object: its lock would be held when this process ends
    while os.read(told, 1024):
        pass
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(OUR_FAULT)


if __name__ == "__main__":
    sys.exit(main())
