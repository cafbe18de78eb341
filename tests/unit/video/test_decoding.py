"""Exact frames of videos: every picture says its own number, so a wrong or repeated one is seen."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.video.decoding import VideoFile
from mien.video.frame import Frame, Lost
from mien.video.limits import Limits

KINDS = {
    "h264 mp4": ("a.mp4", {"g": "24", "bf": "3"}),
    "h264 avi, reordered without stamps": ("a.avi", {"g": "24", "bf": "3"}),
    "mpeg4 avi": ("a.avi", {"codec": "mpeg4"}),
    "h264 mkv": ("a.mkv", {"g": "24", "bf": "3"}),
    "vp9 webm": ("a.webm", {"codec": "libvpx-vp9", "cpu-used": "8", "deadline": "realtime"}),
    "mjpeg avi": ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    "16-bit grey ffv1": ("a.mkv", {"codec": "ffv1", "pix_fmt": "gray16le"}),
    "h264 ts": ("a.ts", {"g": "24", "bf": "3"}),
}
#: Those whose bit stream shows damage. VP9 has no check sums: what its decoder accepts cannot be told.
CHECKED = [name for name in KINDS if "vp9" not in name]


def outcomes(path: Path, indices: list[int] | None = None) -> tuple[list[Frame], list[Lost]]:
    with VideoFile(path) as video:
        everything = list(video.frames(indices))
    return [f for f in everything if isinstance(f, Frame)], [f for f in everything if isinstance(f, Lost)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seek_finds_what_sequential_decoding_finds(
    tmp_path: Path,
    kind: str,
    write_video: Callable[..., Path],
    shown_number: Callable[[np.ndarray], int],
) -> None:
    name, options = KINDS[kind]
    path = write_video(tmp_path / name, 60, **options)
    frames, lost = outcomes(path)
    assert not lost and [f.index for f in frames] == list(range(60))
    assert [shown_number(f.image) for f in frames] == list(range(60))
    np.testing.assert_allclose(np.diff([f.time_s for f in frames]), 1 / 30, atol=1e-3)

    wanted = [59, 3, 25, 47, 48, 24, 3]
    chosen, lost = outcomes(path, [*wanted, -1, 60])
    assert [f.index for f in chosen] == sorted(set(wanted)) and [one.number for one in lost] == [-1, 60]
    for frame in chosen:
        np.testing.assert_array_equal(frame.image, frames[frame.index].image)
        assert frame.time_s == frames[frame.index].time_s


def test_a_seek_does_not_decode_from_the_start(plain_video: Path) -> None:
    decoded = []
    with VideoFile(plain_video) as video:
        plain = video._pictures
        video._pictures = lambda packet: (decoded.append(packet.pts), plain(packet))[1]  # type: ignore[method-assign]
        assert [f.number for f in video.frames([75, 26])] == [26, 75]
    assert len(decoded) < 20


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_rotation_is_applied(tmp_path: Path, write_video: Callable[..., Path], turn: int) -> None:
    upright, _ = outcomes(write_video(tmp_path / "a.mp4", 2))
    turned, _ = outcomes(write_video(tmp_path / "b.mp4", 2, rotation_deg=turn))
    np.testing.assert_array_equal(turned[1].image, np.rot90(upright[1].image, turn // 90))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.6, 0.85])
def test_of_a_cut_off_file_the_readable_part_comes_and_the_rest_is_lost(
    tmp_path: Path,
    kind: str,
    share: float,
    write_video: Callable[..., Path],
    shown_number: Callable[[np.ndarray], int],
) -> None:
    name, options = KINDS[kind]
    in_front = {"movflags": "faststart"} if name.endswith("mp4") else None
    path = write_video(tmp_path / name, 60, container_options=in_front, **options)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    frames, lost = outcomes(path)
    assert frames and [shown_number(f.image) for f in frames] == [f.index for f in frames]
    assert all(one.reason for one in lost)
    assert not {f.index for f in frames} & {one.number for one in lost}
    if name.endswith(("mp4", "avi")):  # these say how many frames they have
        assert len(frames) + len(lost) == 60
    elif not name.endswith("ts"):  # a transport stream has no length that it could fall short of
        assert lost


@pytest.mark.parametrize("kind", CHECKED)
@pytest.mark.parametrize("seed", range(4))
def test_of_a_damaged_file_no_frame_is_shown_for_another(
    tmp_path: Path,
    kind: str,
    seed: int,
    write_video: Callable[..., Path],
    shown_number: Callable[[np.ndarray], int],
) -> None:
    name, options = KINDS[kind]
    path = write_video(tmp_path / name, 60, **options)
    content, draw = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(3):
        start = draw.randrange(len(content) // 4, len(content) * 3 // 4)
        content[start : start + 40] = draw.randbytes(40)
    path.write_bytes(content)
    frames, lost = outcomes(path)
    assert [shown_number(f.image) for f in frames] == [f.index for f in frames]
    indices, numbers = [f.index for f in frames], [one.number for one in lost]
    n_known = 60 if name.endswith(("mp4", "avi")) else len(indices) + len(numbers)
    assert sorted(indices + numbers) == list(range(n_known))
    assert lost or "h264" in kind  # its entropy code has no check sum: some damage is a valid, other picture


def test_a_file_whose_index_is_gone_cannot_be_read(plain_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(plain_video.read_bytes()[:-4000])
    with pytest.raises(InputError, match="no video that can be read"):
        VideoFile(path)


@pytest.mark.parametrize(
    "content",
    [
        b"hello\n" * 200,
        b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nother.ts\n",
        b"ffconcat version 1.0\nfile b.mp4\n",
    ],
    ids=["text", "play list", "script"],
)
def test_text_named_mp4_is_no_video(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(InputError, match="no video that can be read"):
        VideoFile(tmp_path / "a.mp4")


def test_an_empty_file_and_a_sound_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(InputError, match="empty"):
        VideoFile(tmp_path / "a.mp4")
    import av

    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(InputError, match="holds no video"):
        VideoFile(tmp_path / "a.mkv")


def test_a_huge_declared_size_is_refused_before_decoding(
    tmp_path: Path, write_video: Callable[..., Path]
) -> None:
    path = write_video(tmp_path / "a.avi", 3, codec="ffv1")
    content = bytearray(path.read_bytes())
    width_at = content.index(b"strf") + 12
    content[width_at : width_at + 8] = (16000).to_bytes(4, "little") * 2
    path.write_bytes(content)
    with pytest.raises(InputError, match="16000 x 16000"):
        VideoFile(path)


def test_the_size_of_every_decoded_frame_is_checked(plain_video: Path) -> None:
    with pytest.raises(InputError, match="160 x 64"):
        VideoFile(plain_video, Limits(frame_pixels=160 * 64 - 1))
    with VideoFile(plain_video) as video, pytest.raises(InputError, match="160 x 64"):
        video.limits = Limits(frame_pixels=160 * 64 - 1)  # as if the stream had grown after its header
        list(video.frames([40]))


def test_where_bytes_are_gone_from_an_avi_file_frames_keep_their_numbers_or_are_lost(
    tmp_path: Path, write_video: Callable[..., Path], shown_number: Callable[[np.ndarray], int]
) -> None:
    path = write_video(tmp_path / "a.avi", 24, codec="mpeg4")
    content = path.read_bytes()
    refused = 0
    for start in range(0, 12000, 400):
        path.write_bytes(content[:start] + content[start + 1500 :])
        try:
            frames, _ = outcomes(path)
        except InputError:
            refused += 1
        else:
            assert [shown_number(f.image) for f in frames] == [f.index for f in frames], start
    assert 0 < refused < 30


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_in_a_file_the_outcome_is_a_frame_a_loss_or_an_input_error(
    tmp_path: Path, small_videos: list[tuple[str, bytes]], seed: int
) -> None:
    draw = random.Random(seed)
    name, content = small_videos[seed % len(small_videos)]
    mutated = bytearray(content)
    for _ in range(draw.randrange(1, 12)):
        reach = len(mutated) if draw.random() < 0.5 else 600
        at = draw.randrange(min(reach, len(mutated)))
        mutated[at : at + draw.randrange(3)] = draw.randbytes(draw.randrange(3))
    (tmp_path / name).write_bytes(mutated)
    try:
        frames, _ = outcomes(tmp_path / name)
    except InputError:
        return
    assert all(frame.image.dtype == np.uint8 and frame.image.shape[2] == 3 for frame in frames)
