"""Notebooks as Python text in the percent format, for authors who write in a plain editor.

    # %% pcfilter {"budget_seconds": 15, "kind": "chapter"}
    # %% [markdown] id=title
    # # Convolution, three ways
    # %% id=my-convolve tags=exercise
    def my_convolve(image, kernel):
        pass

A marker gives the cell's id, its tags (parted by commas) and, with the word ``hidden``, that JupyterLab folds its
source. Editors show the cells as such. The notebook stays what is committed; the text is a way to write it.
"""

from __future__ import annotations

import json
import re

MARKER = re.compile(
    r"# %%(?P<markdown> \[markdown\])?(?: id=(?P<id>\S+))?(?: tags=(?P<tags>\S+))?(?P<hidden> hidden)?\s*"
)
HEADER = re.compile(r"# %% pcfilter (?P<metadata>\{.*\})\s*")


def to_text(notebook: dict) -> str:
    """Return the text of a canonical notebook."""
    lines = [f"# %% pcfilter {json.dumps(notebook['metadata'].get('pcfilter', {}), sort_keys=True)}"]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "raw":
            raise ValueError(f"the cell {cell['id']} is raw; the text form holds code and markdown")
        markdown, metadata = cell["cell_type"] == "markdown", cell["metadata"]
        marker = f"# %%{' [markdown]' if markdown else ''} id={cell['id']}"
        marker += f" tags={','.join(metadata['tags'])}" if "tags" in metadata else ""
        marker += " hidden" if "jupyter" in metadata else ""
        source = [f"# {line}".rstrip() for line in cell["source"].split("\n")] if markdown else [cell["source"]]
        lines += ["", marker, *source]
    return "\n".join(lines) + "\n"


def from_text(text: str, old: dict | None = None) -> dict:
    """Return the notebook of a text.

    Where `old`, the notebook as it was, has a cell with the same id and source, its outputs and the metadata that the
    text cannot hold are kept.
    """
    metadata: dict = old["metadata"] if old else {}
    cells: list[dict] = []
    for line in text.splitlines():
        if header := HEADER.fullmatch(line):
            metadata = {"pcfilter": json.loads(header["metadata"])}
        elif marker := MARKER.fullmatch(line):
            cells.append(_cell(marker))
        elif cells:
            cells[-1]["source"].append(line)
        elif line.strip():
            raise ValueError(f"the text starts with {line!r}; a cell starts with a line '# %%'")
    before = {cell.get("id"): cell for cell in (old or {"cells": []})["cells"]}
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = [re.sub(r"^# ?", "", line) for line in cell["source"]]
        cell["source"] = "\n".join(cell["source"]).strip("\n")
        known = before.get(cell.get("id"), {})
        if (known.get("cell_type"), known.get("source", "").strip("\n")) == (cell["cell_type"], cell["source"]):
            kept = {key: value for key, value in known["metadata"].items() if key not in ("tags", "jupyter")}
            cell.update(known | {"metadata": kept | cell["metadata"]})
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(marker: re.Match) -> dict:
    metadata: dict = {}
    if marker["tags"]:
        metadata["tags"] = marker["tags"].split(",")
    if marker["hidden"]:
        metadata["jupyter"] = {"source_hidden": True}
    cell = {"cell_type": "markdown" if marker["markdown"] else "code", "metadata": metadata, "source": []}
    return cell | ({"id": marker["id"]} if marker["id"] else {})
