"""A real server under bad weather: too large, too many, broken off, killed; nothing lost, nothing left behind."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

HEAD = b'--B\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
GIGABYTE = 1_000_000_000


def gone(processes: list[psutil.Process], within_s: float = 5) -> bool:
    return not psutil.wait_procs(processes, within_s)[1]


def soon(holds: Callable[[], bool], within_s: float = 5) -> bool:
    """Whether it holds at some moment of this time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def request(length: str, path: str = "/api/jobs") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    ).encode()


def answer(connection: socket.socket) -> str:
    """All the server says until it closes."""
    said = b""
    connection.settimeout(20)
    try:
        while data := connection.recv(65536):
            said += data
    except ConnectionResetError:
        pass
    return said.decode()


def test_five_gigabytes_are_refused_before_they_come(start: Callable[..., Any]) -> None:
    server = start()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        begin = time.monotonic()
        connection.sendall(request(f"Content-Length: {5 * GIGABYTE}") + HEAD)
        said = answer(connection)
    assert said.startswith("HTTP/1.1 413")
    assert "larger than allowed" in said
    assert time.monotonic() - begin < 5
    assert server.jobs() == []


def test_five_gigabytes_without_a_length_are_refused_at_the_limit_and_never_held(
    start: Callable[..., Any],
) -> None:
    limit = 200_000_000
    server = start(upload_bytes=limit, spare_bytes=0)
    resident = psutil.Process(server.process.pid).memory_info().rss
    most, on_disk = 0, 0
    megabyte = b"%x\r\n" % 1_000_000 + bytes(1_000_000) + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(request("Transfer-Encoding: chunked") + b"%x\r\n" % len(HEAD) + HEAD + b"\r\n")
        sent = 0
        try:
            for _ in range(5000):
                connection.sendall(megabyte)
                sent += 1_000_000
                if sent % 20_000_000 == 0:
                    most = max(most, psutil.Process(server.process.pid).memory_info().rss)
                    on_disk = max(
                        on_disk, *(file.stat().st_size for file in server.files() if file.is_file()), 0
                    )
        except (BrokenPipeError, ConnectionResetError):
            pass
        said = answer(connection)
    assert not said or said.startswith("HTTP/1.1 413")
    assert sent < 5 * GIGABYTE
    assert 0 < on_disk <= limit
    assert most - resident < 50_000_000, "the upload was held in memory"
    assert soon(lambda: server.jobs() == [])
    assert server.send().status_code == 202


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl_is_told_why_its_five_gigabytes_are_refused(start: Callable[..., Any], tmp_path: Path) -> None:
    server = start()
    with (tmp_path / "large.mp4").open("wb") as sparse:
        sparse.truncate(5 * GIGABYTE)
    command = ["curl", "-sS", "-F", f"video=@{tmp_path / 'large.mp4'}", f"{server.address}api/jobs"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "larger than allowed" in done.stdout, done
    assert server.jobs() == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../../../../{outside}/mien-evil",
        "/{outside}/mien-evil",
        "..\\..\\mien-evil",
        "%2e%2e%2fmien-evil",
        "a\\x00b",
    ],
)
def test_a_path_in_the_file_name_is_harmless(start: Callable[..., Any], name: str, tmp_path: Path) -> None:
    server = start()
    job = server.send(name=name.format(outside=str(tmp_path).lstrip("/"))).json()
    assert "/" not in job["name"]
    server.wait(job["id"], "done")
    assert not [path for path in server.files() if "evil" in path.name]
    assert not list(tmp_path.glob("*evil*"))


def test_twenty_uploads_at_once_are_queued_or_refused_and_nothing_is_lost(start: Callable[..., Any]) -> None:
    server = start(places=12)
    content = [bytes([number]) * 2_000_000 for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(server.send, content))
    taken = [each.json()["id"] for each in answers if each.status_code == 202]
    refused = [each for each in answers if each.status_code == 503]
    assert len(taken) + len(refused) == 20
    assert len(taken) >= 12
    assert all(each.headers["Retry-After"] and each.json()["do"] for each in refused)
    assert len(set(taken)) == len(taken)
    for job in taken:
        assert server.wait(job, "done", timeout_s=60)["size_bytes"] == 2_000_000
    assert len(server.jobs()) == len(taken)


def test_all_twenty_are_taken_where_there_is_room(start: Callable[..., Any]) -> None:
    server = start(places=20, workers=2)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(server.send, [b"hang"] * 20))
    assert [each.status_code for each in answers] == [202] * 20
    jobs = [each.json()["id"] for each in answers]
    positions = [server.state(job)["position"] for job in jobs]
    assert sorted(place for place in positions if place) == list(range(1, 19))
    assert len(server.children()) == 2


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(start: Callable[..., Any]) -> None:
    server = start()
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request("Content-Length: 100000000") + HEAD + bytes(3_000_000))
            assert soon(lambda: any(path.name == "upload" for path in server.files()))
    assert soon(lambda: server.jobs() == [])
    with server.client() as client:
        assert client.get("/api/limits").json()["free_places"] == 10


def test_an_upload_that_stands_still_gives_its_place_up(start: Callable[..., Any]) -> None:
    server = start(idle_s=0.5, places=1)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(request("Content-Length: 100000000") + HEAD + b"x")
        assert answer(connection).startswith("HTTP/1.1 408")
    assert server.send().status_code == 202


def test_a_killed_worker_fails_its_job_alone(start: Callable[..., Any]) -> None:
    server = start()
    first, second = (server.send(what).json()["id"] for what in (b"hang", b"ok"))
    server.wait(first, "running")
    assert soon(lambda: bool(server.children()))
    for child in server.children():
        child.kill()
    state = server.wait(first, "failed")
    assert state["error"]["found"] == "signal 9"
    assert server.wait(second, "done")["error"] is None


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_leaves_nothing_behind(start: Callable[..., Any], signum: int) -> None:
    server = start(workers=2)
    done = server.send().json()["id"]
    server.wait(done, "done")
    for what in (b"fork", b"hang", b"hang"):
        server.send(what)
    assert soon(lambda: len(server.children()) >= 3)
    children = server.children()
    # a page that listens, and an upload in the middle
    with (
        socket.create_connection(("127.0.0.1", server.port)) as listener,
        socket.create_connection(("127.0.0.1", server.port)) as sender,
    ):
        listener.sendall(f"GET /api/jobs/{done}/progress HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        sender.sendall(request("Content-Length: 100000000") + HEAD + bytes(2_000_000))
        time.sleep(0.3)
        begin = time.monotonic()
        assert server.end(signum) == 0
    assert time.monotonic() - begin < 10
    assert server.process.stdout.read() == "ended\n"
    assert gone(children)
    assert list(server.folder.iterdir()) == []


def test_two_signals_in_a_row_leave_nothing_either(start: Callable[..., Any]) -> None:
    server = start()
    job = server.send(b"fork").json()["id"]
    server.wait(job, "running")
    assert soon(lambda: len(server.children()) >= 2)
    children = server.children()
    server.process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    server.process.send_signal(signal.SIGINT)
    server.process.wait(20)
    assert gone(children)
    assert soon(lambda: list(server.folder.iterdir()) == [])


def test_after_a_kill_the_analysis_ends_too_and_the_next_start_cleans_up(start: Callable[..., Any]) -> None:
    server = start()
    job = server.send(b"hang").json()["id"]
    server.wait(job, "running")
    assert soon(lambda: bool(server.children()))
    children = server.children()
    server.process.kill()
    server.process.wait()
    assert gone(children)
    assert server.jobs()
    again = start()
    assert again.jobs() == []
    assert len([path for path in again.folder.iterdir() if path.is_dir()]) == 1


def test_garbage_does_not_stop_the_server(start: Callable[..., Any]) -> None:
    server = start()
    garbage: Iterator[bytes] = iter(
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET " + b"a" * 100_000,
            b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            request("Transfer-Encoding: chunked") + b"zz\r\n",
            request("Content-Length: 3") + b"abc",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n",
            b"GET /api/jobs/%00%ff/files/%2e%2e/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )
    )
    for content in garbage:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            said = answer(connection)
        assert " 200 " not in said.partition("\r\n")[0]
        assert " 500 " not in said.partition("\r\n")[0]
        assert "Traceback" not in said
    assert server.send().status_code == 202
    assert soon(lambda: len(server.jobs()) == 1)


def test_it_listens_on_this_machine_alone(start: Callable[..., Any]) -> None:
    server = start()
    listening = [
        each.laddr.ip
        for each in psutil.Process(server.process.pid).net_connections()
        if each.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def test_the_command_serves_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mien", "serve", "--port", "0"]
    environment = {"MIEN_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Mien is at http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert "deleted" in process.stdout.read()
    assert list((tmp_path / "serve").iterdir()) == []
