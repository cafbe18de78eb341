"""Films `examples/made-up-person.mp4`: eight seconds of a made-up person, for `make demo` and the tests.

    python tools/film_example.py

Frames count from 1: inner and outer brows raised (1+2) as a micro-expression in frames 70, 76, 83; a smile
(6+12) in 130, 152, 190; three blinks and a glance. Same script, same bytes on the same machine.
"""

from __future__ import annotations

from pathlib import Path

from mien.synthesis.distractors import Distractor
from mien.synthesis.long_video import LongVideo, film_long
from mien.synthesis.script import Script, ScriptedExpression
from mien.video.writing import VideoWriter

OUT = Path(__file__).resolve().parents[1] / "examples" / "made-up-person.mp4"
SCRIPT = Script(
    fps=30.0,
    n_frames=240,
    expressions=(
        ScriptedExpression("micro", 70, 76, 83, "1+2", 0.25),
        ScriptedExpression("macro", 130, 152, 190, "6+12", 0.45),
    ),
    distractors=(
        Distractor("blink", 22, 29, (1.0,)),
        Distractor("gaze", 40, 58, (0.12, 0.0)),
        Distractor("blink", 100, 107, (1.0,)),
        Distractor("blink", 212, 219, (1.0,)),
    ),
)


def main() -> None:
    video = LongVideo(seed=1, subject=6, video=1, script=SCRIPT, size=(480, 360))
    with film_long(video) as filmed, VideoWriter(OUT, SCRIPT.fps, video.size, quality=18) as writer:
        for _, image in filmed.frames():
            writer.write(image)


if __name__ == "__main__":
    main()
