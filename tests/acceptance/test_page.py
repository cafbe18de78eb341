"""The page in a real browser: a video goes in, progress is seen, a candidate is opened, everything is downloaded."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
FAKE = Path(__file__).parents[1] / "unit" / "web" / "fake_analysis.py"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
SERVE = (
    "import json, sys\n"
    "from mien.web.server import serve\n"
    "from mien.web.settings import ServeSettings\n"
    "serve(ServeSettings(port=0, **json.loads(sys.argv[1])), lambda a: print(a, flush=True),"
    " command=[sys.executable, *sys.argv[2:]])\n"
)
STAND_IN = (str(FAKE),)
REAL = ("-m", "mien.web.runner")

#: Controls without a name, and pictures without a text.
NAMELESS = """() => {
    const named = (node) => node.labels?.length || node.getAttribute("aria-label") || node.textContent.trim();
    const controls = [...document.querySelectorAll("button, a, input, [role=button], progress")];
    const pictures = [...document.querySelectorAll("img:not([alt])")];
    return [...controls.filter((node) => !named(node)), ...pictures].map((node) => node.outerHTML);
}"""
#: Tag, text, colour and background of every element that shows text of its own.
TEXTS = """() => {
    const own = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    const back = (node) => {
        const colour = getComputedStyle(node).backgroundColor;
        return node.parentElement && /, 0\\)$|transparent/.test(colour) ? back(node.parentElement) : colour;
    };
    const ink = (node) => getComputedStyle(node)[node instanceof SVGElement ? "fill" : "color"];
    return [...document.querySelectorAll("main *, header *, footer *")]
        .filter((node) => node.checkVisibility() && !node.disabled && own(node))
        .map((node) => [node.tagName, node.textContent.trim().slice(0, 30), ink(node), back(node)]);
}"""


def soon(page: Page, holds: Callable[[], bool], within_s: float = 20) -> bool:
    """Whether something holds in time; `Page.wait_for_function` would need an eval, which the page forbids."""
    for _ in range(round(within_s / 0.05)):
        if holds():
            return True
        page.wait_for_timeout(50)
    return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no browser at {CHROMIUM}: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Call to start a server; its address. After the test nothing of it may be left."""
    started: list[subprocess.Popen[str]] = []

    def make(*command: str, **settings: Any) -> str:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, json.dumps(settings), *(command or STAND_IN)],
            env={**os.environ, "MIEN_CACHE": str(tmp_path / "cache")},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    yield make
    for process in started:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert list((tmp_path / "cache" / "serve").iterdir()) == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may ask nobody but the server, and must not complain."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    yield from _watched(context)


def _watched(context: BrowserContext) -> Iterator[Page]:
    asked: list[str] = []
    said: list[str] = []
    page = context.new_page()
    context.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    outside = [url for url in asked if not re.match(r"(blob:)?http://127\.0\.0\.1:\d+|data:", url)]
    assert asked and not outside
    assert [text for text in said if "status of" not in text] == []


def a_video(folder: Path, what: str = "slow") -> Path:
    """A file by which the stand-in knows what to do."""
    path = folder / f"{what} <b>me.webm"
    path.write_bytes(what.encode() + bytes(100_000))
    return path


def test_a_video_becomes_a_result_that_is_looked_at_downloaded_and_deleted(
    serve: Callable[..., str], page: Page, tmp_path: Path
) -> None:
    page.goto(serve())
    page.set_input_files("#file", a_video(tmp_path))
    page.wait_for_selector("#stages li.running progress")
    seen = {page.text_content("#stages li.running b") or ""}
    while page.is_hidden("#result"):
        running = page.query_selector("#stages li.running b")
        seen.add((running.text_content() or "") if running else "")
        page.wait_for_timeout(50)
    assert (
        len(seen & {"read the video", "follow the face", "find movements", "recognise", "write the files"})
        >= 3
    )

    assert page.text_content("#result-title") == "4 candidate movements"
    assert page.text_content("#result-name") == "slow <b>me.webm"
    page.wait_for_selector("#timeline .t-event")
    assert page.locator("#timeline .t-event").count() == 4
    assert page.locator("#timeline path.t-micro").get_attribute("d").count("L") > 100
    assert page.locator("#timeline .t-lost").count() == 1

    page.locator("#timeline .t-event").nth(2).click()
    page.wait_for_selector("#event h2:has-text('Candidate 3 of 4')")
    event = page.inner_text("#event")
    for words in (
        "onset",
        "7.70 s (frame 231)",
        "abstains",
        "41 %",
        "left inner brow",
        "Doubt",
        "brows are raised",
    ):
        assert words in event, words
    pictures = page.locator("#event .pictures img")
    assert pictures.count() == 3
    for place in range(3):
        assert pictures.nth(place).evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    with page.expect_download() as waiting:
        page.click("#zip")
    with zipfile.ZipFile(waiting.value.path()) as packed:
        names = {name.partition("/")[2] for name in packed.namelist()}
    assert {"events.json", "frames.csv", "report.html", "pictures/event-001-onset.png"} <= names

    address = page.url
    page.reload()
    page.wait_for_selector("#timeline .t-event")
    assert page.url == address

    page.click("#delete")
    page.click("#sure .danger")
    page.wait_for_selector("#start:not([hidden])")
    assert "Deleted" in page.inner_text("#alert")
    page.goto(address)
    page.reload()
    page.wait_for_selector("#alert .note")
    assert "no such job" in page.inner_text("#alert")


def test_the_report_opens_and_can_reach_nothing(
    serve: Callable[..., str], page: Page, tmp_path: Path
) -> None:
    page.goto(serve())
    page.set_input_files("#file", a_video(tmp_path, "ok"))
    page.wait_for_selector("#report:not([hidden])")
    with page.expect_popup() as waiting:
        page.click("#report")
    report = waiting.value
    report.wait_for_selector("text=script ran")
    tried = report.evaluate("fetch('/api/limits').then(() => 'answered', () => 'refused')")
    assert (tried, report.evaluate("origin")) == ("refused", "null")


def test_the_keyboard_is_enough(serve: Callable[..., str], page: Page, tmp_path: Path) -> None:
    page.goto(serve())
    page.wait_for_selector("#start:not([hidden])")
    names = []
    for _ in range(6):
        page.keyboard.press("Tab")
        names.append(page.evaluate("(document.activeElement.innerText || '').trim()"))
    wanted = ["Skip to the content", "Mien", "Choose a video", "Record with the camera"]
    assert names[:4] == wanted
    with page.expect_file_chooser() as waiting:
        page.focus("#choose")
        page.keyboard.press("Enter")
    waiting.value.set_files(a_video(tmp_path, "ok"))
    page.wait_for_selector("#timeline .t-event")
    page.locator("#timeline .t-event").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#event h2:has-text('Candidate 2 of 4')")
    assert page.evaluate("document.activeElement.dataset.event") == "2"
    page.click("#closer")
    page.locator("#later").press("Enter")
    assert page.locator("#timeline svg").get_attribute("aria-label")


def test_nothing_is_without_a_name(serve: Callable[..., str], page: Page, tmp_path: Path) -> None:
    """Every control has a name, every picture a text, every field a label, every id stands once."""
    page.goto(serve())
    page.set_input_files("#file", a_video(tmp_path, "ok"))
    page.wait_for_selector("#event .pictures img")
    nameless = page.evaluate(NAMELESS)
    assert nameless == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    assert page.get_attribute("html", "lang") == "en"


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_and_a_phone_needs_no_sideways_scrolling(
    serve: Callable[..., str], browser: Browser, scheme: Any, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    for page in _watched(context):
        page.goto(serve())
        page.set_input_files("#file", a_video(tmp_path, "ok"))
        page.wait_for_selector("#event .pictures img")
        page.locator("#events button").nth(2).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        pairs = page.evaluate(TEXTS)
        assert len(pairs) > 40
        for tag, text, ink, back in pairs:
            high, low = sorted((luminance(ink), luminance(back)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (tag, text, ink, back)


def test_a_failure_is_told_in_words(serve: Callable[..., str], page: Page, tmp_path: Path) -> None:
    page.goto(serve())
    page.set_input_files("#file", a_video(tmp_path, "fail"))
    page.wait_for_selector("#failed:not([hidden])")
    assert page.inner_text("#failed-why").startswith("There is no face in this video.")
    page.click("#failed-again")
    page.wait_for_selector("#start:not([hidden])")


def test_a_file_that_is_too_large_or_a_wrong_range_is_told_at_once(
    serve: Callable[..., str], page: Page, tmp_path: Path
) -> None:
    page.goto(serve(upload_bytes=50_000))
    assert soon(page, lambda: bool(page.text_content("#limits")))
    page.set_input_files("#file", a_video(tmp_path, "ok"))
    page.wait_for_selector("#alert .warn")
    assert "larger than allowed" in page.inner_text("#alert")
    small = tmp_path / "small.mp4"
    small.write_bytes(b"ok")
    page.click("#more summary")
    page.fill("#exclude", "lunch")
    page.set_input_files("#file", small)
    page.wait_for_selector("#alert :text('no range of seconds')")
    page.fill("#exclude", "1-2")
    page.set_input_files("#file", small)
    page.wait_for_selector("#result:not([hidden])")


def test_a_second_user_sees_the_queue_and_can_give_up(
    serve: Callable[..., str], browser: Browser, page: Page, tmp_path: Path
) -> None:
    address = serve()
    page.goto(address)
    page.set_input_files("#file", a_video(tmp_path, "hang"))
    page.wait_for_selector("#stages li.running")
    other = browser.new_context()
    for second in _watched(other):
        second.goto(address)
        second.set_input_files("#file", a_video(tmp_path, "ok"))
        second.wait_for_selector("#work-lead:has-text('Next in the queue')")
        assert second.is_hidden("#result")
        page.click("#cancel")
        page.wait_for_selector("#start:not([hidden])")
        second.wait_for_selector("#result:not([hidden])")
        assert page.is_hidden("#result")
        assert "ok" in (second.text_content("#result-name") or "")


def test_the_camera_records_a_video_that_is_analysed(serve: Callable[..., str], page: Page) -> None:
    page.goto(serve())
    page.wait_for_selector("#start:not([hidden])")
    page.click("#record")
    page.wait_for_selector("#camera-facts:has-text('frames per second')")
    page.click("#camera-start")
    page.wait_for_selector("#clock:has-text('2 s')")
    page.click("#camera-start")
    page.click("#camera-use")
    page.wait_for_selector("#result:not([hidden])")
    assert re.match(r"camera \d{4}-.*\.(mp4|webm)", page.text_content("#result-name") or "")
    assert soon(page, lambda: page.locator(".own video").evaluate("video => video.readyState") >= 1)
    assert page.is_visible(".own")


@pytest.mark.slow
def test_a_real_video_is_analysed_with_the_model_that_comes_with_mien(
    serve: Callable[..., str], page: Page, brow_video: Path
) -> None:
    page.goto(serve(*REAL))
    page.set_input_files("#file", brow_video)
    page.wait_for_selector("#result:not([hidden]), #failed:not([hidden])", timeout=180_000)
    assert page.is_hidden("#failed"), page.inner_text("#failed-why")
    assert page.text_content("#result-title") == "1 candidate movement"
    page.wait_for_selector("#event .pictures img")
    assert page.locator("#event .pictures img").count() == 3
    event = page.inner_text("#event")
    assert "Doubt" in event
    assert "nearest" in event
    states = "videos => videos.map((video) => video.readyState)"
    assert soon(page, lambda: min(page.locator("#event video").evaluate_all(states)) >= 1)
    assert page.locator("#event video").count() == 2
