"""The web application: the page, its API, and the words it refuses with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

import mien
from mien.errors import MienError
from mien.web import results
from mien.web.guard import Guard, allowed_names
from mien.web.jobs import Desk, Job
from mien.web.messages import JobState, Limits, Problem, Refused, ResultFile, Timeline
from mien.web.orders import options_of
from mien.web.upload import Form, check_announced

PAGE = files("mien.web").joinpath("page")
PAGE_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: A report brings its own script and style: it is shown, but as if it came from nowhere, so that it can ask nothing.
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; media-src data:; font-src data:"
)
LINGER_S = 1.0
NEWS_EVERY_S = 0.2
STILL_THERE_S = 5.0
UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["video"],
                    "properties": {
                        "exclude": {
                            "type": "string",
                            "description": "seconds to leave out, as 12-15.5, 40-52",
                        },
                        "baseline": {"type": "string", "description": "seconds of the resting face, as 0-5"},
                        "video": {"type": "string", "format": "binary", "description": "the video"},
                    },
                }
            }
        },
    }
}
REFUSALS: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "no such job"}}
NOT_TAKEN: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "no form with one video"},
    403: {"model": Problem, "description": "sent by another web page"},
    408: {"model": Problem, "description": "the upload stood still"},
    413: {"model": Problem, "description": "larger than allowed"},
    415: {"model": Problem, "description": "not a form"},
    422: {"model": Problem, "description": "a field cannot be used"},
    503: {"model": Problem, "description": "all places are taken; Retry-After says when to come again"},
    507: {"model": Problem, "description": "no room on the disk"},
}


def make_app(desk: Desk, *, stopping: Callable[[], bool] = lambda: False) -> Guard:
    """The guarded application; it opens the desk when it starts and closes it when it ends.

    Args:
        stopping: whether the server is about to end; open streams then end too.
    """

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await desk.open()
        try:
            yield
        finally:
            await desk.close()

    api = FastAPI(
        title="Mien",
        version=mien.__version__,
        summary="Candidate facial movements in a video, for a human to check",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    api.add_exception_handler(MienError, _in_words)
    api.add_exception_handler(HTTPException, _http_in_words)
    api.add_exception_handler(RequestValidationError, _invalid_in_words)
    api.add_exception_handler(ClientDisconnect, _nobody_listens)
    api.add_exception_handler(Exception, _fault_in_words)
    _add_page(api)
    _add_jobs(api, desk, stopping)
    _add_results(api, desk)
    return Guard(api, allowed_names(desk.settings), local=desk.settings.is_local)


def _add_page(api: FastAPI) -> None:
    """Serve every file of the page under its own name, and index.html at the root."""

    def add(name: str, content: bytes, kind: str) -> None:
        @api.get(f"/{name}", include_in_schema=False)
        async def page_file() -> Response:
            return Response(content, media_type=kind)

    for file in PAGE.iterdir():
        name = "" if file.name == "index.html" else file.name
        add(name, file.read_bytes(), PAGE_KINDS[Path(file.name).suffix])


def _add_jobs(api: FastAPI, desk: Desk, stopping: Callable[[], bool]) -> None:
    settings = desk.settings

    @api.get("/api/limits")
    async def limits() -> Limits:
        """What this server takes, and whether it has a place now."""
        return Limits(
            version=mien.__version__,
            local=settings.is_local,
            upload_bytes=settings.upload_bytes,
            job_s=settings.job_s,
            keep_s=settings.keep_s,
            workers=settings.workers,
            free_places=desk.free_places,
        )

    @api.post("/api/jobs", status_code=202, responses=NOT_TAKEN, openapi_extra=UPLOAD_BODY)
    async def send_video(request: Request) -> JobState:
        """Send a video; it waits for its turn."""
        request.state.uploading = True
        headers = request.headers
        boundary = check_announced(
            headers.get("content-type", ""), headers.get("content-length"), settings, desk.folder
        )
        job = desk.admit()
        try:
            form = Form(boundary, job.video, settings)
            await form.take(request.stream())
            request.state.uploading = False
            job.options = options_of(form.fields)
        except BaseException:
            await asyncio.shield(desk.drop(job))
            raise
        job.name, job.size_bytes = form.file_name, form.size_bytes
        await desk.enqueue(job)
        return desk.state(job)

    @api.get("/api/jobs/{job_id}", responses=REFUSALS)
    async def job_state(job_id: str) -> JobState:
        """Where a job stands."""
        return desk.state(desk.find(job_id))

    @api.get(
        "/api/jobs/{job_id}/progress",
        response_class=StreamingResponse,
        responses={
            **REFUSALS,
            200: {"content": {"text/event-stream": {}}, "description": "a JobState with every change"},
        },
    )
    async def progress(job_id: str) -> StreamingResponse:
        """Server-sent events: the job's state, again with every change, until it is over."""
        job = desk.find(job_id)
        return StreamingResponse(_news(desk, job, stopping), media_type="text/event-stream")

    @api.delete("/api/jobs/{job_id}", status_code=204, responses=REFUSALS)
    async def delete_job(job_id: str) -> None:
        """Stop a job if it waits or runs, and delete everything it has: the video and the result."""
        await desk.drop(desk.find(job_id))


def _add_results(api: FastAPI, desk: Desk) -> None:
    def finished(job_id: str) -> Job:
        job = desk.find(job_id)
        if job.state != "done":
            raise Refused(409, "there is no result", found=f"the job is {job.state}", do="ask for its state")
        return job

    @api.get("/api/jobs/{job_id}/files", responses=REFUSALS)
    async def result_files(job_id: str) -> list[ResultFile]:
        """The files of a result; `dictionary.csv` explains every column."""
        return await asyncio.to_thread(results.listing, finished(job_id).out)

    @api.get("/api/jobs/{job_id}/files/{path:path}", responses=REFUSALS, response_class=FileResponse)
    async def result_file(job_id: str, path: str) -> FileResponse:
        """One file of a result."""
        file = await asyncio.to_thread(results.file_of, finished(job_id).out, path)
        kind = results.KINDS.get(file.suffix, "application/octet-stream")
        headers = {"Content-Security-Policy": REPORT_POLICY} if file.suffix == ".html" else {}
        return FileResponse(file, media_type=kind, headers=headers)

    @api.get("/api/jobs/{job_id}/timeline", responses=REFUSALS)
    async def timeline(
        job_id: str,
        from_s: Annotated[float, Query(ge=0)] = 0.0,
        to_s: Annotated[float | None, Query(gt=0)] = None,
        points: Annotated[int, Query(ge=10, le=4000)] = results.POINTS,
    ) -> Timeline:
        """How far the face moved along the video, or a stretch of it."""
        job = finished(job_id)
        if job.frames is None:
            job.frames = await asyncio.to_thread(results.read_frames, job.out)
        return await asyncio.to_thread(results.timeline, job.frames, from_s, to_s, points)

    @api.get("/api/jobs/{job_id}/zip", responses=REFUSALS, response_class=FileResponse)
    async def download(job_id: str) -> FileResponse:
        """All files of a result in one archive."""
        job = finished(job_id)
        top = "mien-" + (re.sub(r"[^A-Za-z0-9]+", "-", Path(job.name).stem).strip("-")[:60] or "video")
        async with job.packing:
            packed = await asyncio.to_thread(results.archive, job.out, job.folder / "result.zip", top)
        return FileResponse(packed, media_type="application/zip", filename=f"{top}.zip")


async def _news(desk: Desk, job: Job, stopping: Callable[[], bool]) -> AsyncIterator[str]:
    """The job's state as server-sent events, at most five a second, until it is over."""
    told_s = -STILL_THERE_S
    told = ""
    clock = asyncio.get_running_loop().time
    while True:
        state = desk.state(job)
        text = state.model_dump_json()
        if text != told or clock() - told_s > STILL_THERE_S:
            yield f"data: {text}\n\n"
            told, told_s = text, clock()
        if not job.is_open or stopping():
            return
        job.touch()
        await job.change(1.0)
        await asyncio.sleep(NEWS_EVERY_S)


class _Refusal(JSONResponse):
    """An answer while an upload still comes: what comes is thrown away for a moment, so that the answer is read.

    Closing at once would reset the connection, and the sender would see that instead of the reason.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})
        try:
            async with asyncio.timeout(LINGER_S):
                while (await receive()).get("more_body"):
                    pass
        except TimeoutError:  # the sender had its moment to read the answer
            pass
        await send({"type": "http.response.body", "body": b""})


def _answer(request: Request, status: int, problem: Problem, retry_after_s: int | None = None) -> Response:
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if getattr(request.state, "uploading", False):
        return _Refusal(problem.model_dump(), status, headers={**headers, "Connection": "close"})
    return JSONResponse(problem.model_dump(), status, headers=headers)


async def _in_words(request: Request, error: Exception) -> Response:
    assert isinstance(error, MienError)
    status = error.status if isinstance(error, Refused) else 400
    retry_after_s = error.retry_after_s if isinstance(error, Refused) else None
    return _answer(request, status, Problem.of(error), retry_after_s)


async def _http_in_words(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    what = {404: "there is nothing at this address", 405: "this cannot be done at this address"}
    return _answer(request, error.status_code, Problem(what=what.get(error.status_code, str(error.detail))))


async def _invalid_in_words(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors()[:5])
    return _answer(request, 422, Problem(what="a value of the request is wrong", found=wrong[:300]))


async def _nobody_listens(request: Request, error: Exception) -> Response:
    return Response(status_code=499)


async def _fault_in_words(request: Request, error: Exception) -> Response:
    """The error itself goes to the terminal: the server prints what it hands on."""
    problem = Problem(
        what="the server failed by a fault of Mien", do="whoever runs it finds more in its terminal"
    )
    return _answer(request, 500, problem)
