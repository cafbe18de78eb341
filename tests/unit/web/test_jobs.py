"""mien.web.jobs: the queue, what is kept, and what goes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from web_client import send, wait

from mien.web.jobs import Job


def test_a_job_runs_through_and_the_video_is_deleted(client: TestClient) -> None:
    sent = send(client).json()
    assert (sent["state"] in ("queued", "running"), sent["size_bytes"], sent["name"]) == (True, 5, "me.mp4")
    state = wait(client, sent["id"], "done")
    assert [stage["state"] for stage in state["stages"]] == ["done"] * 5
    assert state["error"] is None
    folder = client.desk.folder / sent["id"]
    assert not (folder / "upload").exists()
    assert (folder / "result" / "events.json").is_file()


def test_a_failed_job_says_why_and_keeps_no_files(client: TestClient) -> None:
    state = wait(client, send(client, b"fail").json()["id"], "failed")
    assert state["error"]["what"] == "there is no face in this video"
    assert list((client.desk.folder / state["id"]).iterdir()) == []
    assert client.get(f"/api/jobs/{state['id']}/files").status_code == 409


def test_warnings_are_kept(client: TestClient) -> None:
    state = wait(client, send(client, b"count").json()["id"], "done")
    assert state["warnings"] == ["the movie with the overlay could not be written"]


def test_jobs_wait_in_order_and_move_up(client: TestClient) -> None:
    first, second, third = (send(client, b"hang").json()["id"] for _ in range(3))
    wait(client, first, "running")
    places = [client.get(f"/api/jobs/{job}").json()["position"] for job in (first, second, third)]
    assert places == [None, 1, 2]
    assert client.delete(f"/api/jobs/{second}").status_code == 204
    assert client.get(f"/api/jobs/{third}").json()["position"] == 1
    assert client.delete(f"/api/jobs/{first}").status_code == 204
    wait(client, third, "running")


def test_two_workers_run_two(client_of: Callable[..., TestClient]) -> None:
    client = client_of(workers=2)
    jobs = [send(client, b"hang").json()["id"] for _ in range(3)]
    wait(client, jobs[0], "running")
    wait(client, jobs[1], "running")
    assert client.get(f"/api/jobs/{jobs[2]}").json()["position"] == 1


def test_places_are_bounded_and_free_again(client_of: Callable[..., TestClient]) -> None:
    client = client_of(places=2)
    first, second = (send(client, b"hang").json()["id"] for _ in range(2))
    refused = send(client)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert "as many videos as it takes" in refused.json()["what"]
    assert client.get("/api/limits").json()["free_places"] == 0
    client.delete(f"/api/jobs/{second}")
    assert send(client, b"hang").status_code == 202
    assert len(list(client.desk.folder.iterdir())) == 2
    assert first


def test_a_deleted_job_leaves_nothing(client: TestClient) -> None:
    job = send(client, b"hang").json()["id"]
    wait(client, job, "running")
    assert client.delete(f"/api/jobs/{job}").status_code == 204
    deadline = time.monotonic() + 5
    while list(client.desk.folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(client.desk.folder.iterdir()) == []
    assert client.get(f"/api/jobs/{job}").status_code == 404
    assert client.delete(f"/api/jobs/{job}").status_code == 404


def test_results_go_after_their_time(client_of: Callable[..., TestClient]) -> None:
    client = client_of(keep_s=1.0)
    job = send(client).json()["id"]
    assert 0 < wait(client, job, "done")["deleted_in_s"] <= 1.0
    time.sleep(2.2)
    assert client.get(f"/api/jobs/{job}").status_code == 404
    assert list(client.desk.folder.iterdir()) == []


def test_the_oldest_result_goes_when_there_are_too_many(client_of: Callable[..., TestClient]) -> None:
    client = client_of(finished=1)
    first, second = (send(client).json()["id"] for _ in range(2))
    wait(client, second, "done")
    time.sleep(1.3)
    assert client.get(f"/api/jobs/{first}").status_code == 404
    assert client.get(f"/api/jobs/{second}").status_code == 200


def test_a_job_nobody_asks_for_is_dropped_and_one_that_is_asked_for_is_not(
    client_of: Callable[..., TestClient],
) -> None:
    client = client_of(forget_s=1.0, workers=2)
    forgotten, followed = (send(client, b"hang").json()["id"] for _ in range(2))
    for _ in range(15):
        assert client.get(f"/api/jobs/{followed}").status_code == 200
        time.sleep(0.15)
    assert client.get(f"/api/jobs/{forgotten}").status_code == 404


def test_the_end_of_the_server_ends_and_deletes_all(client_of: Callable[..., TestClient]) -> None:
    client = client_of(workers=2)
    for what in (b"fork", b"hang", b"ok"):
        send(client, what)
    client.__exit__(None, None, None)
    assert list(client.desk.folder.iterdir()) == []
    client.__enter__()


def test_ids_cannot_be_guessed(client: TestClient) -> None:
    ids = {send(client).json()["id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(job) == 32 for job in ids)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"stage": 3},
        {"stage": "a", "done": "x", "total": None},
        {"stage": "a", "done": float("nan"), "total": float("inf")},
        {"stages": "no"},
        {"stages": [1, {}, None]},
        {"warning": {"a": 1}},
    ],
)
def test_odd_messages_do_no_harm(message: dict[str, object], client: TestClient) -> None:
    job = Job(client.desk.folder)
    job.hear(message)
    assert client.desk.state(job).model_dump_json()


def test_progress_marks_earlier_stages_done(client: TestClient) -> None:
    job = Job(client.desk.folder)
    job.hear({"stages": ["a", "b", "c"]})
    job.hear({"stage": "b", "done": 1, "total": 4})
    job.hear({"stage": "d", "done": 0, "total": 0})
    states = [(stage.name, stage.state) for stage in job.stages]
    assert states == [("a", "done"), ("b", "done"), ("c", "done"), ("d", "running")]
