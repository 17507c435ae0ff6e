"""Keep what the book's build executed, so that the tests need not execute it again.

The build writes each executed notebook to ``_build/.executed``, with the processor time
that it took and a fingerprint of all that decides what it prints: its own bytes, the
library, the installed packages and the scale. Where the fingerprint still holds, nbval
gets these outputs from a :class:`Replay` in the place of a kernel.
"""

import functools
import hashlib
import importlib.metadata
import os
import sys
from pathlib import Path

import nbformat
import psutil
from myst_nb.core.execute.direct import NotebookClientDirect
from processor_time import Reference

import pcfilter_lib
from pcfilter_lib.files import replacing

FOLDER = ".executed"  # in the folder of all builds


def library_digest() -> str:
    """Return a digest of the library's files: code, weights, data and results."""
    digest = hashlib.sha256()
    for path in sorted(Path(pcfilter_lib.__file__).parent.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.name} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _surroundings() -> str:
    """Return what a notebook's outputs depend on, besides itself."""
    packages = {
        f"{each.name}=={each.version}" for each in importlib.metadata.distributions()
    }
    scale = os.environ.get("PCFILTER_SCALE", "")
    return "\n".join([sys.version, scale, library_digest(), *sorted(packages)])


def fingerprint(notebook: Path) -> str:
    """Return a digest of all that decides what a notebook prints."""
    return hashlib.sha256(notebook.read_bytes() + _surroundings().encode()).hexdigest()


def keep_executed(sources: Path, builds: Path) -> None:
    """Make myst-nb keep each notebook that it executes without an error."""
    start_client = getattr(
        NotebookClientDirect.start_client, "plain", NotebookClientDirect.start_client
    )

    def start_and_keep(client) -> None:
        if os.name != "posix" or client.path is None:
            return start_client(client)
        made_by, reference = fingerprint(client.path), Reference()
        before = _seconds_of_children()
        reference.beside(start_client, client)
        taken = reference.in_units(_seconds_of_children() - before)
        if client.exec_metadata["succeeded"]:
            measured = {"seconds": taken, "wall": reference.seconds()}
            target = builds / FOLDER / client.path.relative_to(sources)
            keep(client.notebook, target, made_by, measured)
        return None

    start_and_keep.plain = start_client
    NotebookClientDirect.start_client = start_and_keep


def keep(notebook, target: Path, made_by: str, measured: dict) -> None:
    """Write an executed notebook, with what made it and how long it took."""
    kept = nbformat.from_dict(notebook)
    kept.metadata = {"executed": {"made_by": made_by, **measured}}
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as path:
        nbformat.write(kept, path)


def kept(notebook: Path, target: Path) -> "Replay | None":
    """Return what was kept of a notebook, or None if it would print something else now."""
    try:
        record = nbformat.read(target, as_version=4)
        if record.metadata.executed.made_by == fingerprint(notebook):
            return Replay(record)
    except (OSError, ValueError, AttributeError):
        pass  # never built, or not by this version: it is executed
    return None


class Replay:
    """What nbval needs of a kernel, from an executed notebook.

    Attributes
    ----------
    cell : int
        Which of the code cells is to be executed next.
    seconds, wall : float
        The processor time that the notebook took, and the time on the clock.
    """

    def __init__(self, record):
        self._cells = [cell for cell in record.cells if cell.cell_type == "code"]
        self.cell = 0
        self.seconds, self.wall = (
            record.metadata.executed.seconds,
            record.metadata.executed.wall,
        )
        self._messages = iter(())

    def is_alive(self) -> bool:
        """Return whether cells can be executed."""
        return True

    def execute_cell_input(self, source: str, allow_stdin: bool = False) -> str:
        """Prepare the messages that the cell sent."""
        cell = self._cells[self.cell]
        if cell.source != source:
            raise RuntimeError("the notebook has changed while it was tested")
        idle = {"msg_type": "status", "content": {"execution_state": "idle"}}
        sent = [
            {"msg_type": output.output_type, "content": output}
            for output in cell.outputs
        ]
        name = f"cell {self.cell}"
        self._messages = iter(
            [{"parent_header": {"msg_id": name}, **each} for each in [*sent, idle]]
        )
        return name

    def await_reply(self, name: str, timeout: float | None = None) -> None:
        """Return at once: the cell was executed long ago."""

    def await_idle(self, name: str, timeout: float | None = None) -> None:
        """Return at once."""

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        """Return the next message of the cell."""
        return next(self._messages)

    def stop(self) -> None:
        """There is nothing to stop."""


def _seconds_of_children() -> float:
    times = psutil.Process().cpu_times()
    return times.children_user + times.children_system
