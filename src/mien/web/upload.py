"""An upload, from the network to the disk: counted while it comes, never held in memory."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mien.web.messages import Refused
from mien.web.settings import ServeSettings

WRITE_BYTES = 1 << 20
FIELD_BYTES = 4096
NAME_CHARS = 120
#: What the form around the file may add to it.
FORM_BYTES = 64 * 1024


def check_announced(
    content_type: str, content_length: str | None, settings: ServeSettings, disk: Path
) -> bytes:
    """The boundary of the form, if what is announced can be taken.

    Raises:
        Refused: not a form (415), too large (413), or no room on the disk (507).
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 200:
        raise Refused(
            415,
            "this is not a form with a file",
            found=content_type[:100] or "no Content-Type",
            do='send multipart/form-data with one part "video", as curl -F video=@FILE does',
        )
    if content_length is not None:
        if not (content_length.isascii() and content_length.isdigit()):
            raise Refused(400, "Content-Length is not a number", found=content_length[:40])
        announced = int(content_length)
        if announced > settings.upload_bytes + FORM_BYTES:
            raise _too_large(announced, settings)
        _check_room(disk, announced, settings)
    return boundary


class Form:
    """Takes the bytes of a multipart form: the part `video` goes to a file, short text fields are kept.

    Args:
        boundary: what parts the parts.
        file: where the video is written; made when its part begins.
    """

    def __init__(self, boundary: bytes, file: Path, settings: ServeSettings) -> None:
        self.file_name = ""
        self.fields: dict[str, str] = {}
        self.size_bytes = 0
        self._file, self._settings = file, settings
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = b"", b""
        self._field: str | None = None
        self._text = b""
        self._stream: BinaryIO | None = None
        self._pending = bytearray()
        self._ended = False
        self._is_video = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._end_part,
                "on_end": self._on_end,
            },
        )

    async def take(self, stream: AsyncIterator[bytes]) -> None:
        """Take the whole form.

        Raises:
            Refused: too large (413), too slow (408), no room (507), or no form with one video (400).
        """
        try:
            while (chunk := await self._next(stream)) is not None:
                self._parse(chunk)
                if len(self._pending) >= WRITE_BYTES:
                    await self._write()
            await self._write()
        finally:
            if self._stream is not None:
                self._stream.close()
        if not self._ended:
            raise Refused(400, "the upload broke off", do="send it again")
        if self._stream is None:
            raise Refused(400, 'the form has no part "video" with a file', do="send curl -F video=@FILE")
        if self.size_bytes == 0:
            raise Refused(400, "the file is empty", found="0 bytes", do="choose the file again")

    async def _next(self, stream: AsyncIterator[bytes]) -> bytes | None:
        try:
            return await asyncio.wait_for(anext(stream, None), self._settings.idle_s)
        except TimeoutError:
            raise Refused(408, "the upload stood still", do="send it again") from None

    def _parse(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise Refused(400, "the form cannot be read", found=str(error)[:200]) from error

    async def _write(self) -> None:
        """Write what has come; the disk may be slow, and others are served meanwhile."""
        if self._stream is None or not self._pending:
            return
        data, self._pending = bytes(self._pending), bytearray()
        _check_room(self._file.parent, len(data), self._settings)
        try:
            await asyncio.to_thread(self._stream.write, data)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _no_room() from error
            raise

    def _begin(self) -> None:
        self._headers, self._field, self._text, self._is_video = {}, None, b"", False

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            if name != "video" or self._stream is not None:
                raise Refused(400, 'the form must hold one file, in its part "video"', found=name[:40])
            self.file_name = shown_name(options[b"filename"].decode("utf-8", "replace"))
            self._stream, self._is_video = self._file.open("xb"), True
        else:
            self._field = name

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_video:
            self.size_bytes += end - start
            if self.size_bytes > self._settings.upload_bytes:
                raise _too_large(None, self._settings)
            self._pending += data[start:end]
            return
        self._text += data[start:end]
        if len(self._text) > FIELD_BYTES or len(self.fields) >= 16:
            raise Refused(
                413, "the fields of the form are longer than allowed", found=(self._field or "")[:40]
            )

    def _end_part(self) -> None:
        if self._field is not None:
            self.fields[self._field] = self._text.decode("utf-8", "replace")

    def _on_end(self) -> None:
        self._ended = True


def shown_name(name: str) -> str:
    """A file name as it may be shown: no folders, no control characters, not too long. It never becomes a path."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = "".join(c for c in last if c.isprintable()).strip()
    if len(printable) > NAME_CHARS:
        stem, dot, ending = printable.rpartition(".")
        ending = (dot + ending)[-10:] if dot else ""
        printable = (stem or printable)[: NAME_CHARS - len(ending) - 1] + "…" + ending
    return printable or "video"


def _check_room(disk: Path, more_bytes: int, settings: ServeSettings) -> None:
    if shutil.disk_usage(disk).free < more_bytes + settings.spare_bytes:
        raise _no_room()


def _no_room() -> Refused:
    return Refused(507, "the server's disk has no room for this file", do="ask whoever runs it to make room")


def _too_large(found: int | None, settings: ServeSettings) -> Refused:
    return Refused(
        413,
        "the file is larger than allowed",
        found=f"{'more than ' if found is None else ''}{_in_words(found or settings.upload_bytes)}",
        do=f"cut or shrink it to at most {_in_words(settings.upload_bytes)}, or analyse it with `mien analyse`",
    )


def _in_words(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
