"""Each notebook of the book keeps the contract of a chapter, and is committed in the canonical form."""

import re

import pytest
from chapter_contract import problems
from notebooks import BOOK, book_notebooks, canonical_text, read
from student_edition import write_edition

NOTEBOOKS = book_notebooks()
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))


def test_the_book_has_notebooks():
    assert len(NOTEBOOKS) >= 3


@every_notebook
def test_contract(path):
    assert problems(read(path), path.stem) == []


@every_notebook
def test_canonical(path):
    assert path.read_text(encoding="utf-8") == canonical_text(read(path)), "Remedy: make format"


@every_notebook
def test_every_notebook_is_in_the_contents(path):
    place = path.relative_to(BOOK).with_suffix("").as_posix()
    assert re.search(rf"\b(file|root): {re.escape(place)}$", (BOOK / "_toc.yml").read_text(), re.MULTILINE)


def test_student_edition_of_the_book(tmp_path):
    written = write_edition(BOOK, tmp_path / "students")
    assert len(written) == len(NOTEBOOKS)
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert "solution_" not in text
        assert "Solved:" not in text
