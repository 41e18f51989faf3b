"""What a reader's browser makes of a page: at a width, in light, dark or on paper."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from PIL import Image

CHROME = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-quic"),
]
SLOWEST = 300_000  # milliseconds for a browser to start or answer on a busy machine
VIEWS = tuple((width, scheme) for width in (390, 1280) for scheme in ("light", "dark", "print"))
FEW = ((390, "dark"), (1280, "light"))
CALM = 0.995  # share of one colour from which a picture counts as blank


@dataclass
class Page:
    """What was wrong with a page.

    Args:
        faults: In words; empty where nothing was.
        text: What it says.
    """

    faults: list[str] = field(default_factory=list)
    text: str = ""


@contextmanager
def browsing(chromium: str) -> Iterator[Any]:
    """A browser; tests without Playwright are skipped."""
    import pytest

    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as start:
        browser = start.chromium.launch(executable_path=chromium, args=CHROME, timeout=SLOWEST)
        yield browser
        browser.close()


def axe() -> str:
    """The source of axe-core, which a package of the extra `dev` carries."""
    import pytest

    pytest.importorskip("axe_playwright_python")
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def look(browser: Any, url: str, *, views: Sequence[tuple[int, str]] = VIEWS, site: str = "") -> Page:
    """Opens a page in every view, and notes what is wrong with it; it may load files of its `site` only."""
    found = Page()
    for width, scheme in views:
        faults, found.text = _look(browser, url, width, scheme, site)
        found.faults += [f"{width} px, {scheme}: {fault}" for fault in faults]
    return found


def _look(browser: Any, url: str, width: int, scheme: str, site: str) -> tuple[list[str], str]:
    colours = "dark" if scheme == "dark" else "light"
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
    context.set_default_timeout(SLOWEST)
    tab = context.new_page()
    asked: list[str] = []
    predicted: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: predicted.append(message.text))
    tab.on("pageerror", lambda error: predicted.append(str(error)))
    tab.goto(url)
    if scheme == "print":
        tab.emulate_media(media="print")
    faults = [f"asks for {one[:120]}" for one in asked if not one.startswith((site or url, "data:"))]
    faults += [f"console: {line[:200]}" for line in predicted]
    wide = tab.evaluate("document.documentElement.scrollWidth")
    faults += [f"is {wide} px wide"] if wide > width else []
    faults += _figures(tab, drawn=scheme == "light" and width > 1000)
    if scheme != "print":
        tab.evaluate(axe())
        result = tab.evaluate("axe.run({preload: false})")
        faults += [
            f"{one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})" for one in result["violations"]
        ]
    text = tab.inner_text("body")
    context.close()
    return faults, text


def _figures(tab: Any, *, drawn: bool) -> list[str]:
    """Figures whose alternative text lacks what their caption says and, where asked for, those that are blank."""
    faults = []
    for figure in tab.query_selector_all("figure"):
        drawing = figure.query_selector("[role=img]") or figure.query_selector("img")
        name = figure.get_attribute("id") or "a figure"
        if drawing is None:
            faults.append(f"{name} has nothing with the role of an image")
            continue
        alt = drawing.get_attribute("aria-label") or drawing.get_attribute("alt") or ""
        caption = figure.query_selector("figcaption")
        if caption is None or caption.inner_text().strip() not in alt:
            faults.append(f"the takeaway of {name} is not in its alternative text")
        shown = [part for part in figure.query_selector_all(".drawing, .parts") if part.is_visible()]
        if any(part.evaluate("element => element.scrollWidth > element.clientWidth + 1") for part in shown):
            faults.append(f"{name} is cut at its right")
        if drawn and _blank(drawing.screenshot()):
            faults.append(f"{name} is blank")
    return faults


def _blank(png: bytes) -> bool:
    image = Image.open(io.BytesIO(png)).convert("L")
    return max(image.histogram()) / (image.width * image.height) > CALM
