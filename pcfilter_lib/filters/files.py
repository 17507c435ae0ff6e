"""Filtering files: each one is read, filtered, and written to another folder in its own format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pcfilter_lib.data import load_scan, save_scan
from pcfilter_lib.data.scan_io import SCAN_SUFFIXES
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.manifest import Manifest, making
from pcfilter_lib.inspection import find_files


@dataclass(frozen=True)
class FilterResult:
    """What became of one file.

    Attributes
    ----------
    source, target : pathlib.Path
        The file, and where its filtered scan is.
    points, removed : int
        How many points were measured, and how many of these are artefacts; 0 and 0 if the target was there already.
    skipped : bool
        Whether the target was there already.
    error : InputError or None
        Why there is no target.
    """

    source: Path
    target: Path
    points: int = 0
    removed: int = 0
    skipped: bool = False
    error: InputError | None = None


def plan_files(paths: Iterable[Path], out: Path) -> tuple[list[tuple[Path, Path]], list[InputError]]:
    """Return which files are to be filtered, and where to.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Scans, and folders that stand for all scans below them.
    out : pathlib.Path
        The folder to write to. A file keeps its name; one from a folder also its place below that folder.

    Returns
    -------
    pairs : list of (pathlib.Path, pathlib.Path)
        Source and target.
    errors : list of InputError
        One for each folder that cannot be read or has no scan.

    Raises
    ------
    InputError
        If a target would be a source, or that of another source.
    """
    pairs: list[tuple[Path, Path]] = []
    errors: list[InputError] = []
    for path in paths:
        if not path.is_dir():
            pairs.append((path, out / path.name))
            continue
        # The results of an earlier run may lie in the folder that is filtered.
        found, unusable = find_files([path], SCAN_SUFFIXES, leave_out=out)
        pairs += [(file, out / file.relative_to(path)) for file in found]
        errors += unusable
    taken: dict[Path, Path] = {}
    sources = {source.resolve() for source, _ in pairs}
    for source, target in pairs:
        place = target.resolve()
        if place in sources:
            raise InputError(source, "", "it would be overwritten", f"choose another folder than {out}")
        if place in taken:
            problem = f"it would be written to the same file as {taken[place]}, {target}"
            raise InputError(source, "", problem, "filter them into two folders")
        taken[place] = source
    return pairs, errors


def filter_files(
    pairs: Iterable[tuple[Path, Path]],
    artefact_filter: ArtefactFilter,
    out: Path,
    overwrite: bool = False,
    **options: Any,
) -> Iterator[FilterResult]:
    """Filter files one after the other.

    A target is written beside its place and renamed: after an interruption each one is whole or not there, and the
    same call goes on with those that are missing. A manifest in `out` says what made each target, see
    :mod:`pcfilter_lib.filters.manifest`: one that another filter made is never taken for done.

    Parameters
    ----------
    pairs : iterable of (pathlib.Path, pathlib.Path)
        Source and target, from :func:`plan_files`.
    artefact_filter : ArtefactFilter
        Which points to keep.
    out : pathlib.Path
        The folder of the targets, as for :func:`plan_files`; the manifest lies there.
    overwrite : bool, default False
        Whether a target that is there already is made again, whatever made it.
    **options
        As for :func:`pcfilter_lib.data.load_scan`.

    Yields
    ------
    FilterResult
        A file that cannot be used has an error; the others are filtered all the same.
    """
    manifest = Manifest(out)
    made_by = making(artefact_filter.describe(), options)
    for source, target in pairs:
        try:
            if not overwrite and manifest.is_done(source, target, made_by):
                yield FilterResult(source, target, skipped=True)
                continue
            scan = load_scan(source, **options)
            kept = scan.keep(artefact_filter.keep(scan))
            _make_folder(target.parent)
            manifest.begin(source, target, made_by)
            save_scan(kept, target)
            points = int(scan.valid.sum())
            removed = points - int(kept.valid.sum())
            manifest.finish(target, points, removed)
        except InputError as error:
            yield FilterResult(source, target, error=error)
            continue
        yield FilterResult(source, target, points, removed)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(folder, "", f"it cannot be made ({error.strerror})", "choose another folder") from None
