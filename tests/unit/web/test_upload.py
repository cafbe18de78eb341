"""mien.web.upload: forms in any pieces, limits while they come, names that are only shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mien.web.messages import Refused
from mien.web.settings import ServeSettings
from mien.web.upload import Form, check_announced, shown_name

SMALL = ServeSettings(upload_bytes=1000, spare_bytes=0, idle_s=0.2)


def form_of(*parts: tuple[str, str, bytes], end: bytes = b"--\r\n") -> bytes:
    """A form of parts (name, file name or "", content)."""
    body = b""
    for name, file_name, content in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name else "")
        body += f"--B\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    return body + b"--B" + end


def take(body: bytes, file: Path, piece: int = 7, settings: ServeSettings = SMALL) -> Form:
    form = Form(b"B", file, settings)

    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    asyncio.run(form.take(stream()))
    return form


@pytest.mark.parametrize("piece", [1, 2, 3, 16, 10_000])
def test_a_form_arrives_whole_in_any_pieces(tmp_path: Path, piece: int) -> None:
    content = b"\r\n--A\r\nnearly a boundary\r\n-B\r\n--" + bytes(range(256))
    form = take(form_of(("exclude", "", b"1-2"), ("video", "me.mp4", content)), tmp_path / "v", piece)
    assert (tmp_path / "v").read_bytes() == content
    assert (form.size_bytes, form.file_name, form.fields) == (len(content), "me.mp4", {"exclude": "1-2"})


def test_more_than_allowed_is_refused_while_it_comes(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="larger than allowed") as refused:
        take(form_of(("video", "v", b"x" * 5000)), tmp_path / "v")
    assert refused.value.status == 413
    assert (tmp_path / "v").stat().st_size <= 1000


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "broke off"),
        (b"hello", 400, "cannot be read"),
        (form_of(("video", "v", b"x" * 30))[:-20], 400, "broke off"),
        (form_of(("other", "", b"1")), 400, "no part"),
        (form_of(("video", "", b"1")), 400, "no part"),
        (form_of(("photo", "v", b"1")), 400, "must hold one file"),
        (form_of(("video", "v", b"1"), ("video", "w", b"2")), 400, "must hold one file"),
        (form_of(("video", "v", b"")), 400, "empty"),
        (form_of(("exclude", "", b"1" * 5000)), 413, "longer than allowed"),
        (form_of(*[(f"f{i}", "", b"1") for i in range(30)]), 413, "longer than allowed"),
    ],
)
def test_what_is_no_form_with_one_video_is_refused(
    tmp_path: Path, body: bytes, status: int, words: str
) -> None:
    with pytest.raises(Refused, match=words) as refused:
        take(body, tmp_path / "v")
    assert refused.value.status == status


def test_an_upload_that_stands_still_is_given_up(tmp_path: Path) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield form_of(("video", "v", b"x" * 30))[:40]
        await asyncio.sleep(30)

    with pytest.raises(Refused, match="stood still") as refused:
        asyncio.run(Form(b"B", tmp_path / "v", SMALL).take(stream()))
    assert refused.value.status == 408


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    greedy = ServeSettings(spare_bytes=10**18)
    with pytest.raises(Refused, match="no room") as refused:
        take(form_of(("video", "v", b"x")), tmp_path / "v", settings=greedy)
    assert refused.value.status == 507


def test_what_is_announced_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    form = "multipart/form-data; boundary=B"
    assert check_announced(form, "900", SMALL, tmp_path) == b"B"
    assert check_announced(form, None, SMALL, tmp_path) == b"B"
    for kind, length, status in [
        (form, "5000000000", 413),
        (form, "-1", 400),
        (form, "1e3", 400),
        (form, "²", 400),
        ("multipart/form-data", "10", 415),
        ("video/mp4", "10", 415),
        ("", None, 415),
    ]:
        with pytest.raises(Refused) as refused:
            check_announced(kind, length, SMALL, tmp_path)
        assert refused.value.status == status, (kind, length)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("me.mp4", "me.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\clip.mov", "clip.mov"),
        ("/", "video"),
        ("", "video"),
        ("a\x00b\n\u202ec.mp4", "abc.mp4"),
        ("面部.mp4", "面部.mp4"),
        ("x" * 500 + ".webm", "x" * 114 + "….webm"),
    ],
)
def test_a_name_is_shown_without_folders_and_controls(name: str, shown: str) -> None:
    assert shown_name(name) == shown
