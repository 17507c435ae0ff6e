"""Labelled scans in files: with labels of their own, or beside a cleaned copy, whose gaps are the labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data import OrganizedScan, load_scan
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.data.scan_io import SCAN_SUFFIXES
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.views.labels import PROBABILITY
from pcfilter_lib.inspection import find_files


@dataclass(frozen=True)
class LabelledFiles:
    """Labelled scans that are read one at a time.

    Parameters
    ----------
    paths : tuple of pathlib.Path
        The scans.
    scenes : tuple of str
        To which scene each belongs: the folder that it lies in.
    clean : pathlib.Path, optional
        The folder of their cleaned copies, of the same names.
    options : dict
        As for :func:`pcfilter_lib.data.load_scan`.
    """

    paths: tuple[Path, ...]
    scenes: tuple[str, ...]
    clean: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def found(cls, paths: Sequence[Path], clean: Path | None = None, **options: Any) -> LabelledFiles:
        """Return the scans in files and folders, those of a folder by name.

        Raises
        ------
        InputError
            If a folder has none or cannot be read.
        """
        found, unusable = find_files(paths, SCAN_SUFFIXES)
        if unusable:
            raise unusable[0]
        return cls(tuple(found), tuple(str(file.parent) for file in found), clean, options)

    @property
    def names(self) -> list[str]:
        """The names of the files, without their folders."""
        return [path.name for path in self.paths]

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[OrganizedScan]:
        for path in self.paths:
            scan = load_scan(path, **self.options)
            if self.clean is not None:
                scan = labelled_by_cleaning(scan, load_scan(self._copy(path), **self.options), path)
            if scan.label is None:
                remedy = "label it (pcfilter label), or pass a folder of cleaned copies (--clean)"
                raise InputError(path, "label", "it has no labels", remedy)
            yield scan

    def _copy(self, path: Path) -> Path:
        copy = self.clean / path.name
        if copy.exists():
            return copy
        others = sorted(each for each in self.clean.glob(f"{path.stem}.*") if each.suffix.lower() in SCAN_SUFFIXES)
        if len(others) != 1:
            raise InputError(copy, "", f"there is no cleaned copy of {path}", "name the copies as the scans")
        return others[0]


def labelled_by_cleaning(scan: OrganizedScan, cleaned: OrganizedScan, source: Any = "scan") -> OrganizedScan:
    """Label a scan by a copy of it that somebody has cleaned: what was removed are artefacts.

    Parameters
    ----------
    scan, cleaned : OrganizedScan
        Of the same grid.
    source : str or pathlib.Path
        What the scan is called, for errors.

    Returns
    -------
    OrganizedScan
        The scan with labels: 1 where the copy has the point, 0 where it lacks it, 255 where nothing was measured.

    Raises
    ------
    InputError
        If the grids differ, or the copy has points that the scan has not.
    """
    if scan.shape != cleaned.shape:
        problem = f"it has {scan.shape} pixels, and its cleaned copy {cleaned.shape}"
        raise InputError(source, "shape", problem, "clean scans in their grid: remove points, do not crop")
    if (added := np.count_nonzero(cleaned.valid & ~scan.valid)) > 0:
        problem = f"its cleaned copy has {added} points that it has not"
        raise InputError(source, "valid", problem, "pass the copy that belongs to it")
    label = np.full(scan.shape, UNLABELLED, np.uint8)
    label[scan.valid] = np.where(cleaned.valid[scan.valid], TRUE_GEOMETRY, ARTEFACT)
    extras = {name: image for name, image in scan.extras.items() if name != PROBABILITY}
    return dataclasses.replace(scan, label=label, extras=extras)
