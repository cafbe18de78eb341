"""A damaged run folder is refused with one clear message, and nothing in a good one takes the page over."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_page import Page
from report_run import Made, make_run

from mien.errors import InputError
from mien.report import write_report

FILES = ("run.json", "metrics.json", "predictions.csv", "curves.csv", "embeddings.npz")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_run(tmp_path_factory.mktemp("run") / "a", databases={"casme2": 3, "samm": 2}, epochs=3)


@pytest.fixture
def run(sound: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound.path, tmp_path / "run"))


def _refused(run: Path) -> str:
    with pytest.raises(InputError) as caught:
        write_report(run)
    assert not (run / "report.html").exists()
    return str(caught.value)


def _json(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """The change of a file that changes its JSON."""

    def apply(content: bytes) -> bytes:
        record = json.loads(content)
        change(record)
        return json.dumps(record).encode()

    return apply


def _text(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old.encode(), new.encode(), 1)


def _arrays(**changed: np.ndarray | None) -> Callable[[bytes], bytes]:
    def apply(content: bytes) -> bytes:
        with np.load(io.BytesIO(content)) as stored:
            arrays = dict(stored) | changed
        stream = io.BytesIO()
        np.savez(stream, **{name: array for name, array in arrays.items() if array is not None})
        return stream.getvalue()

    return apply


def _bytes(content: bytes) -> Callable[[bytes], bytes]:
    return lambda _: content


@pytest.mark.parametrize("name", FILES[:3])
def test_a_missing_file_is_named(run: Path, name: str) -> None:
    (run / name).unlink()
    assert f"{name}: missing" in _refused(run)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    assert "no run folder here" in _refused(tmp_path / "absent")


DAMAGE: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("run.json", _bytes(b"{"), "run.json: cannot be read as JSON"),
    ("run.json", _bytes(b"\xff\xfe"), "run.json: cannot be read as JSON"),
    ("run.json", _bytes(b"[]"), "run.json: (top level)"),
    ("run.json", _bytes(b"[" * 100_000), "run.json: cannot be read as JSON"),
    ("run.json", _json(lambda r: r.update(schema=2)), "schema 2; this version of Mien reads schema 1"),
    ("run.json", _json(lambda r: r.pop("kind")), "run.json: kind"),
    ("run.json", _json(lambda r: r.update(kind="winner")), "run.json: kind"),
    ("run.json", _json(lambda r: r.update(seeds=[0, 1, 2, 3])), "no rows for seed 3"),
    ("run.json", _json(lambda r: r.update(classes=["negative", "positive"])), "confusion is not 2 x 2"),
    ("metrics.json", _bytes(b""), "metrics.json: cannot be read as JSON"),
    ("metrics.json", _json(lambda m: m.pop("uf1")), "metrics.json: uf1"),
    ("metrics.json", _json(lambda m: m["uar"].update(mean="good")), "metrics.json: uar.mean"),
    ("metrics.json", _json(lambda m: m["uar"].update(mean=float("inf"))), "an infinite score"),
    ("metrics.json", _json(lambda m: m["confusion"].pop()), "confusion is not 3 x 3"),
    ("metrics.json", _json(lambda m: m["per_class"].pop("positive")), "per_class names"),
    ("predictions.csv", _bytes(b""), "predictions.csv: cannot be read as CSV"),
    ("predictions.csv", _bytes(b"a,b\n1,2,3\n"), "missing columns"),
    ("predictions.csv", _text("prob_positive", "p2"), "missing columns prob_positive"),
    ("predictions.csv", lambda c: c.splitlines(keepends=True)[0], "predictions.csv: has no rows"),
    (
        "predictions.csv",
        lambda c: c + c.splitlines(keepends=True)[1],
        "a second row for the same clip and seed",
    ),
    (
        "predictions.csv",
        lambda c: c + b"k,casme2,01,f,0,negative,negative,1,0,x\n",
        "prob_surprise: 1 row (line",
    ),
    ("predictions.csv", lambda c: c + b"k,casme2,01,f,0,negative,negative,1,0,7\n", "not a probability"),
    ("predictions.csv", lambda c: c + b"k,casme2,01,f,0,joy,negative,1,0,0\n", "truth: 1 row"),
    ("predictions.csv", lambda c: c + b"k,casme2,01,f,z,negative,negative,1,0,0\n", "seed: 1 row"),
    ("predictions.csv", _bytes(b"\xff\xfe\x00"), "predictions.csv: cannot be read as CSV"),
    ("curves.csv", _text("epoch", "step"), "curves.csv: missing columns epoch"),
    ("curves.csv", lambda c: c + b"0,a,last,1,1,1\n", "curves.csv: epoch: 1 row"),
    ("embeddings.npz", _bytes(b"PK\x03\x04 half"), "embeddings.npz: cannot be read"),
    ("embeddings.npz", _bytes(b""), "embeddings.npz: cannot be read"),
    ("embeddings.npz", _arrays(visual=None), "missing arrays visual"),
    ("embeddings.npz", _arrays(visual=np.zeros((2, 3), np.float32)), "do not fit together"),
    ("embeddings.npz", _arrays(key=np.array([{"a": 1}], dtype=object)), "embeddings.npz: cannot be read"),
]


@pytest.mark.parametrize(("name", "damage", "words"), DAMAGE)
def test_damage_is_named(run: Path, name: str, damage: Callable[[bytes], bytes], words: str) -> None:
    file = run / name
    file.write_bytes(damage(file.read_bytes()))
    assert words in _refused(run)


def test_embeddings_of_other_clips(run: Path, sound: Made) -> None:
    keys = np.array([f"other/{key}" for key in sound.keys])
    file = run / "embeddings.npz"
    file.write_bytes(_arrays(key=keys)(file.read_bytes()))
    assert "keys are not in predictions.csv" in _refused(run)


def test_all_problems_come_in_one_message(run: Path) -> None:
    (run / "metrics.json").unlink()
    (run / "embeddings.npz").write_bytes(b"no archive")
    (run / "curves.csv").write_bytes(b"seed,fold,loss\n0,a,1\n")
    message = _refused(run)
    assert "metrics.json: missing" in message
    assert "embeddings.npz: cannot be read" in message
    assert "curves.csv: missing columns epoch" in message


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), at=st.floats(0, 1), cut=st.booleans(), byte=st.integers(0, 255))
def test_any_broken_byte_is_refused_or_harmless(
    sound: Made, tmp_path: Path, name: str, at: float, cut: bool, byte: int
) -> None:
    run = tmp_path / "broken"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(sound.path, run)
    content = (run / name).read_bytes()
    place = int(at * (len(content) - 1))
    (run / name).write_bytes(content[:place] + (b"" if cut else bytes([byte]) + content[place + 1 :]))
    try:
        out = write_report(run)
    except InputError as error:
        assert name in str(error)
    else:
        assert Page(out).faults == []


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></svg><script src=//evil.example></script>",
    "</style></script><h1>taken over</h1>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;b&gt; ]]> <!-- ",
    "\u202eesrever 表情 é \U0001f600",
)


def _hostile_run(path: Path) -> Made:
    def key(dataset: str, subject: int, clip: int) -> str:
        return f"{HOSTILE[(subject + clip) % len(HOSTILE)]} {dataset} {subject} {clip}"

    made = make_run(
        path,
        classes=HOSTILE[:3],
        databases={HOSTILE[3]: 3, HOSTILE[1]: 2},
        name_of=key,
        epochs=3,
        seeds=(0, 1),
    )
    words = " ".join(HOSTILE)
    made.config |= {
        "model": words,
        "title": words,
        "paper": words,
        "command": words,
        "commit": words,
        "apex": words,
    }
    made.config |= {
        "options": {words: words},
        "warnings": [words],
        "versions": {words: [words]},
        "task": words,
    }
    made.config |= {
        "protocol": words,
        "protocol_words": words,
        "backend": words,
        "needs": {words: {words: None}},
    }
    made.config |= {"excluded": [{"key": words, "reason": words}], "machine": {words: {words: words}}}
    made.config["data"] |= {"name": words, "path": words}
    made.metrics["audit"]["words"] = words
    made.rewrite()
    table = made.data.table.frame
    table["au"] = words
    curves = (path / "curves.csv").read_text(encoding="utf-8")
    (path / "curves.csv").write_text(curves.replace("contrastive", HOSTILE[0], 1), encoding="utf-8")
    with np.load(path / "embeddings.npz") as stored:
        arrays = dict(stored)
    arrays["nearest"] = np.full(len(arrays["key"]), words)
    np.savez(path / "embeddings.npz", **arrays)
    return made


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    made = _hostile_run(tmp_path / "run")
    page = Page(write_report(made.path, made.data))
    assert page.faults == []
    assert len(page.all("script")) == 1
    assert len(page.all("h1")) == 1
    assert not page.all("img")
    for each in page.elements:
        assert not [name for name in each.attributes if name.startswith("on")]
        for name in ("src", "href"):
            assert each.attributes.get(name, "#").startswith(("#", "data:image/png;base64,"))
    assert "49" not in page.all("h1")[0].text
    for words in HOSTILE:
        assert " ".join(words.split()) in page.all("h1")[0].text
    shown = {clip.text for clip in page.all("article", "clip")}
    assert any(key in text for text in shown for key in made.keys)
    assert not re.search(r"style=\"[^\"]*(alert|evil)", page.source)


def test_a_lone_surrogate_is_shown_escaped(run: Path) -> None:
    file = run / "run.json"
    file.write_bytes(_json(lambda r: r.update(title="odd \ud800 title"))(file.read_bytes()))
    assert "odd \\ud800 title" in write_report(run).read_text(encoding="utf-8")


def test_the_smallest_run_is_drawn(tmp_path: Path) -> None:
    one = make_run(tmp_path / "a", databases={"d": 1}, classes=("a", "b"), seeds=(0,), epochs=1, audit=False)
    assert Page(write_report(one.path, one.data)).faults == []
