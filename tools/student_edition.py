"""Write the book's notebooks without their solutions, for instructors to hand out.

    python tools/student_edition.py --out _student

Cells tagged ``solution`` and ``solution-check`` are left out; hints, starters and the readers' own checks stay. The
files beside the notebooks come along, so that each notebook runs from top to bottom as it does in the book.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

import notebooks

REMOVED = {"solution", "solution-check"}
SOLUTION_NAME = re.compile(r"\bsolution_\w+")
MARKER = ".student-edition"  # says that a folder was made here and may be replaced


class SolutionLeft(ValueError):
    """A solution, or something that needs one, would be handed out."""


def without_solutions(notebook: dict, name: str) -> dict:
    """Return a notebook in the canonical form, without its solutions.

    Raises
    ------
    SolutionLeft
        If a remaining cell or output names a solution: it would show it, or fail without it.
    """
    notebook = notebooks.canonical(notebook)
    removed = [cell for cell in notebook["cells"] if REMOVED & set(notebooks.tags(cell))]
    notebook["cells"] = [cell for cell in notebook["cells"] if not REMOVED & set(notebooks.tags(cell))]
    for cell in notebook["cells"]:
        printed = [output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in _outputs(cell)]
        for found in SOLUTION_NAME.findall("\n".join([cell["source"], *printed])):
            raise SolutionLeft(f"{name}, cell {cell['id']}: it names {found}, which the student edition leaves out")
    names = {found for cell in removed for found in SOLUTION_NAME.findall(cell["source"])}
    if removed and not names:
        raise SolutionLeft(f"{name}: a solution defines no name starting with solution_, so none can be looked for")
    return notebook


def write_edition(book: Path, out: Path) -> list[Path]:
    """Write the student edition of a book into a folder, and return the notebooks written.

    A folder from an earlier run is replaced as a whole; any other folder that holds something is refused.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARKER).exists():
        raise FileExistsError(f"{out} holds other files. Remedy: choose an empty or a new folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as temporary:
        made = Path(temporary) / "edition"
        made.mkdir()
        (made / MARKER).touch()
        written = []
        for source in _handed_out(book):
            place = source.relative_to(book)
            (made / place).parent.mkdir(parents=True, exist_ok=True)
            if source.suffix == ".ipynb":
                notebooks.write(made / place, without_solutions(notebooks.read(source), str(source)))
                written.append(out / place)
            else:
                shutil.copy2(source, made / place)
        if out.exists():
            shutil.rmtree(out)
        made.rename(out)
    return written


def _handed_out(book: Path) -> list[Path]:
    """Return the notebooks and the files that they read, without the pages and settings of the built book."""
    return sorted(
        path
        for path in book.rglob("*")
        if path.is_file()
        and path.name != "conftest.py"
        and path.suffix not in {".md", ".bib", ".toml", ".yml"}
        and not any(part.startswith(("_", ".")) for part in path.relative_to(book).parts)
    )


def _outputs(cell: dict) -> list[dict]:
    return cell.get("outputs", [])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("_student"), help="the folder to write (default: _student)")
    parser.add_argument("--book", type=Path, default=notebooks.BOOK, help="the book's folder")
    options = parser.parse_args(arguments)
    try:
        written = write_edition(options.book.resolve(), options.out.resolve())
    except (SolutionLeft, FileExistsError, notebooks.BadNotebook) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.out}: {len(written)} notebooks without solutions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
