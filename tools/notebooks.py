"""Keep notebooks in one canonical form, so that a diff shows what somebody changed and nothing else.

    python tools/notebooks.py canonicalise [FILES]   rewrite notebooks in the canonical form
    python tools/notebooks.py check [FILES]          fail if a notebook is not in it
    python tools/notebooks.py run [FILES]            execute notebooks and store the outputs that nbval compares
    python tools/notebooks.py to-text FILE.ipynb     write FILE.py beside it, to be edited in a plain editor
    python tools/notebooks.py from-text FILE.py      write FILE.ipynb from it

FILES may be folders; without them, all notebooks of the book are meant. Canonical is: stable, readable cell ids; no
outputs and no execution counts, except in cells tagged ``nbval-check-output``, which carry a count of 1 and text
outputs only; no metadata but what the book uses; keys sorted; a newline at the end.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path

import nbformat

BOOK = Path(__file__).resolve().parent.parent / "book"
COMPARED = "nbval-check-output"  # the tag by which nbval knows the cells whose output it compares

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
VALID_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# What JupyterLab (a UUID) and nbformat (its first eight digits) make up. A canonical id says what the cell is about.
MACHINE_MADE_ID = re.compile(r"(?=.*\d)[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")
LONGEST_SLUG = 40


class BadNotebook(ValueError):
    """A file is no notebook that these tools can handle."""


def book_notebooks(book: Path = BOOK) -> list[Path]:
    """Return the notebooks of a folder, those in hidden and generated folders left out."""
    return sorted(
        path
        for path in book.rglob("*.ipynb")
        if not any(part.startswith((".", "_")) for part in path.relative_to(book).parts)
    )


def read(path: str | Path) -> dict:
    """Read a notebook as plain dictionaries, with each source and text joined to one string."""
    try:
        notebook = json.loads(Path(path).read_text(encoding="utf-8"))
        if notebook["nbformat"] != 4:
            raise BadNotebook(
                f"{path}: notebook format {notebook['nbformat']} is not read; open and save it in Jupyter"
            )
        for cell in notebook["cells"]:
            _ = cell["cell_type"], cell["source"], cell["metadata"]
        _ = notebook["metadata"]
        # NotebookNodes become plain dictionaries again; joining alone tolerates missing ids, which we make ourselves.
        return json.loads(json.dumps(nbformat.v4.rwbase.rejoin_lines(nbformat.from_dict(notebook))))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadNotebook(f"{path}: not a notebook ({type(error).__name__}: {error})") from None


def write(path: str | Path, notebook: dict) -> bool:
    """Write a notebook in the canonical form; return whether that changed the file."""
    path, text = Path(path), canonical_text(notebook)
    if path.exists() and path.read_bytes() == text.encode():
        return False
    path.write_bytes(text.encode())
    return True


def canonical_text(notebook: dict) -> str:
    """Return the canonical file of a notebook."""
    node = nbformat.from_dict(canonical(notebook))
    nbformat.validate(node)
    return nbformat.writes(node, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def canonical(notebook: dict) -> dict:
    """Return a notebook in the canonical form; `notebook` itself stays as it is."""
    metadata = dict(NOTEBOOK_METADATA)
    if "pcfilter" in notebook["metadata"]:
        metadata["pcfilter"] = notebook["metadata"]["pcfilter"]
    taken = {cell_id for cell in notebook["cells"] if (cell_id := _kept_id(cell))}
    seen: set[str] = set()
    cells = []
    for cell in notebook["cells"]:
        cell_id = _kept_id(cell)
        if cell_id is None or cell_id in seen:  # of two cells with the same id, such as pasted ones, the first keeps it
            cell_id = _unique(slug(cell), taken | seen)
        seen.add(cell_id)
        cells.append(_canonical_cell(cell, cell_id))
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def slug(cell: dict) -> str:
    """Return a readable id from what a cell holds: its heading, the name it defines, or its first words."""
    source = cell["source"]
    heading = re.search(r"^#+ +(.+)$", source, re.MULTILINE) if cell["cell_type"] == "markdown" else None
    defined = re.search(r"^(?:def|class) +(\w+)|^(\w+) *=[^=]", source, re.MULTILINE)
    if heading:
        text = heading[1]
    elif cell["cell_type"] == "code" and defined:
        text = defined[1] or defined[2]
    else:
        text = next((line for line in source.splitlines() if re.search(r"[A-Za-z]", line)), "")
    words = re.findall(r"[a-z0-9]+", text.lower())
    name = "-".join(words)[: LONGEST_SLUG + 1]
    return (name.rpartition("-")[0] if len(name) > LONGEST_SLUG and "-" in name else name[:LONGEST_SLUG]) or "cell"


def tags(cell: dict) -> list[str]:
    """Return the tags of a cell."""
    return cell["metadata"].get("tags", [])


def _kept_id(cell: dict) -> str | None:
    cell_id = cell.get("id", "")
    return cell_id if VALID_ID.fullmatch(cell_id) and not MACHINE_MADE_ID.fullmatch(cell_id) else None


def _unique(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def _canonical_cell(cell: dict, cell_id: str) -> dict:
    metadata: dict = {}
    if tags(cell):
        metadata["tags"] = sorted(set(tags(cell)))
    if cell["metadata"].get("jupyter", {}).get("source_hidden"):
        metadata["jupyter"] = {"source_hidden": True}
    if "mystnb" in cell["metadata"]:
        metadata["mystnb"] = cell["metadata"]["mystnb"]
    result = {"cell_type": cell["cell_type"], "id": cell_id, "metadata": metadata, "source": cell["source"].strip("\n")}
    if cell.get("attachments"):
        result["attachments"] = cell["attachments"]
    if cell["cell_type"] == "code":
        outputs = _text_outputs(cell.get("outputs", [])) if COMPARED in tags(cell) else []
        result |= {"outputs": outputs, "execution_count": 1 if outputs else None}
    return result


def _text_outputs(outputs: list[dict]) -> list[dict]:
    """Return what is printed, as one stream, and then the text of each shown result."""
    printed = "".join(
        output["text"] for output in outputs if output["output_type"] == "stream" and output["name"] == "stdout"
    )
    kept: list[dict] = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    for output in outputs:
        if text := output.get("data", {}).get("text/plain"):
            shown = {"output_type": output["output_type"], "data": {"text/plain": text}, "metadata": {}}
            kept.append(shown | ({"execution_count": 1} if output["output_type"] == "execute_result" else {}))
    return kept


def run(path: Path, timeout: int = 300) -> float:
    """Execute a notebook, store the compared outputs in it, and return the seconds that it took."""
    import os

    from nbclient import NotebookClient

    notebook = canonical(read(path))
    executed = nbformat.from_dict(json.loads(json.dumps(notebook)))
    started = time.perf_counter()
    # The stored outputs are those at the scale of the tests.
    NotebookClient(
        executed, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute(env=os.environ | {"PCFILTER_SCALE": "ci"})
    seconds = time.perf_counter() - started
    for cell in executed["cells"]:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":  # the book's build stops at it
                text = output["text"].strip()[:300]
                raise BadNotebook(f"{path}: cell {cell['id']} writes to the error stream: {text}")
    write(path, json.loads(json.dumps(nbformat.v4.rwbase.rejoin_lines(executed))))
    return seconds


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["canonicalise", "check", "run", "to-text", "from-text"])
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    if options.command.endswith("-text") and not options.files:
        parser.error(f"{options.command} needs a file")
    failed = False
    files = [file for path in options.files or [BOOK] for file in (book_notebooks(path) if path.is_dir() else [path])]
    for path in files:
        try:
            failed |= not _COMMANDS[options.command](path)
        except (BadNotebook, nbformat.ValidationError) as error:
            print(error, file=sys.stderr)
            failed = True
    return int(failed)


def _canonicalise(path: Path) -> bool:
    if write(path, read(path)):
        print(f"{path}: rewritten in the canonical form")
    return True


def _check(path: Path) -> bool:
    good = path.read_bytes() == canonical_text(read(path)).encode()
    if not good:
        print(f"{path}: not in the canonical form. Remedy: make format")
    return good


def _run(path: Path) -> bool:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    try:
        print(f"{path}: {run(path):.1f} s")
    except (CellExecutionError, CellTimeoutError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return False
    return True


def _to_text(path: Path) -> bool:
    import notebook_text

    try:
        text = notebook_text.to_text(canonical(read(path)))
    except ValueError as error:
        raise BadNotebook(f"{path}: {error}") from None
    path.with_suffix(".py").write_text(text, encoding="utf-8")
    return True


def _from_text(path: Path) -> bool:
    import notebook_text

    target = path.with_suffix(".ipynb")
    old = read(target) if target.exists() else None
    try:
        write(target, notebook_text.from_text(path.read_text(encoding="utf-8"), old))
    except ValueError as error:
        raise BadNotebook(f"{path}: {error}") from None
    return True


_COMMANDS = {"canonicalise": _canonicalise, "check": _check, "run": _run, "to-text": _to_text, "from-text": _from_text}

if __name__ == "__main__":
    sys.exit(main())
