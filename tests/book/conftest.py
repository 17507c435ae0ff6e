"""The built book, and a browser to look at it with."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
sys.path.insert(0, str(ROOT / "tools"))

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
# No page may need the network; and what the browser itself would ask (updates, news) must not disturb that.
# SwiftShader draws WebGL on the processor, where there is no graphics card.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def newest(paths):
    return max((path.stat().st_mtime for path in paths if path.is_file()), default=0.0)


def sources():
    """Yield the files that the built book is made from."""
    yield ROOT / "_config.yml"
    for folder in (BOOK, ROOT / "pcfilter_lib"):
        for path in folder.rglob("*"):
            if "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts:
                yield path


@pytest.fixture(scope="session")
def html():
    """Return the folder of the built book; build it if it is missing or older than its sources."""
    if given := os.environ.get("PCFILTER_BOOK_HTML"):
        return Path(given).resolve()
    from filelock import FileLock

    built = ROOT / "_build" / "html"
    built.parent.mkdir(exist_ok=True)
    with FileLock(built.parent / "tests.lock"):  # workers of pytest-xdist must not build it twice
        if newest(built.glob("*.html")) < newest(sources()):
            build = "from jupyter_book.cli.main import main; main()"  # there is no `python -m jupyter_book`
            command = [sys.executable, "-c", build, "build", str(BOOK), "-W", "-n", "--keep-going"]
            result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            if result.returncode:
                pytest.fail(f"the book does not build:\n{(result.stdout + result.stderr)[-4000:]}")
            (built / "index.html").touch()  # Sphinx leaves pages alone that did not change
    return built


def find_browser():
    """Return the system's Chromium or Chrome, or None. One in a snap sees no files outside its own, and is none."""
    for name in BROWSERS:
        if path := shutil.which(name):
            start = Path(path).resolve().read_bytes()[:4096]
            if "/snap/" not in str(Path(path).resolve()) and b"/snap/" not in start:
                return path
    return None


NO_BROWSER = "no Chromium or Chrome here (apt install chromium): pages and figures were not looked at"


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium."""
    path = find_browser()
    if path is None:
        if os.environ.get("PCFILTER_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{NO_BROWSER}, and PCFILTER_REQUIRE_BROWSER=1")
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=BROWSER_OPTIONS)
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let all tests that lack a browser name one place, so that pytest folds them into one line."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and NO_BROWSER in report.longrepr[2]:
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report
