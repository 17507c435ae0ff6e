"""What the built pages are held to: functions that list the problems of a page, of a folder of pages, or of a visit."""

from __future__ import annotations

import io
import re
import time
from contextlib import contextmanager
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

from PIL import Image

# The attributes by which an element fetches something; the href of <a> is followed only when somebody clicks.
FETCHING = {
    "src": {"script", "img", "iframe", "source", "video", "audio", "embed", "input", "track", "frame"},
    "srcset": {"img", "source"},
    "poster": {"video"},
    "data": {"object"},
    "href": {"use", "image"},
}
FETCHING_LINKS = {
    "stylesheet", "icon", "apple-touch-icon", "mask-icon", "manifest",
    "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch",
}  # fmt: skip
IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")
IMPORTED_IN_JS = re.compile(r"""\bimport\b[^;"'`]{0,200}["'`]((?:https?:)?//[^"'`]+)""")
NAMED_IN_JS = re.compile(r"""["'`]((?:https?:)?//[^"'`\s]+\.(?:js|mjs|css|json|wasm|woff2?|ttf|svg|png|jpe?g|gif))\b""")


class Page(HTMLParser):
    """What a page links to, fetches, and offers as link targets."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.targets: set[str] = set()
        self.foreign: list[str] = []
        self._inside = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = {key: value or "" for key, value in attributes}
        self._inside = tag if tag in ("script", "style") else ""
        self.targets |= {values[key] for key in ("id", "name") if key in values}
        if tag in ("a", "area") and "href" in values:
            self.links.append(values["href"])
        fetched = [values[key] for key, tags in FETCHING.items() if key in values and tag in tags]
        if tag == "link" and FETCHING_LINKS & set(values.get("rel", "").lower().split()):
            fetched.append(values.get("href", ""))
        addresses = [part.split()[0] for value in fetched for part in value.split(", ") if part.strip()]
        self.foreign += [address for address in addresses if urlsplit(address).netloc]
        self.foreign += IN_CSS.findall(values.get("style", ""))

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "style":
            self.foreign += IN_CSS.findall(data)
        elif self._inside == "script":
            self.foreign += {*IMPORTED_IN_JS.findall(data), *NAMED_IN_JS.findall(data)}


@cache
def parsed(path: Path) -> Page:
    return Page(path)


def pages(root: Path) -> list[Path]:
    """Return the pages of a built book; the theme's templates in ``_static`` are none."""
    return sorted(path for path in root.rglob("*.html") if "_static" not in path.relative_to(root).parts)


def foreign_resources(root: Path) -> list[str]:
    """List what pages, style sheets and scripts take from another host."""
    found = [f"{path.relative_to(root)}: {name}" for path in pages(root) for name in sorted(set(parsed(path).foreign))]
    for pattern, expression in (("*.css", IN_CSS), ("*.js", IMPORTED_IN_JS), ("*.mjs", IMPORTED_IN_JS)):
        for path in sorted(root.rglob(pattern)):
            names = set(expression.findall(path.read_text(encoding="utf-8", errors="replace")))
            found += [f"{path.relative_to(root)}: {name}" for name in sorted(names)]
    return found


def broken_links(root: Path) -> list[str]:
    """List the links between the pages that lead to no file, or to no place in it."""
    found = []
    for path in pages(root):
        for link in sorted(set(parsed(path).links)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                found.append(f"{path.relative_to(root)}: {link} leads to no file")
            elif parts.fragment and target.suffix == ".html":
                if unquote(parts.fragment) not in parsed(target).targets:
                    found.append(f"{path.relative_to(root)}: {link} leads to no place in the page")
    return found


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open, as real servers do

    def log_message(self, *arguments):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a browser that closes a page drops its connections


@contextmanager
def served(root: Path):
    """Serve a folder on this machine, and give its address."""
    with _Server(("127.0.0.1", 0), partial(_Handler, directory=str(root))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


FIGURE = "figure.pcfilter-figure"
FEWEST_COLOURS = {"2-D": 3, "3-D": 20}  # an empty picture has one; shading in three dimensions makes hundreds
LONGEST_DRAWING = 20_000  # milliseconds until a figure in view must be there
LONGEST_BLANK = 5  # seconds from then on until there is a picture in it
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}

# The elements that reach beyond the right edge and are not within something that scrolls or clips by itself.
TOO_WIDE = """() => {
    const clipped = (e) => e && e !== document.body &&
        (getComputedStyle(e).overflowX !== "visible" || clipped(e.parentElement));
    const wide = [...document.body.querySelectorAll("*")].filter(
        (e) => e.getBoundingClientRect().right > innerWidth + 1 && !clipped(e.parentElement));
    return wide.slice(0, 3).map((e) => `<${e.tagName.toLowerCase()} class="${e.getAttribute("class") ?? ""}">`);
}"""

# Whether a figure is drawn; one that says nothing about it was drawn by its page.
DRAWN = "(figure) => (figure.dataset.state ?? 'drawn') === 'drawn'"

# WCAG's contrast ratio of the faintest text of a figure with what lies behind it.
CONTRAST = """(figure) => {
    const rgba = (css) => css.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const opaque = (css) => { const c = rgba(css); return c.length < 4 || c[3] > 0.5; };
    let back = figure;
    while (back.parentElement && !opaque(getComputedStyle(back).backgroundColor)) back = back.parentElement;
    const page = getComputedStyle(back).backgroundColor;
    let behind = opaque(page) ? page : "rgb(255, 255, 255)";
    const paper = figure.querySelector(".main-svg")?.style.background;
    if (paper && opaque(paper)) behind = paper;
    const texts = [...figure.querySelectorAll(".gtitle, .xtitle, .ytitle, .xtick text, .ytick text, .legendtext")];
    const ratios = texts.map((t) => [light(rgba(getComputedStyle(t).fill)), light(rgba(behind))])
        .map(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
    return ratios.length ? Math.min(...ratios) : 21;
}"""


@contextmanager
def watched(context, origin: str, problems: list[str]):
    """Open a page in a browser context; what it complains about or asks of another host is added to `problems`."""

    def route(route):
        if route.request.url.startswith(origin):
            route.continue_()
        else:
            problems.append(f"asks another host: {route.request.url}")
            route.abort()

    context.route(re.compile("^https?:"), route)
    page = context.new_page()
    page.on("console", lambda message: message.type == "error" and problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    page.on(
        "websocket",
        lambda socket: (
            urlsplit(socket.url).netloc != urlsplit(origin).netloc
            and problems.append(f"asks another host: {socket.url}")
        ),
    )
    yield page


def visit(browser, origin: str, path: str) -> list[str]:
    """Open a page as a reader does, look at each figure, and return the problems.

    One visit sees it all: each figure is drawn once, on a desk and in the light theme. While it is in view the page
    turns dark, and at the end the window becomes a phone's.
    """
    problems: list[str] = []
    context = browser.new_context(viewport=DESKTOP, color_scheme="light")
    context.add_init_script("localStorage.setItem('mode', 'light'); localStorage.setItem('theme', 'light')")
    try:
        with watched(context, origin, problems) as page:
            page.goto(f"{origin}/{path}", wait_until="load")
            problems += (wide := [f"on a desk: {problem}" for problem in _too_wide(page)])
            figures, known = page.locator(FIGURE), set()
            for number in range(figures.count()):
                figure, where = figures.nth(number), f"figure {number + 1}"
                problems += [f"{where}: {problem}" for problem in _look_at(figure)]
                kind = "3-D" if figure.locator(".gl-container canvas").count() else "2-D"
                if kind == "2-D" or kind not in known:  # the colours of 3-D scenes are one rule for all of them
                    problems += [f"{where}, dark: {problem}" for problem in _in_the_dark(page, figure)]
                known.add(kind)
            page.set_viewport_size(PHONE)
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
            if figures.count() and not problems:
                problems += [f"figure 1 on a phone: {problem}" for problem in _look_at(figures.first)]
            problems += [f"on a phone: {problem}" for problem in _too_wide(page) if not wide]
    finally:
        context.close()
    return [f"{path}: {problem}" for problem in problems]


def _too_wide(page) -> list[str]:
    """Return what reaches beyond the right edge of the screen."""
    beyond = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    return [f"the page is {beyond} pixels wider than the screen: {page.evaluate(TOO_WIDE)}"] if beyond > 1 else []


def _in_the_dark(page, figure) -> list[str]:
    """Return what is wrong with the text of a figure in view once the page turns dark; leave the page light."""
    problems = []
    for theme in ("dark", "light"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.wait_for_function(DRAWN, arg=figure.element_handle(), timeout=LONGEST_DRAWING)
        if theme == "dark" and (contrast := figure.evaluate(CONTRAST)) < 4.5:
            problems.append(f"its text is hard to read: a contrast of {contrast:.1f}; 4.5 is needed")
    return problems


def _look_at(figure) -> list[str]:
    """Return what is wrong with one figure."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    figure.scroll_into_view_if_needed()
    try:
        figure.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=LONGEST_DRAWING)
    except PlaywrightTimeout:
        return ["it is not drawn"]
    problems = []
    alternative = figure.evaluate(
        "f => [f, ...f.querySelectorAll('.js-plotly-plot, :has(.js-plotly-plot)')].map(e => e.ariaLabel ?? '').join('')"
        " + (f.querySelector('figcaption')?.textContent ?? '')"
    )
    if not alternative.strip():
        problems.append("it has no text alternative")
    canvas = figure.locator(".gl-container canvas")
    kind, seen = ("3-D", canvas.first) if canvas.count() else ("2-D", figure)
    if (colours := _colours(figure, seen, kind)) < FEWEST_COLOURS[kind]:
        problems.append(f"it is blank: {colours} colours in {kind}")
    if (contrast := figure.evaluate(CONTRAST)) < 4.5:
        problems.append(f"its text is hard to read: a contrast of {contrast:.1f}; 4.5 is needed")
    return problems


def _colours(figure, seen, kind: str) -> int:
    """Count the colours of the picture itself, without its text; wait a little while it is still being drawn."""
    hide = ".main-svg, .modebar-container { visibility: hidden !important }" if kind == "3-D" else ""
    hide += ".main-svg text, .modebar-container { visibility: hidden !important }"
    colours, patience = 0, time.monotonic() + LONGEST_BLANK
    while True:
        picture = Image.open(io.BytesIO(seen.screenshot(style=hide, animations="disabled")))
        colours = len(picture.convert("RGB").getcolors(2**24))
        if colours >= FEWEST_COLOURS[kind] or time.monotonic() > patience:
            return colours
        figure.page.wait_for_timeout(250)
