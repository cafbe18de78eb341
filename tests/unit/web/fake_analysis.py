"""Stands in for the analysis of a video: speaks as `mien.web.child` wants, and writes what an analysis writes.

What it does stands at the start of the "video": `fail`, `crash`, `hang`, `fork`, `grow`, `flood`, `noise`, `slow`,
`count`; anything else is analysed at once. No video is decoded.
"""

import csv
import json
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

N_FRAMES, FPS = 360, 30
CLASSES = ("negative", "positive", "surprise")
EVENTS = (
    ("micro", 45, 50, 57, (0.71, 0.12, 0.17), 0.02),
    ("macro", 120, 139, 168, (0.06, 0.9, 0.04), 0.01),
    ("micro", 231, 236, 244, (0.41, 0.28, 0.31), 0.31),
    ("micro", 310, 314, 320, (0.2, 0.15, 0.65), 0.11),
)
SENTENCES = (
    ("The inner corners of the brows are raised and the forehead wrinkles in the middle.", 0.61),
    ("The brows are lowered and drawn together, deep lines appear between them.", 0.55),
    ("The upper eyelids are raised and the eyes widen.", 0.32),
)


def tell(**message: object) -> None:
    print(json.dumps(message), flush=True)


def end_with_the_server() -> None:
    while os.read(0, 1 << 10):  # not through sys.stdin: its lock would be held when this program ends
        pass
    os._exit(9)


def score(frame: int) -> float:
    rest = 0.8 + 0.5 * math.sin(frame / 7) + 0.3 * math.sin(frame / 2.3)
    peaks = (
        (6 if kind == "micro" else 3) * math.exp(-(((frame - apex) / 5) ** 2)) for kind, _, apex, *_ in EVENTS
    )
    return rest + sum(peaks)


def write_frames(out: Path) -> None:
    with (out / "frames.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            [
                "frame",
                "timestamp",
                "face_id",
                "confidence",
                "success",
                "lost",
                "micro_score",
                "macro_score",
                "excluded",
            ]
        )
        for frame in range(N_FRAMES):
            lost, out_ = 186 <= frame < 206, 255 <= frame < 285
            scores = (
                ("", "") if lost else (f"{score(frame):.4f}", f"{0.6 * score(frame - 6) + frame / 300:.4f}")
            )
            why = "no face" if lost else ""
            writer.writerow(
                [frame, f"{frame / FPS:.4f}", -int(lost), 0.97, int(not lost), why, *scores, int(out_)]
            )


def write_events(out: Path, order: dict) -> None:
    events = []
    for place, (kind, onset, apex, offset, probs, doubt) in enumerate(EVENTS, start=1):
        abstained = max(probs) < 0.5
        events.append(
            {
                "video": order["name"],
                "event_id": place,
                "kind": kind,
                "onset_frame": onset,
                "apex_frame": apex,
                "offset_frame": offset,
                "onset_s": onset / FPS,
                "apex_s": apex / FPS,
                "offset_s": offset / FPS,
                "duration_s": (offset - onset) / FPS,
                "score": 4.2,
                "label": "" if abstained else CLASSES[probs.index(max(probs))],
                "abstained": abstained,
                "doubt": doubt,
                "side": ("left", "both", "right", "both")[place - 1],
                "asymmetry": 0.2,
                "lost_share": 0.0,
                "note": "" if place < 4 else "The head turned by 12 degrees during this movement.",
                "prob": dict(zip(CLASSES, probs, strict=True)),
                "regions": [
                    {"region": "left_inner_brow", "u_px": -0.3, "v_px": -1.2, "size_px": 1.24},
                    {"region": "right_inner_brow", "u_px": 0.2, "v_px": -0.9, "size_px": 0.92},
                    {"region": "mouth_left_corner", "u_px": 0.2, "v_px": 0.1, "size_px": 0.22},
                ],
                "nearest": [{"sentence": sentence, "cosine": cosine} for sentence, cosine in SENTENCES],
            }
        )
    summary = {
        "video": order["name"],
        "n_frames": N_FRAMES,
        "duration_s": N_FRAMES / FPS,
        "fps": float(FPS),
        "width": 640,
        "height": 480,
        "variable_rate": False,
        "lost_share": 20 / N_FRAMES,
    }
    found = {
        "schema": "mien-events/1",
        "source": order["name"],
        "summary": summary,
        "settings": order["options"],
        "model": {"name": "fake"},
        "detector": {"name": "fake", "false_alarms_per_min": 4.1},
        "notes": ["The face was lost in 20 frames, from 6.20 s to 6.87 s."],
        "events": events,
    }
    (out / "events.json").write_text(json.dumps(found), encoding="utf-8")
    (out / "events.csv").write_text("event_id,kind\n1,micro\n", encoding="utf-8")
    (out / "dictionary.csv").write_text("file,column\n", encoding="utf-8")
    report = "<!doctype html><title>r</title><p id=p>a</p><script>p.textContent = 'script ran'</script>"
    (out / "report.html").write_text(report, encoding="utf-8")


def write_pictures(out: Path) -> None:
    from PIL import Image, ImageDraw

    (out / "pictures").mkdir()
    for place in range(1, len(EVENTS) + 1):
        for name, brow in (("onset", 0), ("apex", 7)):
            image = Image.new("RGB", (224, 224), "#c9a58d")
            draw = ImageDraw.Draw(image)
            draw.ellipse((30, 10, 194, 220), fill="#d9b79f")
            for side in (-1, 1):
                x = 112 + side * 36
                draw.ellipse((x - 16, 84, x + 16, 104), fill="#fff")
                draw.ellipse((x - 7, 86, x + 7, 102), fill="#332a24")
                draw.line((x - 20, 70 - brow, x + 20, 68 - brow), fill="#3a2c22", width=6)
            draw.line((84, 172, 140, 172), fill="#8c3f3a", width=5)
            image.save(out / "pictures" / f"event-{place:03d}-{name}.png")
        (out / "pictures" / f"event-{place:03d}-flow.svg").write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 224 224"><rect width="224" height="224"'
            ' fill="#c9a58d"/><path d="M76 90V60m-6 6 6-6 6 6M148 90V60m-6 6 6-6 6 6" stroke="#17181b"'
            ' stroke-width="3" fill="none"/></svg>'
        )


def main() -> None:
    with os.fdopen(0, "rb", buffering=0, closefd=False) as told:
        order = json.loads(told.readline())
    threading.Thread(target=end_with_the_server, daemon=True).start()
    what, out = Path(order["video"]).read_bytes()[:40].decode("latin-1"), Path(order["out"])
    stages = ["read the video", "follow the face", "find movements", "recognise", "write the files"]
    tell(stages=stages)
    (out / "started").write_text(str(os.getpid()))
    if what.startswith("fail"):
        tell(
            error={"what": "there is no face in this video", "found": "0 of 360 frames", "do": "film a face"}
        )
        sys.exit(3)
    if what.startswith("crash"):
        os.abort()
    if what.startswith(("hang", "fork")):
        if what.startswith("fork"):
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        tell(stage=stages[0], done=1, total=10)
        time.sleep(600)
    if what.startswith("grow"):
        held = b"x" * 700_000_000
        time.sleep(600)
        print(len(held))
    if what.startswith("flood"):
        (out / "flood").write_bytes(b"x" * 5_000_000)
        time.sleep(600)
    if what.startswith("noise"):
        print("a library says hello")
        print("x" * 300_000)
        print("[1, 2]\n{\n", flush=True)
    pause_s = 0.06 if what.startswith("slow") else 0.0
    for stage in stages:
        for done in range(0, N_FRAMES + 1, 60):
            tell(stage=stage, done=done, total=N_FRAMES)
            time.sleep(pause_s)
    (out / "started").unlink()
    write_frames(out)
    write_events(out, order)
    write_pictures(out)
    if what.startswith("count"):
        tell(warning="the movie with the overlay could not be written")
        sys.exit(4)


main()
