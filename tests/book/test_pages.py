"""The built pages: whole, quiet, at home on this machine alone, in light and dark, on a desk and on a phone."""

import re
from pathlib import Path

import pytest
import site_checks as site

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = re.findall(r"^\s*-? ?(?:file|root): *(\S+)$", (BOOK / "_toc.yml").read_text(), re.MULTILINE)


def test_nothing_comes_from_another_host(html):
    assert site.foreign_resources(html) == []


def test_links_between_pages_lead_somewhere(html):
    assert site.broken_links(html) == []


def test_every_page_of_the_contents_is_built(html):
    assert [page for page in PAGES if not (html / f"{page}.html").is_file()] == []
    assert len(PAGES) > 5


@pytest.fixture(scope="session")
def address(html):
    with site.served(html) as origin:
        yield origin


@pytest.mark.parametrize("page", [*PAGES, "genindex", "search"])
def test_page_in_a_browser(browser, address, page):
    assert site.visit(browser, address, f"{page}.html") == []
