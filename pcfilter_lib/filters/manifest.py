"""What made each output of ``pcfilter filter``: one line of JSON a file, beside the outputs.

A file that is there already counts as done only if its line says that the same source, filter and options made the very
bytes that are there. Nothing is taken for done because of its name.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pcfilter_lib
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, remove_leftovers

#: The name of the manifest in the folder of the outputs.
NAME = "pcfilter.jsonl"


@dataclasses.dataclass(frozen=True)
class Entry:
    """What made one output.

    Attributes
    ----------
    file : str
        The output, relative to the manifest's folder.
    source, output : str
        SHA-256 of the source's and of the output's bytes. An empty `output` was begun, and perhaps never written.
    made_by : dict
        The filter with its settings and the options of loading, see :func:`making`.
    points, removed : int
        How many points the source has, and how many of them were removed.
    version : str
        Of this library.
    """

    file: str
    source: str
    made_by: dict[str, Any]
    output: str = ""
    points: int = 0
    removed: int = 0
    version: str = pcfilter_lib.__version__


def making(description: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return what decides an output besides its source, as it comes back from JSON.

    Parameters
    ----------
    description : dict
        :meth:`pcfilter_lib.filters.ArtefactFilter.describe`.
    options : dict
        The arguments of :func:`pcfilter_lib.data.load_scan`.

    Returns
    -------
    dict
    """
    given = {name: value for name, value in options.items() if value is not None}
    return json.loads(json.dumps({**description, "options": given}, default=_plain))


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


class Manifest:
    """The manifest of one folder, from which it removes the temporary files of runs that were killed.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the outputs; it need not exist yet.

    Raises
    ------
    InputError
        If the manifest is there and cannot be read.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / NAME
        remove_leftovers(folder)
        self._entries: dict[str, Entry] = {}
        lines = read_bytes(self.path).decode("utf-8", "replace").splitlines() if self.path.exists() else []
        for number, line in enumerate(lines, start=1):
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                if number == len(lines):
                    break  # the machine went down while it was written: its file is filtered again
                problem = "it is not what pcfilter wrote"
                raise InputError(self.path, f"line {number}", problem, "choose another folder, or remove it") from None
            self._entries[entry.file] = entry

    def is_done(self, source: Path, target: Path, made_by: dict[str, Any]) -> bool:
        """Return whether a target need not be made again.

        Parameters
        ----------
        source, target : pathlib.Path
        made_by : dict
            From :func:`making`.

        Returns
        -------
        bool
            False if the target is missing or damaged, or its source changed.

        Raises
        ------
        InputError
            If the target is of unknown origin, or another filter or other options made it.
        """
        if not target.exists():
            return False
        entry = self._entries.get(self._name(target))
        remedy = "use --overwrite to make it again, or choose another folder"
        if entry is None:
            raise InputError(target, "", f"it is there already, and {NAME} does not say what made it", remedy)
        if entry.made_by != made_by:
            raise InputError(target, "", f"it was made with {_difference(entry.made_by, made_by)}", remedy)
        return entry.source == checksum(source) and entry.output == checksum(target)

    def begin(self, source: Path, target: Path, made_by: dict[str, Any]) -> None:
        """Append that a target is about to be written: a run that is killed then knows whose the file is."""
        self._append(Entry(self._name(target), checksum(source), made_by))

    def finish(self, target: Path, points: int, removed: int) -> None:
        """Append that a target has been written, and what became of its points."""
        begun = self._entries[self._name(target)]
        self._append(dataclasses.replace(begun, output=checksum(target), points=points, removed=removed))

    def _append(self, entry: Entry) -> None:
        line = json.dumps(dataclasses.asdict(entry)) + "\n"
        with open(self.path, "a+b", buffering=0) as file:  # one write a line: nobody finds a line inside another
            file.seek(0)
            whole = file.read().rpartition(b"\n")[0]
            file.truncate(len(whole) + 1 if whole else 0)  # without a line that a killed run left unfinished
            file.write(line.encode())
        self._entries[entry.file] = entry

    def _name(self, target: Path) -> str:
        return Path(os.path.relpath(target, self.folder)).as_posix()


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Return in which settings two makings differ, the older values named."""
    names = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    if "name" in names:
        return f"the filter {before.get('name')!r}, not {now.get('name')!r}"
    return ", ".join(f"{name} {before.get(name)!r} instead of {now.get(name)!r}" for name in names)


def _plain(value: Any) -> Any:
    """Return what JSON can hold in the place of arrays and paths."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
