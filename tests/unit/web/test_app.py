"""mien.web.app: the API as a program uses it, its description, and its words."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from web_client import send, wait


@pytest.fixture
def done(client: TestClient) -> str:
    job = send(client, name="Day 1/../me & you.mp4", exclude="1-2").json()["id"]
    wait(client, job, "done")
    return str(job)


def test_the_page_and_all_its_files_come_from_here(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for name in ["page.js", *re.findall(r'(?:href|src)="([\w.]+)"', page.text)]:
        assert client.get(f"/{name}").status_code == 200, name
    for script in ("page.js", "api.js", "camera.js", "dom.js", "event.js", "timeline.js"):
        text = client.get(f"/{script}").text
        assert all(client.get(f"/{name}").status_code == 200 for name in re.findall(r'from "\./(\S+)"', text))
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg|127\.0\.0\.1)", text)
    assert not re.findall(r"https?://|<script(?! type=\"module\" src)|style=|onclick", page.text)


def test_the_description_is_typed_and_names_every_way(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) == {
        "/api/limits",
        "/api/jobs",
        "/api/jobs/{job_id}",
        "/api/jobs/{job_id}/progress",
        "/api/jobs/{job_id}/files",
        "/api/jobs/{job_id}/files/{path}",
        "/api/jobs/{job_id}/timeline",
        "/api/jobs/{job_id}/zip",
    }
    sent = described["paths"]["/api/jobs"]["post"]
    assert sent["responses"]["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/JobState")
    assert {"413", "503", "507"} <= set(sent["responses"])
    assert "multipart/form-data" in sent["requestBody"]["content"]
    assert {"JobState", "Limits", "Problem", "ResultFile", "Timeline"} <= set(
        described["components"]["schemas"]
    )


def test_there_is_no_page_that_loads_from_elsewhere(client: TestClient) -> None:
    assert [client.get(address).status_code for address in ("/docs", "/redoc")] == [404, 404]


def test_a_result_is_listed_read_and_packed(client: TestClient, done: str) -> None:
    files = {file["path"] for file in client.get(f"/api/jobs/{done}/files").json()}
    assert {"events.json", "frames.csv", "pictures/event-001-flow.svg", "report.html"} <= files
    found = client.get(f"/api/jobs/{done}/files/events.json")
    assert found.headers["Content-Type"] == "application/json"
    assert found.json()["settings"] == {"exclude": [[1.0, 2.0]]}
    assert found.json()["source"] == "me & you.mp4"
    packed = client.get(f"/api/jobs/{done}/zip")
    assert 'filename="mien-me-you.zip"' in packed.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(packed.content)) as opened:
        assert {name.removeprefix("mien-me-you/") for name in opened.namelist()} == files


def test_the_timeline_is_asked_for_by_stretch(client: TestClient, done: str) -> None:
    whole = client.get(f"/api/jobs/{done}/timeline").json()
    assert (whole["n_frames"], len(whole["micro_score"])) == (360, 1000)
    part = client.get(f"/api/jobs/{done}/timeline?from_s=1&to_s=2&points=50").json()
    assert (part["from_s"], part["to_s"], len(part["seen"])) == (1.0, 2.0, 50)
    wrong = client.get(f"/api/jobs/{done}/timeline?from_s=early")
    assert wrong.status_code == 422
    assert wrong.json()["found"].startswith("from_s: ")


def test_a_report_is_shown_as_if_from_nowhere(client: TestClient, done: str) -> None:
    policy = client.get(f"/api/jobs/{done}/files/report.html").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize(
    "path", ["../upload", "..%2f..%2fupload", "%2e%2e/result.zip", "/etc/passwd", "nothing"]
)
def test_no_path_leaves_the_result(client: TestClient, done: str, path: str) -> None:
    client.get(f"/api/jobs/{done}/zip")
    assert client.get(f"/api/jobs/{done}/files/{path}").status_code == 404


@pytest.mark.parametrize("rest", ["", "/progress", "/files", "/files/events.json", "/timeline", "/zip"])
def test_an_unknown_job_is_not_found_in_words(client: TestClient, rest: str) -> None:
    answer = client.get(f"/api/jobs/nothing{rest}")
    assert answer.status_code == 404
    assert answer.json()["what"] == "there is no such job"


def test_progress_comes_as_events_until_it_is_over(client: TestClient) -> None:
    job = send(client, b"slow").json()["id"]
    with client.stream("GET", f"/api/jobs/{job}/progress") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    states = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert states[-1]["state"] == "done"
    running = [stage for state in states for stage in state["stages"] if stage["state"] == "running"]
    assert len({stage["name"] for stage in running}) >= 4


def test_a_name_is_never_a_path(client: TestClient) -> None:
    names = ["../../../evil", "/evil", "..\\evil", "evil\x00.mp4", "a/b/c", ".", ".."]
    for name in names:
        job = send(client, name=name).json()
        assert re.fullmatch(r"[^/\\\x00]+", job["name"]), name
        wait(client, job["id"], "done")
    left = {path.name for path in client.desk.folder.rglob("*")}
    assert not [name for name in left if "evil" in name]
    assert not (client.desk.folder.parent / "evil").exists()


def test_refusals_of_an_upload_leave_nothing(client_of: Callable[..., TestClient]) -> None:
    client = client_of(upload_bytes=1000)
    cases = [
        (send(client, b"x" * 5000), 413, "larger than allowed"),
        (send(client, b"x" * 200_000), 413, "larger than allowed"),
        (send(client, b""), 400, "empty"),
        (send(client, exclude="lunch"), 422, "no range of seconds"),
        (client.post("/api/jobs", content=b"raw"), 415, "not a form"),
        (client.post("/api/jobs", data={"a": "b"}), 415, "not a form"),
        (client.put("/api/jobs"), 405, "cannot be done"),
        (client.get("/nothing"), 404, "nothing at this address"),
    ]
    for answer, status, words in cases:
        assert (answer.status_code, words in answer.json()["what"]) == (status, True), answer.text
    assert list(client.desk.folder.iterdir()) == []


def test_the_server_loads_nothing_that_decodes_or_learns() -> None:
    code = "import sys, mien.web.server\n"
    code += "bad = {'torch', 'cv2', 'av', 'mediapipe', 'numpy', 'transformers', 'PIL'} & set(sys.modules)\n"
    code += "assert not bad, bad"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
