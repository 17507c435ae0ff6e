"""The checks of built pages see what they are for: a good page passes, each broken one is named."""

import json
import shutil
from pathlib import Path

import plotly
import pytest
import site_checks as site

DRAW = "<script>Plotly.newPlot('%(id)s', %(data)s, {title: {text: 'It'}, width: 300, height: 300})</script>"
SURFACE = [{"type": "mesh3d", "x": [0, 1, 0, 0], "y": [0, 0, 1, 0], "z": [0, 0, 0, 1], "alphahull": 0, "color": "teal"}]
LINE = [{"x": [1, 2, 3], "y": [1, 4, 9]}]
PLOTLY = '<script src="plotly.min.js"></script>'
ICON = '<link rel="icon" href="data:,">'


def figure(data, identity="plot", label="A curve that bends upwards."):
    plot = f'<div id="{identity}" aria-label="{label}"></div>'
    script = DRAW % {"id": identity, "data": json.dumps(data)} if data is not None else ""
    return f'{PLOTLY}<figure class="pcfilter-figure">{plot}{script}</figure>'


@pytest.fixture
def built(tmp_path):
    """Return a function that writes pages, and the folder that they are in."""

    def write(**pages):
        for name, body in pages.items():
            (tmp_path / f"{name}.html").write_text(
                f"<!doctype html><html><head>{ICON}</head><body>{body}</body></html>"
            )
        return tmp_path

    return write


@pytest.mark.parametrize(
    "body",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<script src="//cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="https://cdn.example/a.css">',
        '<link rel="preload" as="font" href="https://cdn.example/a.woff2">',
        '<img src="http://example.org/a.png">',
        '<img srcset="a.png 1x, https://cdn.example/b.png 2x">',
        '<p style="background: url(https://cdn.example/a.png)">a</p>',
        "<style>@import 'https://cdn.example/a.css';</style>",
        '<style>@font-face { src: url("//cdn.example/a.woff") }</style>',
        '<script type="module">import thing from "https://cdn.example/thing";</script>',
        '<script>const later = () => import("https://cdn.example/thing");</script>',
        '<script>const ADDRESS = "https://cdn.example/lib/index.js";</script>',
        '<iframe src="https://video.example/a"></iframe>',
    ],
)
def test_resources_of_other_hosts_are_found(built, body):
    assert len(site.foreign_resources(built(page=body))) == 1


def test_resources_in_style_sheets_and_scripts_are_found(built):
    root = built(page="")
    (root / "a.css").write_text("p { background: url(https://cdn.example/a.png) }")
    (root / "b.js").write_text('import * as d3 from "https://cdn.example/d3";')
    assert site.foreign_resources(root) == ["a.css: https://cdn.example/a.png", "b.js: https://cdn.example/d3"]


def test_ordinary_links_and_own_resources_are_fine(built):
    body = (
        '<a href="https://example.org/a.js">read</a><script src="_static/a.js?v=1"></script><img src="data:,">'
        '<link rel="canonical" href="https://book.example/"><pre>import a from "https://cdn.example/a"</pre>'
        "<script>// see https://example.org\nconst home = 'https://example.org/';</script>"
    )
    assert site.foreign_resources(built(page=body)) == []


def test_broken_links_are_found(built):
    root = built(
        a='<h2 id="here">x</h2><a href="#here">1</a><a href="b.html#caf%C3%A9">2</a><a href="sub/">3</a>'
        '<a href="https://example.org/none">4</a><a href="mailto:me@example.org">5</a><a href="#">6</a>',
        b='<h2 id="café">y</h2><a href="c.html">7</a><a href="a.html#there">8</a><a href="a.html?q=1#here">9</a>',
    )
    (root / "sub").mkdir()
    (root / "sub" / "index.html").write_text("")
    assert site.broken_links(root) == [
        "b.html: a.html#there leads to no place in the page",
        "b.html: c.html leads to no file",
    ]


@pytest.fixture(scope="module")
def visited(browser, tmp_path_factory):
    """Return a function that opens a page of the given body and returns the problems."""
    root = tmp_path_factory.mktemp("pages")
    shutil.copy(Path(plotly.__file__).parent / "package_data" / "plotly.min.js", root)
    with site.served(root) as origin:

        def visit(body):
            (root / "page.html").write_text(f"<!doctype html><html><head>{ICON}</head><body>{body}</body></html>")
            return site.visit(browser, origin, "page.html")

        yield visit


def test_a_good_page_has_no_problems(visited):
    spacer = '<p style="height: 3000px">far below:</p>'
    assert visited(figure(LINE) + spacer + figure(SURFACE, "below")) == []


WHITE_ON_WHITE = "<style>.gtitle, .xtick text, .ytick text { fill: #eee !important }</style>"


FAINT_IN_THE_DARK = "<style>[data-theme=dark] :is(.gtitle, .xtick text) { fill: #eee !important }</style>"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<script>console.error('oh')</script>", "console: oh"),
        ("<script>undefinedName()</script>", "script error: undefinedName is not defined"),
        ("<img src='gone.png'>", "console: Failed to load resource"),
        (
            "<script>fetch('http://other.example/x').catch(() => 0)</script>",
            "asks another host: http://other.example/x",
        ),
        ("<script>new WebSocket('ws://127.0.0.1:1/x')</script>", "asks another host: ws://127.0.0.1:1/x"),
        (figure(LINE, label=""), "figure 1: it has no text alternative"),
        (figure(SURFACE) + "<style>canvas { opacity: 0 }</style>", "figure 1: it is blank"),
        (figure(LINE) + WHITE_ON_WHITE, "figure 1: its text is hard to read: a contrast of 1."),
        ("<p style='width: 2000px'>wide</p>", "on a desk: the page is 7"),
        ("<p style='width: 600px'>wide on a phone</p>", "on a phone: the page is 2"),
        (figure(LINE) + FAINT_IN_THE_DARK, "figure 1, dark: its text is hard to read: a contrast of 1."),
    ],
)
def test_a_broken_page_is_named(visited, monkeypatch, body, problem):
    monkeypatch.setattr(site, "LONGEST_BLANK", 0.5)
    problems = visited(body)
    assert len([found for found in problems if problem in found]) == 1, problems


def test_a_figure_that_is_not_drawn_is_named(visited, monkeypatch):
    monkeypatch.setattr(site, "LONGEST_DRAWING", 300)
    assert visited(figure(None)) == ["page.html: figure 1: it is not drawn"]
